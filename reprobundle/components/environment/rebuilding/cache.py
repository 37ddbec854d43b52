"""Rebuilt environments kept for the next replay, each beside the whole text that decides what is in it."""

from __future__ import annotations

import contextlib
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from reprobundle.errors import ReproBundleError, UnavailableError
from reprobundle.store import digest_bytes
from reprobundle.store.writing import disk_errors

VARIABLE = "REPROBUNDLE_CACHE"
KEY_FILE = "key"
FAILED = "failed"
BESIDE = "beside"
CHUNK = 2**20
MAX_TWINS = 16
OPEN_TO_OTHERS = stat.S_IWGRP | stat.S_IWOTH


def folder() -> Path:
    """Where rebuilt environments are kept: a folder that only this user can enter; made if need be.

    Raises:
        UnavailableError: No home is known, it cannot be made, or belongs to or is writable by somebody else.
    """
    return room("environments")


def room(name: str) -> Path:
    """One folder of the cache: only this user can enter it; made if need be.

    Raises:
        UnavailableError: As for `folder`.
    """
    own = os.environ.get(VARIABLE)
    root = Path(own).absolute() if own else _home() / ".cache" / "reprobundle"
    place = root / name
    with disk_errors(str(place)):
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for one in (root, place):
            _refuse_shared(one)
    return Path(os.path.realpath(place))


def _home() -> Path:
    try:
        return Path.home()
    except RuntimeError as error:
        message = "no home folder is known to keep rebuilt environments in"
        raise UnavailableError(message, hint=f"name a folder in {VARIABLE}") from error


def _refuse_shared(place: Path) -> None:
    status = place.lstat()
    if not hasattr(os, "getuid"):
        return
    if stat.S_ISLNK(status.st_mode) or status.st_uid != os.getuid() or status.st_mode & OPEN_TO_OTHERS:
        message = f"{str(place)!r}: expected a folder that only you can write, found another owner, mode or a link"
        raise UnavailableError(message, hint=f"correct it, or name another folder in {VARIABLE}")


@contextlib.contextmanager
def entry(key: bytes, say: Callable[[str], None], *, beside: Sequence[Path] = ()) -> Iterator[Path]:
    """The folder for one key, held by this process alone until the block ends.

    Files `beside` the key decide too what is in it: they are kept, and compared byte for byte. It holds a finished
    environment if `is_complete` says so; else it is empty and to be filled, then `complete`d. When the block raises, an
    unfinished folder is removed; one that could not be filled is kept apart, the latest only, and the error says where.
    """
    cache = folder()
    name = digest_bytes(key)
    with _held(cache / f"{name}.lock", say), disk_errors(str(cache)):
        place = _place(cache, name, key, beside)
        if not is_complete(place, key, beside):
            shutil.rmtree(place, ignore_errors=True)  # left by a rebuild that was killed
            place.mkdir(mode=0o700)
        try:
            yield place
        except ReproBundleError as error:
            _keep_apart(place, error)
            raise
        finally:
            if not is_complete(place, key, beside):
                shutil.rmtree(place, ignore_errors=True)


def _keep_apart(place: Path, error: ReproBundleError) -> None:
    """Move what could not be finished out of the way, and let the hint say where it is."""
    if not any(place.iterdir()):
        return
    failed = room(FAILED) / "environment"
    shutil.rmtree(failed, ignore_errors=True)
    try:
        place.rename(failed)
    except OSError:  # another rebuild failed at the same time: the latest one is kept
        return
    where = f"what was built so far is kept in {str(failed)!r}"
    error.advise(f"{error.hint}; {where}" if error.hint else where)


def is_complete(place: Path, key: bytes, beside: Sequence[Path] = ()) -> bool:
    """Whether the environment was finished for exactly this key and exactly these files."""
    file = place / KEY_FILE
    if not file.is_file() or file.read_bytes() != key:
        return False
    kept = place / BESIDE
    names = {one.name for one in kept.iterdir()} if kept.is_dir() else set()
    return names == {one.name for one in beside} and all(_same_bytes(one, kept / one.name) for one in beside)


def complete(place: Path, key: bytes, beside: Sequence[Path] = ()) -> None:
    """Mark the environment as finished; the last thing that is written."""
    if beside:
        (place / BESIDE).mkdir(mode=0o700)
    for one in beside:
        shutil.copyfile(one, place / BESIDE / one.name)
    part = place / f"{KEY_FILE}.part"
    part.write_bytes(key)
    part.replace(place / KEY_FILE)


def _same_bytes(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as left, other.open("rb") as right:
        while chunk := left.read(CHUNK):
            if chunk != right.read(CHUNK):
                return False
    return True


def _place(cache: Path, name: str, key: bytes, beside: Sequence[Path]) -> Path:
    """Two keys may share a digest, which finds accidents only; each then has a folder of its own."""
    for twin in range(MAX_TWINS):
        place = cache / (name if twin == 0 else f"{name}-{twin}")
        if is_complete(place, key, beside) or not (place / KEY_FILE).exists():
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
