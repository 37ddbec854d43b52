"""The statistics of a split, gathered block by block in the same pass as its digests.

What is gathered depends on the samples and their order alone, never on how they come in blocks; the sampled quantiles not
even on the order. Memory does not grow with the number of samples: `limits` says how much it is at most.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from reprobundle.components.data.statistics.form import MAX_FEATURES, Feature, Statistics
from reprobundle.components.data.statistics.labels import Labels
from reprobundle.components.data.statistics.leaves import Leaf
from reprobundle.components.data.statistics.limits import Limits

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Block
    from reprobundle.components.data.section import LabelCount

MAX_LEAVES = 4 * MAX_FEATURES
DETAIL_BYTES = 12 * 2**20  # of quantiles and counts, so that a document stays below the 16 MiB that a reader takes
DETAIL_ENTRIES = 750_000  # of a million values in all
QUANTILE_BYTES, COUNT_BYTES = 26, 54  # at most; a text's own bytes come on top


class Gathering:
    """Gathers statistics and labels."""

    def __init__(self, *, label: str | None = None, pair: bool = False) -> None:
        """Begin with no sample.

        Args:
            label: The leaf that holds the label; None: found out.
            pair: Whether a sample is a pair, whose second part may be its label.
        """
        self._samples = 0
        self._limits = Limits()
        self._leaves: dict[str, Leaf] = {}
        self._labels = Labels(label=label, pair=pair)

    def add(self, block: Block, digests: bytes) -> None:
        """Take in some samples.

        Args:
            block: The samples.
            digests: Their digests, 16 bytes each, in their order.
        """
        import numpy as np

        if not block or not block[0].count:
            return
        keys = np.frombuffer(digests, dtype=">u8").reshape(-1, 2)[:, 0].astype(np.uint64)
        self._samples += block[0].count
        self._labels.add(block)
        for column in block:
            leaf = self._leaves.get(column.name)
            if leaf is None:
                if len(self._leaves) >= MAX_LEAVES:
                    continue
                leaf = self._leaves[column.name] = Leaf(column.name, self._limits)
            leaf.add(column, keys)
        if self._limits.rows is None:
            self._limits.settle()

    def result(self) -> Statistics:
        """What was found; nothing may be added after that."""
        features = _within_a_document([feature for leaf in self._leaves.values() for feature in leaf.features()])
        return Statistics(
            samples=self._samples, features=features, left_out=self._limits.left_out, label=self._labels.name
        )

    @property
    def labels(self) -> tuple[LabelCount, ...] | None:
        """Number of samples by label, ascending; None where no leaf is known to hold the class of a sample."""
        return self._labels.counts

    @property
    def labels_missing(self) -> int:
        """Samples whose label is missing or not a number."""
        return self._labels.missing if self._labels.name is not None else 0

    @property
    def label(self) -> str | None:
        """The leaf that holds the label."""
        return self._labels.name

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """What is wrong with the label that was asked for, each with the way out."""
        return self._labels.faults


@dataclass
class _Room:
    """What is left of a document."""

    size: int = DETAIL_BYTES
    entries: int = DETAIL_ENTRIES

    def has(self, size: int, entries: int) -> bool:
        if size > self.size or entries > self.entries:
            return False
        self.size -= size
        self.entries -= entries
        return True


def _within_a_document(features: list[Feature]) -> tuple[Feature, ...]:
    """Take quantiles, then counts, from the last features when all together would be more than a reader takes."""
    room = _Room()
    kept = []
    for feature in features:
        entries = len(feature.quantiles or ())
        fits = room.has(entries * QUANTILE_BYTES, entries)
        kept.append(feature if fits else feature.model_copy(update={"quantiles": None, "sampled": 0}))
    return tuple(_with_counts(feature, room) for feature in kept)


def _with_counts(feature: Feature, room: _Room) -> Feature:
    counts = (*(feature.values or ()), *(feature.common or ()))
    texts = sum(2 * len(entry.value.encode()) for entry in counts if isinstance(entry.value, str))
    if room.has(len(counts) * COUNT_BYTES + texts, 2 * len(counts)):
        return feature
    return feature.model_copy(update={"values": None, "common": None})
