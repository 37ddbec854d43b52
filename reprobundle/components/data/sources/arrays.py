"""Splits given by columns: arrays of shape (samples, …), sample number i being the i-th row of each.

Arrays are taken slice by slice, so that one in a file (a memory map) or on an accelerator is never loaded as a whole.
"""

from __future__ import annotations

import itertools
import math
import mmap
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reprobundle import arrays
from reprobundle.components.data.blocks import Block, Column
from reprobundle.components.data.cells import time_dtype
from reprobundle.components.data.gathering import BLOCK_BYTES, blocks_of
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples, lists
from reprobundle.errors import UsageError
from reprobundle.phrases import counted
from reprobundle.worker.tree import BARE

MAX_ROWS = 65_536
LIST_ROWS = 4096


def samples_of(value: Any, how: How) -> Samples | None:
    """Samples of an array, of several of equal length, or of a TensorDataset; None for anything else.

    An array is one column, and so is a mapping's entry. A tuple or list is taken by columns when it holds at most 64
    things, each an array or a list, and at least one is an array, or `lists.are_columns` says so;
    a TensorDataset by its tensors.

    Raises:
        UsageError: The columns are not equally long, two have one name, or one cannot be kept.
    """
    columns = columns_of(value)
    if columns is None:
        return None
    lengths = {name: len(column) for name, column in columns.items()}
    if len(set(lengths.values())) != 1:
        raise UsageError(f"its columns are not equally long: {lengths}")
    sizes = [_size_of_rows(column) for column in columns.values()]
    count = next(iter(lengths.values()))
    return Samples(
        kind="array",
        blocks=lambda: _blocks(columns, count),
        count=count,
        pair=len(columns) == 2 and not isinstance(value, Mapping),
        remarks=_remarks(value, count),
        size=None if None in sizes else count * sum(size or 0 for size in sizes),
    )


def _remarks(value: Any, count: int) -> tuple[str, ...]:
    """What a person may have meant otherwise."""
    if _may_be_samples(value):
        way = "give np.stack of it if each is a sample"
        return (f"a list of {len(value)} arrays is taken as {len(value)} columns of {counted(count, 'sample')}: {way}",)
    if lists.are_columns(value) and not lists.are_plainly_columns(value):
        what = f"a {type(value).__name__} of {len(value)} lists"
        way = "give a list of tuples if each is a sample"
        return (f"{what} is taken as {len(value)} columns of {counted(count, 'sample')}: {way}",)
    return ()


def _may_be_samples(value: Any) -> bool:
    """Whether the person may have meant a list of samples: three or more arrays of one shape."""
    if not isinstance(value, list) or len(value) <= 2 or not any(map(arrays.is_array, value)):
        return False
    return len({str(getattr(part, "shape", None)) for part in value}) == 1


def columns_of(value: Any) -> dict[str, Any] | None:
    """Name and content of each column, if the value is given by columns.

    Raises:
        UsageError: Two columns of a mapping have the same name as text, or a column is a sparse or masked array.
    """
    if _is_column_array(value):
        return {BARE: value}
    if _is_tensor_dataset(value):
        value = value.tensors
    if isinstance(value, Mapping):
        named = {str(key) or BARE: column for key, column in value.items()}
        if len(named) != len(value):
            raise UsageError("two columns have the same name as text")
    elif _is_row_of_arrays(value) or lists.are_columns(value):
        named = {str(index): column for index, column in enumerate(value)}
    else:
        return None
    return named if named and all(map(_is_column, named.values())) else None


def _is_row_of_arrays(value: Any) -> bool:
    return isinstance(value, tuple | list) and 0 < len(value) <= lists.MAX_COLUMNS and any(map(_is_column_array, value))


def _is_column_array(value: Any) -> bool:
    """Whether this is an array with an axis of samples; one of rows with named fields is a table.

    Raises:
        UsageError: It is sparse or masked.
    """
    if arrays.is_torch(value):
        _refuse(value.is_sparse or "sparse" in str(value.layout), "a sparse tensor", "to_dense()")
        return bool(value.dim() > 0)
    module = type(value).__module__ or ""
    _refuse(module.startswith("scipy.sparse"), f"a sparse array ({type(value).__name__})", "toarray()")
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.ndarray):
        return False
    _refuse(isinstance(value, numpy.ma.MaskedArray), "a masked array", "filled()")
    return value.ndim > 0 and value.dtype.names is None


def _refuse(is_so: bool, what: str, way: str) -> None:  # noqa: FBT001  a condition, named where it is given
    if is_so:
        raise UsageError(f"{what} is not taken as a split", hint=f"give its .{way}")


def _is_column(value: Any) -> bool:
    return isinstance(value, list | tuple | range) or _is_column_array(value)


def _is_tensor_dataset(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and type(value) is torch.utils.data.TensorDataset


def _size_of_rows(column: Any) -> int | None:
    """Bytes of one row of a column of numbers; None for any other column."""
    if arrays.is_torch(column):
        return int(math.prod(column.shape[1:]) * column.element_size())
    if arrays.is_array(column) or getattr(getattr(column, "dtype", None), "kind", "") in {"M", "m"}:
        return int(math.prod(column.shape[1:]) * column.dtype.itemsize)
    return None


def _blocks(columns: Mapping[str, Any], count: int) -> Iterator[Block]:
    sizes = [_size_of_rows(column) for column in columns.values()]
    rows = min(MAX_ROWS, max(1, BLOCK_BYTES // max(1, sum(size or 0 for size in sizes))))
    step = min(rows, LIST_ROWS) if None in sizes else rows
    for start in range(0, count, step):
        parts = {name: column[start : start + step] for name, column in columns.items()}
        yield from _side_by_side(parts, start)
        for column in columns.values():
            _let_go(column)


def _let_go(column: Any) -> None:
    """Tell the system that what was read of an array in a file need not stay in this process's memory."""
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(column, numpy.memmap) or column.mode == "c":  # whose changes are in memory only
        return
    if isinstance(column.base, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        column.base.madvise(mmap.MADV_DONTNEED)


def _side_by_side(parts: Mapping[str, Any], start: int) -> Iterator[Block]:
    """A run of rows as one block; as several where a list holds values of more than one form.

    Args:
        parts: The same rows of each column.
        start: Number of the first row, for messages.
    """
    bare = [*parts] == [BARE]
    block: list[Column] = []
    for name, part in parts.items():
        column = _numbers(name, part)
        if column is not None:
            block.append(column)
            continue
        values = _listed(part)
        found = list(itertools.islice(blocks_of(values if bare else ({name: item} for item in values), start), 2))
        if len(found) > 1 or found[0][0].count != len(values):
            yield from blocks_of(_rows(parts, bare=bare), start)
            return
        block.extend(found[0])
    names = [column.name for column in block]
    if len(set(names)) != len(names):
        raise UsageError(f"two leaves have one name: {sorted(name for name in set(names) if names.count(name) > 1)}")
    yield tuple(block)


def _numbers(name: str, part: Any) -> Column | None:
    """A slice of numbers or times as a column; None for texts, objects and lists."""
    if isinstance(part, list | tuple | range):
        return None
    array = arrays.to_array(part)
    dtype = arrays.name_of(array.dtype)
    if dtype is not None:
        return Column(name=name, dtype=dtype, values=array)
    if array.dtype.kind in "Mm":
        return _times(name, array)
    if array.dtype.kind in "USTO":
        return None
    raise UsageError(f"column {name!r}: arrays of dtype {array.dtype} cannot be kept")


def _times(name: str, part: Any) -> Column:
    import numpy as np

    try:
        dtype = time_dtype(part.dtype)
    except TypeError as error:
        raise UsageError(f"column {name!r}: {error}") from error
    missing = np.isnat(part) if part.ndim == 1 else None  # in a longer row NaT stays the number it is
    values = part.astype(part.dtype.newbyteorder("<")).view("<i8")
    if missing is None or not missing.any():
        return Column(name=name, dtype=dtype, values=values)
    return Column(name=name, dtype=dtype, values=np.where(missing, 0, values), missing=missing)


def _listed(part: Any) -> Sequence[Any]:
    """The rows of a slice of texts, objects or a list, one by one."""
    if isinstance(part, list | tuple | range):
        return part
    if part.ndim > 1 or part.dtype.kind in "Mm":  # whose own lists hold numbers for some units
        return list(part)
    values: list[Any] = part.tolist()
    if part.dtype.kind == "T":  # numpy's texts of any length, whose missing value may be any object
        return [value if isinstance(value, str) else None for value in values]
    return values


def _rows(parts: Mapping[str, Any], *, bare: bool) -> Iterator[Any]:
    listed = [_as_rows(part) for part in parts.values()]
    for row in zip(*listed, strict=True):
        yield row[0] if bare else dict(zip(parts, row, strict=True))


def _as_rows(part: Any) -> Iterable[Any]:
    return arrays.to_array(part) if arrays.is_array(part) else _listed(part)
