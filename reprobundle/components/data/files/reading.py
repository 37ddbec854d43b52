"""Reading files that are more than one small read: in blocks, a large one in parts, several at a time in threads."""

from __future__ import annotations

import errno
import os
import stat
import threading
from array import array
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TypeVar

import xxhash

from reprobundle.components.data.blocks import Block
from reprobundle.components.data.files.alone import CHANGED, DONE, FLAGS, IRREGULAR, LIMIT
from reprobundle.components.data.files.rows import PART_BYTES
from reprobundle.store.copying import fill
from reprobundle.store.digests import identity
from reprobundle.store.relaying import processors

BLOCK_BYTES = 2**20
TASK_BYTES = 2**24
TASK_FILES = 256
DESCRIBED = 16  # times: how much more memory a picture may take than its file, so that fewer are under way
MOST_THREADS = 4

Identity = tuple[int, int, int, int, int]
"""Size, both times, inode and device: what does not change while nobody writes to a file."""

T = TypeVar("T")
R = TypeVar("R")


@dataclass(frozen=True)
class Task:
    """One file to be read, or one part of a large one.

    Attributes:
        index: Its place among all files.
        path: Where it is.
        size: Bytes of the file.
        offset: Where the part begins.
        status: What the system said of the file before, where all its parts must agree on it.
        describe: Makes a block of the whole content.
    """

    index: int
    path: str
    size: int
    offset: int = 0
    status: Identity | None = None
    describe: Callable[[bytes], Block | None] | None = None

    @property
    def length(self) -> int:
        """Bytes to read."""
        return min(self.size - self.offset, PART_BYTES) if self.status else self.size


@dataclass(frozen=True)
class Done:
    """What came of a task.

    Attributes:
        task: The task.
        code: `alone.DONE`, or why there is no digest: as `alone.digest_batch` gives it.
        digest: 16 bytes.
        status: Size, both times, inode and device.
        block: What the content was made into.
    """

    task: Task
    code: int
    digest: bytes = b""
    status: Identity = (0, 0, 0, 0, 0)
    block: Block | None = None


class PartsDigest:
    """The digest of a file whose bytes come one after another: of the bytes, or of the parts of a large one.

    Attributes:
        size: Bytes so far.
    """

    def __init__(self) -> None:
        """Begin with no byte."""
        self.size = 0
        self._parts = array("B")
        self._state = xxhash.xxh3_128()

    def update(self, content: bytes | memoryview) -> None:
        """Take the next bytes."""
        view = memoryview(content)
        while view:
            room = PART_BYTES - self.size % PART_BYTES
            if self.size and room == PART_BYTES:  # the part before is full
                self._end_part()
            piece, view = view[:room], view[room:]
            self._state.update(piece)
            self.size += len(piece)

    def _end_part(self) -> None:
        self._parts.frombytes(self._state.digest())
        self._state = xxhash.xxh3_128()

    def finish(self) -> tuple[bytes, bytes]:
        """The digest, and the digests of the parts, 16 bytes each; none where the file is no larger than one."""
        if not self._parts:
            return self._state.digest(), b""
        parts = self._parts.tobytes() + self._state.digest()
        return xxhash.xxh3_128_digest(parts), parts


def parts_of(index: int, path: str) -> Iterator[Task]:
    """The tasks that read a file: one, or one for each part.

    Raises:
        OSError: It is gone.
    """
    status = _identity(os.stat(path))
    if status[0] <= PART_BYTES:
        yield Task(index, path, status[0])
        return
    for offset in range(0, status[0], PART_BYTES):
        yield Task(index, path, status[0], offset, status)


def perform(tasks: Iterable[Task]) -> Iterator[Done]:
    """Do the tasks, several at a time; the results come in the order of the tasks."""
    for group in in_order(lambda tasks: [_read(task) for task in tasks], _groups(tasks)):
        yield from group


def in_order(action: Callable[[T], R], items: Iterable[T], *, threads: int | None = None) -> Iterator[R]:
    """Results of an action in the order of the items.

    Args:
        action: What is done in several threads.
        items: What with; at most twice as many as threads, and one, are under way or done and not yet taken.
        threads: How many; None: as many as there are processors, at least 2 and at most 4.
    """
    threads = threads or min(max(2, processors()), MOST_THREADS)
    pending: deque[Future[R]] = deque()
    with ThreadPoolExecutor(threads) as pool:
        try:
            for item in items:
                pending.append(_begun(pool, action, item))
                if len(pending) > 2 * threads:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _begun(pool: ThreadPoolExecutor, action: Callable[[T], R], item: T) -> Future[R]:
    """An action that a thread does, or that was done here where no thread is to be had any more."""
    try:
        return pool.submit(action, item)
    except RuntimeError:  # the system allows no more of them, or the interpreter is ending
        done: Future[R] = Future()
        done.set_result(action(item))
        return done


def _groups(tasks: Iterable[Task]) -> Iterator[Sequence[Task]]:
    group: list[Task] = []
    size = 0
    count = 0
    for task in tasks:
        group.append(task)
        weight = DESCRIBED if task.describe else 1
        size += task.length * weight
        count += weight
        if size >= TASK_BYTES or count >= TASK_FILES:
            yield group
            group, size, count = [], 0, 0
    if group:
        yield group


def _read(task: Task) -> Done:
    try:
        descriptor = os.open(task.path, FLAGS)
    except OSError as error:
        return Done(task, CHANGED if error.errno == errno.ENOENT else error.errno or errno.EIO)
    try:
        return _read_open(task, descriptor)
    except OSError as error:
        return Done(task, error.errno or errno.EIO)
    finally:
        os.close(descriptor)


def _read_open(task: Task, descriptor: int) -> Done:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        return Done(task, IRREGULAR)
    before = _identity(found)
    length = task.length if task.status else before[0]
    if (task.status or before) != before or length > PART_BYTES:
        return Done(task, CHANGED)
    digest, content = _digest(descriptor, task.offset, length, keep=task.describe is not None)
    if digest is None or _identity(os.fstat(descriptor)) != before:
        return Done(task, CHANGED)
    block = task.describe(content) if task.describe and content is not None else None
    return Done(task, DONE, digest, before, block)


def _identity(status: os.stat_result) -> Identity:
    size, modified, changed, inode = identity(status)
    return size, min(modified, LIMIT), min(changed, LIMIT), inode & LIMIT, status.st_dev & LIMIT


def _digest(descriptor: int, offset: int, length: int, *, keep: bool) -> tuple[bytes | None, bytes | None]:
    """The digest of so many bytes, and the bytes where they are to be kept; None where the file ends before them."""
    buffer = memoryview(bytearray(length)) if keep else _buffer()
    state = xxhash.xxh3_128()
    os.lseek(descriptor, offset, os.SEEK_SET)
    done = 0
    while done < length:
        start = done if keep else 0
        count = fill(descriptor, buffer[start : start + min(length - done, BLOCK_BYTES)], offset + done)
        if count == 0:
            return None, None
        state.update(buffer[start : start + count])
        done += count
    return state.digest(), bytes(buffer) if keep else None


_own = threading.local()


def _buffer() -> memoryview:
    """A block for each thread."""
    if not hasattr(_own, "buffer"):
        _own.buffer = memoryview(bytearray(BLOCK_BYTES))
    found: memoryview = _own.buffer
    return found
