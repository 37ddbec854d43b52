"""pandas' frames and series, without pyarrow where their columns are numpy's."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from reprobundle import extras
from reprobundle.components.data.blocks import Block, Column
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.tables import columns as making
from reprobundle.components.data.sources.tables.arrow import Part, blocks_of_parts
from reprobundle.components.data.sources.tables.batches import rows_at_once
from reprobundle.components.data.sources.tables.meaning import Meaning
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.phrases import some
from reprobundle.worker.tree import BARE

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

TYPES_SHOWN = 3
CELL_BYTES = 64  # a text of pandas' own, about
Reader = Callable[[int, int], "Column | Part"]
"""Gives a column's cells from one row up to another."""

_NUMBERS = {"boolean": "bool", "integer": "<i8", "floating": "<f8"}  # what pandas calls columns of Python's objects


def samples_of(frame: Any) -> Samples:
    """The rows of a DataFrame, or the values of a Series.

    The index is a part of the rows where it has a name and is no plain range: its levels are the last columns, where
    pandas itself puts them in a Parquet file.

    Raises:
        UsageError: Two columns have one name, or one is of a dtype that cannot be kept.
        UnavailableError: A column needs pyarrow, which is not installed.
    """
    pandas = sys.modules["pandas"]
    if isinstance(frame, pandas.Series):
        readers, kind = [_reader(BARE, frame)], "array"
    else:
        columns = list(_columns(frame))
        making.refuse_twins([name for name, _ in columns])
        readers, kind = [_reader(name, series) for name, series in columns], "table"
    step = rows_at_once(1, max(1, len(readers)) * CELL_BYTES)
    return Samples(kind=kind, count=len(frame), blocks=lambda: _blocks(readers, len(frame), step))  # type: ignore[arg-type]


def _blocks(readers: list[Reader], count: int, step: int) -> Iterator[Block]:
    for start in range(0, count, step):
        stop = min(count, start + step)
        yield from blocks_of_parts([reader(start, stop) for reader in readers])


def _columns(frame: Any) -> Iterator[tuple[str, Any]]:
    for place, name in enumerate(frame.columns):
        yield str(name), frame.iloc[:, place]
    index = frame.index
    if isinstance(index, sys.modules["pandas"].RangeIndex):
        return
    for level, name in enumerate(index.names):
        if name is not None:
            yield str(name), index.get_level_values(level).to_series()


def _reader(name: str, series: Any) -> Reader:
    import numpy as np

    pandas = sys.modules["pandas"]
    dtype = series.dtype
    if isinstance(dtype, np.dtype):
        return _of_objects(name, series) if dtype.kind == "O" else _of_numpy(name, series.to_numpy())
    if isinstance(dtype, pandas.DatetimeTZDtype):
        instants = series.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()
        return lambda start, stop: making.times(name, instants[start:stop], aware=True)
    if isinstance(dtype, pandas.CategoricalDtype):
        return _of_categories(name, series)
    if isinstance(dtype, pandas.SparseDtype):
        return _reader(name, series.sparse.to_dense())
    if isinstance(dtype, pandas.PeriodDtype | pandas.IntervalDtype):
        raise making.refused(name, f"dtype {dtype}", hint="turn it into times, or into two columns")
    if isinstance(dtype, pandas.StringDtype) and dtype.storage == "python":
        return _of_texts(name, series.to_numpy(dtype=object))
    if hasattr(dtype, "numpy_dtype") and not hasattr(dtype, "pyarrow_dtype"):
        return _of_masked(name, series)
    if hasattr(series.array, "__arrow_array__"):
        return _of_arrow(name, series.array, Meaning())
    raise making.refused(name, f"dtype {dtype}")


def _of_numpy(name: str, values: Array) -> Reader:
    if values.dtype.kind in "mM":
        return lambda start, stop: making.times(name, values[start:stop])
    return lambda start, stop: making.numbers(name, values[start:stop])


def _of_masked(name: str, series: Any) -> Reader:
    values = series.array.to_numpy(dtype=series.dtype.numpy_dtype, na_value=False)
    missing = series.isna().to_numpy()
    return lambda start, stop: making.numbers(name, values[start:stop], missing[start:stop])


def _of_categories(name: str, series: Any) -> Reader:
    distinct = series.cat.categories.to_series()
    known = _whole(name, _reader(name, distinct)(0, len(distinct)), len(distinct))
    codes = series.cat.codes.to_numpy()
    return lambda start, stop: making.categories(known, codes[start:stop])


def _whole(name: str, part: Column | Part, count: int) -> Column:
    if not count:
        return making.nulls(name, 0)
    blocks = list(blocks_of_parts([part]))
    if len(blocks) != 1 or len(blocks[0]) != 1:
        raise making.refused(name, "categories that are no plain values")
    return blocks[0][0]


def _of_objects(name: str, series: Any) -> Reader:
    """Python's objects: texts, numbers and byte strings as they are, all else as pyarrow understands it."""
    values = series.to_numpy()
    found = sys.modules["pandas"].api.types.infer_dtype(values, skipna=True)
    if found == "string":
        return _of_texts(name, values)
    if found == "empty":
        return lambda start, stop: making.nulls(name, stop - start)
    if found == "bytes":
        return lambda start, stop: making.byte_strings(name, *_filled(values[start:stop], b""))
    if found in _NUMBERS:
        return _of_python_numbers(name, values, _NUMBERS[found])
    return _of_arrow(name, values, Meaning(nan=True))


def _of_texts(name: str, values: Array) -> Reader:
    return lambda start, stop: making.texts(name, *_filled(values[start:stop], ""))


def _of_python_numbers(name: str, values: Array, dtype: str) -> Reader:
    import numpy as np

    cells, missing = _filled(values, False)
    try:
        made = np.array(cells, dtype)
    except OverflowError as error:
        raise making.refused(name, "an integer beyond 64 bits", hint="turn it into text or decimal numbers") from error
    return lambda start, stop: making.numbers(name, made[start:stop], missing[start:stop])


def _filled(values: Array, filler: Any) -> tuple[list[Any], Array]:
    """The cells with `filler` where one is missing, and where that is."""
    missing: Array = sys.modules["pandas"].isna(values)
    if not missing.any():
        return values.tolist(), missing
    filled = values.copy()
    filled[missing] = filler
    return filled.tolist(), missing


def _of_arrow(name: str, values: Any, meaning: Meaning) -> Reader:
    """What pyarrow makes of a column; it would stand so in a Parquet file, too."""
    try:
        import pyarrow as pa
    except ImportError as error:
        hint = extras.how_to_install("tables")
        raise UnavailableError(
            f"column {name!r}: reading it needs pyarrow, which is not installed", hint=hint
        ) from error
    try:
        array = pa.array(values, from_pandas=True)
    except (pa.ArrowException, OverflowError, TypeError, ValueError) as error:
        raise _unlike(name, values) from error
    if not meaning.nan or not _holds_floats(array.type):
        meaning = Meaning()
    if isinstance(array, pa.ChunkedArray):
        whole = array
        return lambda start, stop: Part(name, pa.concat_arrays(_pieces(whole, start, stop)), meaning)
    return lambda start, stop: Part(name, array.slice(start, stop - start), meaning)


def _unlike(name: str, values: Any) -> UsageError:
    """Why objects are no column, by their types: their own words may hold addresses of memory."""
    types = sorted({type(value).__name__ for value in values if not _is_absent(value)})
    if len(types) == 1:
        hint = "give what is in them as columns of their own, or leave the column out"
        return UsageError(f"column {name!r}: objects of type {types[0]} cannot be kept", hint=hint)
    hint = f"make them one type, such as with frame[{name!r}].astype(str)"
    return UsageError(f"column {name!r}: its objects are not of one type: {some(types, TYPES_SHOWN)}", hint=hint)


def _is_absent(value: Any) -> bool:
    return value is None or (isinstance(value, float) and math.isnan(value))


def _pieces(array: Any, start: int, stop: int) -> list[Any]:
    pieces: list[Any] = array.slice(start, stop - start).chunks
    return pieces


def _holds_floats(kind: Any) -> bool:
    """Whether these are lists of floats, whose NaN pyarrow has made null."""
    import pyarrow as pa

    is_list = pa.types.is_list(kind) or pa.types.is_large_list(kind)
    return bool(is_list and pa.types.is_floating(kind.value_type))
