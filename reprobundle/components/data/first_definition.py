"""Splits recorded under the first definition of digests: what of them can still be compared, and how."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

from reprobundle.components.data.files import PART_BYTES, FileRow
from reprobundle.components.data.reading import Reading
from reprobundle.components.data.section import Split
from reprobundle.errors import UsageError
from reprobundle.store import digest_bytes, digest_file
from reprobundle.store.writing import disk_errors

PLAIN = frozenset({"text", "integer", "boolean", "float", "none", "mixed"})  # as that definition named plain values


def why_not(split: Split) -> str | None:
    """Why a split cannot be compared any more; None where it can."""
    if split.definition == 1 and any(leaf.dtype in PLAIN for leaf in split.leaves):
        return "its digests follow the first definition, in which plain values went in without their names"
    return None


def with_whole_files(reading: Reading, given: Any) -> Reading:
    """The same files with those digested in one piece that are now digested part by part.

    Raises:
        UsageError: They lie in an archive or elsewhere than in a file or folder.
        UnavailableError: One cannot be read.
    """
    if all(row.size <= PART_BYTES for row in reading.rows):
        return reading
    if reading.kind not in {"file", "folder"}:
        raise UsageError("its large files were digested in one piece: expected a file or a folder on a disk")
    rows = tuple(_whole(row, Path(given), reading.kind == "folder") for row in reading.rows)
    ordered = digest_bytes("".join(row.line() for row in rows).encode("ascii"))
    return replace(
        reading,
        rows=rows,
        digests=bytes.fromhex("".join(row.digest for row in rows)),
        ordered=ordered if reading.kind == "folder" else rows[0].digest,
        parts=(),
    )


def _whole(row: FileRow, place: Path, is_folder: bool) -> FileRow:  # noqa: FBT001 (of one caller)
    if row.size <= PART_BYTES:
        return row
    name = row.name.encode("ascii").decode("unicode_escape")  # it was found in that folder just now
    with disk_errors(row.name):
        size, digest = digest_file((place / name if is_folder else place).resolve(strict=True))
    return FileRow(size, digest, row.name)
