"""The listings of a split as they stand in a bundle; a line of another form costs detail, never a verdict."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from reprobundle.components.data.files import FileRow, PartRow
from reprobundle.components.data.section import Split
from reprobundle.store import inside

DIGEST_BYTES = 16
LINES_AT_ONCE = 2**16
DIGITS = 20  # of a size or an offset

_HEX = frozenset("0123456789abcdef")


def lines_of(digests: bytes) -> Iterator[bytes]:
    """A listing of samples, piece by piece: each digest as hex on a line of its own."""
    step = LINES_AT_ONCE * DIGEST_BYTES
    for start in range(0, len(digests), step):
        yield digests[start : start + step].hex("\n", -DIGEST_BYTES).encode("ascii") + b"\n"


def recorded_digests(split: Split, root: Path) -> bytes:
    """The digests in a listing of samples; empty where it is not of the form that capture writes."""
    try:
        digests = bytes.fromhex(inside(root, split.listing).read_bytes().decode("ascii"))
    except ValueError:
        return b""
    return digests if len(digests) == split.count * DIGEST_BYTES else b""


def recorded_rows(split: Split, root: Path) -> dict[str, FileRow]:
    """The files in a listing, by name, in their order."""
    found: dict[str, FileRow] = {}
    for line in _lines(root, split.listing):
        size, _, rest = line.partition(" ")
        digest, _, name = rest.partition(" ")
        if _is_number(size) and _is_digest(digest) and name:
            found[name] = FileRow(int(size), digest, name)
    return found


def recorded_parts(split: Split, root: Path) -> tuple[PartRow, ...]:
    """The parts of large files."""
    found: list[PartRow] = []
    for line in _lines(root, split.parts) if split.parts is not None else ():
        digest, _, rest = line.partition(" ")
        offset, _, name = rest.partition(" ")
        if _is_digest(digest) and _is_number(offset) and name:
            found.append(PartRow(digest, int(offset), name))
    return tuple(found)


def _lines(root: Path, path: str) -> Iterator[str]:
    with inside(root, path).open(encoding="ascii", errors="replace", newline="\n") as lines:
        for line in lines:
            yield line.rstrip("\n")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < DIGITS


def _is_digest(text: str) -> bool:
    return len(text) == 2 * DIGEST_BYTES and _HEX.issuperset(text)
