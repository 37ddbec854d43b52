"""Exact counts of values, as long as there are few different ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobundle.components.data.statistics.form import MAX_VALUES, ValueCount

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Array

    Counts = tuple[Array, Array]


class ValueCounts:
    """How often each value of each series occurs; a series with more than 256 is let go of.

    NaN and infinite values are not counted here, and -0.0 is 0.0.
    """

    def __init__(self, series: int) -> None:
        self._held: dict[int, Counts | None] = dict.fromkeys(range(series))

    def add(self, values: Array) -> None:
        """Take in more values.

        Args:
            values: Shape (series, rows): integers of their own dtype, or float64.
        """
        for series in [*self._held]:
            found = _counts(values[series])
            before = self._held[series]
            merged = found if before is None else _joined(before, found)
            if len(merged[0]) > MAX_VALUES:
                del self._held[series]
            else:
                self._held[series] = merged

    def of(self, series: int) -> tuple[ValueCount, ...] | None:
        """Every value of a series, ascending, with its count; None where there are too many."""
        held = self._held.get(series)
        if held is None:
            return None if series not in self._held else ()
        return tuple(
            ValueCount(value=value, count=count)
            for value, count in zip(held[0].tolist(), held[1].tolist(), strict=True)
        )


def _counts(values: Array) -> Counts:
    import numpy as np

    if values.dtype.kind == "f":
        finite = np.isfinite(values)
        values = values if finite.all() else values[finite]
    ordered = np.sort(values)
    firsts = np.flatnonzero(np.concatenate([[True], ordered[1:] != ordered[:-1]])) if len(ordered) else np.zeros(0, int)
    different = ordered[firsts]
    return (different + 0.0 if values.dtype.kind == "f" else different), np.diff(firsts, append=len(ordered))


def _joined(one: Counts, other: Counts) -> Counts:
    import numpy as np

    if np.array_equal(one[0], other[0]):
        return one[0], one[1] + other[1]
    values, places = np.unique(np.concatenate([one[0], other[0]]), return_inverse=True)
    counts = np.zeros(len(values), np.int64)
    np.add.at(counts, places.reshape(-1), np.concatenate([one[1], other[1]]))
    return values, counts
