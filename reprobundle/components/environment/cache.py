"""Rebuilt environments kept for the next replay, each beside the whole text that decides what is in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from reprobundle.errors import UnavailableError
from reprobundle.store import digest_bytes
from reprobundle.store.writing import disk_errors

VARIABLE = "REPROBUNDLE_CACHE"
KEY_FILE = "key"
MAX_TWINS = 16
OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def folder() -> Path:
    """Where rebuilt environments are kept: a folder that only this user can enter; made if need be.

    Raises:
        UnavailableError: It cannot be made, or belongs to or is writable by somebody else.
    """
    own = os.environ.get(VARIABLE)
    root = Path(own).absolute() if own else Path.home() / ".cache" / "reprobundle"
    place = root / "environments"
    with disk_errors(str(place)):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in (root, place):
            _refuse_shared(one)
    return Path(os.path.realpath(place))


def _refuse_shared(place: Path) -> None:
    status = place.lstat()
    if not hasattr(os, "getuid"):
        return
    if stat.S_ISLNK(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & OPEN_TO_OTHERS:
        message = f"{str(place)!r}: expected a folder that only you can write, found another owner, mode or a link"
        raise UnavailableError(message, hint=f"correct it, or name another folder in {VARIABLE}")


@contextlib.contextmanager
def entry(key: bytes, say: Callable[[str], None]) -> Iterator[Path]:
    """The folder for one key, held by this process alone until the block ends.

    It holds a finished environment if `is_complete` says so; else it is empty and to be filled, then `complete`d. When
    the block raises, an unfinished folder is removed.
    """
    cache = folder()
    name = digest_bytes(key)
    with _held(cache / f"{name}.lock", say), disk_errors(str(cache)):
        place = _place(cache, name, key)
        if not is_complete(place, key):
            shutil.rmtree(place, ignore_errors=True)  # left by a rebuild that was killed
            place.mkdir(mode=0o700)
        try:
            yield place
        finally:
            if not is_complete(place, key):
                shutil.rmtree(place, ignore_errors=True)


def is_complete(place: Path, key: bytes) -> bool:
    """Whether the environment was finished for exactly this key."""
    file = place / KEY_FILE
    return file.is_file() and file.read_bytes() == key


def complete(place: Path, key: bytes) -> None:
    """Mark the environment as finished; the last thing that is written."""
    part = place / f"{KEY_FILE}.part"
    part.write_bytes(key)
    part.replace(place / KEY_FILE)


def _place(cache: Path, name: str, key: bytes) -> Path:
    """Two keys may share a digest, which finds accidents only; each then has a folder of its own."""
    for twin in range(MAX_TWINS):
        place = cache / (name if twin == 0 else f"{name}-{twin}")
        if is_complete(place, key) or not (place / KEY_FILE).exists():
            return place
    raise UnavailableError(f"{str(cache / name)!r}: too many environments share this digest", hint="remove them")


@contextlib.contextmanager
def _held(file: Path, say: Callable[[str], None]) -> Iterator[None]:
    with disk_errors(str(file)):
        descriptor = os.open(file, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600)
    try:
        if not _try_lock(descriptor):
            say("waiting for another replay that builds the same environment")
            _lock(descriptor)
        yield
    finally:
        os.close(descriptor)  # which also releases it


if sys.platform == "win32":
    import msvcrt
    import time

    def _try_lock(descriptor: int) -> bool:
        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

    def _lock(descriptor: int) -> None:
        while not _try_lock(descriptor):
            time.sleep(0.5)

else:
    import fcntl

    def _try_lock(descriptor: int) -> bool:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
