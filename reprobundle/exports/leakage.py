"""Claims that were measured on samples which the model may have learned from: the same ones stand in a training split."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from reprobundle.components.claims import Claim
from reprobundle.components.data import Section, Split
from reprobundle.components.data.roles import is_held_back, trains
from reprobundle.components.data.section import Overlap

FEW = 0.01  # of a split's samples: twins in public data sets are about that many, and move a metric by less than its error bar


@dataclass(frozen=True)
class Leak:
    """What the split of a claim shares with one that the model learned from.

    Attributes:
        split: The claim's split.
        overlap: What it has of the other.
        share: Of the samples of the claim's split, between 0 and 1.
        grave: Whether the number says little for it; else they are few, or the split was only read from the claim's text.
    """

    split: Split
    overlap: Overlap
    share: float
    grave: bool


def leaks_of(claim: Claim, data: Section) -> Iterator[Leak]:
    """Each split with training data that holds samples of the claim's own; none for a claim about training data."""
    split = next((one for one in data.splits if one.name == claim.split), None)
    if split is None or trains(split.name):
        return
    for overlap in split.overlaps:
        if overlap.count and not is_held_back(overlap.split):
            share = overlap.count / split.count if split.count else 1.0
            yield Leak(split, overlap, share, grave=share >= FEW and not claim.split_guessed)
