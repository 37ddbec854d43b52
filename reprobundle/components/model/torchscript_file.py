"""A TorchScript file in one form: the same bytes for the same module, and nothing of the machine that wrote it.

Torch writes, beside the code, the source's lines with their absolute paths, for messages of errors only; it lists a class's
constants in the order of a set, and stamps the file with a number made of both. Here the lines are left out, the constants
are sorted, and the number is made of what stands in the file.
"""

from __future__ import annotations

import itertools
import re
import struct
import zipfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import xxhash

from reprobundle.store.copying import SLICE_BYTES

DEBUG = ".debug_pkl"
ID = "/.data/serialization_id"
CONSTANT = re.compile(r"  \w+ : Final\[")
ALIGNMENT = 64  # where tensors begin, as torch itself lays them out
ZIP64_FROM = 2**31
HEADER_BYTES = 30
ZIP64_BYTES = 20
PADDING_BYTES = 4
UNIX = 3


def rewrite(raw: Path, target: Path) -> None:
    """Write the file that torch wrote anew.

    Raises:
        OSError: The disk is full or cannot be written.
    """
    digest = xxhash.xxh3_128()
    with zipfile.ZipFile(raw) as given, zipfile.ZipFile(target, "x") as made:
        kept = [info for info in given.infolist() if not info.filename.endswith((DEBUG, ID))]
        for info in kept:
            digest.update(f"{info.filename} {info.file_size} ".encode())
            if info.filename.partition("/")[2].startswith("code/"):
                pieces: Iterable[bytes] = (_sorted_constants(given.read(info).decode()).encode(),)
            else:
                pieces = _pieces(given, info)
            _add(made, info.filename, info.file_size, pieces, digest)
        top = kept[0].filename.partition("/")[0]
        stamp = f"{digest.intdigest():040d}".encode()
        _add(made, top + ID, len(stamp), (stamp,), digest)


def _sorted_constants(code: str) -> str:
    """The code of a class with each run of constants in the order of their names."""
    lines = code.split("\n")
    runs = itertools.groupby(lines, key=lambda line: CONSTANT.match(line) is not None)
    return "\n".join(line for constants, run in runs for line in (sorted(run) if constants else run))


def _pieces(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    with archive.open(info) as member:
        while piece := member.read(SLICE_BYTES):
            yield piece


def _add(archive: zipfile.ZipFile, name: str, size: int, pieces: Iterable[bytes], digest: xxhash.xxh3_128) -> None:
    """Add a member as it is, under no date, its bytes beginning where a tensor may."""
    large = size >= ZIP64_FROM
    info = zipfile.ZipInfo(name)
    info.create_system, info.file_size = UNIX, size
    start = archive.start_dir + HEADER_BYTES + len(name.encode()) + PADDING_BYTES + (ZIP64_BYTES if large else 0)
    padding = -start % ALIGNMENT
    info.extra = b"FB" + struct.pack("<H", padding) + b"Z" * padding
    with archive.open(info, "w", force_zip64=large) as member:
        for piece in pieces:
            digest.update(piece)
            member.write(piece)
