"""Digests of many small files, shared between this process and others that it starts for it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reprobundle.components.data.files import alone
from reprobundle.errors import UnavailableError
from reprobundle.process import answering

BATCH = 1000  # files
WORTH_A_PROCESS = 10_000  # files
MOST_PROCESSES = 4


@dataclass(frozen=True)
class Batch:
    """Files of one folder.

    Attributes:
        folder: Where they are.
        names: What they are called there.
        indices: Their places among all files.
    """

    folder: str
    names: Sequence[str]
    indices: Sequence[int]


Answer = tuple[bytes, bytes]
"""Columns and digests, as `alone.digest_batch` gives them."""


def digest_shared(batches: Sequence[Batch], done: Callable[[Batch, Answer], None]) -> None:
    """Digest all batches.

    Args:
        batches: In any order.
        done: Called with each and its answer, in this thread or another, never in two at once.
    """
    left = deque(batches)
    lock = threading.Lock()

    def tell(batch: Batch, answer: Answer) -> None:
        with lock:
            done(batch, answer)

    with contextlib.ExitStack() as stack:
        for _ in range(_processes(sum(len(batch.names) for batch in batches))):
            stack.enter_context(_another(left, tell))
        _work(left, tell, _answer_here)


def columns_of(answer: Answer) -> tuple[array[int], ...]:
    """Code, size, both times, inode and device of each file of an answer."""
    whole = array("q", answer[0])
    count = len(whole) // len(alone.COLUMNS)
    return tuple(whole[number * count : (number + 1) * count] for number in range(len(alone.COLUMNS)))


def processors() -> int:
    """How many this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _processes(count: int) -> int:
    """How many processes beside this one are worth it; none where this program's interpreter is not known."""
    name = Path(sys.executable or "").name.lower()
    if count < WORTH_A_PROCESS or getattr(sys, "frozen", False) or not name.startswith(("python", "pypy")):
        return 0
    return min(processors(), MOST_PROCESSES) - 1


def _answer_here(batch: Batch) -> Answer:
    return alone.digest_batch(batch.folder, batch.names, time.time_ns())


def _work(left: deque[Batch], done: Callable[[Batch, Answer], None], answer: Callable[[Batch], Answer | None]) -> None:
    """Take batches until none is left; one without an answer goes back, and whoever could not answer takes no more."""
    while True:
        try:
            batch = left.popleft()
        except IndexError:
            return
        found = answer(batch)
        if found is None:
            left.append(batch)
            return
        done(batch, found)


@contextlib.contextmanager
def _another(left: deque[Batch], done: Callable[[Batch, Answer], None]) -> Iterator[None]:
    """A process that takes batches, too, while the block runs; what it leaves undone is done at the end, here."""

    def serve() -> None:
        import xxhash

        argv = [sys.executable, "-I", "-S", "-B", alone.__file__, str(Path(xxhash.__file__).parent.parent)]
        with contextlib.suppress(UnavailableError), answering(argv) as (questions, answers):
            if answers.read(len(alone.GREETING)) == alone.GREETING:
                _work(left, done, lambda batch: _ask(questions, answers, batch))

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield
    except BaseException:
        left.clear()
        raise
    finally:
        thread.join()
        _work(left, done, _answer_here)


def _ask(questions: IO[bytes], answers: IO[bytes], batch: Batch) -> Answer | None:
    """What the process says of a batch; None where it is gone."""
    folder, names = os.fsencode(batch.folder), os.fsencode("\0".join(batch.names))
    try:
        questions.write(alone.LENGTH.pack(len(folder)) + alone.LENGTH.pack(len(names)) + folder + names)
        questions.flush()
        head = answers.read(alone.LENGTH.size)
        expected = len(batch.names) * (8 * len(alone.COLUMNS) + alone.DIGEST_BYTES)
        if len(head) != alone.LENGTH.size or alone.LENGTH.unpack(head)[0] != expected:
            return None
        content = answers.read(expected)
    except OSError:
        return None
    border = 8 * len(alone.COLUMNS) * len(batch.names)
    return (content[:border], content[border:]) if len(content) == expected else None
