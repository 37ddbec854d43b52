"""The listings of one split in two bundles: which rows, columns or files part, in words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reprobundle.comparing.pairs import Roots
from reprobundle.components.data import Split, file_differences, locating
from reprobundle.components.data.documents import read_statistics
from reprobundle.components.data.listings import recorded_digests, recorded_parts, recorded_rows
from reprobundle.components.data.moving import moved
from reprobundle.components.data.section import FILE_KINDS
from reprobundle.components.data.sides import BESIDE
from reprobundle.phrases import some

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

SHOWN = 5


def told(one: Split, other: Split, roots: Roots) -> Iterator[str]:
    """How much is in both, and where the two part; nothing where a listing is not of the form that capture writes.

    Args:
        one: The split of the first bundle; its samples can be compared with those of the other.
        other: That of the second.
        roots: The folders of both bundles, verified.
    """
    if one.kind in FILE_KINDS and one.salt is None:
        yield from _files(one, other, roots)
    else:
        yield from _rows(one, other, roots)


def _files(one: Split, other: Split, roots: Roots) -> Iterator[str]:
    ours, theirs = recorded_rows(one, roots[0]), recorded_rows(other, roots[1])
    if not ours or not theirs:
        return
    parts = _parts(one, roots[0]), _parts(other, roots[1])
    if one.kind == other.kind == "file":
        detail = file_differences.of_one(next(iter(ours.values())), next(iter(theirs.values())), parts, BESIDE)
        yield from [detail] * bool(detail)
        return
    contents = [Counter(row.digest for row in rows.values()) for rows in (ours, theirs)]
    yield f"{sum((contents[0] & contents[1]).values()):,} in both"
    yield some(file_differences.differences(ours, theirs, parts, BESIDE), SHOWN)


def _parts(split: Split, root: Path) -> file_differences.Parts:
    return file_differences.parts_by_name(recorded_parts(split, root))


def _rows(one: Split, other: Split, roots: Roots) -> Iterator[str]:
    ours, theirs = recorded_digests(one, roots[0]), recorded_digests(other, roots[1])
    if not ours or not theirs:
        return
    noun = "file" if one.kind in FILE_KINDS else "row"
    parting = locating.part(ours, theirs)
    common = one.count - len(parting.changed) - len(parting.missing)
    yield f"{common:,} in both"
    yield from _some(parting.changed, noun, "changed in place")
    yield from _some(parting.missing, noun, "only in the first")
    yield from _some(parting.new, noun, "only in the second")
    if parting.moved:
        yield "the others in another order"
    if len(parting.changed) and not len(parting.missing) and not len(parting.new):
        yield from _columns(one, other, roots)


def _some(rows: np.ndarray[Any, Any], noun: str, where: str) -> Iterator[str]:
    if len(rows):
        yield f"{len(rows):,} {where} ({locating.ranges(rows, noun)})"


def _columns(one: Split, other: Split, roots: Roots) -> Iterator[str]:
    """Which columns were touched, as far as their statistics tell; nothing where all of them were."""
    known, now = read_statistics(one, roots[0]), read_statistics(other, roots[1])
    if known is None or now is None:
        return
    features = list(moved(known, now, BESIDE))
    if 0 < len(features) < len(known.features):
        yield f"with other statistics of {some(features, SHOWN)} only"
