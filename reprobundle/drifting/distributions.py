"""Distributions of numbers from their sketches, two of them on one axis, and how far they are apart.

A sketch is exact (every value with its count) or holds quantiles, 201 or in wide data fewer. Either way a distribution is points that carry mass
and stretches between them over which mass is spread evenly; two sketches become two pairs of distribution functions
on the points of both. Between two quantiles nothing is known: what that can hide is taken off the statistic.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.statistics.form import Feature

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

HEAVY = 0.05  # a value with this share of all is a bin of its own among the deciles
SMOOTHING = 0.5  # of a sample in each bin, so that an empty one has a finite weight


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """What a sketch says of the finite values of a feature.

    Attributes:
        points: Ascending, shape (k,), float64.
        below: Share of values below each point, shape (k,).
        upto: Share of values at or below each point.
        size: Number of values it was taken from.
        unknown: By how much a share may be wrong: 0 for an exact sketch.
        step: Share of the values between two quantiles: 0 for an exact sketch.
    """

    points: Array
    below: Array
    upto: Array
    size: int
    unknown: float
    step: float


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Two distributions on the points of both; the first is the recorded one.

    Attributes:
        points: Ascending, shape (k,), float64.
        below: Shares below each point, shape (2, k).
        upto: Shares at or below each point, shape (2, k).
        sizes: Number of values on both sides.
        unknown: By how much the distance of two shares may be wrong.
        bias: By how much the share of larger values may be; two sketches of one form are wrong alike, which cancels out.
    """

    points: Array
    below: Array
    upto: Array
    sizes: tuple[int, int]
    unknown: float
    bias: float


def distribution_of(feature: Feature) -> Distribution | None:
    """The distribution of a feature's finite values; None where it has none."""
    import numpy as np

    if feature.values:
        points = np.array([float(one.value) for one in feature.values])
        counts = np.array([float(one.count) for one in feature.values])
        size = sum(one.count for one in feature.values)
        if size == 0:
            return None
        upto = np.cumsum(counts) / size
        return Distribution(points=points, below=upto - counts / size, upto=upto, size=size, unknown=0.0, step=0.0)
    if feature.quantiles is None or feature.sampled == 0:
        return None
    last = len(feature.quantiles) - 1
    levels = np.arange(last + 1) / last
    points, first, times = np.unique(np.array(feature.quantiles), return_index=True, return_counts=True)
    return Distribution(
        points=points,
        below=levels[first],
        upto=levels[first + times - 1],
        size=feature.sampled,
        unknown=1.0 / last + 1.0 / feature.sampled,
        step=1.0 / last,
    )


def side_by_side(recorded: Distribution, new: Distribution) -> Pair:
    """Both distribution functions on the points of both."""
    import numpy as np

    points = np.union1d(recorded.points, new.points)
    both = [_on(points, one) for one in (recorded, new)]
    return Pair(
        points=points,
        below=np.stack([below for below, _ in both]),
        upto=np.stack([upto for _, upto in both]),
        sizes=(recorded.size, new.size),
        unknown=recorded.unknown + new.unknown,
        bias=(recorded.unknown + new.unknown) / 2 if recorded.step != new.step else 0.0,
    )


def _on(points: Array, one: Distribution) -> tuple[Array, Array]:
    """Shares below, and at or below, each of the given points, which hold all points of the distribution."""
    import numpy as np

    last = len(one.points) - 1
    at = np.searchsorted(one.points, points, side="right") - 1
    left, right = np.clip(at, 0, last), np.clip(at + 1, 0, last)
    width = one.points[right] / 2 - one.points[left] / 2  # halves, so that no difference overflows
    share = np.divide(points / 2 - one.points[left] / 2, width, out=np.zeros(len(points)), where=width > 0)
    between = one.upto[left] + share * (one.below[right] - one.upto[left])
    own = (at >= 0) & (one.points[left] == points)
    inside = np.where(at < 0, 0.0, np.where(at >= last, 1.0, between))
    return np.where(own, one.below[left], inside), np.where(own, one.upto[left], inside)


def distance(pair: Pair) -> float:
    """The largest distance of the two distribution functions that is certain, 0 to 1."""
    import numpy as np

    apart = max(float(np.abs(shares[0] - shares[1]).max()) for shares in (pair.below, pair.upto))
    return max(0.0, apart - pair.unknown)


def larger(pair: Pair) -> float:
    """Share of pairs of one recorded and one new value in which the new one is larger, ties counted half."""
    import numpy as np

    at, spread = pair.upto - pair.below, pair.below[:, 1:] - pair.upto[:, :-1]
    ties = np.sum(at[1] * (pair.below[0] + at[0] / 2))
    return float(ties + np.sum(spread[1] * (pair.upto[0, :-1] + spread[0] / 2)))


def rank_sum(pair: Pair) -> float:
    """The rank-sum statistic in standard deviations, corrected for ties and for what the sketches cannot tell."""
    import numpy as np

    first, second = pair.sizes
    total = first + second
    groups = ((pair.upto - pair.below) * np.array([[first], [second]])).sum(axis=0)
    tied = float(np.sum(np.maximum(groups**3 - groups, 0.0)))
    variance = (total + 1 - tied / (total * (total - 1))) / (12.0 * first * second)
    apart = larger(pair) - 0.5
    certain = max(0.0, abs(apart) - pair.bias)
    if variance <= 0.0:
        return 0.0
    return math.copysign(certain / math.sqrt(variance), apart)


def wasserstein(pair: Pair, unit: float) -> float | None:
    """Wasserstein-1 distance in units of `unit`; None where that cannot be told."""
    import numpy as np

    left, right = (shares[0, one] - shares[1, one] for shares, one in (
        (pair.upto, slice(None, -1)), (pair.below, slice(1, None))))  # fmt: skip
    total = np.abs(left) + np.abs(right)
    crossed = np.divide(left**2 + right**2, 2 * total, out=np.zeros_like(total), where=total > 0)
    area = np.where(left * right >= 0, total / 2, crossed)
    if not unit > 0.0:
        return None
    with np.errstate(over="ignore", invalid="ignore"):
        widths = 2 * (pair.points[1:] / 2 / unit - pair.points[:-1] / 2 / unit)
        found = float(np.sum(np.where(area > 0, area * widths, 0.0)))
    return found if math.isfinite(found) else None


def stability(pair: Pair) -> float:
    """The population stability index over the recorded deciles; a value of a twentieth of all has a bin of its own."""
    import numpy as np

    middle = (pair.below[0] + pair.upto[0]) / 2
    chosen = {int(np.argmin(np.abs(middle - tenth / 10))) for tenth in range(1, 10)}
    chosen |= {int(one) for one in np.flatnonzero(pair.upto[0] - pair.below[0] >= HEAVY)}
    cuts = [pair.below[:, :1] * 0.0]
    for one in sorted(chosen):
        heavy = pair.upto[0, one] - pair.below[0, one] >= HEAVY
        cuts += [pair.below[:, one : one + 1], pair.upto[:, one : one + 1]] if heavy else [pair.upto[:, one : one + 1]]
    shares = np.diff(np.concatenate([*cuts, cuts[0] + 1.0], axis=1), axis=1)
    return index_of(shares * np.array(pair.sizes)[:, None])


def index_of(counts: Array) -> float:
    """The population stability index of counts of shape (2, bins), the recorded ones first."""
    import numpy as np

    used = counts[:, counts.sum(axis=0) > 0] + SMOOTHING
    shares = used / used.sum(axis=1, keepdims=True)
    return float(np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0])))
