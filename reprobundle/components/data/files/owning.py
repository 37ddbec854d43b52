"""Folders and files that are this user's alone, so that nobody else can have put there what is read from them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from reprobundle.components.data.files.alone import FLAGS

OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IWOTH
NO_LINK = getattr(os, "O_NOFOLLOW", 0)
SYSTEM = 0  # the system's own user


def make_own_folder(folder: Path) -> bool:
    """Make a folder for this user alone, with those above it; whether it is that.

    Nobody else may be able to write in it, or to put another in its place or in that of one above it.

    Raises:
        OSError: It cannot be made.
    """
    _make(folder)
    if not hasattr(os, "getuid"):
        return stat.S_ISDIR(folder.lstat().st_mode)
    return _is_own(folder.lstat()) and all(_is_safe(above.stat()) for above in folder.resolve().parents)


def _make(folder: Path) -> None:
    if not folder.is_dir():
        if folder.parent != folder:
            _make(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def _is_own(status: os.stat_result) -> bool:
    return stat.S_ISDIR(status.st_mode) and status.st_uid == os.getuid() and not status.st_mode & OPEN_TO_OTHERS


def _is_safe(status: os.stat_result) -> bool:
    """Whether others can move what is in a folder: not where it is closed to them, or keeps each one's to himself."""
    is_closed = not status.st_mode & OPEN_TO_OTHERS or bool(status.st_mode & stat.S_ISVTX)
    return is_closed and status.st_uid in {SYSTEM, os.getuid()}


def own_content(place: Path, limit: int) -> bytes | None:
    """The bytes of a regular file of this user's; None where it is anything else, or larger than the limit.

    Raises:
        OSError: It cannot be read, or is a link.
    """
    descriptor = os.open(place, FLAGS | NO_LINK)  # a pipe is opened without waiting for its other end
    with os.fdopen(descriptor, "rb") as file:
        status = os.fstat(descriptor)
        is_own = not hasattr(os, "getuid") or status.st_uid == os.getuid()
        if not stat.S_ISREG(status.st_mode) or not is_own or status.st_size > limit:
            return None
        content = file.read(status.st_size)
        return content if len(content) == status.st_size else None
