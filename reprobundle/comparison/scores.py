"""The largest score along the last axis: a class, or the next word."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.blocks import BLOCK
from reprobundle.comparison.decided import DECISIVE_SHARE, Decided, Reach, ties_words
from reprobundle.comparison.policy import Thresholds
from reprobundle.phrases import counted
from reprobundle.report import Decisions

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BEST = 5  # of the scores
ENOUGH = 2 * BEST  # scores for the best five to say anything


class Winners:
    """Counts rows of scores whose winner is another one."""

    def __init__(self, reach: Reach) -> None:
        """Start from nothing."""
        self.reach = reach
        self.rows = self.flips = self.ties = self.decisive = 0
        self.margin = -math.inf

    def add(self, recorded: Array, found: Array) -> tuple[Array, Array]:
        """Take in rows of scores as float64, shape (rows, scores); the winners there and here, ties settled as recorded."""
        import numpy as np

        rows = np.arange(len(recorded))
        ours, theirs = recorded.argmax(axis=1), found.argmax(axis=1)
        margins, allowed = self._margins(recorded, rows, ours, theirs)
        tied = margins <= allowed
        flipped = (ours != theirs) & ~tied
        self.rows += len(rows)
        self.flips += int(np.count_nonzero(flipped))
        self.ties += int(np.count_nonzero((ours != theirs) & tied))
        self.margin = max(self.margin, float(margins.max(where=flipped, initial=-math.inf)))
        self.decisive += self._count_decisive(recorded, rows, ours)
        return ours, np.where(tied, ours, theirs)

    def _margins(self, recorded: Array, rows: Array, ours: Array, theirs: Array) -> tuple[Array, Array]:
        """By how much the recorded winner was ahead of the other one, and how much of it may be chance."""
        first, other = recorded[rows, ours], recorded[rows, theirs]
        return first - other, self.reach.of(first) + self.reach.of(other)

    def _count_decisive(self, recorded: Array, rows: Array, ours: Array) -> int:
        import numpy as np

        rest = recorded.copy()
        rest[rows, ours] = -math.inf
        margins, allowed = self._margins(recorded, rows, ours, rest.argmax(axis=1))
        return int(np.count_nonzero(margins > allowed))

    @property
    def are_decisive(self) -> bool:
        """Whether enough of the recorded decisions were taken by more than the tolerance."""
        return self.decisive >= DECISIVE_SHARE * self.rows

    @property
    def largest_margin(self) -> float | None:
        """Largest margin of a decision that flipped; None where none did."""
        return self.margin if math.isfinite(self.margin) else None


def decide(expected: Array, produced: Array, reach: Reach, thresholds: Thresholds) -> Decided:
    """Compare the winners along the last axis, of finite scores of one shape."""
    winners, further, same_best, width = Winners(reach), 0.0, 0, expected.shape[-1]
    for recorded, found in _rows(expected, produced):
        winners.add(recorded, found)
        further = max(further, _furthest(recorded, found, reach))
        same_best += _same_best(recorded, found)
    words = f"the largest of {width:,} values in {counted(winners.rows, 'row')}{ties_words(winners.ties)}"
    if width >= ENOUGH:
        words += f"; the {BEST} largest are the same in {same_best:,} of {winners.rows:,}"
    decisions = Decisions(
        kind="argmax",
        count=winners.rows,
        flips=winners.flips,
        agreement=1 - winners.flips / winners.rows,
        margin=winners.largest_margin,
        words=words,
    )
    return Decided(decisions, not winners.flips and winners.are_decisive and further <= thresholds.apart)


def _rows(expected: Array, produced: Array) -> Iterator[tuple[Array, Array]]:
    """Blocks of rows as float64."""
    import numpy as np

    width = expected.shape[-1]
    ours, theirs = expected.reshape(-1, width), produced.reshape(-1, width)
    step = max(1, BLOCK // width)
    for start in range(0, len(ours), step):
        yield ours[start : start + step].astype(np.float64), theirs[start : start + step].astype(np.float64)


def _furthest(recorded: Array, found: Array, reach: Reach) -> float:
    """The largest relative L2 distance of a row; one that is small among its like is measured by a usual one."""
    import numpy as np

    usual = reach.rms * math.sqrt(recorded.shape[1])
    distance = np.sqrt(np.square(recorded - found).sum(axis=1))
    furthest = (distance / np.maximum(np.sqrt(np.square(recorded).sum(axis=1)), usual)).max()
    return math.inf if math.isnan(furthest) else float(furthest)


def _same_best(recorded: Array, found: Array) -> int:
    """In how many rows the best few are the same, in any order."""
    import numpy as np

    if recorded.shape[1] < ENOUGH:
        return 0
    ours, theirs = (np.sort(_best(scores), axis=1) for scores in (recorded, found))
    return int(np.count_nonzero((ours == theirs).all(axis=1)))


def _best(scores: Array) -> Array:
    """Places of the best few of each row, the earlier of equal ones first."""
    import numpy as np

    rest, rows, found = scores.copy(), np.arange(len(scores)), []
    for _ in range(BEST):
        found.append(rest.argmax(axis=1))
        rest[rows, found[-1]] = -math.inf
    return np.stack(found, axis=1)
