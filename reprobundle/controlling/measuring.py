"""How far two answers of a model lie apart, output by output, and how much an output could show at all."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.arrays import name_of
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
    """

    fine: bool
    bits: float
    size: float
    spread: float
    varied: bool
    epsilon: float


def grain(array: Array) -> Grain:
    """How much an output can show."""
    import numpy as np

    inexact = array.dtype.kind not in "biu"
    wide = _wide(array)
    finite = wide[np.isfinite(wide)]
    varied = array.ndim > 0 and array.shape[0] > 1 and bool((wide != wide[:1]).any())
    alike = array.ndim > 0 and array.shape[0] > 1 and not varied
    fine = inexact and _is_fine(wide[0][np.isfinite(wide[0])] if alike else finite)
    return Grain(
        fine=fine,
        bits=FINE_BITS if fine else _arrangements(finite),
        size=float(np.linalg.norm(finite)) if fine else float(array.size),
        spread=float(np.linalg.norm(finite - finite.mean())) if fine and finite.size > 1 else 0.0,
        varied=varied,
        epsilon=EPSILON.get(name_of(array.dtype) or "", 0.0) if inexact else 0.0,
    )


def distance(before: Array, after: Array | None, grain: Grain) -> float | None:
    """How far an output moved: the norm of the difference; of one that is not fine, how many elements differ.

    Returns:
        None where the two cannot be compared element by element; infinite where one became no number.
    """
    import numpy as np

    if after is None or (before.dtype, before.shape) != (after.dtype, after.shape):
        return None
    if before.tobytes() == after.tobytes():
        return 0.0
    one, other = _wide(before), _wide(after)
    unequal = (one != other) & ~(np.isnan(one) & np.isnan(other))
    if not grain.fine:
        return float(np.count_nonzero(unequal))
    one, other = one[unequal], other[unequal]
    if not (np.isfinite(one).all() and np.isfinite(other).all()):
        return math.inf
    return float(np.linalg.norm(one - other))


def is_moved(far: float | None, grain: Grain) -> bool:
    """Whether a distance is more than none: not told from the outputs' form, and no trace of a trick either."""
    return far is None or far > NEGLIGIBLE * grain.spread


def _wide(array: Array) -> Array:
    return array.astype("complex128" if array.dtype.kind == "c" else "float64")


def _is_fine(values: Array) -> bool:
    """Whether floats are more than decisions: three values, and not all of them whole; a few may be two."""
    import numpy as np

    looked_at = values.reshape(-1)[:: max(values.size // LOOKED_AT, 1)]
    whole = bool((looked_at == np.round(looked_at)).all())
    return looked_at.size > 0 and not whole and (looked_at.size < 3 or len(np.unique(looked_at)) > 2)


def _arrangements(values: Array) -> float:
    """In how many ways these values can stand at these places, in bits."""
    import numpy as np

    _, counts = np.unique(values.reshape(-1)[:LOOKED_AT], return_counts=True)
    ways = math.lgamma(int(counts.sum()) + 1) - sum(math.lgamma(int(count) + 1) for count in counts)
    return max(ways, 0.0) / math.log(2)
