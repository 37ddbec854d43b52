"""What else the bytes of a file say: wide text, what is packed with gzip, tar or zip, what is written as base64 or hex."""

from __future__ import annotations

import base64
import binascii
import io
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice

MAX_BYTES = 32 * 2**20  # of a file, and of what is packed in one
MAX_MEMBERS = 2000
DEEPEST = 3
MAX_UNPACKED = 64 * 2**20  # of one file, in all
GZIP, ZIP, ZIP_END, TAR = b"\x1f\x8b\x08", b"PK\x03\x04", b"PK\x05\x06", b"ustar"
TAR_AT = 257  # where its letters stand
BINARY_RUN = 80  # characters; what is shorter and no text is a digest or a name
LEAST_LETTERS = 12  # different ones, of a run that is no text
LEAST_WIDE = 0.25  # of all bytes are null bytes
WIDE_BOMS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
SHORTEST_RUN = 24  # characters; a secret of 16 bytes has 24 in base64
PROBED = 96
LEAST_PRINTABLE = 0.9

_RUN = r"[A-Za-z0-9+/_-]{24,}"
_EOL = r"(?:(?:\\r)?\\n|\r?\n)"
_LAST = r"[A-Za-z0-9+/_-]{1,23}(?![A-Za-z0-9+/_-])"  # the rest of a wrapped text
_BASE64 = re.compile(rf"(?<![A-Za-z0-9+/_-]){_RUN}(?:{_EOL}{_RUN})*(?:{_EOL}{_LAST})?={{0,2}}")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){20,}")
_LINE_ENDS = re.compile(r"(?:\\r)?\\n|\s+")
_CHARACTERS = re.compile(
    rb"(?:[\t\r\n -~]\0){8,}|(?:\0[\t\r\n -~]){8,}|(?:[\t\r\n -~]\0{3}){8,}|(?:\0{3}[\t\r\n -~]){8,}"
)
_PRINTABLE = bytes(range(32, 127)) + b"\t\r\n\0"


@dataclass(frozen=True)
class Hidden:
    """Bytes that stand in a text in another spelling.

    Attributes:
        content: The bytes.
        start: Where the spelling begins in the text.
        end: Where it ends.
    """

    content: bytes
    start: int
    end: int


class Packed:
    """How many bytes may still be unpacked of one file: what is packed may be a thousand times as large."""

    def __init__(self) -> None:
        self.left = MAX_UNPACKED

    def take(self, content: bytes) -> bytes:
        """What of some bytes may still be looked at; they are counted."""
        kept = content[: self.left]
        self.left -= len(kept)
        return kept


def unpacked(content: bytes, packed: Packed) -> Iterator[tuple[str, bytes]]:
    """What gzip, tar and zip files hold, as far as they can be read, with the names of members; nothing of other bytes.

    Args:
        content: The file.
        packed: How much may be unpacked.
    """
    if content.startswith(GZIP):
        yield from (("", piece) for piece in _inflated(content, packed))
    elif content.startswith(TAR, TAR_AT):
        yield from _tarred(content, packed)
    elif content.startswith(ZIP) or ZIP_END in content:  # a program may stand before an archive
        yield from _members(content, packed)


def is_binary(content: bytes) -> bool:
    """Whether bytes without a null byte are no text either."""
    probe = content[:PROBED]
    return not _is_worth_reading(probe) and sum(one < 32 and one not in b"\t\r\n\x0b\x0c\x1b" for one in probe) > 0


def wide_text(content: bytes) -> str | None:
    """The text of bytes in UTF-16 or UTF-32; None of others. Without a mark it must be of one letter and null bytes."""
    for mark, name in WIDE_BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    found = _CHARACTERS.match(content)
    if found is None or len(found[0]) < len(content) * LEAST_WIDE:
        return None
    return content.decode(_width(found[0]), "replace")


def wide_runs(content: bytes) -> Iterator[str]:
    """The words in UTF-16 and UTF-32 among other bytes, as arrays of text have them."""
    yield from (found[0].replace(b"\0", b"").decode("ascii") for found in _CHARACTERS.finditer(content))


def _width(run: bytes) -> str:
    wide = run[:4].count(b"\0") == 3
    return f"utf-{32 if wide else 16}-{'be' if run.startswith(bytes(1)) else 'le'}"


def hidden(text: str) -> Iterator[Hidden]:
    """What a text holds as base64 or hex digits, where that is itself a text or packed."""
    for found in _BASE64.finditer(text):
        pieces = _LINE_ENDS.split(found[0])
        for spelled in dict.fromkeys(("".join(pieces), *pieces)):
            for content in _readings(spelled.rstrip("=").replace("-", "+").replace("_", "/")):
                yield Hidden(content, *found.span())
        for digits in _HEX.finditer(found[0]):
            content = bytes.fromhex(digits[0])
            if _is_worth_reading(content):
                yield Hidden(content, *found.span())


def _readings(plain: str) -> Iterator[bytes]:
    """What base64 gives from each of the first four letters on: what stands before may be of its alphabet, too."""
    texts = 0
    for first in range(4):
        if len(plain) - first >= SHORTEST_RUN - 2 and _is_worth_reading(_decoded(plain[first : first + PROBED])):
            texts += 1
            yield _decoded(plain[first:])
    if not texts and len(plain) >= BINARY_RUN and len(set(plain)) >= LEAST_LETTERS and not _HEX.fullmatch(plain):
        yield _decoded(plain)


def _decoded(plain: str) -> bytes:
    whole = plain[: len(plain) - 1] if len(plain) % 4 == 1 else plain
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4))
    except (binascii.Error, ValueError):  # not base64 after all
        return b""


def _is_worth_reading(content: bytes) -> bool:
    if content.startswith((GZIP, ZIP)) or content.startswith(TAR, TAR_AT):
        return True
    probe = content[:PROBED]
    return len(probe) - len(probe.translate(None, _PRINTABLE)) >= LEAST_PRINTABLE * max(len(probe), 1)


def _inflated(content: bytes, packed: Packed) -> Iterator[bytes]:
    """The members of a gzip file, one after the other."""
    while content.startswith(GZIP) and packed.left:
        inflater = zlib.decompressobj(wbits=31)
        try:
            yield packed.take(inflater.decompress(content, min(MAX_BYTES, packed.left)))
        except zlib.error:  # it only begins like one
            return
        content = inflater.unused_data


def _tarred(content: bytes, packed: Packed) -> Iterator[tuple[str, bytes]]:
    try:
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:") as archive:
            for member in islice(archive, MAX_MEMBERS):
                file = archive.extractfile(member) if member.isreg() else None
                if file is not None:
                    yield member.name, packed.take(file.read(min(MAX_BYTES, packed.left)))
    except (tarfile.TarError, EOFError):  # cut off, or it only looks like one
        return


def _members(content: bytes, packed: Packed) -> Iterator[tuple[str, bytes]]:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for member in archive.infolist()[:MAX_MEMBERS]:
                yield "", member.filename.encode("utf-8", "surrogateescape")
                yield member.filename, packed.take(_member(archive, member, min(MAX_BYTES, packed.left)))
    except (zipfile.BadZipFile, ValueError):
        return


def _member(archive: zipfile.ZipFile, member: zipfile.ZipInfo, most: int) -> bytes:
    try:
        with archive.open(member) as file:
            return file.read(most)
    except (zipfile.BadZipFile, RuntimeError, zlib.error, EOFError):  # broken, or under a password that nobody here has
        return b""
