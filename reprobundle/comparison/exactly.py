"""Booleans and integers: they agree exactly or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.blocks import pairs
from reprobundle.comparison.largest import Largest

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True, kw_only=True)
class Counted:
    """What two arrays of Booleans or integers differ by.

    Attributes:
        outside: Elements that differ.
        largest: Largest distance, exact.
        p999: Distance that 99.9 % of the elements do not exceed.
        worst: Place of the element that differs most, counted through in C order.
    """

    outside: int
    largest: int
    p999: float
    worst: int


def count(expected: Array, produced: Array) -> Counted:
    """Compare Booleans or integers of one dtype and shape, at least one."""
    import numpy as np

    outside, largest, worst, top = 0, 0, 0, Largest(expected.size)
    for start, here, there in pairs(expected, produced):
        distance = _distance(here, there)
        furthest = int(np.argmax(distance))
        if int(distance[furthest]) > largest:
            largest, worst = int(distance[furthest]), start + furthest
        outside += int(np.count_nonzero(distance))
        top.add(distance.astype(np.float64))
    return Counted(outside=outside, largest=largest, p999=top.quantile(), worst=worst)


def _distance(one: Array, other: Array) -> Array:
    """Exact distance of Booleans or integers of one dtype, as uint64: wide enough for any two, so nothing wraps."""
    import numpy as np

    high, low = np.maximum(one, other).astype(np.uint64), np.minimum(one, other).astype(np.uint64)
    return np.subtract(high, low)  # negative ones are off by 2^64 here, and so is their difference: by nothing
