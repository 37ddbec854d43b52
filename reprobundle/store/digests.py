"""XXH3-128 of bytes and files: finds accidents, not attackers."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import pydantic
import xxhash

from reprobundle.errors import RefusedInputError
from reprobundle.records import Record
from reprobundle.store.copying import fill
from reprobundle.store.paths import fault_of
from reprobundle.store.relaying import is_worth_it, relayed

BLOCK_BYTES = 2**20


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


def digest_pieces(pieces: Iterable[bytes]) -> str:
    """XXH3-128 of pieces one after another, as hex."""
    state = xxhash.xxh3_128()
    for piece in pieces:
        state.update(piece)
    return state.hexdigest()


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

    The file is read, not mapped: one that is cut shorter meanwhile is refused, and never ends this process by a
    signal. Memory stays at one block of 1 MiB, or one for each of at most four threads, whatever the size.

    Raises:
        RefusedInputError: It is not a regular file, or it changed while it was read.
        OSError: It cannot be read.
    """
    descriptor = open_regular(path)
    try:
        before = os.fstat(descriptor)
        digest = (relayed if is_worth_it(before.st_size) else _read_through)(descriptor, before.st_size)
        after = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if digest is None or identity(before) != identity(after):
        raise RefusedInputError(f"{path.name}: changed while it was read")
    return before.st_size, digest


def identity(status: os.stat_result) -> tuple[int, int, int, int]:
    """What does not change while nobody writes to a file: size, both times, inode."""
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _read_through(descriptor: int, size: int) -> str | None:
    """The digest of the first `size` bytes, or None when the file ends before them."""
    state = xxhash.xxh3_128()
    block = memoryview(bytearray(min(size, BLOCK_BYTES)))
    done = 0
    while done < size:  # not to the end of the file: one that grows has none
        count = fill(descriptor, block[: size - done], done)
        if count == 0:
            return None
        state.update(block[:count])
        done += count
    return state.hexdigest()


def entry_of(path: str, place: Path) -> FileEntry:
    """The entry of a file that is already on disk."""
    size, digest = digest_file(place)
    return FileEntry(path=path, size=size, xxh3_128=digest)
