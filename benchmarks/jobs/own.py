"""Commands of this program's acts and of the limits, as the jobs start them."""

from __future__ import annotations

import sys
from pathlib import Path

from benchmarks.job import Bed, Way


def act(module: str, *arguments: object) -> tuple[str, ...]:
    """An act in this program's environment."""
    return (sys.executable, "-m", f"benchmarks.acts.{module}", *map(str, arguments))


def theirs(python: Path, *arguments: object) -> tuple[str, ...]:
    """An act of a peer that is a library, in the peer's environment."""
    return (str(python), "-m", "benchmarks.acts.peers", *map(str, arguments))


def limit(name: str, place: Path, size: int = 0) -> Way:
    """What the machine can do.

    Args:
        name: ``page-cache read``, ``page-cache write``, ``disk write`` or ``memory copy``.
        place: What is read, or the file that is written.
        size: Bytes to write or to copy.
    """
    return Way(
        name=name,
        command=act("limits", name.replace(" ", "-"), place, "--size", size),
        kind="limit",
        clock="call",
    )


def caches(bed: Bed, name: str) -> dict[str, str]:
    """Caches of its own for every tool."""
    folder = bed.folder / "caches" / name
    return {"PIP_CACHE_DIR": str(folder / "pip"), "UV_CACHE_DIR": str(folder / "uv"), "REPROBUNDLE_CACHE": str(folder)}
