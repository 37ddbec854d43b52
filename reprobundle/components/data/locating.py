"""Where a copy of a split parts from the record: rows that are missing, new, changed or moved, as a diff tells it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.phrases import counted, some

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

SHOWN = 5


@dataclass(frozen=True)
class Parting:
    """Where two lists of samples part.

    Attributes:
        changed: Rows of the record whose place another sample has taken, ascending.
        missing: Rows of the record that are not in the copy.
        new: Rows of the copy that are not in the record.
        moved: How many of the samples in both stand before or after others than they did.
    """

    changed: Array
    missing: Array
    new: Array
    moved: int


def part(recorded: bytes, found: bytes) -> Parting:
    """Compare two lists of digests.

    What both begin and end with is put aside; of the rest, samples are paired by content, and what is left over between
    the same two pairs has changed. Takes about 100 bytes of memory for each sample in the middle.

    Args:
        recorded: 16 bytes for each sample of the record.
        found: The same for the copy.
    """
    import numpy as np

    old, new = (np.frombuffer(content, "<u8").reshape(-1, 2) for content in (recorded, found))
    shared = min(len(old), len(new))
    before = _leading(old[:shared], new[:shared])
    after = _leading(old[before:][::-1][: shared - before], new[before:][::-1][: shared - before])
    ours, theirs = old[before : len(old) - after], new[before : len(new) - after]
    kept_old, kept_new = _paired(ours, theirs)
    moved = int((ours[kept_old] != theirs[kept_new]).any(axis=1).sum())
    gone, come = (np.setdiff1d(np.arange(len(all_)), kept) for all_, kept in ((ours, kept_old), (theirs, kept_new)))
    if moved:
        return Parting(gone[:0], gone + before, come + before, moved)
    is_changed, is_replacing = _facing(gone, come, kept_old, kept_new)
    return Parting(gone[is_changed] + before, gone[~is_changed] + before, come[~is_replacing] + before, 0)


def _leading(old: Array, new: Array) -> int:
    """How many rows two equally long lists begin with in common."""
    import numpy as np

    apart = np.flatnonzero((old != new).any(axis=1))
    return int(apart[0]) if len(apart) else len(old)


def _paired(old: Array, new: Array) -> tuple[Array, Array]:
    """Rows of both that have the same content: the first with the first, the second with the second; each ascending."""
    import numpy as np

    both = np.concatenate([old, new])
    order = np.lexsort((both[:, 1], both[:, 0]))  # stable: within equal ones the old ones come first, in their order
    ordered = both[order]
    starts = np.append(True, (ordered[1:] != ordered[:-1]).any(axis=1))[: len(order)]
    groups = np.cumsum(starts) - 1
    is_new = order >= len(old)
    olds = np.bincount(groups[~is_new], minlength=len(order))
    news = np.bincount(groups[is_new], minlength=len(order))
    rank = np.arange(len(order)) - np.flatnonzero(starts)[groups]
    rank = np.where(is_new, rank - olds[groups], rank)
    kept = rank < np.minimum(olds, news)[groups]
    return np.sort(order[kept & ~is_new]), np.sort(order[kept & is_new] - len(old))


def _facing(gone: Array, come: Array, kept_old: Array, kept_new: Array) -> tuple[Array, Array]:
    """Which rows that are gone, and which that have come, stand between the same two rows that are in both."""
    import numpy as np

    gaps_old, gaps_new = np.searchsorted(kept_old, gone), np.searchsorted(kept_new, come)
    places = max(len(kept_old), len(kept_new)) + 1
    olds, news = np.bincount(gaps_old, minlength=places), np.bincount(gaps_new, minlength=places)
    facing = np.minimum(olds, news)
    return _rank(gaps_old) < facing[gaps_old], _rank(gaps_new) < facing[gaps_new]


def _rank(gaps: Array) -> Array:
    """The place of each entry among those of its gap; gaps ascend."""
    import numpy as np

    rank: Array = np.arange(len(gaps)) - np.searchsorted(gaps, gaps)
    return rank


def describe(parting: Parting, total: int, noun: str = "row") -> Iterator[str]:
    """What a person should know of a parting, in words.

    Args:
        parting: Where the two part.
        total: Number of rows of the record.
        noun: What a row is called.
    """
    if len(parting.changed) == total > 1:
        yield f"every {noun} differs"
    elif len(parting.missing) == total > 1:
        yield f"none of the {counted(total, f'recorded {noun}')} is in it"
    else:
        yield from _told(parting.changed, noun, "differs", "differ")
        yield from _told(parting.missing, noun, "is missing", "are missing")
    yield from _told(parting.new, noun, "of the copy is new", "of the copy are new")
    if parting.moved:
        others = "the others" if len(parting.missing) or len(parting.new) else "they"
        yield f"{others} stand in another order"


def _told(rows: Array, noun: str, singular: str, plural: str) -> Iterator[str]:
    if len(rows):
        yield f"{ranges(rows, noun)} {singular if len(rows) == 1 else plural}"


def ranges(rows: Array, noun: str = "row") -> str:
    """Ascending rows in words, such as ``row 3``, ``rows 3 to 5`` or ``row 1, rows 3 to 5 and 4 more``."""
    import numpy as np

    breaks = np.flatnonzero(np.diff(rows) != 1) + 1
    firsts = rows[np.append(0, breaks)]
    lasts = rows[np.append(breaks - 1, len(rows) - 1)]
    pairs = zip(firsts[:SHOWN].tolist(), lasts[:SHOWN].tolist(), strict=True)
    words = [f"{noun} {first}" if first == last else f"{noun}s {first} to {last}" for first, last in pairs]
    return some(words + [""] * (len(firsts) - len(words)), SHOWN)
