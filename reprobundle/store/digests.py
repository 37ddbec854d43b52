"""XXH3-128 of bytes and files: finds accidents, not attackers."""

from __future__ import annotations

import errno
import mmap
import os
import stat
import sys
from pathlib import Path
from typing import Annotated

import pydantic
import xxhash

from reprobundle.errors import RefusedInputError
from reprobundle.records import Record
from reprobundle.store.paths import fault_of

WINDOW_BYTES = 64 * 2**20
SMALL_BYTES = 2**20
MADV_POPULATE_READ = 22  # Linux; the mmap module has no name for it


def _legal(path: str) -> str:
    fault = fault_of(path)
    if fault:
        raise ValueError(fault)
    return path


Digest = Annotated[str, pydantic.Field(pattern=r"^[0-9a-f]{32}$", description="XXH3-128, 32 lower-case hex digits")]
BundlePath = Annotated[str, pydantic.AfterValidator(_legal), pydantic.Field(description="POSIX path in the bundle")]


class FileEntry(Record):
    """One file of a bundle.

    Attributes:
        path: Where it is, relative to the bundle.
        size: Bytes.
        xxh3_128: Digest of its bytes.
    """

    path: BundlePath
    size: Annotated[int, pydantic.Field(ge=0, lt=2**63)]
    xxh3_128: Digest


def digest_bytes(content: bytes | memoryview) -> str:
    """XXH3-128 of a buffer, as 32 hex digits."""
    return xxhash.xxh3_128_hexdigest(content)


def open_regular(path: Path) -> int:
    """A descriptor for reading a regular file, without following a link and without waiting on a pipe.

    Raises:
        RefusedInputError: It is a link, a folder, a pipe, a socket or a device.
        OSError: It cannot be opened.
    """
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
    found = path.lstat().st_mode
    if stat.S_ISLNK(found):
        raise RefusedInputError(f"{path.name}: is a symbolic link, expected a regular file")
    if not stat.S_ISREG(found):  # not even opened: a device may act on it, a socket cannot be
        raise RefusedInputError(f"{path.name}: is not a regular file")
    descriptor = os.open(path, flags)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise RefusedInputError(f"{path.name}: is not a regular file")
    return descriptor


def digest_file(path: Path) -> tuple[int, str]:
    """Size in bytes and XXH3-128 of one regular file, read through one descriptor.

    Memory stays at one window of 64 MiB whatever the size.

    Raises:
        RefusedInputError: It is not a regular file, or it changed while it was read.
        OSError: It cannot be read.
    """
    descriptor = open_regular(path)
    try:
        before = os.fstat(descriptor)
        digest = _digest_small(descriptor) if before.st_size <= SMALL_BYTES else _digest_mapped(descriptor, before)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if digest is None or identity(before) != identity(after):
        raise RefusedInputError(f"{path.name}: changed while it was read")
    return before.st_size, digest


def identity(status: os.stat_result) -> tuple[int, int, int, int]:
    """What does not change while nobody writes to a file: size, both times, inode."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _digest_small(descriptor: int) -> str:
    state = xxhash.xxh3_128()
    while chunk := os.read(descriptor, SMALL_BYTES):
        state.update(chunk)
    return state.hexdigest()


def _digest_mapped(descriptor: int, status: os.stat_result) -> str | None:
    """The digest, or None when the file was cut shorter meanwhile."""
    state = xxhash.xxh3_128()
    for offset in range(0, status.st_size, WINDOW_BYTES):
        length = min(WINDOW_BYTES, status.st_size - offset)
        try:
            window = mmap.mmap(descriptor, length, access=mmap.ACCESS_READ, offset=offset)
        except ValueError:  # mmap's word for a window that reaches past the end of the file
            return None
        with window:
            if not _populate(window):
                return None
            state.update(window)
    return state.hexdigest()


def _populate(window: mmap.mmap) -> bool:
    """Load a window in one call where the system can; False when the file ends before it."""
    if sys.platform != "linux":
        return True
    try:
        window.madvise(MADV_POPULATE_READ)
    except OSError as error:
        return error.errno != errno.EFAULT  # Linux before 5.14 does not know the advice: read page by page
    return True


def entry_of(path: str, place: Path) -> FileEntry:
    """The entry of a file that is already on disk."""
    size, digest = digest_file(place)
    return FileEntry(path=path, size=size, xxh3_128=digest)
