"""Recorded and new distribution of a feature drawn over each other: areas for numbers, bars for categories.

All is computed from the sketches; coordinates are the picture's own units, y downwards.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reprobundle.components.data.statistics.form import Feature
from reprobundle.drifts import FeatureDrift, Share
from reprobundle.phrases import percent, rounded
from reprobundle.rendering.drift_wording import named_of, rates_of

WIDTH, HEIGHT = 360.0, 130.0
BINS = 36
TAIL = 0.005  # of each side that may lie beyond the axis: one outlier must not squeeze all the rest
ROW, BAR, LABEL_END, BAR_END = 34.0, 11.0, 110.0, 320.0
SHOWN_CATEGORIES = 8
SHORTEST_AXIS = 0.01  # of all: smaller shares are not blown up to fill the picture

Curve = list[tuple[float, float]]


@dataclass(frozen=True)
class Areas:
    """Two histograms of numbers on one axis.

    Attributes:
        recorded: Outline of the recorded one, as an SVG path.
        new: Outline of the new one.
        left: The axis' left end, as text.
        right: Its right end.
        words: The same in words.
    """

    recorded: str
    new: str
    left: str
    right: str
    words: str


@dataclass(frozen=True)
class Bars:
    """The shares of one category.

    Attributes:
        label: The category, escaped.
        top: Where the row begins.
        recorded: Length of the recorded bar.
        new: Length of the new one.
        shares: Both shares as text.
    """

    label: str
    top: float
    recorded: float
    new: float
    shares: tuple[str, str]


def areas_of(feature: FeatureDrift) -> Areas | None:
    """The histograms of a feature of numbers; None where there is nothing to draw."""
    if feature.drawing is None or feature.kind == "category":
        return None
    curves = [_cumulative(side) for side in (feature.drawing.recorded, feature.drawing.new)]
    if not all(curves):
        return None
    low, high = _range(curves)
    heights = [_heights(curve, low, high) for curve in curves]
    most = max(max(side) for side in heights) or 1.0
    paths = [_outline([height / most for height in side]) for side in heights]
    return Areas(paths[0], paths[1], rounded(low), rounded(high), _words(feature))


def bars_of(feature: FeatureDrift) -> tuple[Bars, ...]:
    """Bars of the categories that changed most, most first, and of what is missing, NaN or infinite where that changed."""
    if feature.drawing is None:
        return ()
    shown = (*feature.moved[:SHOWN_CATEGORIES], *rates_of(feature))
    unit = (BAR_END - LABEL_END) / max([SHORTEST_AXIS, *(max(share.recorded, share.new) for share in shown)])
    return tuple(_bars(share, ROW * row, unit) for row, share in enumerate(shown))


def bars_height(bars: Sequence[Bars]) -> float:
    """Height of the picture that holds them."""
    return ROW * len(bars)


def bars_words(bars: Sequence[Bars]) -> str:
    """The same in words."""
    return "; ".join(f"{one.label}: {one.shares[0]} recorded, {one.shares[1]} new" for one in bars)


def _bars(share: Share, top: float, unit: float) -> Bars:
    return Bars(
        label=named_of(share.value, limit=16),
        top=top,
        recorded=unit * share.recorded,
        new=unit * share.new,
        shares=(percent(share.recorded), percent(share.new)),
    )


def _words(feature: FeatureDrift) -> str:
    sides = (("recorded", feature.recorded), ("new", feature.new))
    told = (
        f"{name}: mean {rounded(side.mean)}, standard deviation {'none' if side.std is None else rounded(side.std)}"
        for name, side in sides
        if side.mean is not None
    )
    return "; ".join(told)


def _cumulative(feature: Feature) -> Curve:
    """Points of the distribution function; a value that carries mass stands twice, before and after its step."""
    if feature.values:
        total = sum(one.count for one in feature.values)
        curve: Curve = []
        reached = 0
        for one in feature.values if total else ():
            value = float(one.value)
            curve += [(value, reached / total), (value, (reached + one.count) / total)]
            reached += one.count
        return curve
    quantiles = feature.quantiles or ()
    return [(value, number / (len(quantiles) - 1)) for number, value in enumerate(quantiles)]


def _range(curves: Sequence[Curve]) -> tuple[float, float]:
    """Both ends of the axis, widened where all is one value."""
    low = min(next(value for value, share in curve if share >= TAIL) for curve in curves)
    high = max(next(value for value, share in reversed(curve) if share <= 1 - TAIL) for curve in curves)
    return (low, high) if high > low else (low - 0.5 - abs(low) / 8, low + 0.5 + abs(low) / 8)


def _heights(curve: Curve, low: float, high: float) -> list[float]:
    """Share of the values in each of the bins, which are equally wide; the last holds its right end as well."""
    edges = [low + (high / BINS - low / BINS) * number for number in range(BINS)] + [high]
    shares = [_below(curve, edge) for edge in edges[:-1]] + [_upto(curve, high)]
    return [max(0.0, b - a) for a, b in pairwise(shares)]


def _below(curve: Curve, edge: float) -> float:
    at = bisect_left(curve, (edge, -1.0))
    return _between(curve, at, edge)


def _upto(curve: Curve, edge: float) -> float:
    at = bisect_right(curve, (edge, 2.0))
    return curve[at - 1][1] if at and curve[at - 1][0] == edge else _between(curve, at, edge)


def _between(curve: Curve, at: int, edge: float) -> float:
    """The share at a place before point number `at`, on the straight line from the point before."""
    if at == 0:
        return 0.0 if not curve or curve[0][0] != edge else curve[0][1]
    if at == len(curve):
        return 1.0
    (left, below), (right, above) = curve[at - 1], curve[at]
    width = right / 2 - left / 2
    return below + (above - below) * ((edge / 2 - left / 2) / width if width > 0 else 0.0)


def _outline(heights: Sequence[float]) -> str:
    """Steps from the left end of the base line to its right end."""
    step = WIDTH / BINS
    parts = [f"M0 {HEIGHT:.1f}"]
    for number, height in enumerate(heights):
        parts.append(f"V{HEIGHT - height * (HEIGHT - 4):.1f}H{(number + 1) * step:.1f}")
    return "".join([*parts, f"V{HEIGHT:.1f}"])
