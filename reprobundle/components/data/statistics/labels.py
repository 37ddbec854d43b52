"""The label of each sample: which leaf holds it, and how many samples have each."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from reprobundle.components.data.blocks import INTEGER, NULL, TEXT, Block, Column
from reprobundle.components.data.section import LabelCount
from reprobundle.components.data.statistics.leaves import cells_of
from reprobundle.components.data.statistics.texts import as_text
from reprobundle.phrases import some
from reprobundle.tensors.dtypes import BITS

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Array

MAX_LABELS = 1000
NAMES = ("label", "labels", "target", "class", "y")
SECOND = "1"  # the second part of a pair that has no names
NAMES_SHOWN = 10


class Labels:
    """Counts the labels of a split.

    The label is the leaf that was named; else of a pair its second part; else a leaf called label, labels, target, class or y.
    It is counted where it is one integer, Boolean, whole number or text a sample, of at most 1,000 different ones.
    """

    def __init__(self, *, label: str | None, pair: bool) -> None:
        self._given, self._pair = label, pair
        self._name = label
        self._searched = label is not None
        self._seen: dict[str, None] = {}
        self._found = False
        self._unfit: str | None = None
        self._counts: Counter[int | str] | None = Counter()
        self._samples = 0
        self.missing = 0

    def add(self, block: Block) -> None:
        """Take in the labels of some samples."""
        if not self._searched:
            self._name, self._searched = _name_of_label(block, pair=self._pair), True
        if self._name is None or not block:
            return
        self._samples += block[0].count
        column = next((column for column in block if column.name == self._name), None)
        if column is None:
            self.missing += block[0].count
            if len(self._seen) < MAX_LABELS:
                self._seen.update(dict.fromkeys(column.name for column in block))
            return
        self._found = True
        self._count(column)

    @property
    def name(self) -> str | None:
        """The leaf that holds the label; None where there is none."""
        if self._given is not None:
            return self._given if self._found and self._unfit is None else None
        return self._name if self.counts is not None else None

    @property
    def counts(self) -> tuple[LabelCount, ...] | None:
        """Samples by label, ascending; None where no label is known, or it is none of a class."""
        counts = self._counts
        if not self._found or not counts or (self._given is None and self._says_nothing()):
            return None
        return tuple(LabelCount(label=label, count=counts[label]) for label in sorted(counts, key=_place))

    @property
    def faults(self) -> tuple[tuple[str, str], ...]:
        """What is wrong with the label that was named: message and hint."""
        if self._given is None or not self._samples:
            return ()
        if not self._found:
            names = some([repr(name) for name in self._seen], NAMES_SHOWN)
            return ((f"label {self._given!r} is not there: found {names}", "name one of these as its label"),)
        if self._unfit is not None:
            message = f"label {self._given!r}: expected one number or text a sample, found {self._unfit}"
            return ((message, "name a leaf with one class a sample as the label"),)
        return ()

    def _says_nothing(self) -> bool:
        """Whether these are texts that all differ, so that nobody would call them labels."""
        counts = self._counts
        return bool(counts) and isinstance(next(iter(counts or {})), str) and len(counts or ()) == self._samples

    def _count(self, column: Column) -> None:
        if column.missing is not None:
            self.missing += int(column.missing.sum())
        if column.dtype == NULL:
            self.missing += column.count if column.missing is None else 0
            return
        found = _labels_of(column)
        if found is None:
            self._unfit, self._counts = f"{column.dtype} of shape {column.shape}", None
            return
        labels, unknown = found
        self.missing += unknown
        if self._counts is None or labels is None or not _joins(self._counts, labels):
            self._counts = None
            return
        self._counts.update(labels)
        if len(self._counts) > MAX_LABELS:
            self._counts = None


def _name_of_label(block: Block, *, pair: bool) -> str | None:
    names = [column.name for column in block]
    if pair:
        candidates = [SECOND] if SECOND in names else names[1:2] if len(names) == 2 else []
    else:
        candidates = [name for name in NAMES if name in names]
    fit = (column for name in candidates for column in block if column.name == name)
    return next((column.name for column in fit if column.dtype == NULL or _labels_of(column) is not None), None)


def _labels_of(column: Column) -> tuple[Counter[int | str] | None, int] | None:
    """Labels with their counts (None: numbers that are not whole), and how many are NaN; None where it holds no label."""
    if column.dtype in {TEXT, INTEGER}:
        cells = Counter(cells_of(column))
        if column.dtype == INTEGER:
            return Counter({int(cell): count for cell, count in cells.items()}), 0
        texts: Counter[int | str] = Counter()
        for cell, count in cells.items():
            texts[as_text(cell)] += count
        return texts, 0
    if (
        column.dtype not in BITS
        or column.values.ndim != 1
        or column.offsets is not None
        or column.values.dtype.kind == "c"
    ):
        return None
    return _whole(column.values if column.missing is None else column.values[~column.missing])


def _whole(values: Array) -> tuple[Counter[int | str] | None, int]:
    import numpy as np

    nans = 0
    if values.dtype.kind not in "biu":
        values = values.astype(np.float64)
        unknown = np.isnan(values)
        nans, values = int(unknown.sum()), values[~unknown]
        if not (np.isfinite(values).all() and (values == np.floor(values)).all()):
            return None, nans
    different, counts = np.unique(values, return_counts=True)
    return Counter({int(one): count for one, count in zip(different.tolist(), counts.tolist(), strict=True)}), nans


def _place(label: int | str) -> tuple[int, str]:
    return (label, "") if isinstance(label, int) else (0, label)


def _joins(counts: Counter[int | str], labels: Counter[int | str]) -> bool:
    """Whether both are of numbers or both of texts."""
    return not counts or not labels or isinstance(next(iter(counts)), str) == isinstance(next(iter(labels)), str)
