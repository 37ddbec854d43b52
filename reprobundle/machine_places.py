"""Folders of this machine: taken out of what a bundle says, found in what a person gave."""

from __future__ import annotations

import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FAR_PLACES = re.compile(r"(?<![\w.:/\\])(?:/(?:[^/\s'\"\\:]+/)+|[A-Za-z]:[\\/](?:[^\\/\s'\"]+[\\/])+)")
ABSOLUTE = re.compile(r"(?:file://)?(?:/(?:[^/\0\n]+/)+[^/\0\n]|~[\w.-]*/|[A-Za-z]:[\\/]|\\\\[^\\])")
SHORTEST = 4  # a home such as ``/`` is in every path


def without_places(message: str) -> str:
    """A text in which files of this machine go by their names only."""
    for known in _known():
        message = re.sub(re.escape(known) + r"(?=[\\/])", "/…", message)
    for home in _texts(_home()):
        message = re.sub(re.escape(home) + r"(?![\w.-])", "…", message)
    return FAR_PLACES.sub("…/", message)


def places_in(value: Any, pointer: str = "") -> Iterator[str]:
    """Where in a JSON value an absolute path stands, as JSON pointers, in order."""
    if isinstance(value, str):
        if ABSOLUTE.match(value) or any(home in value for home in _texts(_home())):
            yield pointer
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from places_in(part, f"{pointer}/{name}")
    elif isinstance(value, list | tuple):
        for index, part in enumerate(value):
            yield from places_in(part, f"{pointer}/{index}")


def _known() -> list[str]:
    """The folders whose names may hold spaces, longest first: the rest is known by its form."""
    folders = (Path.cwd(), Path(tempfile.gettempdir()), Path(sys.prefix), Path(sysconfig.get_path("purelib")))
    return sorted({text for folder in (_home(), *folders) for text in _texts(folder)}, key=len, reverse=True)


def _texts(folder: Path | None) -> set[str]:
    """How a folder may be written; none where it says nothing."""
    if folder is None:
        return set()
    return {text for text in (str(folder), str(folder.resolve()), folder.as_posix()) if len(text) > SHORTEST}


def _home() -> Path | None:
    try:
        return Path.home()
    except RuntimeError:  # a user without an entry, in a container
        return None
