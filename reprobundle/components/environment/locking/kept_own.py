"""The files of this very program that were last searched for secrets, kept so that the next capture need not search them.

Whoever works on this program captures with it all day, and looking for secrets in its files takes longer than packing and
hashing them. What is kept are the bytes themselves, to be compared with those that are packed now: nothing of it gets into
a bundle, so that whatever stands there, broken, strange or somebody else's, costs a search and no more.
"""

from __future__ import annotations

import contextlib
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reprobundle.store import digest_bytes

OFF = "REPROBUNDLE_NO_CACHE"
FOLDER = "REPROBUNDLE_CACHE"
MAX_BYTES = 64 * 2**20
BEGINNING = b"files in which no secret was found\n"
OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IWOTH


@dataclass(frozen=True)
class File:
    """A file as it goes into the wheel.

    Attributes:
        content: Its bytes.
        mode: One of two, so that a wheel does not depend on this machine.
    """

    content: bytes
    mode: int


def place_of(name: str) -> Path | None:
    """Where the files of a program are kept, for this Python; None where nothing is to be kept, or nowhere.

    Args:
        name: The name of its metadata folder, which has its version.
    """
    if os.environ.get(OFF) or not hasattr(os, "getuid"):
        return None
    own, base = os.environ.get(FOLDER), os.environ.get("XDG_CACHE_HOME")
    try:
        folder = (Path(own).absolute() if own else Path(base or Path.home() / ".cache") / "reprobundle") / "own"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.lstat()
    except (OSError, RuntimeError):  # no home, or a disk that takes nothing
        return None
    made_by = f"{name}\n{sys.executable}\n{sys.version}"
    return folder / digest_bytes(made_by.encode("utf-8", "surrogateescape")) if _is_own(status) else None


def read(files: Mapping[str, Path]) -> dict[str, File]:
    """What a wheel is made of, by the path in it.

    Args:
        files: Where it lies, by the path in the wheel.

    Raises:
        OSError: One of the files cannot be read.
    """
    return {path: File(place.read_bytes(), _mode_of(place)) for path, place in files.items()}


def are_kept(place: Path, files: Mapping[str, File]) -> bool:
    """Whether exactly these files were kept, byte for byte and with their modes.

    Args:
        place: Where they would be.
        files: What is packed now, by the path in the wheel.
    """
    return _own_content(place) == _in_one(files)


def keep(place: Path, files: Mapping[str, File]) -> None:
    """Keep files in which nothing was found, in place of what was kept before; quietly not, where that cannot be done.

    Args:
        place: Where to.
        files: By the path in the wheel.
    """
    content = _in_one(files)
    if len(content) > MAX_BYTES:
        return
    with contextlib.suppress(OSError):
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(name, place)
        except BaseException:
            os.unlink(name)
            raise


def _in_one(files: Mapping[str, File]) -> bytes:
    """All files in a row, each behind its path, mode and length, so that no other files give the same bytes; never none."""
    parts = [BEGINNING]
    for path, one in sorted(files.items()):
        parts += [f"{path}\0{one.mode:o}\0{len(one.content)}\0".encode("utf-8", "surrogateescape"), one.content]
    return b"".join(parts)


def _mode_of(place: Path) -> int:
    return 0o755 if place.stat().st_mode & stat.S_IXUSR else 0o644


def _own_content(place: Path) -> bytes:
    """The bytes of a file that only this user can write; none where it is another's, too large or not there."""
    try:
        descriptor = os.open(place, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    except OSError:
        return b""
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not _is_own(status) or status.st_size > MAX_BYTES:
            return b""
        return file.read(MAX_BYTES)


def _is_own(status: os.stat_result) -> bool:
    return status.st_uid == os.getuid() and not status.st_mode & OPEN_TO_OTHERS
