"""Digests of many small files, shared between this process and others that it starts for it."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
import time
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from reprobundle.components.data.files import alone
from reprobundle.errors import UnavailableError
from reprobundle.process import answering
from reprobundle.store.relaying import processors

BATCH = 1000  # files
WORTH_A_PROCESS = 4_000  # files
MOST_PROCESSES = 4
AHEAD = 4  # batches that a process has, while this one is busy with other things


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


class Sharing:
    """Batches that are digested by this process and by others, which begin as soon as there are enough of them.

    Attributes:
        offered: Index of the first file of each batch so far.
        count: Number of files so far.
    """

    def __init__(self) -> None:
        """Begin with no batch."""
        self.offered: set[int] = set()
        self._left = _Left()
        self._answered: deque[tuple[Batch, Answer]] = deque()
        self.count = 0
        self._threads: list[threading.Thread] = []

    def close(self) -> None:
        """Nobody works on it any longer."""
        self._left.clear()
        self._join()

    def offer(self, batch: Batch) -> None:
        """One more batch, which may be begun at once elsewhere."""
        self.offered.add(batch.indices[0])
        self._left.put(batch)
        self.count += len(batch.names)
        while len(self._threads) < _processes(self.count):
            thread = threading.Thread(target=_serve, args=(self._left, self._answered), daemon=True)
            self._threads.append(thread)
            thread.start()

    def answers(self) -> Iterator[tuple[Batch, Answer]]:
        """Each batch with its answer, in any order; what others leave is digested here. No batch can be offered afterwards."""
        self._left.close()
        yield from self._answers_here()
        self._join()
        yield from self._answers_here()  # what others took and could not answer

    def _answers_here(self) -> Iterator[tuple[Batch, Answer]]:
        while batch := self._left.take(wait=False):
            yield batch, alone.digest_batch(batch.folder, batch.names, time.time_ns())
            yield from self._answers_elsewhere()
        yield from self._answers_elsewhere()

    def _answers_elsewhere(self) -> Iterator[tuple[Batch, Answer]]:
        while self._answered:
            yield self._answered.popleft()

    def _join(self) -> None:
        for thread in self._threads:
            thread.join()


class _Left:
    """Batches that nobody has taken."""

    def __init__(self) -> None:
        self._batches: deque[Batch] = deque()
        self._changed = threading.Condition()
        self.ahead = AHEAD

    def put(self, *batches: Batch) -> None:
        with self._changed:
            self._batches.extend(batches)
            self._changed.notify_all()

    def close(self) -> None:
        """No more will be put, but what is put back; and whoever takes one answers it before taking another."""
        with self._changed:
            self.ahead = 1
            self._changed.notify_all()

    def clear(self) -> None:
        with self._changed:
            self._batches.clear()
        self.close()

    def take(self, *, wait: bool) -> Batch | None:
        """The next; None where there is none, after the last was put if `wait`."""
        with self._changed:
            while wait and not self._batches and self.ahead > 1:
                self._changed.wait()
            return self._batches.popleft() if self._batches else None


def columns_of(answer: Answer) -> tuple[array[int], ...]:
    """Code, size, both times, inode and device of each file of an answer."""
    whole = array("q", answer[0])
    count = len(whole) // len(alone.COLUMNS)
    return tuple(whole[number * count : (number + 1) * count] for number in range(len(alone.COLUMNS)))


def _processes(count: int) -> int:
    """How many processes beside this one are worth it; none where this program's interpreter is not known."""
    name = Path(sys.executable or "").name.lower()
    if count < WORTH_A_PROCESS or getattr(sys, "frozen", False) or not name.startswith(("python", "pypy")):
        return 0
    return min(processors(), MOST_PROCESSES) - 1


def _serve(left: _Left, answered: deque[tuple[Batch, Answer]]) -> None:
    """Have a process of its own answer batches until none is left; what it does not answer goes back."""
    import xxhash

    argv = [sys.executable, "-I", "-S", "-B", alone.__file__, str(Path(xxhash.__file__).parent.parent)]
    asked: deque[Batch] = deque()
    try:
        with contextlib.suppress(UnavailableError, OSError), answering(argv) as (questions, answers):
            if answers.read(len(alone.GREETING)) != alone.GREETING:
                return
            while _ask(left, asked, questions):
                answer = _hear(asked[0], answers)
                if answer is None:
                    return
                answered.append((asked.popleft(), answer))
    finally:
        left.put(*asked)


def _ask(left: _Left, asked: deque[Batch], questions: IO[bytes]) -> bool:
    """Ask for so many batches that the process does not wait for this one; whether an answer is to come.

    Raises:
        OSError: The process is gone.
    """
    while len(asked) < left.ahead and (batch := left.take(wait=not asked)):
        asked.append(batch)
        folder, names = os.fsencode(batch.folder), os.fsencode("\0".join(batch.names))
        questions.write(alone.LENGTH.pack(len(folder)) + alone.LENGTH.pack(len(names)) + folder + names)
        questions.flush()
    return bool(asked)


def _hear(batch: Batch, answers: IO[bytes]) -> Answer | None:
    """What the process says of a batch; None where it is gone."""
    head = answers.read(alone.LENGTH.size)
    expected = len(batch.names) * (8 * len(alone.COLUMNS) + alone.DIGEST_BYTES)
    if len(head) != alone.LENGTH.size or alone.LENGTH.unpack(head)[0] != expected:
        return None
    content = answers.read(expected)
    border = 8 * len(alone.COLUMNS) * len(batch.names)
    return (content[:border], content[border:]) if len(content) == expected else None
