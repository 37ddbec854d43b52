"""Columns of a block from what libraries hold: numbers, texts, times, and codes into a list of values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from reprobundle import arrays
from reprobundle.components.data.blocks import BINARY, NULL, TEXT, Column
from reprobundle.components.data.cells import time_dtype
from reprobundle.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def refused(name: str, what: str, *, hint: str | None = None) -> UsageError:
    """The error for a column that cannot be kept without loss."""
    return UsageError(f"column {name!r}: {what} cannot be kept as a part of a sample", hint=hint)


def nulls(name: str, count: int) -> Column:
    """A column in which every cell is missing."""
    import numpy as np

    return Column(name=name, dtype=NULL, values=np.zeros(count, np.uint8), missing=np.ones(count, bool))


def numbers(name: str, values: Array, missing: Array | None = None) -> Column:
    """A column of numbers or tensors.

    Args:
        name: Its name.
        values: Shape (samples, …), of a dtype that safetensors holds.
        missing: Shape (samples,): where there is no value.

    Raises:
        UsageError: numpy's dtype has no place in a bundle.
    """
    import numpy as np

    dtype = arrays.name_of(values.dtype)
    if dtype is None:
        raise refused(name, f"dtype {values.dtype}")
    if missing is None or not missing.any():
        return Column(name=name, dtype=dtype, values=values)
    across = missing.reshape(-1, *[1] * (values.ndim - 1))
    return Column(name=name, dtype=dtype, values=np.where(across, np.zeros((), values.dtype), values), missing=missing)


def counted(name: str, dtype: str, values: Array, missing: Array | None) -> Column:
    """A column of times, counted in whole units from their beginning."""
    return replace(numbers(name, values.astype("<i8", copy=False), missing), dtype=dtype)


def times(name: str, values: Array, *, aware: bool = False) -> Column:
    """A column of numpy's times or durations; NaT is missing.

    Args:
        name: Its name.
        values: Shape (samples,), datetime64 or timedelta64.
        aware: Whether they are instants, counted in UTC.

    Raises:
        UsageError: They count in a unit that no other library has.
    """
    import numpy as np

    try:
        dtype = time_dtype(values.dtype)
    except TypeError as error:
        raise refused(name, f"dtype {values.dtype}", hint="a unit of s, ms, us or ns can be kept") from error
    missing = np.isnat(values)
    plain = np.ascontiguousarray(values, values.dtype.newbyteorder("<")).view("<i8")
    return counted(name, dtype.replace("]", ", UTC]") if aware else dtype, plain, missing)


def texts(name: str, values: Sequence[str], missing: Array | None = None) -> Column:
    """A column of texts; the text of a missing one is empty."""
    joined = "".join(values)
    if joined.isascii():
        return strings(name, TEXT, joined.encode("ascii"), list(map(len, values)), missing)
    return byte_strings(name, [value.encode("utf-8", "surrogatepass") for value in values], missing, dtype=TEXT)


def byte_strings(name: str, values: Sequence[bytes], missing: Array | None = None, *, dtype: str = BINARY) -> Column:
    """A column of byte strings, or of what is kept as such; a missing one is empty."""
    return strings(name, dtype, b"".join(values), list(map(len, values)), missing)


def strings(name: str, dtype: str, content: bytes, lengths: Sequence[int], missing: Array | None) -> Column:
    """A ragged column of bytes that lie one after another."""
    import numpy as np

    return Column(
        name=name,
        dtype=dtype,
        values=np.frombuffer(content, np.uint8),
        offsets=offsets_of(np.asarray(lengths, np.int64)),
        missing=missing if missing is not None and missing.any() else None,
    )


def offsets_of(lengths: Array) -> Array:
    """Where each of many things that lie one after another begins, and the end."""
    import numpy as np

    return np.concatenate([np.zeros(1, np.int64), np.cumsum(lengths, dtype=np.int64)])


def taken(column: Column, rows: Array) -> Column:
    """The cells of some samples in another order.

    Args:
        column: The cells to choose from.
        rows: Which samples; -1 for a missing one.
    """
    import numpy as np

    absent = rows < 0
    chosen = np.where(absent, 0, rows)
    missing = absent if column.missing is None else absent | column.missing[chosen]
    if column.offsets is None:
        return replace(column, values=column.values[chosen], missing=missing if missing.any() else None)
    lengths = np.where(missing, 0, np.diff(column.offsets)[chosen])
    offsets = offsets_of(lengths)
    places = np.arange(offsets[-1]) + np.repeat(column.offsets[chosen] - offsets[:-1], lengths)
    return replace(column, values=column.values[places], offsets=offsets, missing=missing if missing.any() else None)


def categories(column: Column, codes: Array) -> Column:
    """A column of codes into a list of distinct values, as those values; code -1 is missing."""
    if column.count == 0:
        return nulls(column.name, len(codes))
    return taken(column, codes)


def refuse_twins(names: Sequence[str]) -> None:
    """Make sure that no two columns have one name.

    Raises:
        UsageError: Two have.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise UsageError(f"two columns are both called {name!r}", hint="give each column a name of its own")
        seen.add(name)
