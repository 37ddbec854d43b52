"""Started as a script by `sys.executable`: pip-compile that believes the hashes which the index page's links carry.

Stock pip-compile asks an interface that only some indexes have and otherwise downloads every file of each pinned
release to hash it. The links' own hashes are the same ones pip checks a download against. Where pip-tools has changed
so that the methods are gone, its own way is taken. Nothing is resolved: what is installed is already a solution, which a
broken requirement among the installed would only spoil.

A replay installs wheels only, so only wheels are hashed: all that a release has, for whoever replays on another platform.
Of several indexes those count that offer a wheel which fits this interpreter here; a release without any is written
without hashes. ``--told FILE`` names a file for what the lock itself cannot say: the file names of the wheels that fit,
the pins that are yanked, and those that no index offers. ``--reached`` says that an index is known to answer.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
HASH_METHOD = "_get_hashes_from_pypi"
CANDIDATES_METHOD = "_get_matching_candidates"
FILE_HASH_METHOD = "_get_file_hash"
LINKS_METHOD = "evaluate_links"
TOLD_OPTION = "--told"
REACHED_OPTION = "--reached"
PAGES = "pip._internal.index.collector"  # where pip logs why it could not read a page
EVERYWHERE = "pip"  # what an index that answers at all will know
ALL_ARCHIVES = "--no-binary :none: --only-binary :none:"  # so that a release without wheels differs from none at all
ONLY_WHEELS = "--only-binary :all:"


def any_fits(files: Iterable[str]) -> bool:
    """Whether one of these file names is a wheel that this interpreter can install on this machine."""
    from packaging.utils import InvalidWheelFilename, parse_wheel_filename

    for file in files:
        try:
            tags = parse_wheel_filename(file)[3]
        except InvalidWheelFilename:
            continue
        if not tags.isdisjoint(_own_tags()):
            return True
    return False


@lru_cache(maxsize=1)
def _own_tags() -> frozenset[Any]:
    from packaging.tags import sys_tags

    return frozenset(sys_tags())


@dataclass
class Told:
    """What was seen on the way.

    Attributes:
        files: File name by ``sha256:…``, for wheels that fit here.
        yanked: Names of pins that their index advises against.
        unknown: Names of pins that no index offers in any form.
        reached: Whether any index has offered anything.
    """

    files: dict[str, str] = field(default_factory=dict)
    yanked: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)
    reached: bool = False

    def saw(self, value: str, file: str) -> str:
        """Remember the file name of a hash, if the file is a wheel that fits."""
        if any_fits([file]):
            self.files[value] = file
        return value

    def content(self) -> str:
        """All of it as JSON."""
        found = {"files": self.files, "yanked": sorted(self.yanked), "unknown": sorted(self.unknown)}
        return json.dumps(found, sort_keys=True)


def links_own_hashes(repository: Any, requirement: Any, told: Told) -> dict[str, str]:
    """``sha256:…`` by address, for every wheel of the pinned release whose link carries one."""
    links = [candidate.link for candidate in getattr(repository, CANDIDATES_METHOD)(requirement)]
    hashed = [link for link in links if _has_hash(link)]
    return {link.url: told.saw(f"sha256:{link.hash.lower()}", link.filename) for link in hashed}


def adapt(repository_class: Any, resolver_class: Any, finder_class: Any, told: Told) -> bool:
    """Let the repository use the links' hashes and the resolver take the pins as they are, where both still can.

    Returns:
        Whether they can.
    """
    if not all(hasattr(repository_class, name) for name in (HASH_METHOD, CANDIDATES_METHOD, FILE_HASH_METHOD)):
        return False
    stock, stock_hash = getattr(repository_class, CANDIDATES_METHOD), getattr(repository_class, FILE_HASH_METHOD)
    looking_for = only_near_links(finder_class)
    known: dict[str, Any] = {}  # both this script and pip-tools ask, and each answer takes a pass over a whole page

    def useful_wheels(self: Any, requirement: Any) -> Any:
        name = str(requirement.req)
        if name not in known:
            looking_for[:] = [name.partition("==")[2]]
            known[name] = _useful_wheels(_candidates(stock, self, requirement, told), told)
        return known[name]

    def hash_and_tell(self: Any, link: Any) -> str:
        return told.saw(stock_hash(self, link), link.filename)

    setattr(repository_class, HASH_METHOD, lambda self, requirement: links_own_hashes(self, requirement, told))
    setattr(repository_class, CANDIDATES_METHOD, useful_wheels)
    setattr(repository_class, FILE_HASH_METHOD, hash_and_tell)
    resolver_class.resolve = pins_as_they_are
    return True


def _candidates(stock: Any, repository: Any, requirement: Any, told: Told) -> list[Any]:
    """What all places together offer of a pin; none is the end, unless something else shows that an index answers."""
    try:
        found = list(stock(repository, requirement))
    except LookupError as error:
        told.reached = told.reached or bool(repository.find_all_candidates(EVERYWHERE))
        if not told.reached:
            raise SystemExit(f"No matching distribution found for {requirement.req}") from error
        told.unknown.add(requirement.name)
        return []
    told.reached = True
    return found


def _useful_wheels(candidates: Iterable[Any], told: Told) -> list[Any]:
    """The wheels that a release has at each place with one that fits; a replay here can install nothing else.

    A wheel for elsewhere whose link carries no hash is passed over, unless it lies in a folder of archives, for which uv is
    never asked: uv tells nothing of it, and both give the same lock.
    """
    by_place: dict[str, list[Any]] = {}
    for candidate in candidates:
        if candidate.link.filename.endswith(".whl"):
            by_place.setdefault(str(candidate.link.comes_from), []).append(candidate)
    useful = [found for found in by_place.values() if any_fits(candidate.link.filename for candidate in found)]
    told.yanked |= {candidate.name for found in useful for candidate in found if candidate.link.is_yanked}
    return [candidate for found in useful for candidate in found if _can_be_told(candidate.link)]


def _has_hash(link: Any) -> bool:
    return link.hash_name == "sha256" and bool(link.hash)


def _can_be_told(link: Any) -> bool:
    return _has_hash(link) or link.url.startswith("file:") or any_fits([link.filename])


def only_near_links(finder_class: Any) -> list[str]:
    """Let the finder look closely only at links whose file name holds the version wanted, if a page has such.

    Returns:
        A list to put the version in: a page may link thousands of archives, and each close look takes its time.
    """
    looking_for: list[str] = []
    stock = getattr(finder_class, LINKS_METHOD, None)
    if stock is None:
        return looking_for

    def evaluate_near_links(self: Any, link_evaluator: Any, links: Any) -> Any:
        every = list(links)
        near = [link for link in every if any(version in link.filename for version in looking_for)]
        return stock(self, link_evaluator, near or every)

    setattr(finder_class, LINKS_METHOD, evaluate_near_links)
    return looking_for


def pins_as_they_are(resolver: Any, max_rounds: int = 10) -> list[Any]:
    """The pins themselves, in place of a search; pip-tools calls it with the number of rounds it would allow.

    In one order, so that what is told of an index that fails halfway does not depend on chance.
    """
    assert max_rounds > 0
    return sorted(set(resolver.constraints), key=str)


def main() -> None:
    """Run pip-compile with the arguments of this script."""
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or ".") != HERE]
    from pip._internal.index.package_finder import PackageFinder
    from piptools.repositories.pypi import PyPIRepository
    from piptools.resolver import BacktrackingResolver
    from piptools.scripts.compile import cli

    told, place = Told(reached=_taken(sys.argv, REACHED_OPTION, 0) is not None), _taken(sys.argv, TOLD_OPTION, 1)
    _print_what_fails()
    adapted = adapt(PyPIRepository, BacktrackingResolver, PackageFinder, told)
    sys.argv += ["--pip-args", ALL_ARCHIVES if adapted else ONLY_WHEELS]
    try:
        cli(prog_name="pip-compile")
    finally:
        if adapted and place:
            with open(place[0], "w", encoding="utf-8") as file:
                file.write(told.content())


def _taken(arguments: list[str], option: str, count: int) -> list[str] | None:
    """The values of one of this script's own options, removed from the arguments; None where it is not among them."""
    if option not in arguments:
        return None
    start = arguments.index(option)
    values = arguments[start + 1 : start + 1 + count]
    del arguments[start : start + 1 + count]
    return values


def _print_what_fails() -> None:
    """pip passes quietly over a page that it cannot read; whoever started this script wants to know why."""
    logger = logging.getLogger(PAGES)
    handler = logging.StreamHandler()
    handler.addFilter(lambda record: str(record.msg).startswith(("Could not fetch URL", "Skipping page")))
    logger.addHandler(handler)
    logger.setLevel(logging.DEBUG)
    logger.propagate = False


if __name__ == "__main__":
    main()
