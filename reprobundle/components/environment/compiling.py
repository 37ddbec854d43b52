"""Started as a script by `sys.executable`: pip-compile that believes the hashes which the index page's links carry.

Stock pip-compile asks an interface that only some indexes have and otherwise downloads every file of each pinned
release to hash it. The links' own hashes are the same ones pip checks a download against. Where pip-tools has changed
so that the methods are gone, its own way is taken. Nothing is resolved: what is installed is already a solution, which a
broken requirement among the installed would only spoil.
"""

from __future__ import annotations

import os
import sys
from typing import Any

HERE = os.path.dirname(os.path.abspath(__file__))
HASH_METHOD = "_get_hashes_from_pypi"
CANDIDATES_METHOD = "_get_matching_candidates"
LINKS_METHOD = "evaluate_links"


def links_own_hashes(repository: Any, requirement: Any) -> dict[str, str]:
    """``sha256:…`` by address, for every archive of the pinned release whose link carries one."""
    links = [candidate.link for candidate in getattr(repository, CANDIDATES_METHOD)(requirement)]
    return {link.url: f"sha256:{link.hash}" for link in links if link.hash_name == "sha256" and link.hash}


def adapt(repository_class: Any, resolver_class: Any, finder_class: Any) -> None:
    """Let the repository use the links' hashes and the resolver take the pins as they are, where both still can."""
    if not hasattr(repository_class, HASH_METHOD) or not hasattr(repository_class, CANDIDATES_METHOD):
        return
    stock = getattr(repository_class, CANDIDATES_METHOD)
    looking_for = only_near_links(finder_class)
    known: dict[str, Any] = {}  # both this script and pip-tools ask, and each answer takes a pass over a whole page

    def candidates_or_their_name(self: Any, requirement: Any) -> Any:
        name = str(requirement.req)
        looking_for[:] = [name.partition("==")[2]]
        try:
            known[name] = known[name] if name in known else stock(self, requirement)
        except LookupError as error:
            raise SystemExit(f"No matching distribution found for {name}") from error
        return known[name]

    setattr(repository_class, HASH_METHOD, links_own_hashes)
    setattr(repository_class, CANDIDATES_METHOD, candidates_or_their_name)
    resolver_class.resolve = pins_as_they_are


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

    adapt(PyPIRepository, BacktrackingResolver, PackageFinder)
    cli(prog_name="pip-compile")


if __name__ == "__main__":
    main()
