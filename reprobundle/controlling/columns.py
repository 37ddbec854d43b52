"""Outputs column by column: one large column must not hide what happens in a small one beside it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.controlling.blocks import pieces, wide

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST = 4096  # groups of columns: more are taken together, neighbours first
LEAST_IN_ONE = 8  # elements: fewer in a group say nothing
IMAGES = 4  # dimensions: from there on the second axis holds the channels
OFTEN = 0.75  # share of the rows that have another value than the rows before: else it is mostly zero, or decides


@dataclass(frozen=True, kw_only=True)
class Columns:
    """How an output is divided, and what each group of columns holds.

    Attributes:
        extent: Number of columns.
        inner: How many elements stand between one column and the next.
        width: How many columns make a group.
        counts: Finite elements of each group.
        sizes: Root mean square of each group.
        spreads: The same of what it varies by around its mean.
        judged: Whether nearly every row of the group has a value of its own.
    """

    extent: int
    inner: int
    width: int
    counts: Array
    sizes: Array
    spreads: Array
    judged: Array

    def groups(self, start: int, size: int) -> Array:
        """The group of each element of a piece of the flat array."""
        return _groups(start, size, self.extent, self.inner, self.width)


def columns_of(array: Array) -> Columns | None:
    """Divide an output of floats; None where it has one row, or nothing that can be divided."""
    import numpy as np

    if array.ndim == 0 or array.shape[0] < 2 or not array.size:
        return None
    axis = 1 if array.ndim >= IMAGES else array.ndim - 1
    extent = array.shape[axis] if axis else 1
    inner = int(np.prod(array.shape[axis + 1 :], dtype=np.int64)) if axis else 1
    width = max(-(-extent // MOST), -(-LEAST_IN_ONE * extent // array.size))
    counts, sizes, spreads = _moments(array, extent, inner, width)
    return Columns(
        extent=extent,
        inner=inner,
        width=width,
        counts=counts,
        sizes=sizes,
        spreads=spreads,
        judged=_judged(array, extent, inner, width) & (spreads > 0),
    )


def apart(before: Array, after: Array, known: Columns) -> tuple[Array, Array]:
    """How far the elements of each group moved: root mean square, and what is typical, which single ones hardly change."""
    import numpy as np

    length = len(known.counts)
    squares, roots, start = np.zeros(length), np.zeros(length), 0
    for ours, theirs in pieces(before, after):
        one, other, groups = wide(ours), wide(theirs), known.groups(start, ours.size)
        with np.errstate(invalid="ignore"):
            far = np.where((one == other) | (np.isnan(one) & np.isnan(other)), 0.0, np.abs(one - other))
        far = np.where(np.isnan(far), np.inf, far)
        squares += np.bincount(groups, weights=far**2, minlength=length)
        roots += np.bincount(groups, weights=np.sqrt(far), minlength=length)
        start += ours.size
    counts = np.maximum(known.counts, 1)
    return np.sqrt(squares / counts), (roots / counts) ** 2


def _groups(start: int, size: int, extent: int, inner: int, width: int) -> Array:
    import numpy as np

    places: Array = np.arange(start, start + size) // inner % extent
    groups: Array = np.minimum(places // width, max(extent // width, 1) - 1)
    return groups


def _moments(array: Array, extent: int, inner: int, width: int) -> tuple[Array, Array, Array]:
    """Number, root mean square and spread of the finite elements of each group."""
    import numpy as np

    length = max(extent // width, 1)
    counts, sums = np.zeros(length), np.zeros(length, np.complex128)
    for chosen, values in _finite(array, extent, inner, width):
        counts += np.bincount(chosen, minlength=length)
        sums += np.bincount(chosen, weights=values.real, minlength=length)
        sums += 1j * np.bincount(chosen, weights=values.imag, minlength=length)
    means = sums / np.maximum(counts, 1)
    sizes, spreads = np.zeros(length), np.zeros(length)
    for chosen, values in _finite(array, extent, inner, width):
        sizes += np.bincount(chosen, weights=np.abs(values) ** 2, minlength=length)
        spreads += np.bincount(chosen, weights=np.abs(values - means[chosen]) ** 2, minlength=length)
    counts_or_one = np.maximum(counts, 1)
    return counts, np.sqrt(sizes / counts_or_one), np.sqrt(spreads / counts_or_one)


def _finite(array: Array, extent: int, inner: int, width: int) -> Any:
    """The group and the value of each finite element, a piece at a time."""
    import numpy as np

    start = 0
    for (piece,) in pieces(array):
        values = wide(piece)
        told = np.isfinite(values)
        yield _groups(start, piece.size, extent, inner, width)[told], values[told]
        start += piece.size


def _judged(array: Array, extent: int, inner: int, width: int) -> Array:
    """Whether most elements of each group differ from those one row before, and from those two rows before."""
    import numpy as np

    rows, length = array.shape[0], max(extent // width, 1)
    found = np.ones(length, bool)
    for lag in {1, min(2, rows - 1)}:
        counts, others, start = np.zeros(length), np.zeros(length), 0
        for one, other in pieces(array[lag:], array[:-lag]):
            groups = _groups(start, one.size, extent, inner, width)
            counts += np.bincount(groups, minlength=length)
            others += np.bincount(groups, weights=one != other, minlength=length)
            start += one.size
        found &= others >= OFTEN * np.maximum(counts, 1)
    return found
