"""Files of random bytes to work on, and second names for them, so that no peer copies what another one reads."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

IN_FOLDER = 1000
PIECE = 2**24


def make_file(place: Path, size: int) -> None:
    """One file; every piece of 16 MiB begins in its own way."""
    piece = bytearray(os.urandom(min(PIECE, max(size, 1))))
    place.parent.mkdir(parents=True, exist_ok=True)
    with place.open("wb") as file:
        for start in range(0, size, PIECE):
            piece[:8] = start.to_bytes(8, "little")[: len(piece)].ljust(min(8, len(piece)), b"\0")
            file.write(piece[: min(PIECE, size - start)])


def make_files(folder: Path, count: int, size: int) -> None:
    """So many files of one size, 1,000 in a folder."""
    block = os.urandom(max(size, 64))
    for start in range(0, count, IN_FOLDER):
        where = folder / f"{start // IN_FOLDER:04}"
        where.mkdir(parents=True)
        for number in range(start, min(start + IN_FOLDER, count)):
            with open(where / f"{number:08}.bin", "wb", buffering=0) as file:  # noqa: PTH123 - a million times
                file.write(number.to_bytes(8, "little") + block[8:size])


def link_all(source: Path, target: Path) -> None:
    """The same files below another folder, by hard links."""
    if source.is_file():
        target.mkdir(parents=True)
        os.link(source, target / source.name)
    else:
        shutil.copytree(source, target, copy_function=os.link)


def remove(place: Path) -> None:
    """A file or folder, also one that a peer made read-only."""
    if place.is_dir():
        for folder, _, _ in os.walk(place):
            os.chmod(folder, 0o700)  # noqa: PTH101 - folders of git-annex are read-only
        shutil.rmtree(place)
    else:
        place.unlink(missing_ok=True)
