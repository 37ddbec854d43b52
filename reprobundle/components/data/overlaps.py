"""Samples that stand in a data split twice, or in two splits: leakage, found by digest.

All digests are sorted once, however many splits there are; what stands in one split only is put aside before any two are
looked at. Then each digest that several splits hold counts for every two of them at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SHOWN = 5
CELLS = 2**22  # of the matrices that are multiplied at once
FIRST_ROWS = 64  # looked at for the places that are shown, then twice as many, and so on
MOST_ROWS = 2**18


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
class _Sorted:
    """All samples, equal ones together, within them in the order of splits and rows.

    Attributes:
        places: Where each stands among the samples of all splits, one split after another.
        groups: Number of its digest, ascending.
        owners: Number of its split.
        first: Whether it is the first one with its digest in its split.
        starts: Where each split begins, and the end.
    """

    places: Array
    groups: Array
    owners: Array
    first: Array
    starts: Array


@dataclass(frozen=True)
class _Held:
    """Digests that several splits hold: an entry for each such digest and split, in the order of digests, then splits.

    Attributes:
        begins: Where the entries of each digest begin, and the end.
        groups: Number of the digest, from 0.
        owners: Number of the split.
        rows: Row of the first sample there that has it.
        times: How many samples there have it.
        splits: Number of splits.
    """

    begins: Array
    groups: Array
    owners: Array
    rows: Array
    times: Array
    splits: int


def compare_splits(digests: Mapping[str, bytes]) -> Matrix:
    """Find every sample that stands twice, within a split or in two of them.

    Takes about 60 bytes of memory for each sample, of all splits together.

    Args:
        digests: 16 bytes for each sample, by split.
    """
    names = list(digests)
    samples = _sorted(digests)
    if not len(samples.places):
        return Matrix({}, {})
    repeats = {names[owner]: found for owner, found in _repeats(samples)}
    chosen = _in_several(samples)
    held = _held(samples, chosen)
    counts = _counts(held)
    shared = {}
    for here, rows, groups in _members(samples, chosen, held):
        for there, found in sorted(_first_rows(held, here, rows, groups, counts[here]).items()):
            shared[names[here], names[there]] = Shared(int(counts[here, there]), found)
    return Matrix(repeats, shared)


def _sorted(digests: Mapping[str, bytes]) -> _Sorted:
    import numpy as np

    keys = np.frombuffer(b"".join(digests.values()), "<u8").reshape(-1, 2)
    starts = np.cumsum([0] + [len(content) // 16 for content in digests.values()])
    places, groups = _grouped(keys)
    owners = np.searchsorted(starts, places, side="right").astype(np.int32) - 1
    first = np.append(True, (groups[1:] != groups[:-1]) | (owners[1:] != owners[:-1])) if len(places) else places > 0
    return _Sorted(places, groups, owners, first, starts)


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


def _repeats(samples: _Sorted) -> Iterator[tuple[int, Shared]]:
    """By split, the samples that repeat an earlier one of it."""
    import numpy as np

    again = np.flatnonzero(~samples.first)
    again = again[np.argsort(samples.places[again], kind="stable")]
    heads = np.flatnonzero(samples.first)
    bounds = np.searchsorted(samples.places[again], samples.starts)
    for owner, (start, stop) in enumerate(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True)):
        if start < stop:
            shown = again[start : min(stop, start + SHOWN)]
            earlier = heads[np.searchsorted(heads, shown, side="right") - 1]
            rows = (samples.places[found] - samples.starts[owner] for found in (shown, earlier))
            yield owner, Shared(stop - start, tuple(zip(*(one.tolist() for one in rows), strict=True)))


def _in_several(samples: _Sorted) -> Array:
    """Which samples stand in more than one split, as places in the sorted order."""
    import numpy as np

    splits_of_group = np.bincount(samples.groups[samples.first])
    return np.flatnonzero(splits_of_group[samples.groups] > 1)


def _held(samples: _Sorted, chosen: Array) -> _Held:
    import numpy as np

    is_entry = samples.first[chosen]
    at = np.flatnonzero(is_entry)
    entries = chosen[at]
    groups, owners = samples.groups[entries], samples.owners[entries]
    new = np.append(True, groups[1:] != groups[:-1]) if len(groups) else groups > 0
    return _Held(
        begins=np.append(np.flatnonzero(new), len(groups)),
        groups=np.cumsum(new) - 1,
        owners=owners,
        rows=samples.places[entries] - samples.starts[owners],
        times=np.diff(np.append(at, len(chosen))),
        splits=len(samples.starts) - 1,
    )


def _counts(held: _Held) -> Array:
    """Shape (splits, splits): how many samples of the first stand in the second."""
    import numpy as np

    counts = np.zeros((held.splits, held.splits), np.int64)
    step = max(1, CELLS // held.splits)
    total = len(held.begins) - 1
    for start in range(0, total, step):
        stop = min(total, start + step)
        sizes = np.diff(held.begins[start : stop + 1])
        entries = slice(int(held.begins[start]), int(held.begins[stop]))
        is_dense = int((sizes * sizes).sum()) > (stop - start) * held.splits
        counts += _dense_counts(held, entries, stop - start) if is_dense else _sparse_counts(held, entries)
    np.fill_diagonal(counts, 0)
    return counts


def _dense_counts(held: _Held, entries: slice, digests: int) -> Array:
    """By a product of matrices: the work for each digest is the same, however many splits hold it."""
    import numpy as np

    groups = held.groups[entries]
    times = np.zeros((digests, held.splits))  # float64, for which there is a fast product; exact below 2**53
    times[groups - groups[0], held.owners[entries]] = held.times[entries]
    found: Array = (times.T @ (times > 0)).astype(np.int64)
    return found


def _sparse_counts(held: _Held, entries: slice) -> Array:
    """By pairs of entries of one digest, one after another: the work is the number of pairs."""
    import numpy as np

    groups, owners, times = held.groups[entries], held.owners[entries].astype(np.int64), held.times[entries]
    counts = np.zeros(held.splits**2)
    here = np.arange(len(groups))
    for apart in range(1, held.splits):
        here = here[here + apart < len(groups)]
        here = here[groups[here + apart] == groups[here]]
        if not len(here):
            break
        there = here + apart
        for one, other in ((here, there), (there, here)):
            counts += np.bincount(owners[one] * held.splits + owners[other], times[one], held.splits**2)
    return counts.astype(np.int64).reshape(held.splits, held.splits)


def _members(samples: _Sorted, chosen: Array, held: _Held) -> Iterator[tuple[int, Array, Array]]:
    """By split, its samples that stand in others: their rows, ascending, and the number of each one's digest."""
    import numpy as np

    groups = samples.groups[chosen]
    groups = np.cumsum(np.append(0, groups[1:] != groups[:-1])) if len(groups) else groups
    places = samples.places[chosen]
    order = np.argsort(places, kind="stable")
    places = places[order]
    bounds = np.searchsorted(places, samples.starts).tolist()
    for owner in range(held.splits):
        own = slice(bounds[owner], bounds[owner + 1])
        yield owner, places[own] - samples.starts[owner], groups[order[own]]


def _first_rows(
    held: _Held, here: int, rows: Array, groups: Array, counts: Array
) -> dict[int, tuple[tuple[int, int], ...]]:
    """The first few rows of a split that stand in each other one, as many rows at a time as it takes."""
    import numpy as np

    wanted = np.minimum(counts, SHOWN)
    found: dict[int, list[tuple[int, int]]] = {int(there): [] for there in np.flatnonzero(wanted)}
    start, step = 0, FIRST_ROWS
    while wanted.any():
        some = slice(start, start + step)
        start, step = start + step, min(2 * step, MOST_ROWS)
        entries, samples = _entries_of(held, groups[some])
        is_wanted = wanted[held.owners[entries]] > 0
        entries, samples = entries[is_wanted], samples[is_wanted]
        for there in np.unique(held.owners[entries]).tolist():
            own = np.flatnonzero(held.owners[entries] == there)[: wanted[there]]
            wanted[there] -= len(own)
            pairs = zip(rows[some][samples[own]].tolist(), held.rows[entries[own]].tolist(), strict=True)
            found[there] += pairs
    return {there: tuple(pairs) for there, pairs in found.items()}


def _entries_of(held: _Held, groups: Sequence[int] | Array) -> tuple[Array, Array]:
    """All entries of some digests one after another, and to which of the digests each belongs."""
    import numpy as np

    begins = held.begins[groups]
    sizes = held.begins[np.asarray(groups) + 1] - begins
    which = np.repeat(np.arange(len(begins)), sizes)
    ends = np.cumsum(sizes)
    return np.arange(len(which)) - (ends - sizes)[which] + begins[which], which
