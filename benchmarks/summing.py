"""The arithmetic of the tables: medians, spread, whether a target holds, and how time and memory grow."""

from __future__ import annotations

import math
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from benchmarks.job import Of, Target
from benchmarks.measuring import Turn


@dataclass(frozen=True)
class Spread:
    """The middle of several values, and their ends.

    Attributes:
        median: The middle.
        least: The smallest.
        most: The largest.
    """

    median: float
    least: float
    most: float


@dataclass(frozen=True)
class Judged:
    """Whether a target holds.

    Attributes:
        held: Whether it does, in the median of the rounds.
        found: What was found, in the target's own terms: a ratio, a share, seconds or bytes.
        bound: What was allowed, in the same terms.
        terms: Which these are: ``times``, ``share``, ``seconds`` or ``bytes``.
    """

    held: bool
    found: Spread
    bound: float
    terms: str


def spread(values: Sequence[float]) -> Spread:
    """The middle and the ends of at least one value."""
    return Spread(statistics.median(values), min(values), max(values))


def judge(target: Target, turns: Mapping[str, Sequence[Turn]]) -> Judged | None:
    """Whether a target holds, round by round: turns of one round are compared with each other.

    Returns:
        None where a way that the target names was not measured.
    """
    named = [name for name in (target.way, target.to, target.less) if name]
    columns = {name: _values(turns.get(name, ()), target.of) for name in named}
    if not all(columns.values()):
        return None
    rounds = max(len(column) for column in columns.values())
    mine = [
        one - two
        for one, two in zip(_column(columns, target.way, rounds), _taken_off(columns, target, rounds), strict=True)
    ]
    theirs = _column(columns, target.to, rounds)
    if target.to is None or target.plus or target.less:
        bound = statistics.median(target.times * one + target.plus for one in theirs)
        found = spread(mine)
        return Judged(found.median <= bound, found, bound, "seconds" if target.of == "seconds" else "bytes")
    if target.share:
        found = spread([one / two for one, two in zip(theirs, mine, strict=True)])
        return Judged(found.median >= 1 / target.times, found, 1 / target.times, "share")
    found = spread([one / two for one, two in zip(mine, theirs, strict=True)])
    return Judged(found.median <= target.times, found, target.times, "times")


def _values(turns: Sequence[Turn], of: Of) -> list[float]:
    found = [turn.seconds if of == "seconds" else turn.beyond for turn in turns]
    return [float(value) for value in found if value is not None]


def _column(columns: Mapping[str, list[float]], name: str | None, rounds: int) -> list[float]:
    """A way's values; one that was measured once stands in every round, none is nothing."""
    if name is None:
        return [0.0] * rounds
    values = columns[name]
    return values * rounds if len(values) == 1 else values


def _taken_off(columns: Mapping[str, list[float]], target: Target, rounds: int) -> list[float]:
    return _column(columns, target.less, rounds)


def exponent(amounts: Sequence[float], values: Sequence[float]) -> float | None:
    """The power with which values grow: the slope of a line through their logarithms, by least squares.

    Returns:
        None where a value is not above nothing, or there are fewer than two amounts.
    """
    if len(set(amounts)) < 2 or min(values) <= 0:
        return None
    across = [math.log(amount) for amount in amounts]
    along = [math.log(value) for value in values]
    middle, height = statistics.fmean(across), statistics.fmean(along)
    over = sum((x - middle) * (y - height) for x, y in zip(across, along, strict=True))
    return over / sum((x - middle) ** 2 for x in across)
