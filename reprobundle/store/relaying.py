"""One digest of a large file by several threads: each reads a block of its own, and digests it when its turn comes.

To copy a block out of the page cache takes several times as long as to digest it, so the copies are made side by side;
a block is digested by the thread that read it, in whose processor's cache it lies.
"""

from __future__ import annotations

import os
import threading

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
    relay, others = _Relay(descriptor, size), list[threading.Thread]()
    try:
        for _ in range(min(processors(), MOST_THREADS) - 1):
            other = threading.Thread(target=relay.run_aside, daemon=True)
            try:
                other.start()
            except RuntimeError:  # the system allows no more of them, or the interpreter is ending: fewer do it, too
                break
            others.append(other)
        relay.run()
    finally:  # Ctrl-C reaches this thread alone: the others are not to read the rest
        relay.stop()
        for other in others:
            other.join()
    if relay.error is not None:
        raise relay.error
    return relay.state.hexdigest() if relay.done == size else None


class _Relay:
    """What the threads pass on.

    Attributes:
        state: The digest of all bytes before `done`; only the thread whose block begins there may touch it.
        done: Where the next block to be digested begins.
        error: What went wrong in a thread beside the caller's.
    """

    def __init__(self, descriptor: int, size: int) -> None:
        self.state = xxhash.xxh3_128()
        self.done = 0
        self.error: BaseException | None = None
        self._descriptor, self._size = descriptor, size
        self._taken = 0  # where the next block to be read begins
        self._stopped = False
        self._turn = threading.Condition()

    def run_aside(self) -> None:
        """As `run`, in a thread of its own."""
        try:
            self.run()
        except (OSError, MemoryError) as error:
            self.error = error  # raised again in the caller's thread
        finally:
            self.stop()  # whatever it was: nobody is to wait for this one's turn

    def run(self) -> None:
        """Read and digest blocks until all are, by whomever, or nobody can go on."""
        buffer = memoryview(bytearray(min(self._size, BLOCK_BYTES)))
        while (offset := self._take()) is not None:
            block = buffer[: self._size - offset]
            if not self._is_filled(block, offset):
                self.stop()
                return
            self._pass_on(block, offset)
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or self.done == self._size)

    def stop(self) -> None:
        """Nobody waits for a turn any more, nor reads another block."""
        with self._turn:
            self._stopped = True
            self._turn.notify_all()

    def _take(self) -> int | None:
        """Where the next block begins that nobody reads yet; None where there is none."""
        with self._turn:
            offset = self._taken
            self._taken += BLOCK_BYTES
            return offset if offset < self._size and not self._stopped else None

    def _is_filled(self, block: memoryview, offset: int) -> bool:
        """Read a whole block; a system may give less than it was asked for."""
        done = 0
        while not self._stopped and done < len(block):
            count = fill(self._descriptor, block[done:], offset + done)
            if count == 0:
                return False
            done += count
        return not self._stopped

    def _pass_on(self, block: memoryview, offset: int) -> None:
        """Digest a block in its turn, unless the others have stopped."""
        with self._turn:
            self._turn.wait_for(lambda: self._stopped or self.done == offset)
            if self._stopped:
                return
        self.state.update(block)
        with self._turn:
            self.done = offset + len(block)
            self._turn.notify_all()
