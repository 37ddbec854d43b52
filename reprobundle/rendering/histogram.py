"""How large the differences of one output are: bars over logarithmic bins, the tolerance marked."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from reprobundle.phrases import counted, percent
from reprobundle.rendering import outputs
from reprobundle.rendering.escaping import escape
from reprobundle.report import Histogram, OutputComparison

WIDTH, HEIGHT = 360.0, 150.0
LEFT, RIGHT, TOP, BOTTOM = 10.0, 10.0, 22.0, 34.0
MOST_TICKS = 6
SHORTEST = 3.0  # a bin that is not empty must be seen


@dataclass(frozen=True)
class Bin:
    """One bar.

    Attributes:
        x: Its left side.
        width: How wide it is.
        top: Where it begins.
        height: How high it is; logarithmic, for one element in a million counts.
        outside: Whether it lies beyond the tolerance.
        words: The same in words.
    """

    x: float
    width: float
    top: float
    height: float
    outside: bool
    words: str


@dataclass(frozen=True)
class Picture:
    """What is drawn for one output.

    Attributes:
        name: The output, escaped.
        bins: The bars.
        ticks: Places and texts of the axis.
        tolerance: Where the tolerance stands, at an element of typical size; None where that cannot be told.
        label_end: Whether the word at the tolerance stands to its left.
        words: The whole in one sentence.
        caption: Rung, equal elements, decisions.
    """

    name: str
    bins: tuple[Bin, ...]
    ticks: tuple[tuple[float, str], ...]
    tolerance: float | None
    label_end: bool
    words: str
    caption: str


def picture(output: OutputComparison) -> Picture | None:
    """The histogram of one output; None where there is none."""
    found = output.histogram
    if found is None or not _is_whole(found):
        return None
    limit = _limit(output, found)
    at = None if limit is None else _place(limit, found.edges)
    return Picture(
        name=escape(output.name),
        bins=_bins(found, limit),
        ticks=_ticks(found.edges),
        tolerance=at,
        label_end=at is not None and at > WIDTH * 0.6,
        words=_words(found, limit),
        caption=_caption(output, found),
    )


def _is_whole(found: Histogram) -> bool:
    """Whether there is a bin between two borders that a logarithmic axis can show, and one beyond either end."""
    ascending = all(0 < low < high < math.inf for low, high in pairwise(found.edges))
    return len(found.edges) > 1 and ascending and len(found.counts) == len(found.edges) + 1


def _limit(output: OutputComparison, found: Histogram) -> float | None:
    """The tolerance at an element as large as the root mean square, as a fraction of that."""
    if not found.scale or output.rtol is None or output.atol is None:
        return None
    return output.rtol + output.atol / found.scale


def _step(edges: Sequence[float]) -> float:
    """The bins beyond both ends are as wide as the others."""
    return (WIDTH - LEFT - RIGHT) / (len(edges) + 1)


def _place(value: float, edges: Sequence[float]) -> float:
    """Where a value stands on the axis; the bins are equally wide in the picture, whatever their borders."""
    if value <= edges[0]:
        return LEFT + _step(edges) * (0.5 if value < edges[0] else 1)
    for number, (low, high) in enumerate(pairwise(edges)):
        if value <= high:
            share = math.log(value / low) / math.log(high / low)
            return LEFT + _step(edges) * (1 + number + share)
    return WIDTH - RIGHT - _step(edges) / 2


def _bins(found: Histogram, limit: float | None) -> tuple[Bin, ...]:
    most = math.log1p(max(found.counts)) or 1.0
    room = HEIGHT - TOP - BOTTOM
    made = []
    for number, count in enumerate(found.counts):
        height = max(SHORTEST, room * math.log1p(count) / most) if count else 0.0
        low = 0.0 if number == 0 else found.edges[number - 1]
        made.append(
            Bin(
                x=LEFT + _step(found.edges) * number,
                width=_step(found.edges) * 0.94,
                top=HEIGHT - BOTTOM - height,
                height=height,
                outside=limit is not None and number > 0 and low >= limit,
                words=f"{counted(count, 'element')} {_range(found.edges, number)}",
            )
        )
    return tuple(made)


def _range(edges: Sequence[float], number: int) -> str:
    if number == 0:
        return f"below {edges[0]:.2g}"
    if number == len(edges):
        return f"{edges[-1]:.2g} and more"
    return f"from {edges[number - 1]:.2g} to {edges[number]:.2g}"


def _ticks(edges: Sequence[float]) -> tuple[tuple[float, str], ...]:
    """Powers of ten below the axis; both ends where they have none between them."""
    first, last = math.ceil(math.log10(edges[0]) - 1e-9), math.floor(math.log10(edges[-1]) + 1e-9)
    if last <= first:
        return tuple((_place(edge, edges), f"{edge:.1g}") for edge in (edges[0], edges[-1]))
    step = math.ceil((last - first + 1) / MOST_TICKS)
    return tuple((_place(10.0**decade, edges), f"1e{decade}") for decade in range(first, last + 1, step))


def _words(found: Histogram, limit: float | None) -> str:
    largest = max((number for number, count in enumerate(found.counts) if count), default=None)
    differ = sum(found.counts)
    told = f"{counted(differ, 'element')} of {differ + found.equal:,} differ"
    if largest is not None:
        told += f", the largest differences {_range(found.edges, largest)} of the output's root mean square"
    return told if limit is None else f"{told}; the tolerance is {limit:.2g} at an element of typical size"


def _caption(output: OutputComparison, found: Histogram) -> str:
    whole = sum(found.counts) + found.equal
    equal = f"{percent(found.equal / whole)} of {counted(whole, 'element')} equal bit for bit" if whole else ""
    return "; ".join(part for part in (equal, outputs.decisions(output)) if part)
