"""How far two answers of a model lie apart, output by output, and how much an output could show at all."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.arrays import name_of
from reprobundle.controlling.blocks import parts, pieces, wide
from reprobundle.controlling.columns import Columns, apart, columns_of
from reprobundle.controlling.decoys import EPSILON

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]

NEGLIGIBLE = 1e-5  # of what an output varies by: a change below it is none
LOOKED_AT = 4096  # elements: enough to tell decisions from numbers
ENOUGH_BITS = 12.0
"""What an output must be able to show, in bits, before it counts that it showed nothing: one chance in 4,096."""
FINE_BITS = 100.0
FEWEST = 16  # elements of an output without fine numbers, below which shares of them say nothing


@dataclass(frozen=True, kw_only=True)
class Grain:
    """How much an output can show.

    Attributes:
        fine: Whether it holds numbers that are no decisions: floats of several values.
        bits: How unlikely it is that other inputs give the same by chance, in bits; 0 for one value throughout.
        size: Its norm; for one that is not fine its number of elements.
        spread: Norm of what it varies by around its mean; of a single number 0.
        varied: Whether its rows differ.
        epsilon: Step between neighbouring numbers of its dtype, relative to them; 0 where they are exact.
        columns: What each of its columns holds; None where it is not fine, or one row.
    """

    fine: bool
    bits: float
    size: float
    spread: float
    varied: bool
    epsilon: float
    columns: Columns | None = None


@dataclass(frozen=True, kw_only=True)
class Apart:
    """How far an output moved.

    Attributes:
        total: The norm of the difference; of an output that is not fine, how many elements differ; infinite: no number.
        means: Root mean square by group of columns; None where there are none.
        typical: What is typical of each group, likewise.
    """

    total: float
    means: Array | None = None
    typical: Array | None = None


def grain(array: Array) -> Grain:
    """How much an output can show."""
    inexact = array.dtype.kind not in "biu"
    table = array.ndim > 0 and array.shape[0] > 1
    varied = table and _varies(array)
    fine = inexact and _is_fine(array[:1] if table and not varied else array)
    size, spread = _norms(array) if fine else (float(array.size), 0.0)
    return Grain(
        fine=fine,
        bits=FINE_BITS if fine else _arrangements(array),
        size=size,
        spread=spread,
        varied=varied,
        epsilon=EPSILON.get(name_of(array.dtype) or "", 0.0) if inexact else 0.0,
        columns=columns_of(array) if fine and varied else None,
    )


def distance(before: Array, after: Array | None, grain: Grain) -> Apart | None:
    """How far an output moved; None where the two cannot be compared element by element."""
    if after is None or (before.dtype, before.shape) != (after.dtype, after.shape):
        return None
    total = _total(before, after, fine=grain.fine)
    if grain.columns is None or not math.isfinite(total):
        return Apart(total=total)
    means, typical = apart(before, after, grain.columns)
    return Apart(total=total, means=means, typical=typical)


def _total(before: Array, after: Array, *, fine: bool) -> float:
    import numpy as np

    total = 0.0
    for ours, theirs in pieces(before, after):
        one, other = wide(ours), wide(theirs)
        unequal = (one != other) & ~(np.isnan(one) & np.isnan(other))
        if not fine:
            total += float(np.count_nonzero(unequal))
            continue
        one, other = one[unequal], other[unequal]
        if not (np.isfinite(one).all() and np.isfinite(other).all()):
            return math.inf
        total = math.hypot(total, float(np.linalg.norm(one - other)))
    return total


def is_moved(far: Apart | None, grain: Grain) -> bool:
    """Whether a distance is more than none: not told from the outputs' form, and no trace of a trick either."""
    return far is None or far.total > NEGLIGIBLE * grain.spread


def followed(far: Apart | None, grain: Grain) -> tuple[float, Array | None]:
    """How far an output moved as a share of what it varies by: the whole, and each column that is judged.

    Where nothing varies, and of one row, it is a share of the output's size.
    """
    if far is None or not math.isfinite(far.total):
        return math.inf, None
    whole = grain.spread if grain.columns is not None and grain.spread else grain.size
    columns = None
    if grain.columns is not None and far.means is not None and grain.columns.judged.any():
        columns = far.means[grain.columns.judged] / grain.columns.spreads[grain.columns.judged]
    return (far.total / whole if whole else math.inf), columns


def _varies(array: Array) -> bool:
    """Whether rows differ."""
    table = array.reshape(array.shape[0], -1)
    return any(
        bool((wide(table[rows, columns]) != wide(table[:1, columns])).any()) for rows, columns in parts(*table.shape)
    )


def _norms(array: Array) -> tuple[float, float]:
    """The norm of the finite values, and the norm of what they differ by from their mean."""
    import numpy as np

    size, total, count, spread = 0.0, 0.0, 0, 0.0
    for values in _finite(array):
        size = math.hypot(size, float(np.linalg.norm(values)))
        total, count = total + values.sum(), count + values.size
    if count > 1:
        for values in _finite(array):
            spread = math.hypot(spread, float(np.linalg.norm(values - total / count)))
    return size, spread


def _finite(array: Array) -> Iterator[Array]:
    """The finite values, a piece at a time."""
    import numpy as np

    for (piece,) in pieces(array):
        values = wide(piece)
        yield values[np.isfinite(values)]


def _is_fine(array: Array) -> bool:
    """Whether floats are more than decisions: three values, and not all of them whole; a few may be two."""
    import numpy as np

    looked_at = _sampled(array)
    whole = bool((looked_at == np.round(looked_at)).all())
    return looked_at.size > 0 and not whole and (looked_at.size < 3 or len(np.unique(looked_at)) > 2)


def _sampled(array: Array) -> Array:
    """Finite values from all over an array."""
    import numpy as np

    flat = array.reshape(-1)
    looked_at = wide(flat[:: max(flat.size // LOOKED_AT, 1)])
    finite: Array = looked_at[np.isfinite(looked_at)]
    return finite


def _arrangements(array: Array) -> float:
    """In how many ways some of the values can stand at their places, in bits."""
    import numpy as np

    values = wide(array.reshape(-1)[:LOOKED_AT])
    _, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    ways = math.lgamma(int(counts.sum()) + 1) - sum(math.lgamma(int(count) + 1) for count in counts)
    return max(ways, 0.0) / math.log(2)
