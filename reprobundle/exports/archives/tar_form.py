"""The bytes of a tar around its members: one form for one content, nothing left to choose.

Headers are ustar's, for a regular file of mode 0644 without owner, names and time. A pax header stands before one exactly
where a name is not ASCII or longer than 100 bytes, where a size reaches 8 GiB, and before a member that no manifest lists,
whose digest it holds as a ``comment``: a tar has no other check of what its members hold. It is the form that the standard
library's ``tarfile`` gives a ``TarInfo`` with nothing set but name, size and that comment.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator, Sequence

from reprobundle.exports.archives.form import Kind, Member, field_at

KIND: Kind = "tar"
MARK, MARK_OFFSET = b"ustar", 257
HAS_CRC = False

BLOCK = 512
RECORD = 20 * BLOCK  # what a whole tar is filled up to
NAME_BYTES = 100
WIDE_SIZE = 8**11  # the first one that a header's eleven octal digits do not hold

_HEADER = struct.Struct("100s8s8s8s12s12s8sc100s8s32s32s8s8s155s12x")
_FIELDS = (
    ("name", 100), ("mode", 8), ("owner", 8), ("group", 8), ("size", 12), ("time", 12), ("checksum", 8), ("type", 1),
    ("link", 100), ("mark", 8), ("owner's name", 32), ("group's name", 32), ("device", 8), ("device", 8),
    ("prefix of the name", 155),
)  # fmt: skip
_SIZE_AT, _TYPE_AT = 124, 156
_BLANK = b" " * 8
_REGULAR, _PAX = b"0", b"x"
_PAX_NAME = b"././@PaxHeader"
_COMMENT = b"xxh3_128 "
NO_DIGEST = "0" * 32
_TYPES = {
    b"\0": "a file of the old form", b"1": "a hard link", b"2": "a symbolic link", b"3": "a device", b"4": "a device",
    b"5": "a folder", b"6": "a pipe", b"7": "a contiguous file", b"D": "a folder of GNU tar", b"K": "a long link name of GNU tar",
    b"L": "a long name of GNU tar", b"M": "a part of a file", b"S": "a sparse file", b"V": "a volume label",
    b"g": "a global pax header", b"x": "a pax header", b"0": "a regular file",
}  # fmt: skip


def before(member: Member) -> bytes:
    """The header of a member, its pax header before it where it needs one."""
    name, size = member.name, member.size
    records = _record(b"comment", _COMMENT + member.digest.encode("ascii")) if member.digest else b""
    if not name.isascii() or len(name) > NAME_BYTES:
        records += _record(b"path", name.encode("utf-8"))
    if size >= WIDE_SIZE:
        records += _record(b"size", b"%d" % size)
        size = 0
    header = _header(name.encode("ascii", "replace")[:NAME_BYTES], size, _REGULAR)
    if not records:
        return header
    return _header(_PAX_NAME, len(records), _PAX) + records + _filling(len(records), BLOCK) + header


def after(member: Member) -> bytes:
    """Zeros, up to the next block."""
    return _filling(member.size, BLOCK)


def ending(members: Sequence[Member], start: int) -> Iterator[bytes]:
    """Two blocks of zeros, and more up to a whole record."""
    del members
    yield bytes(2 * BLOCK) + _filling(start + 2 * BLOCK, RECORD)


def next_member(ahead: bytes, offset: int) -> Member | None:
    """What a header claims; name, size and digest of a pax header win, as they do for any reader."""
    if len(ahead) < BLOCK or not any(ahead[:BLOCK]):
        return None
    told: dict[bytes, bytes] = {}
    if ahead[_TYPE_AT : _TYPE_AT + 1] == _PAX:
        length = _octal(ahead[_SIZE_AT : _SIZE_AT + 12])
        told = dict(re.findall(rb"\d+ (comment|path|size)=([^\n]*)\n", ahead[BLOCK : BLOCK + length]))
        ahead = ahead[BLOCK + length + len(_filling(length, BLOCK)) :]
    name = told.get(b"path") or ahead[:NAME_BYTES].rstrip(b"\0")
    size = told.get(b"size", b"")
    digest = told.get(b"comment", b"").removeprefix(_COMMENT)
    return Member(
        name.decode("utf-8", "replace"),
        int(size) if size.isdigit() and len(size) < 20 else _octal(ahead[_SIZE_AT : _SIZE_AT + 12]),
        0,
        digest.decode("ascii") if re.fullmatch(rb"[0-9a-f]{32}", digest) else NO_DIGEST,
        offset,
    )


def fault(expected: bytes, found: bytes, at: int) -> str:
    """Links, devices and the like by name; else the field that differs."""
    start = at - at % BLOCK
    block, wanted = found[start : start + BLOCK], expected[start : start + BLOCK]
    if wanted[MARK_OFFSET : MARK_OFFSET + len(MARK)] != MARK:
        what = "pax header" if any(wanted) else "filling"
        return f"{what}: expected {expected[at : at + 40]!r}, found {found[at : at + 40]!r}"
    if not any(block):
        return "expected its header, found the end of the archive" if len(block) == BLOCK else "the archive ends here"
    kind, wanted_kind = block[_TYPE_AT : _TYPE_AT + 1], wanted[_TYPE_AT : _TYPE_AT + 1]
    if kind != wanted_kind:
        told = _TYPES.get(kind, f"of the type {kind!r}")
        return f"expected {_TYPES[wanted_kind]}, found {told}"
    name, first, stop = field_at(_FIELDS, at - start)
    return f"{name}: expected {_shown(wanted[first:stop])}, found {_shown(block[first:stop])}"


def _header(name: bytes, size: int, kind: bytes) -> bytes:
    mode = b"0000644\0" if kind == _REGULAR else b"0000000\0"
    nobody, never = b"0000000\0", b"00000000000\0"
    fields = (name, mode, nobody, nobody, b"%011o\0" % size, never)
    rest = (kind, b"", b"ustar\x0000", b"", b"", b"", b"", b"")
    total = sum(_HEADER.pack(*fields, _BLANK, *rest))
    return _HEADER.pack(*fields, b"%06o\0 " % total, *rest)


def _record(key: bytes, value: bytes) -> bytes:
    """A line of a pax header, which begins with its own length."""
    rest = len(key) + len(value) + 3
    length = rest + len(str(rest))
    while length != rest + len(str(length)):
        length = rest + len(str(length))
    return b"%d %s=%s\n" % (length, key, value)


def _filling(size: int, unit: int) -> bytes:
    return bytes(-size % unit)


def _octal(field: bytes) -> int:
    digits = field.rstrip(b" \0")
    return int(digits, 8) if re.fullmatch(rb"[0-7]{1,11}", digits) else 0


def _shown(content: bytes) -> str:
    return repr(content.rstrip(b"\0")[:200])
