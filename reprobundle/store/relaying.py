"""One digest of a large file by several threads: each reads a block of its own, and digests it when its turn comes.

To copy a block out of the page cache takes several times as long as to digest it, so the copies are made side by side;
a block is digested by the thread that read it, in whose processor's cache it lies.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import xxhash

from reprobundle.store.copying import fill

BLOCK_BYTES = 2**20
WORTH_IT = 16 * BLOCK_BYTES
MOST_THREADS = 4  # with more of them the digest, which one makes at a time, is what takes the time


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def is_worth_it(size: int) -> bool:
    """Whether a file of so many bytes is read sooner by several threads here."""
    return size >= WORTH_IT and processors() > 1 and hasattr(os, "preadv")  # which reads without a common position


def relayed(descriptor: int, size: int) -> str | None:
    """The digest of the first bytes of an open file; memory stays at one block for each thread.

    Args:
        descriptor: The file.
        size: How many bytes.

    Returns:
        XXH3-128 as 32 hex digits, or None when the file ends before them.

    Raises:
        OSError: It cannot be read.
    """
    runners = min(processors(), MOST_THREADS)
    relay = _Relay(descriptor, size)
    with ThreadPoolExecutor(runners) as pool:
        running = [pool.submit(relay.run, start * BLOCK_BYTES, runners * BLOCK_BYTES) for start in range(runners)]
        try:
            for one in running:
                one.result()
        finally:  # Ctrl-C reaches this thread alone: the others are not to read the rest
            relay.stop()
    return relay.state.hexdigest() if relay.done == size else None


class _Relay:
    """What the threads pass on.

    Attributes:
        state: The digest of all bytes before `done`; only the thread whose block begins there may touch it.
        done: Where the next block begins.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self.state = xxhash.xxh3_128()
        self.done = 0
        self._descriptor, self._size = descriptor, size
        self._stopped = False
        self._turn = threading.Condition()

    def run(self, start: int, step: int) -> None:
        """Read and digest every block that begins at `start`, `start + step` and so on."""
        buffer = memoryview(bytearray(BLOCK_BYTES))
        try:
            for offset in range(start, self._size, step):
                block = buffer[: self._size - offset]
                if not self._is_filled(block, offset) or not self._pass_on(block, offset):
                    self.stop()
                    return
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Nobody waits for a turn any more, nor reads another block."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()

    def _is_filled(self, block: memoryview, offset: int) -> bool:
        """Read a whole block; a system may give less than it was asked for."""
        done = 0
        while not self._stopped and done < len(block):
            count = fill(self._descriptor, block[done:], offset + done)
            if count == 0:
                return False
            done += count
        return not self._stopped

    def _pass_on(self, block: memoryview, offset: int) -> bool:
        """Digest a block in its turn; False where the others have stopped."""
        with self._turn:
            self._turn.wait_for(lambda: self.done == offset or self._stopped)
            if self._stopped:
                return False
        self.state.update(block)
        with self._turn:
            self.done = offset + len(block)
            self._turn.notify_all()
        return True
