"""Whether bytes or a file hold a secret, such as the salt of a private split: as it is, or written as hex digits."""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import IO

SLICE_BYTES = 2**23
WIDEST = 4  # bytes of one hex digit, in UTF-32
BROKEN = (
    zipfile.BadZipFile,
    RuntimeError,
    ValueError,
    EOFError,
    zlib.error,
    lzma.LZMAError,
    OverflowError,
    struct.error,
)

_LOWER = bytes.maketrans(b"ABCDEF", b"abcdef")


def holds(content: bytes, secrets: Iterable[bytes]) -> bool:
    """Whether a secret stands in `content`: its bytes, or its hex digits in any case, also in UTF-16 or UTF-32.

    Args:
        content: Where to look.
        secrets: Byte strings that are long enough not to stand there by chance.
    """
    secrets = tuple(secrets)
    if not secrets:
        return False
    told = content.translate(_LOWER, b"\0")  # in wide text each digit comes with null bytes
    return any(secret in content or secret.hex().encode("ascii") in told for secret in secrets)


def file_holds(place: Path, secrets: Sequence[bytes]) -> bool:
    """The same of a file, slice by slice; of a wheel or another ZIP archive its members, too.

    Raises:
        OSError: It cannot be read.
    """
    if not secrets:
        return False
    with place.open("rb") as file:
        if _stream_holds(file, secrets):
            return True
    return zipfile.is_zipfile(place) and _member_holds(place, secrets)


def _stream_holds(file: IO[bytes], secrets: Sequence[bytes]) -> bool:
    kept = 2 * WIDEST * max(map(len, secrets))
    tail = b""
    while content := file.read(SLICE_BYTES):
        if holds(tail + content, secrets):
            return True
        tail = (tail + content)[-kept:]
    return False


def _member_holds(place: Path, secrets: Sequence[bytes]) -> bool:
    try:
        with zipfile.ZipFile(place) as archive:
            return any(_entry_holds(archive, member, secrets) for member in archive.infolist())
    except BROKEN:  # only the end of the file looks like an archive's
        return False


def _entry_holds(archive: zipfile.ZipFile, member: zipfile.ZipInfo, secrets: Sequence[bytes]) -> bool:
    try:
        with archive.open(member) as file:
            return _stream_holds(file, secrets)
    except BROKEN:  # or under a password or method that nobody here has
        return False
