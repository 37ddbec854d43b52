"""Digests of many files: taken over from before where nothing changed, read where need be, and kept for the next time."""

from __future__ import annotations

import errno
import os
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import compress
from pathlib import Path

import xxhash

from reprobundle.components.data.blocks import Block
from reprobundle.components.data.files import cache
from reprobundle.components.data.files.alone import CHANGED, DONE, IRREGULAR, LARGER
from reprobundle.components.data.files.reading import Done, Task, parts_of, perform
from reprobundle.components.data.files.rows import DIGEST_BYTES, escaped
from reprobundle.components.data.files.sharing import BATCH, Answer, Batch, Sharing, columns_of
from reprobundle.components.data.files.walking import Columns, Part
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.phrases import counted, some

SAVED_EVERY = 10.0  # seconds, at least
MAX_TOLD = 3

Describe = Callable[[str, bytes], Block | None]


@dataclass(frozen=True)
class Wanted:
    """Files to be digested.

    Attributes:
        root: Folder that the parts' prefixes are relative to.
        parts: The files, folder by folder.
        columns: What the system said of them; empty where nobody asked.
        kept: Where digests of them are kept; None where none are to be.
        progress: Called with the bytes read so far and the bytes in all, as far as these are known.
        begun: Where whole batches of them may have been offered already.
    """

    root: str
    parts: tuple[Part, ...]
    columns: Columns = field(default_factory=Columns)
    kept: Path | None = None
    progress: Callable[[int, int], None] | None = None
    begun: Sharing = field(default_factory=Sharing)


def offer(sharing: Sharing, root: str, part: Part, start: int) -> None:
    """Have the files of a folder digested while others are still looked for.

    Args:
        sharing: By whom.
        root: Folder that the part's prefix is relative to.
        part: The files; no digest of them is known, and none of them is to be described.
        start: Index of the first among all files.
    """
    for batch in _batches(root, part, start):
        sharing.offer(batch)


def _batches(root: str, part: Part, start: int) -> Iterator[Batch]:
    folder = os.path.join(root, part.prefix)
    for first in range(0, len(part.names), BATCH):
        names = part.names[first : first + BATCH]
        yield Batch(folder, names, range(start + first, start + first + len(names)))


class Digesting:
    """Digests of many files as they come in.

    Attributes:
        names: Paths relative to the root, in the order of the parts.
        columns: What the system said of each when it was read.
        digests: 16 bytes for each.
        parts: Digests of the parts of large files, by index.
    """

    def __init__(self, wanted: Wanted) -> None:
        """Begin with what is kept from before."""
        self.names = [part.prefix + name for part in wanted.parts for name in part.names]
        count = len(self.names)
        zeros = array("q", bytes(8 * count))
        self.columns = Columns(zeros, zeros[:], zeros[:], zeros[:], zeros[:])
        self.digests = bytearray(DIGEST_BYTES * count)
        self.parts: dict[int, bytes] = {}
        self._wanted = wanted
        self._known = bytearray(count)
        self._failures: dict[int, int] = {}
        self._started = time.time_ns()
        self._next_save = time.monotonic() + SAVED_EVERY
        self._fresh = self._fresh_bytes = 0
        self._all_kept = False
        if wanted.kept is not None and wanted.columns.size:
            self._reuse(wanted.kept)
        self._seen = self._pending = 0
        self._total = sum(compress(wanted.columns.size, (not known for known in self._known)))

    @property
    def is_complete(self) -> bool:
        """Whether every file has its digest."""
        return 0 not in self._known

    @property
    def is_begun(self) -> bool:
        """Whether every file is being read already."""
        return self._wanted.begun.count == len(self.names)

    def _reuse(self, place: Path) -> None:
        kept = cache.load(place)
        if kept is None:
            return
        if cache.is_unchanged(kept, self.names, self._wanted.columns):
            self.columns, self.parts = kept.columns, kept.parts
            self.digests, self._known = bytearray(kept.digests), bytearray(b"\1") * len(self.names)
            self._all_kept = True
            return
        for index, earlier in cache.reusable(kept, self.names, self._wanted.columns).items():
            digest = kept.digests[DIGEST_BYTES * earlier : DIGEST_BYTES * (earlier + 1)]
            status = tuple(column[earlier] for column in kept.columns.all)
            self._set(index, digest, status, kept.parts.get(earlier, b""))

    def described(self, indices: Sequence[int], make: Describe) -> Iterator[tuple[Block, bytes]]:
        """Read files, also those that have a digest already, and make blocks of them.

        Args:
            indices: Which.
            make: Makes a block of a name and the content; called in several threads.

        Yields:
            Each block with its digest, in the order of the indices.
        """
        tasks = (
            replace(task, describe=None if task.status else partial(make, self.names[task.index]))
            for task in self._tasks(indices)
        )
        for done in self._done(tasks):
            if done.block is not None:
                yield done.block, done.digest

    def finish(self) -> None:
        """Read what has no digest yet, and keep what is worth it.

        Raises:
            UnavailableError: Files cannot be read.
            RefusedInputError: Files changed while they were read.
        """
        larger: list[int] = []
        with closing(self._wanted.begun) as sharing:
            for batch in self._left():
                sharing.offer(batch)
            for batch, answer in sharing.answers():
                self._take(batch, answer, larger)
        self._total = self._fresh_bytes + self._pending
        for _ in self._done(self._tasks(sorted(larger))):
            pass
        refuse(self.names, self._failures)
        if self._fresh >= cache.WORTH_FILES or self._fresh_bytes >= cache.WORTH_BYTES:
            self._save()

    def _left(self) -> Iterator[Batch]:
        """Files without digest that nobody has begun to read."""
        start = 0
        for part in self._wanted.parts:
            for batch in _batches(self._wanted.root, part, start):
                if batch.indices[0] not in self._wanted.begun.offered:
                    yield from self._without_digest(batch, part, start)
            start += len(part.names)

    def _without_digest(self, batch: Batch, part: Part, start: int) -> Iterator[Batch]:
        whole = batch.indices
        if not any(self._known[whole[0] : whole[-1] + 1]) and not self._failures:
            yield batch
        elif indices := [index for index in whole if not self._known[index] and index not in self._failures]:
            yield Batch(batch.folder, [part.names[index - start] for index in indices], indices)

    def _take(self, batch: Batch, answer: Answer, larger: list[int]) -> None:
        """Take the digests of a batch."""
        codes, *columns = columns_of(answer)
        chosen, count, size = batch.indices, codes.count(DONE), sum(columns[0])
        if isinstance(chosen, range) and count == len(codes):
            for column, values in zip(self.columns.all, columns, strict=True):
                column[chosen.start : chosen.stop] = values
            self.digests[DIGEST_BYTES * chosen.start : DIGEST_BYTES * chosen.stop] = answer[1]
            self._known[chosen.start : chosen.stop] = b"\1" * len(chosen)
        else:
            self._take_each(chosen, codes, zip(*columns, strict=True), answer[1], larger)
        self._seen += len(chosen)
        done = size if count == len(codes) else sum(compress(columns[0], (code == DONE for code in codes)))
        self._pending += size - done
        self._count(count, done)

    def _take_each(
        self,
        indices: Sequence[int],
        codes: Sequence[int],
        statuses: Iterable[Sequence[int]],
        digests: bytes,
        larger: list[int],
    ) -> None:
        for number, (index, code, status) in enumerate(zip(indices, codes, statuses, strict=True)):
            if code == DONE:
                self._set(index, digests[DIGEST_BYTES * number : DIGEST_BYTES * (number + 1)], status)
            elif code == LARGER:
                larger.append(index)
            else:
                self._failures[index] = code

    def _tasks(self, indices: Iterable[int]) -> Iterator[Task]:
        for index in indices:
            path = self._path(index)
            try:
                yield from parts_of(index, path)
            except OSError as error:
                self._failures[index] = CHANGED if error.errno == errno.ENOENT else error.errno or errno.EIO

    def _done(self, tasks: Iterable[Task]) -> Iterator[Done]:
        """Do tasks and take their digests, gathering those of parts."""
        parts = b""
        for done in perform(tasks):
            task = done.task
            self._count(1 if task.offset == 0 else 0, task.length)
            if done.code != DONE:
                self._failures[task.index] = done.code
            elif task.status is None:
                self._set(task.index, done.digest, done.status)
            elif task.index in self._failures:
                continue
            else:
                parts = (parts if task.offset else b"") + done.digest
                if task.offset + task.length == task.size:
                    self._set(task.index, xxhash.xxh3_128_digest(parts), done.status, parts)
            yield done

    def _set(self, index: int, digest: bytes, status: Sequence[int], parts: bytes = b"") -> None:
        for column, value in zip(self.columns.all, status, strict=True):
            column[index] = value
        self.digests[DIGEST_BYTES * index : DIGEST_BYTES * (index + 1)] = digest
        self._known[index] = 1
        if parts:
            self.parts[index] = parts

    def _path(self, index: int) -> str:
        return os.path.join(self._wanted.root, self.names[index])

    def _count(self, files: int, size: int) -> None:
        """Say how far it has come, and keep what there is now and then."""
        self._fresh += files
        self._fresh_bytes += size
        if self._wanted.progress is not None and self._fresh:
            self._wanted.progress(self._fresh_bytes, self._expected())
        if time.monotonic() >= self._next_save:
            self._save()

    def _expected(self) -> int:
        """Bytes to be read in all: as the system said, or guessed from the files so far."""
        if self._total or not self._seen:
            return max(self._fresh_bytes, self._total)
        return (self._fresh_bytes + self._pending) * len(self.names) // self._seen

    @property
    def was_kept(self) -> bool:
        """Whether all digests were, or are now, kept for the next time."""
        return self._all_kept

    def _save(self) -> None:
        if self._wanted.kept is None:
            return
        began = time.monotonic()
        everything = cache.Kept(self.names, self.columns, bytes(self.digests), self.parts)
        chosen = cache.worth_keeping(everything, self._known, self._started, self._wanted.root)
        cache.save(self._wanted.kept, chosen)
        self._all_kept = len(chosen.names) == len(self.names)
        now = time.monotonic()
        self._next_save = now + max(SAVED_EVERY, 20 * (now - began))


def refuse(names: Sequence[str], failures: Mapping[int, int]) -> None:
    """Say all at once which files could not be digested.

    Raises:
        UnavailableError: Some cannot be read.
        RefusedInputError: Some changed while they were read, or are no regular files any more.
    """
    changed = sorted(escaped(names[index]) for index, code in failures.items() if code in {CHANGED, IRREGULAR})
    unread = sorted(
        (escaped(names[index]), code) for index, code in failures.items() if code not in {CHANGED, IRREGULAR}
    )
    if unread:
        told = some([f"{name!r} ({os.strerror(code)})" for name, code in unread], MAX_TOLD)
        raise UnavailableError(f"{counted(len(unread), 'file')} cannot be read: {told}")
    if changed:
        told = some([repr(name) for name in changed], MAX_TOLD)
        raise RefusedInputError(f"{counted(len(changed), 'file')} changed while read: {told}")
