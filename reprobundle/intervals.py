"""How far a number that was measured on a sample may lie from the true one, at 95 %."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

Z = 1.959963984540054  # of the normal distribution, 95 % to both sides
RESAMPLES = 2000
SEED = 0


@dataclass(frozen=True)
class Interval:
    """Where the true value lies in 95 of 100 such samples.

    Attributes:
        low: Lower end.
        high: Upper end.
        method: ``wilson`` or ``bootstrap``.
    """

    low: float
    high: float
    method: str


def wilson(share: float, count: int) -> Interval:
    """Of a share of samples that each are or are not something, such as an accuracy.

    Args:
        share: Between 0 and 1.
        count: Number of samples, at least 1.
    """
    square = Z * Z
    middle = (share + square / (2 * count)) / (1 + square / count)
    reach = Z / (1 + square / count) * math.sqrt(share * (1 - share) / count + square / (4 * count * count))
    low, high = 0.0 if share == 0 else middle - reach, 1.0 if share == 1 else middle + reach  # exactly, not nearly
    return Interval(max(0.0, low), min(1.0, high), "wilson")


def bootstrap(values: Sequence[float]) -> Interval:
    """Of a mean: the middle 95 % of the means of 2,000 samples drawn from this one, with a generator of our own.

    Args:
        values: One number a sample, at least 1.
    """
    import numpy as np

    given = np.asarray(values, dtype=np.float64)
    generator = np.random.Generator(np.random.PCG64(SEED))
    means = np.array([given[generator.integers(0, len(given), len(given))].mean() for _ in range(RESAMPLES)])
    low, high = np.quantile(means, [0.025, 0.975])
    return Interval(float(low), float(high), "bootstrap")
