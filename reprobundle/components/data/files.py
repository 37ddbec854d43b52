"""Files of a split: sizes, digests, and names that are data (escaped, never joined to a path of the bundle)."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle.errors import UsageError
from reprobundle.store import digest_file
from reprobundle.store.writing import disk_errors

MAX_FILES = 10_000_000


@dataclass(frozen=True)
class FileRow:
    """One file of a split.

    Attributes:
        size: Bytes.
        digest: XXH3-128 of its bytes, 32 hex digits.
        name: Escaped path, relative to the folder.
    """

    size: int
    digest: str
    name: str

    def line(self) -> str:
        """How it stands in the listing."""
        return f"{self.size} {self.digest} {self.name}\n"


def escaped(name: str) -> str:
    """A file's name in printable ASCII; a backslash and all other characters are written as Python escapes them."""
    return name.encode("unicode_escape").decode("ascii")


def row_of(path: Path, name: str) -> FileRow:
    """Digest one file; a link to a file is followed.

    Raises:
        UnavailableError: It cannot be read.
        RefusedInputError: It is no regular file, or changed while it was read.
    """
    with disk_errors(escaped(name)):
        size, digest = digest_file(path.resolve(strict=True) if path.is_symlink() else path)
    return FileRow(size, digest, escaped(name))


@dataclass(frozen=True)
class Found:
    """What lies in a folder.

    Attributes:
        rows: Its files, sorted by name.
        left_out: Escaped names of linked folders, pipes, sockets and devices.
    """

    rows: tuple[FileRow, ...]
    left_out: tuple[str, ...]


def rows_of_folder(folder: Path) -> Found:
    """Every file under a folder.

    Raises:
        UnavailableError: Something cannot be read.
        UsageError: More than 10 million files.
    """
    names: list[str] = []
    left_out: list[str] = []
    with disk_errors(escaped(folder.name)):
        for name, is_file in _walk(folder, ""):
            (names if is_file else left_out).append(name)
    rows = tuple(row_of(folder / name, name) for name in sorted(names))
    return Found(rows, tuple(escaped(name) for name in sorted(left_out)))


def _walk(folder: Path, prefix: str) -> Iterator[tuple[str, bool]]:
    folders = [(folder, prefix)]
    count = 0
    while folders:
        where, above = folders.pop()
        with os.scandir(where) as entries:
            for entry in entries:
                count += 1
                if count > MAX_FILES:
                    raise UsageError(f"{escaped(folder.name)}: holds more than {MAX_FILES} files")
                name = above + entry.name
                if entry.is_dir(follow_symlinks=False):
                    folders.append((Path(entry.path), name + "/"))
                else:
                    yield name, entry.is_file()


def rows_of_files(paths: Sequence[Path]) -> tuple[FileRow, ...]:
    """The given files in the given order, named relative to the folder they share.

    Raises:
        UnavailableError: One cannot be read.
        RefusedInputError: One is no regular file, or changed while it was read.
    """
    places = [path.absolute() for path in paths]
    try:
        shared = os.path.commonpath([place.parent for place in places])
    except ValueError:  # on Windows, two drives
        return tuple(row_of(place, place.name) for place in places)
    return tuple(row_of(place, place.relative_to(shared).as_posix()) for place in places)
