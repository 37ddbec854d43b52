"""Folders that are being worked in, told from those that a killed process left behind.

Whoever works in a folder holds a lock on it, which the kernel gives up with the process, however that ends. Where folders
cannot be locked (Windows, some network disks) none is ever taken for left behind.
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path

PARTIAL = re.compile(r"\..+\.partial-[0-9a-f]{8}")


@contextlib.contextmanager
def held(folder: Path) -> Iterator[bool]:
    """Hold a folder until the block ends.

    Args:
        folder: The folder.

    Yields:
        Whether it is held: not where somebody else holds it, it is gone, it is a link, or folders cannot be locked here.
    """
    descriptor = _opened(folder)
    if descriptor is None:
        yield False
        return
    try:
        yield _is_locked(descriptor) and _is_still(folder, descriptor)
    finally:
        os.close(descriptor)


def abandoned(parent: Path, name: re.Pattern[str]) -> list[Path]:
    """The folders of this user that a killed process left behind, sorted.

    Args:
        parent: Where they lie.
        name: What their names match as a whole.
    """
    try:
        with os.scandir(parent) as entries:
            found = [Path(entry.path) for entry in entries if name.fullmatch(entry.name) and _is_own(entry)]
    except OSError:  # what cannot be listed holds nothing that could be told of
        return []
    return sorted(folder for folder in found if _is_free(folder))


def _is_free(folder: Path) -> bool:
    with held(folder) as free:
        return free


def _opened(folder: Path) -> int | None:
    if os.name != "posix":
        return None
    try:
        return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:  # gone, a link, or shut even for its owner
        return None


def _is_locked(descriptor: int) -> bool:
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:  # somebody holds it, or this disk knows no locks
        return False
    return True


def _is_still(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.lstat(folder), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def _is_own(entry: os.DirEntry[str]) -> bool:
    try:
        status = entry.stat(follow_symlinks=False)
    except FileNotFoundError:
        return False
    return os.name == "posix" and status.st_uid == os.geteuid() and entry.is_dir(follow_symlinks=False)
