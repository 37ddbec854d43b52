"""numpy's structured arrays: each record is a row."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.blocks import Block, Column
from reprobundle.components.data.gathering import blocks_of
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.tables import columns as making
from reprobundle.components.data.sources.tables.batches import rows_at_once
from reprobundle.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def samples_of(array: Array) -> Samples:
    """The records of a structured array of one dimension.

    Raises:
        UsageError: It has another number of dimensions.
    """
    if array.ndim != 1:
        raise UsageError(f"a structured array of shape {array.shape} is no table", hint="give it one dimension")
    return Samples(kind="table", count=len(array), blocks=lambda: _blocks(array))


def _blocks(array: Array) -> Iterator[Block]:
    if array.dtype.hasobject:
        yield from blocks_of(array)
        return
    step = rows_at_once(1, array.itemsize)
    for start in range(0, len(array), step):
        block = tuple(_fields("", array[start : start + step]))
        making.refuse_twins([column.name for column in block])
        yield block


def _fields(path: str, array: Array) -> Iterator[Column]:
    for field in array.dtype.names or ():
        yield from _columns(f"{path}/{field}" if path else field, array[field])


def _columns(name: str, array: Array) -> Iterator[Column]:
    kind = array.dtype.kind
    if array.dtype.names is not None or (kind in "USV" and array.ndim > 1):
        yield from _fields(name, array) if array.ndim == 1 else _elements(name, array)
    elif kind in "US":
        yield making.texts(name, array.tolist()) if kind == "U" else making.byte_strings(name, array.tolist())
    elif kind in "mM":
        yield _times(name, array)
    else:
        yield making.numbers(name, array)


def _elements(name: str, array: Array) -> Iterator[Column]:
    """Fields that are arrays of texts or of records: each element is a leaf, or several."""
    return itertools.chain.from_iterable(
        _columns(f"{name}/{index}", array[:, index]) for index in range(array.shape[1])
    )


def _times(name: str, array: Array) -> Column:
    if array.ndim > 1:
        raise making.refused(name, "an array of times")
    return making.times(name, array)
