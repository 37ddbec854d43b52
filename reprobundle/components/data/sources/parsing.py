"""Cells of text as a column of a declared dtype: exactly, or not at all."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from collections.abc import Set as AbstractSet
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from reprobundle import tensors
from reprobundle.components.data.blocks import DECIMAL, NULL, TEXT, Column
from reprobundle.components.data.sources.declared import FLOATS, INTEGERS, Declared
from reprobundle.components.data.sources.inferring import MARKERS, floats_of, integers_of
from reprobundle.components.data.sources.tables import columns as making
from reprobundle.components.data.sources.times_of_text import times_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BLANKS = " \t"

_BOOLEANS = {
    "true": True,
    "True": True,
    "TRUE": True,
    "1": True,
    "false": False,
    "False": False,
    "FALSE": False,
    "0": False,
}
_INTEGER = re.compile(r"[+-]?[0-9]{1,40}")
_FLOAT = re.compile(r"[+-]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|inf|infinity|nan)", re.IGNORECASE)
_DECIMAL = re.compile(r"\+?(-?[0-9]+(?:\.[0-9]+)?)")


class BadCellError(ValueError):
    """A cell cannot be read as its column's dtype.

    Attributes:
        index: Which of the cells.
    """

    def __init__(self, index: int) -> None:
        """Keep the place."""
        super().__init__(index)
        self.index = index


def parsed(name: str, declared: Declared, cells: Sequence[str], *, markers: AbstractSet[str] = MARKERS) -> Column:
    """A column of cells of text, read as they were declared.

    Args:
        name: Its name.
        declared: How they are to be read.
        cells: One for each sample; blanks around numbers and times do not count.
        markers: Cells that are missing, or NaN, as it was declared.

    Raises:
        BadCellError: One of them is no value of the dtype.
    """
    if declared.dtype == TEXT:
        if declared.empty or markers.isdisjoint(cells):
            return making.texts(name, cells)
        return making.texts(name, *_without(markers, cells, ""))
    if declared.dtype in FLOATS or declared.dtype in INTEGERS:
        values = _quickly(declared, *_without(markers, cells, "0"))
        if values is not None:
            return making.numbers(name, *values)
    return _carefully(name, declared, *_without(markers, [cell.strip(BLANKS) for cell in cells], ""))


def _without(markers: AbstractSet[str], cells: Sequence[str], filler: str) -> tuple[Sequence[str], Array]:
    """The cells with `filler` where one is missing, and where that is."""
    import numpy as np

    if markers.isdisjoint(cells):
        return cells, np.zeros(len(cells), bool)
    missing = [cell in markers for cell in cells]
    filled = [filler if absent else cell for cell, absent in zip(cells, missing, strict=True)]
    return filled, np.array(missing)


def _quickly(declared: Declared, cells: Sequence[str], missing: Array) -> tuple[Array, Array | None] | None:
    """Numbers of 64 bits, all at once, and where one is missing; None where one is no such number."""
    import numpy as np

    if declared.dtype == "F64":
        floats = floats_of(cells)
        if floats is None:
            return None
        values = np.array(floats, np.float64)
        if declared.empty:
            values[missing] = np.nan
        return values, None if declared.empty else missing
    integers = integers_of(cells) if declared.dtype in INTEGERS else None
    if integers is None:
        return None
    kind = np.dtype(tensors.numpy_dtype(declared.dtype))
    limits = np.iinfo(kind)
    if integers and (min(integers) < limits.min or max(integers) > limits.max):
        return None
    return np.array(integers, kind), missing


def _carefully(name: str, declared: Declared, cells: Sequence[str], missing: Array) -> Column:
    """Cells without blanks around them, empty where one is missing: what all at once failed for, and all other dtypes.

    Raises:
        BadCellError: One of them is no value of the dtype.
    """
    if declared.dtype == NULL:
        _refuse_first(~missing)
        return making.nulls(name, len(cells))
    if declared.dtype == DECIMAL:
        return making.byte_strings(name, _read(_decimals, cells), missing, dtype=DECIMAL)
    convert = _converter(declared.dtype)
    if declared.dtype in FLOATS and declared.empty:
        return making.numbers(name, _read(convert, [cell or "nan" for cell in cells]))
    values = _read(convert, cells)
    if declared.dtype == "BOOL" or declared.dtype in (*INTEGERS, *FLOATS):
        return making.numbers(name, values, missing)
    return making.counted(name, declared.dtype, values, missing if missing.any() else None)


def _read(convert: Callable[[Sequence[str]], Any], cells: Sequence[str]) -> Any:
    """What `convert` makes of the cells; the first bad one is found by itself."""
    try:
        return convert(cells)
    except (ValueError, OverflowError):
        bad = next((index for index, cell in enumerate(cells) if not _is_good(convert, cell)), None)
        if bad is None:
            raise
        raise BadCellError(bad) from None


def _is_good(convert: Callable[[Sequence[str]], Any], cell: str) -> bool:
    try:
        convert([cell])
    except (ValueError, OverflowError):
        return False
    return True


def _refuse_first(bad: Array) -> None:
    if bad.any():
        raise BadCellError(int(bad.argmax()))


def _converter(dtype: str) -> Callable[[Sequence[str]], Array]:
    if dtype == "BOOL":
        return _booleans
    if dtype in INTEGERS:
        return lambda cells: _integers(cells, dtype)
    if dtype in FLOATS:
        return lambda cells: _floats(cells, dtype)
    return lambda cells: times_of(cells, dtype)


def _booleans(cells: Sequence[str]) -> Array:
    import numpy as np

    try:
        return np.array([_BOOLEANS[cell or "0"] for cell in cells], bool)
    except KeyError as error:
        raise ValueError(error.args[0]) from error


def _integers(cells: Sequence[str], dtype: str) -> Array:
    import numpy as np

    _require(_INTEGER, cells)
    kind = tensors.numpy_dtype(dtype)
    values = [int(cell or "0") for cell in cells]
    limits = np.iinfo(kind)
    if values and (min(values) < limits.min or max(values) > limits.max):
        raise OverflowError
    return np.array(values, kind)


def _require(pattern: re.Pattern[str], cells: Sequence[str]) -> None:
    match = pattern.fullmatch
    for cell in cells:
        if cell and match(cell) is None:
            raise ValueError(cell)


def _floats(cells: Sequence[str], dtype: str) -> Array:
    """Correctly rounded: also a narrow one, which a second rounding from 64 bits may miss by one."""
    import numpy as np

    _require(_FLOAT, cells)
    wide = np.array([float(cell or "0") for cell in cells], np.float64)
    kind = tensors.numpy_dtype(dtype)
    if kind == wide.dtype:
        return wide
    with np.errstate(over="ignore", under="ignore"):
        narrow = wide.astype(kind)
    for index in np.flatnonzero(_halfway(wide, narrow)).tolist():
        narrow[index] = _nearest(Fraction(cells[index]), narrow[index], wide[index])
    return narrow


def _halfway(wide: Array, narrow: Array) -> Array:
    """Where the 64-bit value lies in the middle between two narrow ones, so that its own rounding decided."""
    import numpy as np

    back = narrow.astype(np.float64)
    other = _neighbours(wide, narrow).astype(np.float64)
    with np.errstate(invalid="ignore", over="ignore"):
        halfway: Array = np.isfinite(other) & (back != wide) & (back + (other - back) / 2 == wide)
    return halfway


def _neighbours(wide: Array, narrow: Array) -> Array:
    """The narrow value on the other side of each 64-bit one."""
    import numpy as np

    ends = np.where(wide > narrow.astype(np.float64), np.inf, -np.inf).astype(narrow.dtype)
    with np.errstate(over="ignore", under="ignore"):
        neighbours: Array = np.nextafter(narrow, ends)
    return neighbours


def _nearest(exact: Fraction, narrow: Any, wide: Any) -> Any:
    import numpy as np

    middle = Fraction(float(wide))
    if exact == middle:
        return narrow
    other = _neighbours(np.array([wide]), np.array([narrow]))[0]
    low, high = sorted((narrow, other), key=float)
    return high if exact > middle else low


def _decimals(cells: Sequence[str]) -> list[bytes]:
    _require(_DECIMAL, cells)
    return [cell.removeprefix("+").encode("ascii") for cell in cells]
