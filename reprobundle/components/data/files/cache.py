"""Digests of files kept for the next time: a file whose size, times and inode are as they were is not read again.

One file for each place that was digested, in a folder that only this user can enter. It is a help, never a source of
truth: one that is broken, strange or of another version is as good as none, and what cannot be kept is not. A file is kept
only where `trusting` says that a later change shows in its times: not if it was written a minute or two before.
"""

from __future__ import annotations

import contextlib
import os
import struct
import sys
import tempfile
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import pydantic
import xxhash

from reprobundle.components.data.files import trusting
from reprobundle.components.data.files.owning import make_own_folder, own_content
from reprobundle.components.data.files.rows import DIGEST_BYTES, PART_BYTES
from reprobundle.components.data.files.walking import LIMIT, Columns
from reprobundle.components.data.statistics.form import Statistics
from reprobundle.records import Record
from reprobundle.store import digest_bytes
from reprobundle.store.digests import Digest
from reprobundle.version import version

OFF = "REPROBUNDLE_NO_CACHE"
FOLDER = "REPROBUNDLE_CACHE"
MAGIC = f"reprobundle digests 2 {sys.byteorder}\n".encode("ascii")
HEAD = struct.Struct("=QQ")
MAX_BYTES = 2**30
WORTH_FILES, WORTH_BYTES = 1000, 2**26


@dataclass(frozen=True)
class Kept:
    """What is kept of one place.

    Attributes:
        names: Paths relative to it.
        columns: What the system said of each file when it was digested.
        digests: 16 bytes for each file.
        parts: Digests of the parts of each large file, by its index.
    """

    names: list[str]
    columns: Columns
    digests: bytes
    parts: dict[int, bytes]


class KeptStatistics(Record):
    """Statistics of the files of one place.

    Attributes:
        version: The program's, whose way of taking them it is.
        files: A digest that tells the files.
        statistics: The statistics.
    """

    version: str
    files: Digest
    statistics: Statistics


def place_of(what: str, lies: str) -> Path | None:
    """Where the digests of a place are kept; None where nothing is to be kept, or nowhere.

    Args:
        what: The place, as a text that no other place has.
        lies: Its path.
    """
    if os.environ.get(OFF) or trusting.settling_time() is None or not trusting.keeps_times(lies):
        return None
    own, base = os.environ.get(FOLDER), os.environ.get("XDG_CACHE_HOME")
    try:
        root = Path(own).absolute() if own else Path(base or Path.home() / ".cache") / "reprobundle"
        folder = root / "digests"
        is_own = make_own_folder(folder)
    except (OSError, RuntimeError):  # no home, or a disk that takes nothing
        return None
    return folder / digest_bytes(os.fsencode(what)) if is_own else None


def load(place: Path) -> Kept | None:
    """What is kept; None where there is nothing, or nothing that can be read."""
    try:
        content = own_content(place, 2 * MAX_BYTES)
    except OSError:
        return None
    whole = memoryview(content or b"")
    start = len(MAGIC) + DIGEST_BYTES
    body = whole[start:]
    if whole[: len(MAGIC)] != MAGIC or whole[len(MAGIC) : start] != xxhash.xxh3_128_digest(body):
        return None
    return _parsed(body)


def _parsed(body: memoryview) -> Kept | None:
    """What the body says; None where its lengths do not fit together."""
    if len(body) < HEAD.size:
        return None
    count, length = HEAD.unpack_from(body)
    body = body[HEAD.size :]
    columns = Columns()
    if length + count * (8 * len(columns.all) + DIGEST_BYTES) > len(body):
        return None
    names, body = _names(bytes(body[:length])), body[length:]
    if names is None or len(names) != count:
        return None
    for column in columns.all:
        column.frombytes(body[: 8 * count])
        body = body[8 * count :]
    digests, body = bytes(body[: DIGEST_BYTES * count]), body[DIGEST_BYTES * count :]
    parts: dict[int, bytes] = {}
    for index, size in enumerate(columns.size):
        if size > PART_BYTES:
            border = -(-size // PART_BYTES) * DIGEST_BYTES
            if border > len(body):
                return None
            parts[index], body = bytes(body[:border]), body[border:]
    return None if body else Kept(names, columns, digests, parts)


def _names(text: bytes) -> list[str] | None:
    try:
        return text.decode("utf-8", "surrogatepass").split("\0")
    except UnicodeDecodeError:
        return None


def save(place: Path, kept: Kept) -> None:
    """Keep it in place of what was kept before; quietly not, where it is nothing, or cannot be done."""
    if not kept.names:
        return
    text = "\0".join(kept.names).encode("utf-8", "surrogatepass")
    columns = kept.columns
    pieces = [HEAD.pack(len(kept.names), len(text)), text]
    pieces += [column.tobytes() for column in columns.all]
    pieces += [kept.digests, *(kept.parts[index] for index, size in enumerate(columns.size) if size > PART_BYTES)]
    body = b"".join(pieces)
    if len(body) <= MAX_BYTES:
        _write(place, MAGIC + xxhash.xxh3_128_digest(body) + body)


def worth_keeping(kept: Kept, known: bytearray, started: int, root: str) -> Kept:
    """The files that have a digest, and a later change of which would show in their times.

    A folder can hold links to files elsewhere, so each one's file system counts.

    Args:
        kept: All files.
        known: 1 for each that has a digest.
        started: Nanoseconds since 1970 before the first was read.
        root: Folder that the names are relative to.
    """
    settling = trusting.settling_time()
    limit = -LIMIT if settling is None else started - settling
    columns = kept.columns
    first = dict(zip(reversed(columns.device), reversed(kept.names), strict=True))
    trusted = {device for device, name in first.items() if trusting.keeps_times(os.path.join(root, name))}
    told = zip(known, columns.device, columns.modified, columns.changed, strict=True)
    chosen = [
        index for index, (done, device, *both) in enumerate(told) if done and device in trusted and max(both) < limit
    ]
    if len(chosen) == len(known):
        return kept
    return Kept(
        [kept.names[index] for index in chosen],
        Columns(*(array("q", [column[index] for index in chosen]) for column in kept.columns.all)),
        b"".join(kept.digests[DIGEST_BYTES * index : DIGEST_BYTES * (index + 1)] for index in chosen),
        {new: kept.parts[old] for new, old in enumerate(chosen) if old in kept.parts},
    )


def reusable(kept: Kept, names: Sequence[str], columns: Columns) -> dict[int, int]:
    """Files that are as they were: index now, index among what is kept."""
    where = dict(zip(kept.names, range(len(kept.names)), strict=True))
    before = list(zip(*kept.columns.all, strict=True))
    now = zip(*columns.all, strict=True)
    found = {}
    for index, (name, status) in enumerate(zip(names, now, strict=True)):
        earlier = where.get(name)
        if earlier is not None and before[earlier] == status:
            found[index] = earlier
    return found


def is_unchanged(kept: Kept, names: Sequence[str], columns: Columns) -> bool:
    """Whether all files are as they were, and no other is there."""
    return kept.names == names and kept.columns == columns


def load_statistics(place: Path, files: str) -> Statistics | None:
    """The statistics of the files of a place, if they were taken by this version from files with this digest."""
    try:
        kept = KeptStatistics.model_validate_json(own_content(_beside(place), MAX_BYTES) or b"")
    except (OSError, pydantic.ValidationError):
        return None
    return kept.statistics if (kept.version, kept.files) == (version(), files) else None


def save_statistics(place: Path, files: str, statistics: Statistics) -> None:
    """Keep them; quietly not, where that cannot be done."""
    kept = KeptStatistics(version=version(), files=files, statistics=statistics)
    _write(_beside(place), kept.model_dump_json().encode())


def _beside(place: Path) -> Path:
    return place.with_name(f"{place.name}.statistics")


def _write(place: Path, content: bytes) -> None:
    with contextlib.suppress(OSError):
        descriptor, name = tempfile.mkstemp(dir=place.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
            os.replace(name, place)
        except BaseException:
            os.unlink(name)
            raise
        _prune(place)


def _prune(newest: Path) -> None:
    """Remove what was kept longest ago until all together is no more than 1 GiB."""
    left = MAX_BYTES
    for _, size, place in sorted(_ages(newest.parent), reverse=True):
        left -= size
        if left < 0 and place != str(newest):
            os.unlink(place)


def _ages(folder: Path) -> Iterator[tuple[int, int, str]]:
    with os.scandir(folder) as entries:
        for entry in entries:
            status = entry.stat(follow_symlinks=False)
            yield status.st_mtime_ns, status.st_size, entry.path
