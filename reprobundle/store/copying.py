"""Copying the bytes of one open file into another, digested on the way; by the system itself where it can."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterator

import xxhash

SLICE_BYTES = 8 * 2**20
BLOCK_BYTES = 256 * 2**10
UNABLE = frozenset({errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM, errno.EBADF})


def blocks(descriptor: int) -> Iterator[memoryview]:
    """What a file holds, in one buffer that is filled again and again: a block is good until the next is asked for."""
    buffer = memoryview(bytearray(BLOCK_BYTES))
    done = 0
    while count := fill(descriptor, buffer, done):
        yield buffer[:count]
        done += count


def fill(descriptor: int, buffer: memoryview, offset: int) -> int:
    """Read the next bytes into a buffer; how many there were.

    Args:
        descriptor: An open file, which has been read up to `offset`.
        buffer: Where to.
        offset: Bytes from the start of the file.
    """
    if hasattr(os, "preadv"):
        return os.preadv(descriptor, [buffer], offset)
    content = os.read(descriptor, len(buffer))  # Windows
    buffer[: len(content)] = content
    return len(content)


def by_system(source: int, target: int, size: int, told: Callable[[int], None]) -> tuple[int, str] | None:
    """Let the system copy a file, which shares the bytes where its file system can, and digest what arrived.

    Args:
        source: The file to be copied, at its start.
        target: An empty file, open for reading and writing.
        size: Bytes of the source.
        told: Called with the number of bytes of every slice that was copied.

    Returns:
        How many bytes there are now, and their digest; None where the system cannot do it, and nothing was copied.

    Raises:
        OSError: The disk is full or failed.
    """
    if not hasattr(os, "copy_file_range"):
        return None
    state = xxhash.xxh3_128()
    buffer = memoryview(bytearray(BLOCK_BYTES))
    done = 0
    while done < size and (end := done + _copy(source, target, size - done, begun=done > 0)) > done:
        told(end - done)
        while done < end and (count := fill(target, buffer[: end - done], done)):
            state.update(buffer[:count])
            done += count
    return (done, state.hexdigest()) if done or not size else None


def _copy(source: int, target: int, left: int, *, begun: bool) -> int:
    """Copy a slice; 0 where the system cannot."""
    try:
        return os.copy_file_range(source, target, min(left, SLICE_BYTES))
    except OSError as error:
        if begun or error.errno not in UNABLE:
            raise
        return 0
