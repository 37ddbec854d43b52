"""Telling a person how far a long step has come, while it runs."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

METADATA = ".dist-info"
MEGABYTE = 10**6


class Passing(str):
    """A line of progress that the next line may take the place of."""

    __slots__ = ()


def watch(say: Callable[[str], None], describe: Callable[[], str]) -> Callable[[], None]:
    """A function that says what `describe` gives whenever that has changed.

    Args:
        say: Called with each line.
        describe: How far the work has come; empty while there is nothing to say.
    """
    last = [""]

    def look() -> None:
        line = describe()
        if line and line != last[0]:
            last[0] = line
            say(Passing(line))

    return look


def told(verb: str, done: int, total: int | None, size: int = 0) -> str:
    """Such as ``fetched 12 of 36 packages, 190 MB``; empty while nothing is done."""
    if not done and size < MEGABYTE:
        return ""
    count = f"{done} of {total}" if total is not None else str(done)
    return f"{verb} {count} packages" + (f", {size // MEGABYTE} MB" if size >= MEGABYTE else "")


def installed(site: Path) -> int:
    """Number of distributions in a folder of modules; 0 while it is not there."""
    try:
        return sum(1 for name in os.listdir(site) if name.endswith(METADATA))
    except OSError:
        return 0


def wheels_below(folder: Path) -> tuple[int, int]:
    """Number and bytes of the wheels under a folder, finished or not; what vanishes meanwhile does not count."""
    count = size = 0
    for place, _, files in os.walk(folder):
        for name in files:
            if name.endswith(".whl"):
                count += 1
                size += _size(os.path.join(place, name))
    return count, size


class Unpacked:
    """What uv has put into its cache since this was made: each package is a folder, walked over once it stands there."""

    def __init__(self, cache: Path) -> None:
        """Take the state of now as the start."""
        self._cache = cache
        self._known = self._archives()
        self.count = 0
        self._done = 0

    def look(self) -> int:
        """Count again; returns the bytes unpacked so far, those of unfinished packages included."""
        for place in self._archives() - self._known:
            self._known.add(place)
            self.count += 1
            self._done += _size_below(place)
        return self._done + sum(_size_below(place) for place in self._unfinished())

    def _archives(self) -> set[str]:
        found: set[str] = set()
        for folder in _entries(self._cache):
            if folder.name.startswith("archive-"):
                found.update(entry.path for entry in _entries(folder.path))
        return found

    def _unfinished(self) -> list[str]:
        return [entry.path for entry in _entries(self._cache) if entry.name.startswith(".tmp")]


def _entries(folder: Path | str) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return list(found)
    except OSError:
        return []


def _size_below(folder: str) -> int:
    return sum(_size(os.path.join(place, name)) for place, _, files in os.walk(folder) for name in files)


def _size(file: str) -> int:
    try:
        return os.lstat(file).st_size
    except OSError:
        return 0
