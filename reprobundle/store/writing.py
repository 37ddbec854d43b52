"""Writing files into a bundle that is being made: the record of a file comes from the act of writing it."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import xxhash

from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.store.copying import SLICE_BYTES, blocks, by_system
from reprobundle.store.digests import FileEntry, entry_of, identity, open_regular
from reprobundle.store.paths import inside, safe_path

LINKED_MODES = frozenset({0o644, 0o444})  # what a file of a bundle may have
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


def _silent(_count: int) -> None:
    """Nobody is watching."""


class Writer:
    """Writes files under one folder, digests each while its bytes go out, and remembers the entries.

    It does not wait until they are on the disk: `store.sealing` does, once, before a folder gets its final name.
    """

    def __init__(self, root: Path) -> None:
        """Write under `root`, which exists."""
        self.root = root
        self._entries: dict[str, FileEntry] = {}

    @property
    def entries(self) -> tuple[FileEntry, ...]:
        """What was written, sorted by path."""
        return tuple(self._entries[path] for path in sorted(self._entries))

    def write(self, path: str, content: bytes) -> FileEntry:
        """Write a file whose bytes are in memory."""
        return self.stream(path, (content,), size=len(content))

    def stream(self, path: str, chunks: Iterable[bytes | memoryview], *, size: int | None = None) -> FileEntry:
        """Write a file from buffers that come one after another, each written and digested in slices of 8 MiB.

        Args:
            path: Where, relative to the bundle.
            chunks: The bytes in order.
            size: The whole size in bytes if known, so that the space is taken before the first byte is written.

        Raises:
            UnavailableError: The disk is full or cannot be written; nothing is left of the file.
            RefusedInputError: The buffers hold another number of bytes than `size`.
            UsageError: The path was written before.
        """
        return self._make(path, lambda descriptor: _write_out(descriptor, chunks, size), expected=size)

    def _make(self, path: str, fill: Callable[[int], tuple[int, str]], *, expected: int | None = None) -> FileEntry:
        """Make a file of what `fill` puts into it; nothing is left where that fails."""
        place = self._claim(path)
        with disk_errors(path):
            file = place.open("x+b", buffering=0)
        try:
            with disk_errors(path), file:
                written, digest = fill(file.fileno())
            _refuse_other_size(path, expected, written)
        except BaseException:
            place.unlink(missing_ok=True)  # a caller may go on without the file, never with half of it
            raise
        return self._remember(FileEntry(path=path, size=written, xxh3_128=digest))

    def copy(self, path: str, source: Path, *, told: Callable[[int], None] = _silent) -> FileEntry:
        """Copy a regular file, digesting while copying; a file system that can share bytes does.

        Args:
            path: Where, relative to the bundle.
            source: The file.
            told: Called with the number of bytes of every piece that was copied.

        Raises:
            RefusedInputError: The source is no regular file, or changed while it was read.
            UnavailableError: The disk is full or cannot be written, or the source cannot be read.
        """
        with disk_errors(str(source)):
            descriptor = open_regular(source)
        try:
            before = os.fstat(descriptor)
            entry = self._make(path, lambda target: _copy_out(descriptor, target, before.st_size, told))
            after = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if identity(before) != identity(after):
            self.forget(path)
            raise RefusedInputError(f"{source.name}: changed while it was copied")
        return entry

    def link(self, path: str, source: Path) -> FileEntry:
        """Give a regular file a second name under the folder, and digest it there; it takes no space of its own.

        Only for a file that nobody else can write: both names stay one file. Its mode must be 0644, which is what a
        sealed file has, or 0444, because a later change of the mode would show under both names.

        Raises:
            RefusedInputError: The source is no regular file, or changed while it was read.
            OSError: This file system, or this pair of folders, cannot do it, or the mode is another.
        """
        with disk_errors(str(source)):
            descriptor = open_regular(source)
        try:
            status = os.fstat(descriptor)
        finally:
            os.close(descriptor)
        if status.st_mode & 0o7777 not in LINKED_MODES:
            raise OSError(errno.EPERM, f"its mode is {status.st_mode & 0o7777:o}", str(source))
        place = self._claim(path)
        os.link(source, place, follow_symlinks=False)
        try:
            return self.adopt(path)
        except BaseException:
            place.unlink(missing_ok=True)
            raise

    def adopt(self, path: str) -> FileEntry:
        """Take in a file that another program wrote under the folder."""
        with disk_errors(path):
            entry = entry_of(safe_path(path), inside(self.root, path))
        return self._remember(entry)

    def rewrite(self, path: str, start: bytes, replaced: int) -> FileEntry:
        """Write a file that was written before anew, with other bytes at its start.

        Args:
            path: The file.
            start: What it is to begin with.
            replaced: How many of its bytes from the start are given up for that; what follows stays.
        """
        place = inside(self.root, path)
        former = place.with_name(f"{place.name}.former")
        place.rename(former)
        del self._entries[path]
        try:
            with former.open("rb") as file:
                file.seek(replaced)
                return self.stream(path, _with_rest(start, file))
        finally:
            former.unlink()

    def forget(self, path: str) -> None:
        """Remove a file written before."""
        inside(self.root, path).unlink()
        del self._entries[path]

    def _claim(self, path: str) -> Path:
        if path in self._entries:
            raise UsageError(f"{path}: was written before; one bundle holds one file of a name")
        place = inside(self.root, path)
        with disk_errors(path):
            place.parent.mkdir(parents=True, exist_ok=True)
        return place

    def _remember(self, entry: FileEntry) -> FileEntry:
        self._entries[entry.path] = entry
        return entry


@contextmanager
def disk_errors(what: str) -> Iterator[None]:
    """Turn the system's refusal to read or write into one clear line.

    Raises:
        UnavailableError: In place of any OSError.
    """
    try:
        yield
    except OSError as error:
        if error.errno in FULL:
            raise UnavailableError(f"{what}: cannot be written: the disk is full") from error
        raise UnavailableError(f"{what}: {error.strerror or error}") from error


def _refuse_other_size(path: str, expected: int | None, found: int) -> None:
    if expected is not None and found != expected:
        raise RefusedInputError(f"{path}: changed while it was written: expected {expected} bytes, found {found}")


def _write_out(descriptor: int, chunks: Iterable[bytes | memoryview], size: int | None) -> tuple[int, str]:
    """Write and digest; gives the number of bytes and their digest."""
    if size:
        reserve(descriptor, size)
    state = xxhash.xxh3_128()
    written = 0
    for piece in _slices(chunks):
        _write_all(descriptor, piece)
        state.update(piece)
        written += len(piece)
    return written, state.hexdigest()


def reserve(descriptor: int, size: int) -> None:
    """Take the space for a file before it is written, where the file system can.

    Raises:
        OSError: There is not so much.
    """
    if not hasattr(os, "posix_fallocate"):
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno in FULL:
            raise
        # a file system that cannot reserve space finds out while the bytes are written


def _slices(chunks: Iterable[bytes | memoryview]) -> Iterator[memoryview]:
    for chunk in chunks:
        view = memoryview(chunk).cast("B")
        for start in range(0, len(view), SLICE_BYTES):
            yield view[start : start + SLICE_BYTES]


def _write_all(descriptor: int, piece: memoryview) -> None:
    while piece:
        piece = piece[os.write(descriptor, piece) :]


def _with_rest(start: bytes, file: BinaryIO) -> Iterator[bytes]:
    yield start
    while piece := file.read(SLICE_BYTES):
        yield piece


def _copy_out(source: int, target: int, size: int, told: Callable[[int], None]) -> tuple[int, str]:
    """Copy and digest; gives the number of bytes and their digest."""
    if size > SLICE_BYTES:
        reserve(target, size)
        found = by_system(source, target, size, told)
        if found is not None:
            return found
    return _write_out(target, _told(blocks(source), told), None)


def _told(chunks: Iterable[memoryview], told: Callable[[int], None]) -> Iterator[memoryview]:
    for chunk in chunks:
        yield chunk
        told(len(chunk))
