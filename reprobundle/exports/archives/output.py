"""An archive that is being written: one buffer, each block digested once and handed to the disk while the next fills."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import BinaryIO

import xxhash

BLOCK_BYTES = 256 * 2**10  # stays in the cache of a core: with 1 MiB the copy takes more than twice as long
WRITTEN_BACK = 256 * 2**20  # so much goes to the disk at a time, so that the last wait is short


@contextmanager
def written(file: BinaryIO) -> Iterator[Output]:
    """Write into a file that is open without a buffer and empty; all is handed to the disk when the block ends well.

    Raises:
        OSError: The disk is full or failed.
    """
    output = Output(file)
    try:
        yield output
        output.finish()
    finally:
        output.stop()


class Output:
    """Takes bytes in their order; `written` makes one.

    Attributes:
        size: How many bytes there were.
    """

    def __init__(self, file: BinaryIO) -> None:
        """Write into `file`."""
        self._file = file
        self._block = memoryview(bytearray(BLOCK_BYTES))
        self._filled = 0
        self._state = xxhash.xxh3_128()
        self._unsettled = 0
        self._thread = ThreadPoolExecutor(max_workers=1)
        self._settling: Future[None] | None = None
        self.size = 0

    @property
    def digest(self) -> str:
        """XXH3-128 of what was written; of all when it was finished."""
        return self._state.hexdigest()

    def write(self, content: bytes | memoryview) -> None:
        """Append bytes that are in memory."""
        left = memoryview(content)
        while left:
            room = self.room()
            count = min(len(room), len(left))
            room[:count] = left[:count]
            self.take(count)
            left = left[count:]

    def room(self) -> memoryview:
        """Where the next bytes may be put; never empty."""
        return self._block[self._filled :]

    def take(self, count: int) -> None:
        """Append the first bytes of what `room` gave.

        Raises:
            OSError: The disk is full or failed.
        """
        self._filled += count
        self.size += count
        if self._filled == BLOCK_BYTES:
            self._flush()

    def finish(self) -> None:
        """Write what is left, and see that nothing failed behind."""
        self._flush()
        if self._settling:
            self._settling.result()

    def stop(self) -> None:
        """End the thread; the file can be closed."""
        self._thread.shutdown()

    def _flush(self) -> None:
        content = self._block[: self._filled]
        self._state.update(content)
        while content:
            content = content[self._file.write(content) :]
        self._unsettled += self._filled
        self._filled = 0
        if self._unsettled >= WRITTEN_BACK and (self._settling is None or self._settling.done()):
            self._settle()

    def _settle(self) -> None:
        """Let the disk begin, while the next bytes are read: one long wait at the end would be as long as all the rest."""
        if self._settling:
            self._settling.result()
        self._unsettled = 0
        to_disk = getattr(os, "fdatasync", os.fsync)  # macOS has the latter only
        self._settling = self._thread.submit(to_disk, self._file.fileno())
