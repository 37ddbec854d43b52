"""What lies beyond almost all that was recorded: outliers, which a test of the whole distribution hardly sees.

A limit is a recorded value of known rank: the smallest or largest, or the outermost quantile but one. Where nothing has
changed every order of recorded and new values is as likely as any other, so how many new values lie beyond the limit
follows the hypergeometric distribution exactly, whatever the values are.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from reprobundle.components.data.statistics.form import Feature
from reprobundle.drifting import chances

LIMITS = 4  # of one feature; p is corrected for the choice among them


@dataclass(frozen=True)
class Tail:
    """New values beyond a recorded limit.

    Attributes:
        side: On which side of it.
        limit: The limit, in the feature's own unit.
        recorded: Share of the recorded values beyond it, at most.
        new: Share of the new ones, at least.
        p: How likely as many are where nothing has changed, corrected for the choice of the limit.
    """

    side: Literal["above", "below"]
    limit: float
    recorded: float
    new: float
    p: float

    @property
    def more(self) -> float:
        """By how much the share beyond the limit has grown."""
        return self.new - self.recorded


def surest(recorded: Feature, new: Feature) -> Tail | None:
    """The limit beyond which there are most surely more values than before; None where there is none to look at."""
    found = [*_tails(recorded, new, "above"), *_tails(recorded, new, "below")]
    return min(found, key=lambda tail: (tail.p, -tail.more)) if found else None


def _tails(recorded: Feature, new: Feature, side: Literal["above", "below"]) -> Iterator[Tail]:
    sign = 1.0 if side == "above" else -1.0
    values, levels = _ascending(new, sign)
    for limit, events, total in _limits(recorded, sign):
        beyond, trials = _beyond(values, levels, limit)
        p = min(1.0, LIMITS * chances.more((events, beyond), (total, trials)))
        yield Tail(side, sign * limit, events / total, beyond / trials, p)


def _limits(recorded: Feature, sign: float) -> Iterator[tuple[float, int, int]]:
    """Each limit, seen upwards, with how many values lie beyond it at most, and of how many."""
    extreme = recorded.maximum if sign > 0 else recorded.minimum
    present = recorded.count - recorded.missing - recorded.nan - recorded.infinite
    if extreme is not None and present > 0:
        yield sign * extreme, 0, present
    if recorded.quantiles is not None and recorded.sampled > 0:
        last = len(recorded.quantiles) - 1
        inner = recorded.quantiles[-2] if sign > 0 else recorded.quantiles[1]
        yield sign * inner, recorded.sampled - 1 - (last - 1) * (recorded.sampled - 1) // last, recorded.sampled


def _ascending(new: Feature, sign: float) -> tuple[list[float], list[int]]:
    """Known values of the new side, seen upwards, ascending, and how many values are at least as large as each.

    The first stands for all values.
    """
    order = 1 if sign > 0 else -1
    if new.values:
        found = [(sign * float(one.value), one.count) for one in new.values][::order]
        counts = [count for _, count in found]
        return [value for value, _ in found], [sum(counts[place:]) for place in range(len(counts))]
    if new.quantiles is None:
        return [], []
    last, count = len(new.quantiles) - 1, new.sampled
    ranks = [-(-place * (count - 1) // last) for place in range(last + 1)]
    return [sign * value for value in new.quantiles][::order], [count - rank for rank in ranks]


def _beyond(values: list[float], levels: list[int], limit: float) -> tuple[int, int]:
    """How many values lie beyond a limit at least, and of how many."""
    return next((level for value, level in zip(values, levels, strict=True) if value > limit), 0), levels[0]
