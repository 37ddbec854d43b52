"""Private splits: digests under a key, so that only who has it can check them or try samples against them.

XXH3 is no secret: whoever can guess a sample can compute its digest and look it up. The digests of a private split are
therefore HMAC-SHA256 of the plain ones, cut to 16 bytes, under a salt of 32 random bytes that lies in a file of the
person's own and never in the bundle: as hex digits below a line that says what it is, or as the bare bytes.
"""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Iterator
from pathlib import Path

from reprobundle.errors import UsageError
from reprobundle.store.writing import disk_errors

SALT_BYTES = 32
LONGEST_FILE = 4096  # bytes
FIRST_LINE = "reprobundle salt 1: keep this file, and keep it private; without it nobody can check the split again"
CHECKED_TEXT = b"reprobundle salt 1"
DIGEST_BYTES = 16

_NAME = "reprobundle salt 1"


def salt_place(private: object) -> Path | None:
    """The file that ``private=`` names; None where it names none."""
    if not isinstance(private, str | os.PathLike) or not os.fspath(private):
        return None
    place = os.fsdecode(private)
    return None if "\0" in place else Path(place)  # no system has a file of such a name


def open_salt(place: Path) -> bytes:
    """The salt in a file; where there is none, it is made, with the folders around it, for its owner's eyes alone.

    Raises:
        UsageError: The file holds something else.
        UnavailableError: It cannot be read or made.
    """
    with disk_errors(place.name):
        _make_folder(place.absolute().parent)
        try:
            descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return read_salt(place)
        salt = secrets.token_bytes(SALT_BYTES)
        with os.fdopen(descriptor, "w", encoding="ascii", newline="\n") as file:
            file.write(f"{FIRST_LINE}\n{salt.hex()}\n")
            file.flush()
            os.fsync(file.fileno())  # a bundle whose salt is lost can never be checked
    return salt


def _make_folder(folder: Path) -> None:
    """Make a folder and those around it that are missing, each for its owner alone."""
    if not folder.is_dir():
        _make_folder(folder.parent)
        folder.mkdir(mode=0o700, exist_ok=True)


def read_salt(place: Path) -> bytes:
    """The salt in a file: as capture writes it, or 32 bytes and nothing else.

    Raises:
        UsageError: There is no file, or it holds something else.
        UnavailableError: It cannot be read.
    """
    if not place.is_file():
        raise UsageError(f"no file {place.name!r} with a salt", hint="give the file that private= named at the capture")
    with disk_errors(place.name), place.open("rb") as file:
        content = file.read(LONGEST_FILE)
    if len(content) == SALT_BYTES:
        return content
    lines = content.decode("ascii", errors="replace").splitlines()
    if len(lines) != 2 or not lines[0].startswith(_NAME) or len(lines[1]) != 2 * SALT_BYTES:
        raise UsageError(
            f"{place.name!r} holds no salt: expected a file that capture made for private=, or {SALT_BYTES} bytes"
        )
    try:
        return bytes.fromhex(lines[1])
    except ValueError as error:
        raise UsageError(f"{place.name!r} holds no salt: its second line is not of hex digits") from error


def check_value(salt: bytes) -> str:
    """What tells this salt from others and says nothing about it, 32 hex digits."""
    return _keyed(salt, CHECKED_TEXT).hex()


def salted(digests: bytes, salt: bytes) -> bytes:
    """Salted digests of samples, 16 bytes each, from their plain ones."""
    return b"".join(_each(digests, salt))


def _each(digests: bytes, salt: bytes) -> Iterator[bytes]:
    for start in range(0, len(digests), DIGEST_BYTES):
        yield _keyed(salt, digests[start : start + DIGEST_BYTES])


def _keyed(salt: bytes, message: bytes) -> bytes:
    return hmac.digest(salt, message, "sha256")[:DIGEST_BYTES]
