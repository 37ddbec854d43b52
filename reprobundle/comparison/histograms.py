"""How large differences are, counted by powers of two of the recorded output's own size."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reprobundle.report import Histogram

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

EXPONENTS = 1 << 11  # that a float64 has room for
BIAS = 1023  # what is added to each of them
MANTISSA = 52  # bits below them
LOWEST, HIGHEST = -60, 20  # powers of two of the outermost edges: what lies beyond is of no interest


class Sizes:
    """Counts numbers by their exponent."""

    def __init__(self, scale: float) -> None:
        """Start from nothing.

        Args:
            scale: What numbers are divided by before; where it is 0, nothing can be counted.
        """
        self._scale = scale
        self._counts: Array | None = None

    def add(self, differences: Array) -> None:
        """Take in one block of absolute differences, as float64."""
        import numpy as np

        if self._scale == 0:
            return
        exponents = (differences / self._scale).view(np.int64) >> MANTISSA
        found = np.bincount(exponents, minlength=EXPONENTS)
        self._counts = found if self._counts is None else self._counts + found

    def histogram(self, equal: int, scale: float) -> Histogram | None:
        """What was counted, or None where nothing could be.

        Args:
            equal: How many of the numbers are 0 because nothing differs: they stand in no bin.
            scale: Root mean square of the recorded output, in its own unit.
        """
        if self._counts is None:
            return None
        first, *others = (int(count) for count in self._counts)
        counts = [first - equal, *others]
        low, high = _ends(counts)
        bins = [sum(counts[: low + BIAS]), *counts[low + BIAS : high + BIAS], sum(counts[high + BIAS :])]
        edges = tuple(math.ldexp(1.0, power) for power in range(low, high + 1))
        return Histogram(edges=edges, counts=tuple(bins), equal=equal, scale=scale)


def _ends(counts: list[int]) -> tuple[int, int]:
    """The powers of two between which all that is counted lies, within the outermost edges."""
    powers = [index - BIAS for index, count in enumerate(counts) if count]
    low = max(LOWEST, min(powers, default=LOWEST))
    return min(low, HIGHEST - 1), min(HIGHEST, max(low, *powers, LOWEST) + 1)
