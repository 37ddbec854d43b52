"""Samples that stand in a data split twice, or in two splits: leakage, found by digest.

All digests are sorted once, however many splits there are; what stands in one split only is put aside before any two are
looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SHOWN = 5


@dataclass(frozen=True)
class Shared:
    """What one split has in common with another, or with itself.

    Attributes:
        count: How many of its samples.
        rows: The first few of them, ascending: row here, and the first row there.
    """

    count: int
    rows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Matrix:
    """Which samples stand where.

    Attributes:
        repeats: By split, its samples that repeat an earlier one of it; only where there are any.
        shared: By two splits, how many samples of the first stand in the second; only where there are any.
    """

    repeats: Mapping[str, Shared]
    shared: Mapping[tuple[str, str], Shared]


@dataclass(frozen=True)
class _Members:
    """Those samples of a split that stand elsewhere, too.

    Attributes:
        rows: Their rows, in the order of `groups`.
        groups: Which of the shared digests each carries, ascending.
        firsts: Where in both each digest occurs for the first time in this split, which is its earliest row.
    """

    rows: Array
    groups: Array
    firsts: Array


def compare_splits(digests: Mapping[str, bytes]) -> Matrix:
    """Find every sample that stands twice, within a split or in two of them.

    Takes about 60 bytes of memory for each sample, of all splits together.

    Args:
        digests: 16 bytes for each sample, by split.
    """
    import numpy as np

    names = list(digests)
    keys = np.frombuffer(b"".join(digests.values()), "<u8").reshape(-1, 2)
    starts = np.cumsum([0] + [len(content) // 16 for content in digests.values()])
    order, groups = _grouped(keys)
    owners = np.searchsorted(starts, order, side="right") - 1
    rows = order - starts[owners]
    first = np.append(True, (groups[1:] != groups[:-1]) | (owners[1:] != owners[:-1])) if len(order) else order > 0
    shared = _in_several(groups, first)
    found: dict[str, _Members] = {}
    repeats: dict[str, Shared] = {}
    for number, name in enumerate(names):
        own = owners == number
        again = own & ~first
        if again.any():
            repeats[name] = _repeats(rows, first, again)
        own &= shared
        found[name] = _Members(rows[own], groups[own], np.flatnonzero(first[own]))
    return Matrix(repeats, dict(_pairs(found, int(groups[-1]) + 1 if len(groups) else 0)))


def _grouped(keys: Array) -> tuple[Array, Array]:
    """The order that sorts 16-byte keys, equal ones in their own order, and a number for each key in that order."""
    import numpy as np

    order = np.argsort(keys[:, 0], kind="stable")
    high, low = keys[order, 0], keys[order, 1]
    same = high[1:] == high[:-1]
    if bool((same & (low[1:] != low[:-1])).any()):  # keys that share their first half only: rare, but possible
        order = np.lexsort((keys[:, 1], keys[:, 0]))
        high, low = keys[order, 0], keys[order, 1]
        same = high[1:] == high[:-1]
    groups = np.zeros(len(order), np.int64)
    np.cumsum(~(same & (low[1:] == low[:-1])), out=groups[1:])
    return order, groups


def _in_several(groups: Array, first: Array) -> Array:
    """Where a key stands in more than one split."""
    import numpy as np

    splits_of_group = np.bincount(groups[first]) if len(groups) else groups
    shared: Array = splits_of_group[groups] > 1
    return shared


def _repeats(rows: Array, first: Array, again: Array) -> Shared:
    import numpy as np

    places = np.flatnonzero(again)
    here = rows[places]
    shown = places[np.argsort(here, kind="stable")[:SHOWN]]
    heads = np.flatnonzero(first)
    earlier = rows[heads[np.searchsorted(heads, shown, side="right") - 1]]
    return Shared(len(places), tuple(zip(rows[shown].tolist(), earlier.tolist(), strict=True)))


def _pairs(found: Mapping[str, _Members], count: int) -> Iterator[tuple[tuple[str, str], Shared]]:
    import numpy as np

    first_row = np.full(count, -1, np.int64)
    for there, theirs in found.items():
        marked = theirs.groups[theirs.firsts]
        first_row[marked] = theirs.rows[theirs.firsts]
        for here, ours in found.items():
            hits = np.flatnonzero(first_row[ours.groups] >= 0) if here != there and len(marked) else marked[:0]
            if len(hits):
                shown = hits[np.argsort(ours.rows[hits], kind="stable")[:SHOWN]]
                rows = zip(ours.rows[shown].tolist(), first_row[ours.groups[shown]].tolist(), strict=True)
                yield (here, there), Shared(len(hits), tuple(rows))
        first_row[marked] = -1
