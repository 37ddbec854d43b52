"""The statistics of a split, gathered block by block in the same pass as its digests.

What is gathered depends on the samples and their order alone, never on how they come in blocks; the sampled quantiles not
even on the order. Memory does not grow with the number of samples: `limits` says how much it is at most.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reprobundle.components.data.statistics.fitting import within_a_document
from reprobundle.components.data.statistics.form import MAX_FEATURES, Statistics
from reprobundle.components.data.statistics.labels import Labels
from reprobundle.components.data.statistics.leaves import Leaf
from reprobundle.components.data.statistics.limits import Limits
from reprobundle.components.data.statistics.naming import with_names_apart

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Block
    from reprobundle.components.data.section import LabelCount

MAX_LEAVES = 4 * MAX_FEATURES


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
        found = [feature for leaf in self._leaves.values() for feature in leaf.features()]
        features = within_a_document(with_names_apart(found))
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
