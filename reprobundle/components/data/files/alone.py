"""Digests of small files, a folder's batch at a time; run as a script, it is a process that answers for batches.

Reading a file of 4 KiB is mostly the interpreter's own work, which threads of one process do not share: a second process
does. The script needs the standard library and xxhash only, so that it starts in some 20 ms.

Protocol: a request on standard input is two lengths (8 bytes each), the folder, and the names of the files with a zero byte
between them, both as the system spells them. The answer on standard output is its length (8 bytes), then 48 bytes a file
(`COLUMNS` as signed 64-bit integers, one column after another) and 16 bytes a file. The end of the input ends it.
"""

from __future__ import annotations

import errno
import os
import stat
import struct
import sys
from array import array
from collections.abc import Sequence

GREETING = b"reprobundle digests 1\n"
LENGTH = struct.Struct("=Q")
COLUMNS = ("code", "size", "modified", "changed", "inode", "device")
DONE, LARGER, CHANGED, IRREGULAR = 0, -1, -2, -3
SMALL = 2**16  # bytes: what one read brings
DIGEST_BYTES = 16
NO_DIGEST = bytes(DIGEST_BYTES)
RECENT = 50_000_000  # nanoseconds: some clocks of files tick that seldom
LIMIT = 2**63 - 1
NOTHING = os.stat_result([0] * 10, {"st_mtime_ns": 0, "st_ctime_ns": 0})
FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_NOCTTY", 0)
)


def digest_batch(folder: str, names: Sequence[str], now: int) -> tuple[bytes, bytes]:
    """Read files of one folder whole.

    Args:
        folder: Where they are.
        names: What they are called there.
        now: Nanoseconds since 1970 before the first is read.

    Returns:
        The columns, and the digests: 16 bytes each, zero where the code is not `DONE`. A code above zero is an errno.
    """
    if os.open not in os.supports_dir_fd:
        return _digest_in(None, [os.path.join(folder, name) for name in names], now)
    try:
        place = os.open(folder, os.O_RDONLY | getattr(os, "O_DIRECTORY", 0))
    except OSError as error:
        count = len(names)
        failed = array("q", [error.errno or errno.EIO]) * count + array("q", [0]) * ((len(COLUMNS) - 1) * count)
        return failed.tobytes(), NO_DIGEST * count
    try:
        return _digest_in(place, names, now)
    finally:
        os.close(place)


def _digest_in(place: int | None, names: Sequence[str], now: int) -> tuple[bytes, bytes]:
    import xxhash

    digest, limit = xxhash.xxh3_128_digest, now - RECENT
    codes, digests, found = [], [], []
    for name in names:  # the innermost loop: each call in it counts
        try:
            code, status, content = _read(name, place)
        except OSError as error:
            code, status, content = (CHANGED if error.errno == errno.ENOENT else error.errno or errno.EIO), NOTHING, b""
        if code == DONE and status.st_ctime_ns > limit and not _is_quiet(name, place, content):
            code = CHANGED
        codes.append(code)
        digests.append(NO_DIGEST if code else digest(content))
        found.append(status)
    columns = (
        codes,
        [status.st_size for status in found],
        [min(status.st_mtime_ns, LIMIT) for status in found],
        [min(status.st_ctime_ns, LIMIT) for status in found],
        [status.st_ino & LIMIT for status in found],
        [status.st_dev & LIMIT for status in found],
    )
    return b"".join([array("q", column).tobytes() for column in columns]), b"".join(digests)


def _read(name: str, place: int | None) -> tuple[int, os.stat_result, bytes]:
    """A code, what the system says of the file after it was read, and what was read.

    Raises:
        OSError: It cannot be read.
    """
    descriptor = os.open(name, FLAGS, dir_fd=place)
    try:
        content = os.read(descriptor, SMALL)
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    if len(content) == status.st_size and stat.S_ISREG(status.st_mode):
        return DONE, status, content
    if not stat.S_ISREG(status.st_mode):
        return IRREGULAR, status, b""
    return (LARGER if status.st_size > len(content) else CHANGED), status, b""


def _is_quiet(name: str, place: int | None, content: bytes) -> bool:
    """Whether a file that was written a moment ago holds the same bytes when it is read again."""
    try:
        code, _, again = _read(name, place)
    except OSError:
        return False
    return code == DONE and again == content


def serve() -> None:
    """Answer until the input ends."""
    import time

    source, target = sys.stdin.buffer, sys.stdout.buffer
    target.write(GREETING)
    target.flush()
    while head := source.read(2 * LENGTH.size):
        folder = os.fsdecode(source.read(LENGTH.unpack_from(head)[0]))
        names = os.fsdecode(source.read(LENGTH.unpack_from(head, LENGTH.size)[0])).split("\0")
        answer = b"".join(digest_batch(folder, names, time.time_ns()))
        target.write(LENGTH.pack(len(answer)) + answer)
        target.flush()


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    serve()
