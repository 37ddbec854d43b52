"""Splits given by columns: arrays of shape (samples, …), sample number i being the i-th row of each."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reprobundle import arrays
from reprobundle.components.data.samples import MAX_LABELS, label_counts
from reprobundle.components.data.section import LabelCount
from reprobundle.errors import UsageError
from reprobundle.worker import tree

MAX_COLUMNS = 64


def columns_of(value: Any) -> dict[str, Any] | None:
    """Name and content of each column, if the value is given by columns.

    An array is one column, and so is a mapping's entry. A tuple or list is taken by columns when it holds at most 64
    things, each an array or a list, and at least one is an array; a TensorDataset by its tensors.

    Raises:
        UsageError: Two columns of a mapping have the same name as text.
    """
    if _is_column_array(value):
        return {tree.BARE: value}
    if _is_tensor_dataset(value):
        value = value.tensors
    if isinstance(value, Mapping):
        named = {str(key): column for key, column in value.items()}
        if len(named) != len(value):
            raise UsageError("two columns have the same name as text")
    elif isinstance(value, tuple | list) and 0 < len(value) <= MAX_COLUMNS and any(map(_is_column_array, value)):
        named = {str(index): column for index, column in enumerate(value)}
    else:
        return None
    return named if named and all(map(_is_column, named.values())) else None


def _is_column_array(value: Any) -> bool:
    if arrays.is_torch(value):
        return bool(value.dim() > 0)
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ndarray) and value.ndim > 0


def _is_column(value: Any) -> bool:
    return isinstance(value, list | tuple | range) or _is_column_array(value)


def _is_tensor_dataset(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and type(value) is torch.utils.data.TensorDataset


def ready(column: Any) -> Any:
    """A column as a numpy array where safetensors has its dtype, else as a list."""
    if arrays.is_array(column):
        return arrays.to_array(column)
    return column if isinstance(column, list | tuple | range) else column.tolist()  # an array of texts or objects


def rows_of(columns: Mapping[str, Any], *, pair: bool) -> Iterator[Any]:
    """The samples, one by one: bare, a tuple, or a mapping."""
    bare = [*columns] == [tree.BARE]
    for row in zip(*columns.values(), strict=True):
        yield row[0] if bare else row if pair else dict(zip(columns, row, strict=True))


def label_column(columns: Sequence[arrays.Array]) -> tuple[LabelCount, ...] | None:
    """Histogram of the second of two columns, when it holds one integer a sample."""
    if len(columns) != 2 or columns[1].ndim != 1 or columns[1].dtype.kind not in "iu":
        return None
    import numpy as np

    values, counts = np.unique(columns[1], return_counts=True)
    if len(values) > MAX_LABELS or len(values) == 0:
        return None
    return label_counts(Counter(dict(zip(values.tolist(), counts.tolist(), strict=True))))
