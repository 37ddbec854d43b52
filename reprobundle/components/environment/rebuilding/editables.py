"""Packages that a Python imports from where they are developed: their folders, which stand outside its own."""

from __future__ import annotations

import ast
import json
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

MOST_BYTES = 2**20
SITES = ("lib/python*/site-packages", "lib64/python*/site-packages", "lib/python*/dist-packages")
FINDER = re.compile(r"^(?:MAPPING|NAMESPACES)\b[^=\n]*= (\{.*\})$", re.MULTILINE)


@dataclass(frozen=True)
class Editables:
    """What is imported from outside an interpreter's own folders.

    Attributes:
        places: The folders and files it is imported from.
        unseen: Names of distributions in development of which it is not known what they import.
    """

    places: tuple[Path, ...]
    unseen: tuple[str, ...]


def find_editables(folders: Sequence[Path]) -> Editables:
    """What the packages of an interpreter import from elsewhere; their files are read, nothing is started.

    Args:
        folders: What the interpreter reads to run.
    """
    sites = sorted({site for folder in folders for pattern in SITES for site in folder.glob(pattern)})
    named = {place for site in sites for place in (*_in_paths(site), *_in_finders(site))}
    places = tuple(sorted(place for place in named if place.exists() and not _is_within(place, folders)))
    unseen = {name for site in sites for name, root in _projects(site) if not _is_covered(root, places, folders)}
    return Editables(places, tuple(sorted(unseen)))


def _in_paths(site: Path) -> Iterator[Path]:
    """What lies to be imported in the folders that files of paths add: lines that are no code."""
    for file in sorted(site.glob("*.pth")):
        for line in _text(file).splitlines():
            if line.strip() and not line.startswith(("#", "import ", "import\t")):
                yield from _importable(Path(os.path.normpath(site / line.strip())))


def _importable(folder: Path) -> Iterator[Path]:
    """The packages and modules in a folder, and not what else a person keeps there; the folder where there is none."""
    try:
        entries = sorted(folder.iterdir())
    except OSError:
        return
    modules = [one for one in entries if one.suffix in {".py", ".so"} or (one / "__init__.py").is_file()]
    yield from modules or [folder]


def _in_finders(site: Path) -> Iterator[Path]:
    """What setuptools' finders of packages map to; they are read as text."""
    for file in sorted(site.glob("__editable__*finder.py")):
        for literal in FINDER.findall(_text(file)):
            yield from _paths(literal)


def _paths(literal: str) -> Iterator[Path]:
    try:
        mapping = ast.literal_eval(literal)
    except (ValueError, SyntaxError, RecursionError, MemoryError):  # what Python says of a text that is no value
        return
    for value in mapping.values():
        for path in value if isinstance(value, list) else [value]:
            if isinstance(path, str) and os.path.isabs(path):
                yield Path(os.path.normpath(path))


def _projects(site: Path) -> Iterator[tuple[str, Path]]:
    """The distributions that were installed for development, each with the folder of its project."""
    for file in sorted(site.glob("*.dist-info/direct_url.json")):
        try:
            told = json.loads(_text(file))
            editable, url = told["dir_info"]["editable"], urlsplit(told["url"])
        except (
            ValueError,
            KeyError,
            TypeError,
            AttributeError,
            RecursionError,
        ):  # not of that form: installed otherwise
            continue
        if editable is True and url.scheme == "file":
            yield file.parent.name.partition("-")[0], Path(os.path.normpath(unquote(url.path)))


def _is_covered(root: Path, places: Sequence[Path], folders: Sequence[Path]) -> bool:
    return any(root.is_relative_to(place) or place.is_relative_to(root) for place in (*places, *folders))


def _is_within(place: Path, folders: Sequence[Path]) -> bool:
    return any(place.is_relative_to(folder) for folder in folders)


def _text(file: Path) -> str:
    """The text of a small file; nothing of one that cannot be read."""
    try:
        with file.open("rb") as opened:
            return opened.read(MOST_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""
