"""How far floats lie from their record: counted in float64, a block at a time, whatever their own dtype is."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.blocks import bits, pairs, scale_for, scaled
from reprobundle.comparison.histograms import Sizes
from reprobundle.comparison.largest import Largest
from reprobundle.comparison.policy import Tolerance
from reprobundle.comparison.surveys import Survey
from reprobundle.report import Histogram
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

UNORDERED = frozenset({"F8_E8M0", "F4"})  # without a sign; four bits in a byte
GROSS = 1e-2  # relative to the element itself
GROSS_SHARE = 0.05  # of the elements: near zero a few may well move by more than their own size
GROSS_FEW = 8  # elements, where the share would be less
GROSS_TIMES = 10  # relative tolerances, where that is more


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What two arrays of floats differ by; lengths are in the recorded output's own unit.

    Attributes:
        count: Elements compared.
        outside: Elements outside the tolerance.
        gross: Elements that differ by a large part of their own size.
        largest: Largest absolute difference; infinite where float64 cannot hold it.
        relative: Largest difference divided by the recorded magnitude, where that is not 0.
        p999: Difference that 99.9 % of the elements do not exceed.
        ulp: Largest distance in representable steps; None for a dtype without an order.
        rms: Root mean square of the recorded output.
        relative_l2: Norm of the difference divided by that of the recorded output; NaN where that is 0.
        cosine: Of the angle between the two; NaN where one of them is 0.
        worst: Place of the element furthest beyond its allowance, counted through in C order.
        histogram: How large the differences are.
    """

    count: int
    outside: int
    gross: int
    largest: float
    relative: float
    p999: float
    ulp: int | None
    rms: float
    relative_l2: float
    cosine: float
    worst: int
    histogram: Histogram | None

    @property
    def is_close(self) -> bool:
        """Whether every element is within its tolerance, and few moved by a large part of their own size."""
        return self.outside == 0 and self.gross <= max(GROSS_FEW, GROSS_SHARE * self.count)


class _Totals:
    """What is added up over the blocks; lengths are scaled by a power of two, so that no square is lost."""

    def __init__(self, count: int, rms: float, tolerance: Tolerance) -> None:
        self.tolerance, self.rms = tolerance, rms
        self.rough = max(GROSS, GROSS_TIMES * tolerance.rtol)
        self.outside = self.gross = self.equal = self.worst = 0
        self.beyond = -math.inf
        self.largest = self.relative = self.squares = self.found_squares = self.product = 0.0
        self.top, self.sizes = Largest(count), Sizes(rms)

    def add(self, start: int, recorded: Array, found: Array) -> None:
        """Take in one block of each, as float64 or complex128."""
        import numpy as np

        error, size = np.abs(recorded - found), np.abs(recorded)
        beyond = error - (self.tolerance.atol * self.rms + self.tolerance.rtol * size)
        furthest = int(np.argmax(beyond))
        if beyond[furthest] > self.beyond:
            self.beyond, self.worst = float(beyond[furthest]), start + furthest
        self.outside += int(np.count_nonzero(beyond > 0))
        self.gross += int(np.count_nonzero(error > self.rough * size))
        self.largest = max(self.largest, float(error.max()))
        divisor = size if size.all() else np.where(size > 0, size, math.inf)
        self.relative = max(self.relative, float((error / divisor).max()))
        self.squares += _product(error, error)
        self.found_squares += _product(found, found)
        self.product += _product(recorded, found)
        self.top.add(error)
        self.sizes.add(error)


def measure(expected: Array, produced: Array, tolerance: Tolerance, ours: Survey, theirs: Survey) -> Measured:
    """Measure floats of one dtype and shape, at least one, without NaN, infinite at the same places only.

    Args:
        expected: The recorded array.
        produced: The array of the replay.
        tolerance: How far an element may lie from its record.
        ours: What the recorded array holds.
        theirs: What the produced one holds.
    """
    import numpy as np

    scale = scale_for(max(ours.peak, theirs.peak))
    part = _finite_part if ours.infinite else scaled
    squares = _squares(expected, scale, part)
    totals = _Totals(expected.size, math.sqrt(squares / expected.size), tolerance)
    steps: int | None = None
    for start, here, there in pairs(expected, produced):
        with np.errstate(over="ignore"):  # a quotient beyond float64 is infinite, and so it counts
            totals.add(start, part(here, scale), part(there, scale))
        totals.equal += int(np.count_nonzero(bits(here) == bits(there)))
        steps = _further(steps, here, there)
    return _measured(totals, expected.size, squares, scale, steps)


def _measured(totals: _Totals, count: int, squares: float, scale: float, steps: int | None) -> Measured:
    """The totals in the output's own unit."""
    rms = totals.rms / scale
    return Measured(
        count=count,
        outside=totals.outside,
        gross=totals.gross,
        largest=totals.largest / scale,
        relative=totals.relative,
        p999=totals.top.quantile() / scale,
        ulp=steps,
        rms=rms,
        relative_l2=_ratio(math.sqrt(totals.squares), math.sqrt(squares)),
        cosine=_ratio(totals.product, math.sqrt(squares) * math.sqrt(totals.found_squares)),
        worst=totals.worst,
        histogram=totals.sizes.histogram(totals.equal, rms),
    )


def _squares(array: Array, scale: float, part: Callable[[Array, float], Array]) -> float:
    total = 0.0
    for _, block, _ in pairs(array, array):
        values = part(block, scale)
        total += _product(values, values)
    return total


def _product(one: Array, other: Array) -> float:
    """The inner product, of complex numbers its real part, summed in one thread and so the same each time."""
    import numpy as np

    return float(np.einsum("i,i", one.view(np.float64), other.view(np.float64)))


def _finite_part(block: Array, scale: float) -> Array:
    """A block, scaled, with 0 for what is infinite: it is so in both arrays, with the same sign, and at no distance."""
    import numpy as np

    values = scaled(block, scale)
    return np.where(np.isfinite(values), values, 0)


def _ratio(one: float, other: float) -> float:
    return one / other if other else math.nan


def _further(steps: int | None, one: Array, other: Array) -> int | None:
    """The largest distance in representable steps so far, both signs on one line; None for what is no sign and magnitude."""
    import numpy as np

    if one.dtype.kind == "c" or dtype_name(one.dtype) in UNORDERED:
        return None
    ours, theirs = _ordered(one), _ordered(other)
    distance = np.maximum(ours, theirs) - np.minimum(ours, theirs)
    return max(steps or 0, int(distance.max()))


def _ordered(block: Array) -> Array:
    """The bits as unsigned integers that sort as the numbers do: negative ones turned round, positive ones above them."""
    import numpy as np

    found, highest = bits(block), 8 * block.dtype.itemsize - 1
    negative = (found.view(f"int{highest + 1}") >> highest).view(found.dtype)  # ones throughout, or zeros
    return np.asarray(found ^ (negative | np.array(1 << highest, found.dtype)))
