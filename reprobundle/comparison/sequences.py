"""Integers in sequences, such as the tokens of a text: how many edits lead from one to the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprobundle.comparison.decided import Decided
from reprobundle.comparison.policy import Thresholds
from reprobundle.phrases import counted
from reprobundle.report import Decisions

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MOST_WORK = 10**8  # comparisons of one token with one: about half a second


def decide(expected: Array, produced: Array, thresholds: Thresholds) -> Decided:
    """Compare as many sequences of integers, shape (sequences, tokens), each of at least one token."""
    work, longest = 0, max(expected.shape[1], produced.shape[1])
    edits: list[int] = []
    for one, other in zip(expected, produced, strict=True):
        ours, theirs = _without_same_ends(one, other)
        work += len(ours) * len(theirs)
        edits.append(_edits(ours, theirs) if work <= MOST_WORK else max(len(ours), len(theirs)))
    at_most = "" if work <= MOST_WORK else "at most "
    words = f"the tokens of {counted(len(edits), 'sequence')}: {at_most}{counted(sum(edits), 'edit')} between them"
    decisions = Decisions(
        kind="tokens",
        count=len(edits),
        flips=sum(1 for number in edits if number),
        agreement=1 - max(edits) / longest,
        words=words,
    )
    return Decided(decisions, max(edits) <= thresholds.edits * longest)


def _without_same_ends(one: Array, other: Array) -> tuple[Array, Array]:
    """Both without what they begin and end with alike."""
    import numpy as np

    for _ in range(2):  # from the front, then, turned round, from the back
        shorter = min(len(one), len(other))
        apart = np.flatnonzero(one[:shorter] != other[:shorter])
        alike = int(apart[0]) if apart.size else shorter
        one, other = one[alike:][::-1], other[alike:][::-1]
    return one, other


def _edits(one: Array, other: Array) -> int:
    """Fewest tokens to be put in, taken out or replaced."""
    import numpy as np

    places = np.arange(len(other) + 1)
    row = places
    for count, token in enumerate(one, start=1):
        replaced = row[:-1] + (other != token)
        taken_out = row[1:] + 1
        best = np.concatenate([[count], np.minimum(replaced, taken_out)])
        row = np.minimum.accumulate(best - places) + places  # putting in what follows a better start
    return int(row[-1])
