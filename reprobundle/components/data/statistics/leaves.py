"""One leaf of the samples: which of its figures are gathered, by the form it has."""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from reprobundle.components.data.blocks import BINARY, DECIMAL, EMPTY, INTEGER, NULL, TEXT, Column
from reprobundle.components.data.statistics import tensors, texts
from reprobundle.components.data.statistics.form import MAX_FEATURES, Feature
from reprobundle.components.data.statistics.limits import Limits
from reprobundle.components.data.statistics.naming import without_nan_among_texts
from reprobundle.components.data.statistics.numbers import Numbers, Series
from reprobundle.components.data.statistics.texts import Texts

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Array

VALUE, LENGTH, NORM = (Series("", "value"),), (Series("", "length"),), (Series("", "norm"),)
SIZES = (Series("", "width"), Series("", "height"))


class Leaf:
    """What is gathered of one leaf: a group of series for each form it was met in, nearly always one."""

    def __init__(self, name: str, limits: Limits) -> None:
        self._name, self._limits = name, limits
        self._groups: dict[object, Numbers | Texts | None] = {}
        self._nulls = 0

    def add(self, column: Column, keys: Array) -> None:
        """Take in this leaf of some samples.

        Args:
            column: The leaf.
            keys: uint64 of shape (samples,): the first half of each sample's digest.
        """
        if column.dtype == NULL:
            self._nulls += column.count
            return
        missing = 0
        if column.missing is not None and column.missing.any():
            missing, keys = int(column.missing.sum()), keys[~column.missing]
        if column.dtype == TEXT:
            group = self._texts()
            if group is not None:
                group.add(cells_of(column), keys, dtype=TEXT, missing=missing)
            return
        for series, rows in self._described(column):
            numbers = self._numbers(series)
            if numbers is not None:
                numbers.add(rows[:, : numbers.width], keys, dtype=column.dtype, missing=missing)

    def features(self) -> Iterator[Feature]:
        """What was found, one feature for each series."""
        if self._nulls and not self._groups and self._limits.take(1):
            yield Feature(name=self._name, kind="category", dtype=NULL, count=self._nulls, missing=self._nulls)
        groups = [group for group in self._groups.values() if group is not None]
        found = [feature for group in groups for feature in group.features(self._name, self._nulls)]
        yield from without_nan_among_texts(found, self._nulls)

    def _described(self, column: Column) -> Iterator[tuple[tuple[Series, ...], Array]]:
        """The series that describe a column, and their numbers, shape (samples that have a value, series)."""
        import numpy as np

        present = slice(None) if column.missing is None else ~column.missing
        if column.dtype in {INTEGER, DECIMAL}:
            yield VALUE, np.array([float(cell) for cell in cells_of(column)], np.float64).reshape(-1, 1)
        elif column.dtype == EMPTY:
            yield LENGTH, np.zeros((column.count, 1), np.int64)
        elif column.offsets is not None:
            yield LENGTH, np.diff(column.offsets)[present].reshape(-1, 1)
        elif column.dtype == BINARY:
            yield LENGTH, np.full((column.count, 1), math.prod(column.shape))[present]
        else:
            yield from _of_tensors(column.values[present], column.shape)

    def _numbers(self, series: tuple[Series, ...]) -> Numbers | None:
        """The group for these series; of a vector as many as there is room for, else all or none."""
        first = series[0]
        key = (first, len(series))  # tells them all: what follows the first is always the same
        if key not in self._groups:
            given = self._limits.take(len(series), some=first == Series("[0]", "value"))
            self._groups[key] = Numbers(series[:given], self._limits) if given else None
        group = self._groups[key]
        return group if isinstance(group, Numbers) else None

    def _texts(self) -> Texts | None:
        if TEXT not in self._groups:
            self._groups[TEXT] = Texts(self._limits) if self._limits.take(texts.SERIES) else None
        group = self._groups[TEXT]
        return group if isinstance(group, Texts) else None


@functools.lru_cache(maxsize=16)
def _entries(width: int) -> tuple[Series, ...]:
    return tuple(Series(f"[{index}]", "value") for index in range(width))


def _of_tensors(values: Array, shape: tuple[int, ...]) -> Iterator[tuple[tuple[Series, ...], Array]]:
    import numpy as np

    channels = tensors.channels_of(shape)
    if values.dtype.kind == "b":
        values = values.view(np.uint8)
    if values.dtype.kind == "c":
        yield NORM, tensors.norms(values)
    elif not shape:
        yield VALUE, values.reshape(-1, 1)
    elif len(shape) == 1 and 0 < shape[0] <= MAX_FEATURES:
        yield _entries(shape[0]), values
    elif channels is not None:
        yield SIZES, np.tile(tensors.size_of(shape), (len(values), 1))
        yield tensors.series_of_channels(channels), tensors.describe_channels(values)
    else:
        yield NORM, tensors.norms(values)


def cells_of(column: Column) -> list[bytes]:
    """The cells of a ragged column of bytes that are not missing."""
    assert column.offsets is not None, f"a column of {column.dtype} is ragged"
    content, ends = column.values.tobytes(), column.offsets.tolist()
    cells = [content[start:end] for start, end in itertools.pairwise(ends)]
    if column.missing is None:
        return cells
    return [cell for cell, missing in zip(cells, column.missing.tolist(), strict=True) if not missing]
