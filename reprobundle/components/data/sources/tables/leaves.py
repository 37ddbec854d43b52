"""Single cells of Arrow's arrays: numbers, times, decimal numbers, texts and byte strings."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.blocks import BINARY, DECIMAL, TEXT, Column
from reprobundle.components.data.sources.tables import columns as making
from reprobundle.components.data.sources.tables.meaning import Meaning
from reprobundle.components.data.sources.tables.plain_arrays import missing_of, numbers_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DAY = 86_400_000  # milliseconds


def is_list(kind: Any) -> bool:
    """Whether cells of this type are lists, of any or of one length, in their order or not."""
    import pyarrow as pa

    plain_kinds = (pa.types.is_list, pa.types.is_large_list, pa.types.is_fixed_size_list)
    views = (
        getattr(pa.types, name, None) for name in ("is_list_view", "is_large_list_view")
    )  # not in the oldest pyarrow
    return any(is_kind is not None and is_kind(kind) for is_kind in (*plain_kinds, *views))


def is_tensor(kind: Any) -> bool:
    """Whether lists of this type are tensors of one dimension."""
    import pyarrow as pa

    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind))


def leaf_of(name: str, array: Any, meaning: Meaning) -> Column:
    """The column of a plain array without lists and structs.

    Raises:
        UsageError: Its type cannot be kept without loss.
    """
    import numpy as np
    import pyarrow as pa

    kind, missing = array.type, missing_of(array)
    if is_tensor(kind):
        values = numbers_of(array)
        if meaning.nan and missing is not None and pa.types.is_floating(kind):
            return making.numbers(name, np.where(missing, np.full((), np.nan, values.dtype), values))
        return making.numbers(name, values, missing)
    if pa.types.is_temporal(kind):
        return _of_times(name, array, missing)
    if pa.types.is_decimal(kind):
        digits = [b"" if cell is None else format(cell, "f").encode("ascii") for cell in array.to_pylist()]
        return making.byte_strings(name, digits, missing, dtype=DECIMAL)
    if pa.types.is_large_string(kind) or pa.types.is_large_binary(kind):
        return _of_bytes(name, array, missing)
    raise making.refused(name, f"Arrow's type {kind}")


def _of_times(name: str, array: Any, missing: Array | None) -> Column:
    import pyarrow as pa

    kind, values = array.type, numbers_of(array)
    if pa.types.is_date64(kind):
        present = values if missing is None else values[~missing]
        if (present % DAY).any():
            raise making.refused(name, "a date64 that is no whole day")
        return making.counted(name, "date[day]", values // DAY, missing)
    if pa.types.is_date32(kind):
        return making.counted(name, "date[day]", values, missing)
    if pa.types.is_timestamp(kind):
        return making.counted(name, f"timestamp[{kind.unit}{', UTC' if kind.tz else ''}]", values, missing)
    if pa.types.is_duration(kind):
        return making.counted(name, f"duration[{kind.unit}]", values, missing)
    if pa.types.is_time(kind):
        return making.counted(name, f"time[{kind.unit}]", values, missing)
    raise making.refused(name, f"Arrow's type {kind}")


def _of_bytes(name: str, array: Any, missing: Array | None) -> Column:
    """Texts and byte strings of the large kind, of which Arrow's own buffers are a block's."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.compute as pc

    dtype = TEXT if pa.types.is_large_string(array.type) else BINARY
    _, places, content = array.buffers()
    offsets = np.zeros(1, np.int64) if places is None else np.frombuffer(places, "<i8")
    offsets = offsets[array.offset : array.offset + len(array) + 1]
    if missing is not None and np.diff(offsets)[missing].any():  # Arrow leaves open what stands where nothing is
        array = pc.fill_null(array, "" if dtype == TEXT else b"")
        return replace(_of_bytes(name, array, None), missing=missing)
    values = np.zeros(0, np.uint8) if content is None else np.frombuffer(content, np.uint8)
    first, last = (int(offsets[0]), int(offsets[-1])) if len(offsets) else (0, 0)
    return Column(name=name, dtype=dtype, values=values[first:last], offsets=offsets - first, missing=missing)
