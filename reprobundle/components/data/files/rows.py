"""The files of a split side by side: names, sizes and digests in columns, because there may be millions of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, overload

from reprobundle.components.data.section import LabelCount
from reprobundle.components.data.statistics.form import Statistics

DIGEST_BYTES = 16
PART_BYTES = 2**26
LINES_AT_ONCE = 2**13


@dataclass(frozen=True)
class FileRow:
    """One file of a split.

    Attributes:
        size: Bytes.
        digest: XXH3-128 of its bytes, or, of a file larger than a part, of the digests of its parts; 32 hex digits.
        name: Escaped path, relative to the folder.
    """

    size: int
    digest: str
    name: str

    def line(self) -> str:
        """How it stands in the listing."""
        return f"{self.size} {self.digest} {self.name}\n"


@dataclass(frozen=True)
class PartRow:
    """One part of a large file.

    Attributes:
        digest: XXH3-128 of its bytes, 32 hex digits.
        offset: Where it begins, in bytes.
        name: Escaped path of the file, relative to the folder.
    """

    digest: str
    offset: int
    name: str

    def line(self) -> str:
        """How it stands in the file of parts."""
        return f"{self.digest} {self.offset} {self.name}\n"


class Rows(Sequence[FileRow]):
    """Rows of files, each made when it is asked for.

    Attributes:
        names: Escaped paths.
        sizes: Bytes of each file.
        digests: 16 bytes for each file.
    """

    def __init__(self, names: Sequence[str], sizes: Sequence[int], digests: bytes) -> None:
        """Keep the columns; all three tell of the same files in the same order."""
        self.names = names
        self.sizes = sizes
        self.digests = digests

    def __len__(self) -> int:
        """Number of files."""
        return len(self.names)

    @overload
    def __getitem__(self, index: int) -> FileRow: ...

    @overload
    def __getitem__(self, index: slice) -> tuple[FileRow, ...]: ...

    def __getitem__(self, index: int | slice) -> FileRow | tuple[FileRow, ...]:
        """One row, or several."""
        if isinstance(index, slice):
            return tuple(self[number] for number in range(*index.indices(len(self))))
        number = range(len(self))[index]
        digest = self.digests[number * DIGEST_BYTES : (number + 1) * DIGEST_BYTES]
        return FileRow(self.sizes[number], digest.hex(), self.names[number])

    def __iter__(self) -> Iterator[FileRow]:
        """All rows, in order."""
        return map(FileRow, self.sizes, _hex(self.digests), self.names)

    def __eq__(self, other: object) -> bool:
        """Whether they are the same rows in the same order."""
        return isinstance(other, Rows | tuple | list) and tuple(self) == tuple(other)

    __hash__ = None  # type: ignore[assignment]  # as any sequence that compares by content

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(self.sizes)

    def lines(self) -> Iterator[bytes]:
        """A line for each file: size, digest, escaped path; some thousands of lines in each piece."""
        for start in range(0, len(self), LINES_AT_ONCE):
            chosen = slice(start, start + LINES_AT_ONCE)
            digests = _hex(self.digests[start * DIGEST_BYTES : chosen.stop * DIGEST_BYTES])
            columns = zip(self.sizes[chosen], digests, self.names[chosen], strict=True)
            yield "".join([f"{size} {digest} {name}\n" for size, digest, name in columns]).encode("ascii")


def _hex(digests: bytes) -> list[str]:
    return digests.hex("\n", -DIGEST_BYTES).split("\n") if digests else []


@dataclass(frozen=True, kw_only=True)
class FilesFound:
    """What lies in a place.

    Attributes:
        kind: What was given.
        rows: Its files; those of a folder and of an archive are sorted by name, those of a list stand in its order.
        parts: The parts of files that are larger than one.
        left_out: Escaped names of linked folders, pipes, sockets and devices.
        remarks: What the person should know.
        labels: Number of files by class, where each lies in the folder of its class.
        statistics: What its images and texts look like, where that was wanted and there are some.
    """

    kind: Literal["file", "folder", "files", "archive"]
    rows: Rows
    parts: tuple[PartRow, ...] = ()
    left_out: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    labels: tuple[LabelCount, ...] | None = None
    statistics: Statistics | None = None


def escaped(name: str) -> str:
    """A file's name in printable ASCII; a backslash and all other characters are written as Python escapes them."""
    return name.encode("unicode_escape").decode("ascii")


def all_escaped(names: list[str]) -> list[str]:
    """The same for many names; plain ones stay as they are."""
    whole = "".join(names)
    if whole.isascii() and whole.isprintable() and "\\" not in whole:
        return names
    return [escaped(name) for name in names]


def part_rows(name: str, digests: bytes) -> list[PartRow]:
    """The parts of one file, of which the digests stand one after another."""
    return [
        PartRow(digests[start : start + DIGEST_BYTES].hex(), start // DIGEST_BYTES * PART_BYTES, name)
        for start in range(0, len(digests), DIGEST_BYTES)
    ]
