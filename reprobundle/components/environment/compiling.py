"""Started as a script by `sys.executable`: pip-compile that believes the hashes which the index page's links carry.

Stock pip-compile asks an interface that only some indexes have and otherwise downloads every file of each pinned
release to hash it. The links' own hashes are the same ones pip checks a download against. Where pip-tools has changed
so that the methods are gone, its own way is taken. Nothing is resolved: what is installed is already a solution, which a
broken requirement among the installed would only spoil.

A replay installs wheels only, so only wheels are hashed: all that a release has, for whoever replays on another platform.
A release without a wheel that fits this interpreter here is written without any hash.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from functools import lru_cache
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
HASH_METHOD = "_get_hashes_from_pypi"
CANDIDATES_METHOD = "_get_matching_candidates"
LINKS_METHOD = "evaluate_links"
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


def links_own_hashes(repository: Any, requirement: Any) -> dict[str, str]:
    """``sha256:…`` by address, for every wheel of the pinned release whose link carries one."""
    links = [candidate.link for candidate in getattr(repository, CANDIDATES_METHOD)(requirement)]
    return {link.url: f"sha256:{link.hash}" for link in links if link.hash_name == "sha256" and link.hash}


def adapt(repository_class: Any, resolver_class: Any, finder_class: Any) -> bool:
    """Let the repository use the links' hashes and the resolver take the pins as they are, where both still can.

    Returns:
        Whether they can.
    """
    if not hasattr(repository_class, HASH_METHOD) or not hasattr(repository_class, CANDIDATES_METHOD):
        return False
    stock = getattr(repository_class, CANDIDATES_METHOD)
    looking_for = only_near_links(finder_class)
    known: dict[str, Any] = {}  # both this script and pip-tools ask, and each answer takes a pass over a whole page

    def wheels_or_their_name(self: Any, requirement: Any) -> Any:
        name = str(requirement.req)
        looking_for[:] = [name.partition("==")[2]]
        try:
            known[name] = known[name] if name in known else _useful_wheels(stock(self, requirement))
        except LookupError as error:
            raise SystemExit(f"No matching distribution found for {name}") from error
        return known[name]

    setattr(repository_class, HASH_METHOD, links_own_hashes)
    setattr(repository_class, CANDIDATES_METHOD, wheels_or_their_name)
    resolver_class.resolve = pins_as_they_are
    return True


def _useful_wheels(candidates: Iterable[Any]) -> list[Any]:
    """The wheels among the archives of a release; none if none fits here, for then no replay here can install it."""
    wheels = [candidate for candidate in candidates if candidate.link.filename.endswith(".whl")]
    return wheels if any_fits(candidate.link.filename for candidate in wheels) else []


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


def pins_as_they_are(resolver: Any, max_rounds: int = 10) -> set[Any]:
    """The pins themselves, in place of a search; pip-tools calls it with the number of rounds it would allow."""
    assert max_rounds > 0
    return set(resolver.constraints)


def main() -> None:
    """Run pip-compile with the arguments of this script."""
    sys.path[:] = [folder for folder in sys.path if os.path.abspath(folder or ".") != HERE]
    from pip._internal.index.package_finder import PackageFinder
    from piptools.repositories.pypi import PyPIRepository
    from piptools.resolver import BacktrackingResolver
    from piptools.scripts.compile import cli

    adapted = adapt(PyPIRepository, BacktrackingResolver, PackageFinder)
    sys.argv += ["--pip-args", ALL_ARCHIVES if adapted else ONLY_WHEELS]
    cli(prog_name="pip-compile")


if __name__ == "__main__":
    main()
