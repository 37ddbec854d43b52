"""The bytes of a zip around its members: one form for one content, nothing left to choose.

Members are stored, without data descriptors, comments, times or attributes of their own; sizes and offsets stand in
ZIP64 fields exactly where 32 bits do not hold them. Below 2 GB the form is the one that the standard library's
``zipfile`` gives a ``ZipInfo`` with nothing set but its name and the mode 0o100644.
"""

from __future__ import annotations

import stat
import struct
from collections.abc import Iterator, Sequence

from reprobundle.exports.archives.form import Kind, Member, field_at

KIND: Kind = "zip"
MARK, MARK_OFFSET = b"PK\x03\x04", 0
HAS_CRC = True

FULL_16 = 0xFFFF
FULL_32 = 0xFFFFFFFF

_LOCAL = struct.Struct("<4s5H3I2H")
_CENTRAL = struct.Struct("<4s6H3I5H2I")
_END = struct.Struct("<4s4H2IH")
_END_64 = struct.Struct("<4sQ2H2I4Q")
_LOCATOR = struct.Struct("<4sIQI")
_CENTRAL_MARK, _END_MARK, _END_64_MARK, _LOCATOR_MARK = b"PK\x01\x02", b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"

_UNIX = 3 << 8
_PLAIN, _ZIP64 = 20, 45  # the version of the standard that a reader needs
_ENCRYPTED, _DESCRIPTOR, _UTF8_NAME = 1 << 0, 1 << 3, 1 << 11
_STORED = 0
_MIDNIGHT, _FIRST_DAY = 0, 1 << 5 | 1  # 1980-01-01, where the format's own calendar begins
_REGULAR_644 = 0o100644 << 16
_SIZES_ID = 1

_COMMON = (
    ("version needed", 2), ("flags", 2), ("compression", 2), ("time", 2), ("date", 2), ("CRC-32", 4),
    ("compressed size", 4), ("size", 4), ("length of the name", 2), ("length of the extra field", 2),
)  # fmt: skip
_FIELDS = {
    MARK: (("mark", 4), *_COMMON),
    _CENTRAL_MARK: (
        ("mark", 4), ("version made by", 2), *_COMMON, ("length of the comment", 2), ("disk", 2),
        ("internal attributes", 2), ("external attributes", 4), ("offset", 4),
    ),
    _END_MARK: (
        ("mark of the end", 4), ("disk", 2), ("disk of the directory", 2), ("members on this disk", 2), ("members", 2),
        ("size of the directory", 4), ("offset of the directory", 4), ("length of the comment", 2),
    ),
    _END_64_MARK: (
        ("mark of the wide end", 4), ("size of the wide end", 8), ("version made by", 2), ("version needed", 2),
        ("disk", 4), ("disk of the directory", 4), ("members on this disk", 8), ("members", 8),
        ("size of the directory", 8), ("offset of the directory", 8),
        ("mark of the locator", 4), ("disk of the wide end", 4), ("offset of the wide end", 8), ("disks", 4),
    ),
}  # fmt: skip
_METHODS = {8: "deflate", 9: "deflate64", 12: "bzip2", 14: "LZMA", 20: "zstd", 93: "zstd", 95: "xz", 99: "AES"}
_TYPES = {
    stat.S_IFLNK: "a symbolic link", stat.S_IFDIR: "a folder", stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
}  # fmt: skip


def before(member: Member) -> bytes:
    """The header of a member."""
    name = member.name.encode("utf-8")
    large = member.size >= FULL_32
    extra = _wide(member.size, member.size) if large else b""
    size = FULL_32 if large else member.size
    fields = (_flags(name), _STORED, _MIDNIGHT, _FIRST_DAY, member.crc, size, size, len(name), len(extra))
    return _LOCAL.pack(MARK, _ZIP64 if large else _PLAIN, *fields) + name + extra


def after(member: Member) -> bytes:
    """Nothing: sizes and CRC stand in the header."""
    del member
    return b""


def ending(members: Sequence[Member], start: int) -> Iterator[bytes]:
    """The directory, an entry for each member, and what ends it."""
    size = 0
    for member in members:
        entry = directory_entry(member)
        size += len(entry)
        yield entry
    yield end_of_directory(len(members), start=start, size=size)


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
    return _CENTRAL.pack(_CENTRAL_MARK, _UNIX | version, version, *fields, _REGULAR_644, place) + name + extra


def end_of_directory(members: int, *, start: int, size: int) -> bytes:
    """What stands after the directory.

    Args:
        members: How many entries the directory has.
        start: Where it begins in the archive, in bytes.
        size: Its bytes.
    """
    count = min(members, FULL_16)
    last = _END.pack(_END_MARK, 0, 0, count, count, min(size, FULL_32), min(start, FULL_32), 0)
    if members < FULL_16 and size < FULL_32 and start < FULL_32:
        return last
    length = _END_64.size - 12  # what follows the field itself
    wide = _END_64.pack(_END_64_MARK, length, _UNIX | _ZIP64, _ZIP64, 0, 0, members, members, size, start)
    return wide + _LOCATOR.pack(_LOCATOR_MARK, 0, start + size, 1) + last


def next_member(ahead: bytes, offset: int) -> Member | None:
    """What a header claims; a size of 32 full bits is looked up in the wide field behind the name."""
    if len(ahead) < _LOCAL.size or not ahead.startswith(MARK):
        return None
    _, *_, crc, _, size, name_bytes, _ = _LOCAL.unpack_from(ahead)
    stop = _LOCAL.size + name_bytes
    if size == FULL_32 and len(ahead) >= stop + 12:
        size = struct.unpack_from("<Q", ahead, stop + 4)[0]
    return Member(ahead[_LOCAL.size : stop].decode("utf-8", "replace"), size, crc, "", offset)


def fault(expected: bytes, found: bytes, at: int) -> str:
    """Encryption, compression and kinds of files by name; else the field that differs."""
    mark = expected[:4]
    if at < 4 and mark in {MARK, _CENTRAL_MARK}:
        return f"expected the {'header' if mark == MARK else 'directory entry'} of a member, found {found[:4]!r}"
    known = _known_trouble(mark, found)
    if known:
        return known
    fields = _FIELDS[mark]
    if mark == _END_64_MARK:
        fields = (*fields, *_FIELDS[_END_MARK])
    elif mark != _END_MARK:
        sizes = _LOCAL.unpack_from(expected)[-2:] if mark == MARK else _CENTRAL.unpack_from(expected)[10:12]
        fields = (*fields, ("name", sizes[0]), ("extra field", sizes[1]))
    name, start, stop = field_at(fields, at)
    return f"{name}: expected {_shown(name, expected[start:stop])}, found {_shown(name, found[start:stop])}"


def _known_trouble(mark: bytes, found: bytes) -> str | None:
    """What people's programs put into an archive on purpose."""
    if not found.startswith(mark) or len(found) < (_LOCAL.size if mark == MARK else _CENTRAL.size):
        return None
    if mark not in {MARK, _CENTRAL_MARK}:
        return None
    flags, method = struct.unpack_from("<2H", found, 6 if mark == MARK else 8)
    if flags & _ENCRYPTED:
        return "it is encrypted"
    if method != _STORED:
        return f"it is compressed ({_METHODS.get(method, f'method {method}')}), expected it stored"
    if flags & _DESCRIPTOR:
        return "its size and CRC stand behind it (a data descriptor), expected them in the header"
    if mark == _CENTRAL_MARK:
        kind = _TYPES.get(stat.S_IFMT(struct.unpack_from("<I", found, 38)[0] >> 16))
        return f"it is {kind}, expected a regular file" if kind else None
    return None


def _shown(name: str, content: bytes) -> str:
    if name in {"name", "extra field"} or name.startswith("mark") or not content:
        return repr(content[:200])
    value = int.from_bytes(content, "little")
    return f"{value:08x}" if name in {"CRC-32", "external attributes"} else str(value)


def _flags(name: bytes) -> int:
    return 0 if name.isascii() else _UTF8_NAME


def _wide(*values: int) -> bytes:
    """The extra field with what 32 bits do not hold; nothing when there is nothing."""
    return struct.pack(f"<2H{len(values)}Q", _SIZES_ID, 8 * len(values), *values) if values else b""
