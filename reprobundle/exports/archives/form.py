"""What a form of archive has to say: the bytes around each member, and what a foreign byte among them means.

A form makes the bytes that must stand there, for writing and for reading alike: the reader compares and parses nothing,
so that no two readers can see different files in one archive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["zip", "tar"]
MAX_SIGNATURES = 64
AHEAD_BYTES = 4096  # holds everything that can stand before a member in either form


@dataclass(frozen=True, slots=True)
class Member:
    """One file of an archive.

    Attributes:
        name: Its path in the bundle.
        size: Bytes.
        crc: CRC-32 of its bytes; 0 where the form has none.
        digest: XXH3-128 of its bytes, where no manifest lists them; else empty.
        offset: Where its header begins in the archive, in bytes.
    """

    name: str
    size: int
    crc: int
    digest: str
    offset: int


class Form(Protocol):
    """A form of archive; each is a module of its own."""

    KIND: Kind
    MARK: bytes
    MARK_OFFSET: int
    HAS_CRC: bool

    def before(self, member: Member) -> bytes:
        """What stands before the member's bytes."""

    def after(self, member: Member) -> bytes:
        """What stands after them."""

    def ending(self, members: Sequence[Member], start: int) -> Iterator[bytes]:
        """What stands after the last member, from byte `start` of the archive on, piece by piece."""

    def next_member(self, ahead: bytes, offset: int) -> Member | None:
        """What the next header claims of its member; None where none begins.

        Args:
            ahead: The next bytes of the archive, at most `AHEAD_BYTES`.
            offset: Where they begin.
        """

    def fault(self, expected: bytes, found: bytes, at: int) -> str:
        """What is wrong with bytes that a form does not allow, in words.

        Args:
            expected: What `before`, `after` or a piece of `ending` gives.
            found: What stands there; perhaps shorter.
            at: The first byte that differs, counted from the start of both.
        """


def first_difference(expected: bytes, found: bytes) -> int:
    """The first byte in which the two differ; the end of the shorter one where there is none."""
    for at, (one, other) in enumerate(zip(expected, found, strict=False)):
        if one != other:
            return at
    return min(len(expected), len(found))


def field_at(fields: Sequence[tuple[str, int]], at: int) -> tuple[str, int, int]:
    """The field that a byte of a header belongs to: its name, where it starts and where it stops.

    Args:
        fields: Names and widths in bytes, in order.
        at: The byte, counted from the start of the header.
    """
    start = 0
    for name, width in fields:
        if at < start + width:
            return name, start, start + width
        start += width
    return "padding", start, at + 1
