"""Packing a folder into a wheel, the same bytes each time, and what must not be in one."""

from __future__ import annotations

import os
import re
import stat
import sys
import zipfile
from pathlib import Path, PurePosixPath

from reprobundle import process
from reprobundle.secrecy import Gate
from reprobundle.secrecy.files import look_at_file
from reprobundle.secrecy.names import is_secret

EPOCH = "315532800"  # 1980-01-01, the earliest time a zip archive can hold
PACK_SECONDS = 120.0
PACKED_A_SECOND = 4 * 2**20  # bytes that even a slow machine packs or hashes
MAX_CERTIFICATES_BYTES = 4 * 2**20

_PEM_BEGIN = re.compile(rb"-----BEGIN ([^-]*)-----")


class CannotVendorError(Exception):
    """No wheel can be made of one install; the text says why, without naming a folder of this machine."""


def pack(files: Path, made: Path) -> None:
    """Make a wheel of a folder that holds what belongs into it.

    Raises:
        CannotVendorError: It is not what a wheel is made of.
        ProcessError: It took too long.
    """
    command: list[str | Path] = [sys.executable, "-m", "wheel", "pack", "--dest-dir", made, files]
    size = sum(place.stat().st_size for place in files.rglob("*") if place.is_file())
    finished = process.run(command, env=build_environment(), cwd=made, timeout=seconds(size))
    if finished.code != 0:
        raise CannotVendorError(f"packing its files failed with exit status {finished.code}")


def pack_again(wheel: Path, files: Path, made: Path, name: str, gate: Gate) -> None:
    """A build back end may leave times and modes of this machine in its archive; two modes and one time remain.

    Args:
        wheel: What the back end made.
        files: A folder for what is in it.
        made: Where the new one goes.
        name: Of the distribution.
        gate: Is told of files that hold secrets, which stay out.
    """
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(files)
        executable = {name.filename for name in archive.infolist() if name.external_attr >> 16 & stat.S_IXUSR}
    for place in files.rglob("*"):
        if place.is_file():
            place.chmod(0o755 if place.relative_to(files).as_posix() in executable else 0o644)
    drop_secrets(files, name, gate)
    pack(files, made)


def drop_secrets(files: Path, name: str, gate: Gate) -> None:
    """Remove what holds a secret from a folder that is to become a wheel; the gate is told, and the person by it.

    Args:
        files: The folder.
        name: Of the distribution.
        gate: Is told of the files as ``wheels/NAME/PATH``.
    """
    for place in sorted(files.rglob("*")):
        if place.is_file():
            path = f"wheels/{name}/{place.relative_to(files).as_posix()}"
            if look_at_file(gate, path, place):
                place.unlink()


def holds_secrets(path: str, file: Path) -> bool:
    """By its name; but certificates without a private key are public, and libraries need theirs to work."""
    if not is_secret(path):
        return False
    if file.suffix.lower() != ".pem" or not file.is_file() or file.stat().st_size > MAX_CERTIFICATES_BYTES:
        return True
    content = file.read_bytes()
    kinds = set(_PEM_BEGIN.findall(content))
    return kinds != {b"CERTIFICATE"} or is_secret(f"{PurePosixPath(path).parent}/plain")


def seconds(size: int) -> float:
    """How long packing or hashing so many bytes may take."""
    return PACK_SECONDS + size / PACKED_A_SECOND


def build_environment() -> dict[str, str]:
    """This process's own variables, with a fixed time and no path of its modules."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PIP_REQUIRE_HASHES"}}
    return {**inherited, "SOURCE_DATE_EPOCH": EPOCH, "PYTHONHASHSEED": "0"}
