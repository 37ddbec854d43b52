"""Whether two bundles are the same, byte for byte, whoever made them: digests that anybody can forge prove nothing here."""

from __future__ import annotations

import os
from pathlib import Path

from reprobundle import manifest as manifests
from reprobundle.bundle import VerifiedBundle
from reprobundle.store import inside

PIECE = 2**20


def unlike(found: VerifiedBundle, expected: VerifiedBundle) -> tuple[str, ...]:
    """Files of two bundles that differ, or that one of them lacks, sorted; signatures are left aside.

    Args:
        found: The one.
        expected: The other. A file that both have under two names, as resealing leaves it, is not read.
    """
    there = {entry.path for entry in found.manifest.files}
    wanted = {entry.path for entry in expected.manifest.files}
    other = [path for path in there & wanted if not _is_same(inside(found.path, path), inside(expected.path, path))]
    if found.bundle.content != expected.bundle.content:
        other.append(manifests.NAME)
    return tuple(sorted({*other, *(there ^ wanted)}))


def same_bytes(place: Path, content: bytes) -> bool:
    """Whether a small file holds just these bytes."""
    return place.stat().st_size == len(content) and place.read_bytes() == content


def _is_same(one: Path, other: Path) -> bool:
    with one.open("rb") as first, other.open("rb") as second:
        mine, theirs = os.fstat(first.fileno()), os.fstat(second.fileno())
        if os.path.samestat(mine, theirs):
            return True
        if mine.st_size != theirs.st_size:
            return False
        while piece := first.read(PIECE):
            if piece != second.read(PIECE):
                return False
    return True
