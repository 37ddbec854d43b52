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
import time
from array import array
from operator import attrgetter, itemgetter

TYPE_CHECKING = False  # typing itself would cost the process more than all else it imports
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from typing import IO

GREETING = b"reprobundle digests 1\n"
LENGTH = struct.Struct("=Q")
COLUMNS = ("code", "size", "modified", "changed", "inode", "device")
DONE, LARGER, CHANGED, IRREGULAR = 0, -1, -2, -3
SMALL = 2**16  # bytes: what one read brings
DIGEST_BYTES = 16
NO_DIGEST = bytes(DIGEST_BYTES)
RECENT = 50_000_000  # nanoseconds: some clocks of files tick that seldom
LIMIT = 2**63 - 1
STATUS = ("st_size", "st_mtime_ns", "st_ctime_ns", "st_ino", "st_dev")
MODE = itemgetter(0)
CHANGED_AT = 2  # among these
NUMBERS = ("st_ino", "st_dev")  # where the lower bits tell, not the largest
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

    digest, open_, read, fstat, close = xxhash.xxh3_128_digest, os.open, os.read, os.fstat, os.close
    digests: list[bytes] = []
    found: list[os.stat_result] = []
    codes: dict[int, int] = {}
    for name in names:  # the innermost loop: each call in it counts
        try:
            descriptor = open_(name, FLAGS, dir_fd=place)
            try:
                content = read(descriptor, SMALL)
                status = fstat(descriptor)
            finally:
                close(descriptor)
        except OSError as error:
            codes[len(found)] = CHANGED if error.errno == errno.ENOENT else error.errno or errno.EIO
            content, status = b"", NOTHING
        if len(content) != status.st_size:
            codes[len(found)] = LARGER if status.st_size > len(content) else CHANGED
        digests.append(digest(content))
        found.append(status)
    columns = [_column(found, name) for name in STATUS]
    codes |= _irregular(found, codes)
    codes |= _moving(place, names, digests, columns[CHANGED_AT], now, codes)
    told = array("q", bytes(8 * len(found)))
    for index, code in codes.items():
        told[index] = code
        digests[index] = NO_DIGEST
    return b"".join([column.tobytes() for column in (told, *columns)]), b"".join(digests)


def _irregular(found: Sequence[os.stat_result], codes: Mapping[int, int]) -> dict[int, int]:
    """What is no regular file; asked of all at once, as hardly any is."""
    if all(stat.S_ISREG(mode) for mode in set(map(MODE, found))):
        return {}
    others = [index for index, status in enumerate(found) if not stat.S_ISREG(status.st_mode)]
    return {
        index: IRREGULAR
        for index in others
        if codes.get(index, LARGER) in {LARGER, CHANGED} and found[index] is not NOTHING
    }


def _moving(
    place: int | None,
    names: Sequence[str],
    digests: Sequence[bytes],
    changed: Sequence[int],
    now: int,
    codes: Mapping[int, int],
) -> dict[int, int]:
    """Files that were written a moment ago and do not hold the same when they are read again."""
    limit = now - RECENT
    if not changed or max(changed) <= limit:
        return {}
    recent = [index for index, when in enumerate(changed) if when > limit and index not in codes]
    return {index: CHANGED for index in recent if not _is_quiet(names[index], place, digests[index])}


def _column(found: Sequence[os.stat_result], name: str) -> array[int]:
    """One number of each status, cut to what 64 bits with a sign hold."""
    get = attrgetter(name)
    try:
        return array("q", map(get, found))
    except OverflowError:
        clip = int.__and__ if name in NUMBERS else min
        return array("q", [clip(get(status), LIMIT) for status in found])


def _is_quiet(name: str, place: int | None, digest: bytes) -> bool:
    """Whether a file that was written a moment ago holds the same bytes when it is read again."""
    import xxhash

    try:
        descriptor = os.open(name, FLAGS, dir_fd=place)
        try:
            again, status = os.read(descriptor, SMALL), os.fstat(descriptor)
        finally:
            os.close(descriptor)
    except OSError:
        return False
    same = xxhash.xxh3_128_digest(again) == digest
    return same and len(again) == status.st_size and stat.S_ISREG(status.st_mode)


def serve() -> None:
    """Answer until the input ends; what is asked in the meantime is taken at once, so that neither side waits for the other."""
    from _queue import SimpleQueue  # what queue and threading give, without what else they import
    from _thread import start_new_thread

    requests: SimpleQueue[tuple[str, list[str]] | None] = SimpleQueue()
    start_new_thread(_receive, (sys.stdin.buffer, requests.put))
    target = sys.stdout.buffer
    target.write(GREETING)
    target.flush()
    while request := requests.get():
        answer = b"".join(digest_batch(*request, time.time_ns()))
        target.write(LENGTH.pack(len(answer)) + answer)
        target.flush()


def _receive(source: IO[bytes], put: Callable[[tuple[str, list[str]] | None], None]) -> None:
    while head := source.read(2 * LENGTH.size):
        folder = os.fsdecode(source.read(LENGTH.unpack_from(head)[0]))
        names = os.fsdecode(source.read(LENGTH.unpack_from(head, LENGTH.size)[0])).split("\0")
        put((folder, names))
    put(None)


if __name__ == "__main__":
    sys.path.append(sys.argv[1])
    serve()
