"""What packed bytes hold: gzip, bzip2, xz and zlib, alone or among other bytes, and the members of tar and zip files."""

from __future__ import annotations

import bz2
import io
import lzma
import re
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Protocol

MAX_BYTES = 32 * 2**20  # of a file, and of what is packed in one
MAX_MEMBERS = 2000
MAX_UNPACKED = 64 * 2**20  # of one file, in all
MAX_TRIED = 2000  # places of one file that look like the beginning of a stream
MAX_MEMORY = 128 * 2**20  # that xz may ask for
PIECE = 2**16  # bytes that are given to an inflater at once
PROBED = 96
PROBED_KINDS = frozenset({"gzip", "zlib"})  # of the others a whole block is needed to tell
LEAST_PRINTABLE = 0.9
GZIP, ZIP, ZIP_END, TAR = b"\x1f\x8b\x08", b"PK\x03\x04", b"PK\x05\x06", b"ustar"
TAR_AT = 257  # where its letters stand
PIXELS = b"IDAT"  # what PNG calls its own stream

_STREAM = re.compile(
    rb"(?P<gzip>\x1f\x8b\x08)|(?P<zlib>\x78[\x01\x5e\x9c\xda])|(?P<bz2>BZh[1-9]1AY&SY)|(?P<xz>\xfd7zXZ\0)"
)
BROKEN = (  # what the libraries raise for files that are broken, or of a kind they do not know
    tarfile.TarError, zipfile.BadZipFile, RuntimeError, ValueError, EOFError, zlib.error, lzma.LZMAError, OSError,
    OverflowError, struct.error, MemoryError,
)  # fmt: skip
_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n\0"


class Packed:
    """How many bytes may still be unpacked of one file: what is packed may be a thousand times as large.

    Attributes:
        left: Bytes.
        is_cut: Whether something was not read: it is broken, too large, too deep, or one of too many.
    """

    def __init__(self) -> None:
        self.left = MAX_UNPACKED
        self.is_cut = False

    @property
    def most(self) -> int:
        """How many bytes of the next member are read: one more than are looked at, which tells whether it goes on."""
        return min(MAX_BYTES, self.left) + 1

    def take(self, content: bytes) -> bytes:
        """What of some bytes may still be looked at; they are counted."""
        kept = content[: min(MAX_BYTES, self.left)]
        self.is_cut = self.is_cut or len(kept) < len(content)
        self.left -= len(kept)
        return kept


class _Inflater(Protocol):
    """What the standard library's decompressors have in common."""

    @property
    def eof(self) -> bool:
        """Whether the stream has ended."""

    @property
    def unused_data(self) -> bytes:
        """What follows the stream."""

    def decompress(self, data: memoryview, max_length: int, /) -> bytes:
        """The next bytes."""


INFLATERS: Mapping[str, Callable[[], _Inflater]] = {
    "gzip": lambda: zlib.decompressobj(wbits=31),
    "zlib": zlib.decompressobj,
    "bz2": bz2.BZ2Decompressor,
    "xz": lambda: lzma.LZMADecompressor(memlimit=MAX_MEMORY),
}


def unpacked(content: bytes, packed: Packed) -> Iterator[tuple[str, bytes]]:
    """What packed bytes hold, as far as they can be read, with the names of members; nothing of other bytes.

    Args:
        content: The file.
        packed: How much may be unpacked.
    """
    if content.startswith(TAR, TAR_AT):
        yield from _tarred(content, packed)
    elif content.startswith(ZIP) or ZIP_END in content:  # a program may stand before an archive
        yield from _members(content, packed)
    elif _STREAM.match(content) or is_binary(content) or b"\0" in content:
        yield from (("", piece) for piece in _streams(content, packed))


def is_packed(content: bytes) -> bool:
    """Whether bytes begin like something that `unpacked` reads."""
    return content.startswith(ZIP) or content.startswith(TAR, TAR_AT) or _STREAM.match(content) is not None


def is_archive(content: bytes) -> bool:
    """Whether bytes are surely packed, whatever else may begin so by chance."""
    found = _STREAM.match(content)
    return content.startswith(ZIP) or content.startswith(TAR, TAR_AT) or (found is not None and found["zlib"] is None)


def is_printable(content: bytes) -> bool:
    """Whether the first bytes are nearly all letters and signs, as in a text."""
    probe = content[:PROBED]
    return len(probe) - len(probe.translate(None, _PRINTABLE)) >= LEAST_PRINTABLE * max(len(probe), 1)


def is_binary(content: bytes) -> bool:
    """Whether bytes without a null byte are no text either."""
    probe = content[:PROBED]
    return not is_printable(probe) and sum(one < 32 and one not in b"\t\r\n\x0b\x0c\x1b" for one in probe) > 0


def _streams(content: bytes, packed: Packed) -> Iterator[bytes]:
    """What is packed from the start on, one after the other, or among other bytes; there only where it is a text, or packed."""
    reached = 0
    for found in islice(_STREAM.finditer(content), MAX_TRIED):
        start, kind = found.start(), str(found.lastgroup)
        alone = start == reached
        if start < reached or not (alone or _is_likely(content, start, kind)):
            continue
        piece, end = _inflated(kind, content, start, packed.most)
        if piece:
            yield packed.take(piece)
            reached = end


def _is_likely(content: bytes, start: int, kind: str) -> bool:
    """Whether what seems to be packed at a place among other bytes says something; two bytes stand there by chance."""
    if kind not in PROBED_KINDS or content.startswith(PIXELS, start - len(PIXELS)):
        return False
    first, _ = _inflated(kind, content[start : start + PIECE // 16], 0, PROBED)
    return bool(first) and (is_printable(first) or is_packed(first))


def _inflated(kind: str, content: bytes, start: int, most: int) -> tuple[bytes, int]:
    """What is packed from a place on, as far as it can be read, and where that ends."""
    inflater, view, said, size = INFLATERS[kind](), memoryview(content), [], 0
    try:
        while start < len(content) and size < most and not inflater.eof:
            piece = view[start : start + PIECE]
            start += len(piece)
            said.append(inflater.decompress(piece, most - size))
            size += len(said[-1])
    except (zlib.error, lzma.LZMAError, OSError):  # it only begins like one, or is broken
        return b"".join(said), start
    return b"".join(said), start - len(inflater.unused_data)


def _tarred(content: bytes, packed: Packed) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for number, member in enumerate(archive):
                if number == MAX_MEMBERS:
                    packed.is_cut = True
                    return
                file = archive.extractfile(member) if member.isreg() else None
                if file is not None:
                    yield member.name, packed.take(file.read(packed.most))
    except BROKEN:  # cut off, or it only looks like one
        packed.is_cut = True


def _members(content: bytes, packed: Packed) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            members = archive.infolist()
            packed.is_cut = packed.is_cut or len(members) > MAX_MEMBERS
            yield "", archive.comment
            for member in members[:MAX_MEMBERS]:
                yield "", member.filename.encode("utf-8", "surrogatepass")
                yield member.filename, packed.take(_member(archive, member, packed))
    except BROKEN:
        packed.is_cut = True


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, packed: Packed) -> bytes:
    try:
        with archive.open(member) as file:
            return file.read(packed.most)
    except BROKEN:  # broken, or under a password or method that nobody here has
        packed.is_cut = True
        return b""
