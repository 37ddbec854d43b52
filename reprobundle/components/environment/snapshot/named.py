"""What the source names that a replay runs, such as that of claims: it counts as imported, whether or not this process did so.

Functions of claims are called after the environment was looked at, and their commands in processes of their own.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import Any

from reprobundle.components.environment.snapshot.distributions import Installed, recorded_files
from reprobundle.components.environment.snapshot.metadata import top_level
from reprobundle.named_imports import Tree, by_syntax, named_from, starts_of
from reprobundle.records import Record

MODULES = (".py", ".so", ".pyd")


def with_named(found: Sequence[Installed], sections: Mapping[str, Record], root: Path) -> tuple[Installed, ...]:
    """The distributions, those marked as imported, too, that the source of claims, model and preprocessing names.

    Args:
        found: What is installed.
        sections: What was captured before, by component.
        root: The folder of the bundle that is being made, with its source.
    """
    named = _named(sections, root)
    brought = _brought_by([one for one in found if named], {name.partition(".")[0] for name in named})
    wanted = set(chain.from_iterable(_bringing(name, brought) for name in named))
    return tuple(replace(one, imported=True) if one.name in wanted else one for one in found)


def _named(sections: Mapping[str, Record], root: Path) -> frozenset[str]:
    """What the source imports that functions of the bundle stand in."""
    said: dict[str, Any] = {name: section.model_dump(mode="json") for name, section in sections.items()}
    tree = Tree(root, tuple(said.get("code", {}).get("import_roots", ())))
    claims = said.get("claims", {}).get("claims", ())
    steps = said.get("preprocessing", {}).get("steps", ())
    entries = [one.get("entry") for one in (said.get("model", {}), *claims, *steps)]
    entries.append(said.get("preprocessing", {}).get("transform"))
    return named_from(tree, starts_of(tree, entries, [one.get("command", ()) for one in claims]), by_syntax)


def _brought_by(found: Iterable[Installed], tops: set[str]) -> dict[str, set[str]]:
    """Names of the distributions by the modules and packages that each brings, below the top modules that are asked for."""
    brought: dict[str, set[str]] = {}
    for one in found:
        paths = [path for path in recorded_files(one) if path.endswith(MODULES)]
        names = [name for path in paths if path.partition("/")[0].partition(".")[0] in tops for name in _modules(path)]
        for name in names or (top_level(one.metadata) & tops):
            brought.setdefault(name, set()).add(one.name)
    return brought


def _modules(path: str) -> Iterator[str]:
    """A file's module, and the packages it lies in."""
    *folders, file = path.split("/")
    parts = [*folders, file.partition(".")[0]]
    yield from (".".join(parts[:depth]) for depth in range(1, len(parts) + 1))


def _bringing(name: str, brought: Mapping[str, set[str]]) -> set[str]:
    """Who brings a module, by the longest part of its name that anybody does; nobody, where several share that part."""
    parts = name.split(".")
    for depth in range(len(parts), 0, -1):
        owners = brought.get(".".join(parts[:depth]))
        if owners:
            return owners if len(owners) == 1 else set()
    return set()
