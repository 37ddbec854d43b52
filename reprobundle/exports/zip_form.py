"""The bytes of a zip around its members: one form for one content, nothing left to choose.

Members are stored, without data descriptors, comments, times or attributes of their own; sizes and offsets stand in
ZIP64 fields exactly where 32 bits do not hold them. Writer and reader share these functions: the reader makes the bytes
that must be there and compares, so it has no parser that could be led astray. Below 2 GB the form is the one that the
standard library's ``zipfile`` gives a ``ZipInfo`` with nothing set but its name and the mode 0o100644.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

FULL_16 = 0xFFFF
FULL_32 = 0xFFFFFFFF

LOCAL = struct.Struct("<4s5H3I2H")
LOCAL_MARK = b"PK\x03\x04"
CRC = struct.Struct("<I")
CRC_OFFSET = 14  # in the local header
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")

_UNIX = 3 << 8
_PLAIN, _ZIP64 = 20, 45  # the version of the standard that a reader needs
_UTF8_NAME = 1 << 11
_STORED = 0
_MIDNIGHT, _FIRST_DAY = 0, 1 << 5 | 1  # 1980-01-01, where the format's own calendar begins
_REGULAR_644 = 0o100644 << 16
_SIZES_ID = 1


@dataclass(frozen=True)
class Member:
    """One file of an archive.

    Attributes:
        name: Its path in the bundle.
        size: Bytes.
        crc: CRC-32 of its bytes.
        offset: Where its header begins in the archive, in bytes.
    """

    name: str
    size: int
    crc: int
    offset: int


def local_header(member: Member) -> bytes:
    """What stands before the member's bytes."""
    name = member.name.encode("utf-8")
    large = member.size >= FULL_32
    extra = _wide(member.size, member.size) if large else b""
    size = FULL_32 if large else member.size
    fields = (_flags(name), _STORED, _MIDNIGHT, _FIRST_DAY, member.crc, size, size, len(name), len(extra))
    return LOCAL.pack(LOCAL_MARK, _ZIP64 if large else _PLAIN, *fields) + name + extra


def directory_entry(member: Member) -> bytes:
    """What stands for the member in the directory at the end."""
    name = member.name.encode("utf-8")
    sizes = (member.size, member.size) if member.size >= FULL_32 else ()
    offset = (member.offset,) if member.offset >= FULL_32 else ()
    extra = _wide(*sizes, *offset)
    version = _ZIP64 if extra else _PLAIN
    size = FULL_32 if sizes else member.size
    fields = (_flags(name), _STORED, _MIDNIGHT, _FIRST_DAY, member.crc, size, size, len(name), len(extra), 0, 0, 0)
    place = FULL_32 if offset else member.offset
    return _CENTRAL.pack(b"PK\x01\x02", _UNIX | version, version, *fields, _REGULAR_644, place) + name + extra


def ending(members: int, *, start: int, size: int) -> bytes:
    """What stands after the directory.

    Args:
        members: How many entries the directory has.
        start: Where it begins in the archive, in bytes.
        size: Its bytes.
    """
    count = min(members, FULL_16)
    last = _END.pack(b"PK\x05\x06", 0, 0, count, count, min(size, FULL_32), min(start, FULL_32), 0)
    if members < FULL_16 and size < FULL_32 and start < FULL_32:
        return last
    length = _END_64.size - 12  # what follows the field itself
    wide = _END_64.pack(b"PK\x06\x06", length, _UNIX | _ZIP64, _ZIP64, 0, 0, members, members, size, start)
    return wide + _LOCATOR.pack(b"PK\x06\x07", 0, start + size, 1) + last


def _flags(name: bytes) -> int:
    return 0 if name.isascii() else _UTF8_NAME


def _wide(*values: int) -> bytes:
    """The extra field with what 32 bits do not hold; nothing when there is nothing."""
    return struct.pack(f"<2H{len(values)}Q", _SIZES_ID, 8 * len(values), *values) if values else b""
