"""Masks and maps of classes: how much each class's area there and here overlap."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.blocks import BLOCK, pairs
from reprobundle.comparison.decided import DECISIVE_SHARE, Decided, Reach, ties_words
from reprobundle.comparison.policy import Thresholds
from reprobundle.comparison.scores import Winners
from reprobundle.phrases import counted
from reprobundle.report import Decisions

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


class Overlap:
    """Counts what each class covers there, here, and in both."""

    def __init__(self, classes: int) -> None:
        """Start from nothing."""
        import numpy as np

        self._classes = classes
        self.there, self.here, self.both = (np.zeros(classes, np.int64) for _ in range(3))

    def add(self, there: Array, here: Array) -> None:
        """Take in the classes of so many places, from 0."""
        import numpy as np

        self.there += np.bincount(there, minlength=self._classes)
        self.here += np.bincount(here, minlength=self._classes)
        self.both += np.bincount(there[there == here], minlength=self._classes)

    @property
    def least(self) -> float:
        """The smallest intersection over union of a class that stands anywhere."""
        union = self.there + self.here - self.both
        return float((self.both[union > 0] / union[union > 0]).min())

    @property
    def kinds(self) -> int:
        """How many classes the record holds."""
        return int((self.there > 0).sum())

    @property
    def other(self) -> int:
        """How many places are of another class."""
        return int(self.there.sum() - self.both.sum())


def decide_class_map(
    expected: Array, produced: Array, reach: Reach, apart: float, thresholds: Thresholds
) -> Decided | None:
    """Compare the class of each pixel: the largest of finite scores along the second axis, shape (N, C, …)."""
    import numpy as np

    samples, classes = expected.shape[:2]
    ours, theirs = expected.reshape(samples, classes, -1), produced.reshape(samples, classes, -1)
    winners, overlap, step = Winners(reach), Overlap(classes), max(1, BLOCK // classes)
    for sample in range(samples):
        for start in range(0, ours.shape[2], step):
            blocks = (array[sample, :, start : start + step].T.astype(np.float64, "C") for array in (ours, theirs))
            overlap.add(*winners.add(*blocks))
    words = f"the largest of {classes:,} classes at {counted(winners.rows, 'place')}{ties_words(winners.ties)}"
    enough = winners.are_decisive and apart <= thresholds.apart
    return _decided(overlap, words, winners.largest_margin, thresholds, enough=enough)


def decide_threshold(
    expected: Array, produced: Array, reach: Reach, apart: float, thresholds: Thresholds
) -> Decided | None:
    """Compare a mask: finite floats above one half where all are between 0 and 1, else above 0."""
    import numpy as np

    border = 0.5 if expected.min() >= 0 and expected.max() <= 1 else 0.0
    overlap, ties, decisive, margin = Overlap(2), 0, 0, -math.inf
    for _, here, there in pairs(expected, produced):
        recorded, found = here.astype(np.float64), there.astype(np.float64)
        margins = np.abs(recorded - border)
        on, still_on, tied = recorded > border, found > border, margins <= reach.of(recorded)
        flipped = (on != still_on) & ~tied
        ties += int(np.count_nonzero((on != still_on) & tied))
        decisive += int(np.count_nonzero(~tied))
        margin = max(margin, float(margins.max(where=flipped, initial=-math.inf)))
        overlap.add(on.astype(np.int64), np.where(tied, on, still_on).astype(np.int64))
    words = f"above {border:g} or not at {counted(expected.size, 'place')}{ties_words(ties)}"
    enough = decisive >= DECISIVE_SHARE * expected.size and apart <= thresholds.apart
    return _decided(overlap, words, margin if math.isfinite(margin) else None, thresholds, enough=enough)


def decide_labels(expected: Array, produced: Array, thresholds: Thresholds) -> Decided | None:
    """Compare maps of Booleans or of classes as they are, of one shape; None where the other is no map of classes."""
    import numpy as np

    if produced.min() < 0:
        return None
    overlap = Overlap(int(max(expected.max(), produced.max())) + 1)
    for _, there, here in pairs(expected, produced):
        overlap.add(there.astype(np.int64), here.astype(np.int64))
    words = f"{overlap.kinds} classes at {counted(expected.size, 'place')}"
    return _decided(overlap, words, None, thresholds, enough=True)


def _decided(
    overlap: Overlap, words: str, margin: float | None, thresholds: Thresholds, *, enough: bool
) -> Decided | None:
    """What the overlap comes to; nothing is decided by a map that holds one class only."""
    if overlap.kinds < 2:
        return None
    decisions = Decisions(
        kind="mask",
        count=int(overlap.there.sum()),
        flips=overlap.other,
        agreement=overlap.least,
        margin=margin,
        words=f"{words}; smallest intersection over union of a class {overlap.least:.4f}",
    )
    return Decided(decisions, enough and overlap.least >= thresholds.overlap)
