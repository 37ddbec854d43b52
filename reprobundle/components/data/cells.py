"""A sample taken apart into its cells: one for each leaf of its structure, in order, by the rules of docs/format.md.

A sample is a nested structure of tensors and plain values. This is the reference for what a leaf is called, which dtype it
has and which shape; sources that know their columns (tables) give the same without making samples.
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import sys
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from reprobundle import arrays
from reprobundle.components.data.blocks import BINARY, DECIMAL, EMPTY, INTEGER, NULL, TEXT
from reprobundle.worker.tree import BARE, MAX_DEPTH, UnknownLeaf

LEAST, MOST = -(2**63), 2**63 - 1
UNITS = frozenset({"s", "ms", "us", "ns"})

_Shape = tuple[int, ...]
_MICROSECOND = datetime.timedelta(microseconds=1)
_START = datetime.datetime(1970, 1, 1)  # noqa: DTZ001  naive times are counted from here, whatever the zone
_START_UTC = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
_FIRST_DAY = _START.toordinal()


class Cell(NamedTuple):
    """One leaf of one sample.

    Attributes:
        name: Its path in the sample's structure; ``value`` for a bare one.
        dtype: As `blocks.Column` names it.
        shape: Shape of a tensor; () for all else.
        value: An array, or a number of Python's (of shape ()); bytes of a text, a binary string, an integer beyond 64 bits
            or a decimal number; None where it is missing or empty.
    """

    name: str
    dtype: str
    shape: _Shape
    value: Any


def cells_of(sample: Any) -> list[Cell]:
    """The cells of a sample in the order of its structure.

    Raises:
        UnknownLeaf: Something in it is neither a container, a tensor nor a plain value, it is nested too deeply, or two
            leaves share a name.
        TypeError: A tensor of a dtype that cannot be kept.
    """
    cells: list[Cell] = []
    _take(sample, "", 0, cells)
    if len(cells) > 1 and len({cell[0] for cell in cells}) != len(cells):
        names = [cell.name for cell in cells]
        raise UnknownLeaf(f"two leaves are both called {next(name for name in names if names.count(name) > 1)!r}")
    return cells


def _take(value: Any, path: str, depth: int, cells: list[Cell]) -> None:
    """Append the cells of a value; plain recursion, for it runs for every cell of a data set."""
    kind = type(value)
    cell = None if kind is tuple or kind is dict else _plain(value, path or BARE)
    if cell is not None:
        cells.append(cell)
        return
    if depth > MAX_DEPTH:
        raise UnknownLeaf(f"at {path!r}: nested deeper than {MAX_DEPTH} levels")
    pairs = enumerate(value) if kind is tuple else _pairs(value, path)
    if pairs is None:
        raise UnknownLeaf(f"at {path or BARE!r}: a {type(value).__name__} is no tensor or plain value")
    before = len(cells)
    for key, item in pairs:
        _take(item, f"{path}/{key}" if path else str(key), depth + 1, cells)
    if len(cells) == before:  # everything that is not empty has a cell
        cells.append(Cell(path or BARE, EMPTY, (), None))


def _plain(value: Any, name: str) -> Cell | None:
    """The cell of a value that is a leaf itself; None for a container."""
    kind = type(value)
    if kind is int or kind is float or kind is bool or kind is str or value is None:
        return _of_python(value, name)
    if kind is list:
        return _of_list(value, name)
    if arrays.is_torch(value):
        return _of_array(arrays.to_array(value), name)
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray | numpy.generic):
        return _of_numpy(value, name)
    if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
        return _of_time(value, name)
    if _is_missing(value):
        return Cell(name, NULL, (), None)
    if isinstance(value, int | float | str | bytes | bytearray | memoryview | decimal.Decimal):
        return _of_python(value, name)
    if hasattr(value, "__array_interface__"):  # a picture of PIL's
        import numpy as np

        return _of_array(np.asarray(value), name)
    return _of_list(value, name) if isinstance(value, list) else None


def _of_python(value: Any, name: str) -> Cell:
    if value is None:
        return Cell(name, NULL, (), None)
    if isinstance(value, bool):
        return Cell(name, "BOOL", (), value)
    if isinstance(value, float):
        return Cell(name, "F64", (), value)
    if isinstance(value, str):
        return Cell(name, TEXT, (), value.encode("utf-8", "surrogatepass"))
    if isinstance(value, int):
        fits = LEAST <= value <= MOST
        return Cell(name, "I64", (), int(value)) if fits else Cell(name, INTEGER, (), digits_of(value))
    if isinstance(value, decimal.Decimal):
        return Cell(name, DECIMAL, (), format(value, "f").encode("ascii"))
    return Cell(name, BINARY, (), bytes(value))


def digits_of(value: int) -> bytes:
    """An integer of any size in ASCII digits; Python's own limit on such texts guards others, not a digest."""
    try:
        return b"%d" % value
    except ValueError:
        return format(decimal.Decimal(value), "f").encode("ascii")


def _of_list(value: list[Any], name: str) -> Cell | None:
    """A list of integers only, or of floats only, as the 1-D tensor it is; None for any other list."""
    import numpy as np

    kinds = set(map(type, value))
    if kinds == {int} and min(value) >= LEAST and max(value) <= MOST:
        return Cell(name, "I64", (len(value),), np.array(value, np.int64))
    if kinds == {float}:
        return Cell(name, "F64", (len(value),), np.array(value, np.float64))
    return None


def _of_array(array: Any, name: str) -> Cell:
    dtype = arrays.name_of(array.dtype)
    if dtype is None:
        raise TypeError(f"at {name!r}: arrays of dtype {array.dtype} cannot be kept")
    return Cell(name, dtype, array.shape, array)


def _of_numpy(value: Any, name: str) -> Cell | None:
    """The cell of a numpy array or scalar; None for one that holds texts, objects or rows, which is a container."""
    import numpy as np

    kind = value.dtype.kind
    if kind in "Mm":
        return _of_numpy_time(np.asarray(value), name)
    if arrays.name_of(value.dtype) is not None:
        return _of_array(np.asarray(value), name)
    if isinstance(value, str | bytes):
        return _of_python(value, name)
    if kind not in "USTOV":
        raise TypeError(f"at {name!r}: arrays of dtype {value.dtype} cannot be kept")
    return _plain(value[()], name) if value.shape == () and isinstance(value, np.ndarray) else None


def _of_numpy_time(value: Any, name: str) -> Cell:
    import numpy as np

    if value.shape == () and np.isnat(value):
        return Cell(name, NULL, (), None)
    try:
        dtype = time_dtype(value.dtype)
    except TypeError as error:
        raise TypeError(f"at {name!r}: {error}") from error
    return Cell(name, dtype, value.shape, value.astype(value.dtype.newbyteorder("<")).view("<i8"))


def time_dtype(dtype: Any) -> str:
    """Our name for numpy's dtype of times without a zone.

    Raises:
        TypeError: It counts in another unit than days, s, ms, us or ns.
    """
    import numpy as np

    unit, step = np.datetime_data(dtype)
    if step == 1 and unit in UNITS:
        return f"{'timestamp' if dtype.kind == 'M' else 'duration'}[{unit}]"
    if step == 1 and unit == "D" and dtype.kind == "M":
        return "date[day]"
    raise TypeError(f"dtype {dtype} cannot be kept: expected a unit of s, ms, us or ns")


def _of_time(value: Any, name: str) -> Cell:
    """The cell of a time of Python's own, or of pandas, whose times are Python's with a unit of their own."""
    if _is_missing(value):
        return Cell(name, NULL, (), None)
    if hasattr(value, "asm8"):
        cell = _of_numpy_time(value.asm8.reshape(()), name)
        zone = getattr(value, "tzinfo", None)
        return cell if zone is None else cell._replace(dtype=cell.dtype.replace("]", ", UTC]"))
    if isinstance(value, datetime.timedelta):
        length = value // _MICROSECOND
        if not LEAST <= length <= MOST:
            raise UnknownLeaf(f"at {name!r}: a duration of {value.days} days is beyond 64 bits of microseconds")
        return Cell(name, "duration[us]", (), length)
    if isinstance(value, datetime.datetime):
        if value.tzinfo is None:
            return Cell(name, "timestamp[us]", (), (value - _START) // _MICROSECOND)
        return Cell(name, "timestamp[us, UTC]", (), (value - _START_UTC) // _MICROSECOND)
    if isinstance(value, datetime.date):
        return Cell(name, "date[day]", (), value.toordinal() - _FIRST_DAY)
    if value.tzinfo is not None:
        raise UnknownLeaf(f"at {name!r}: a time of day with a zone is no instant")
    seconds = (value.hour * 60 + value.minute) * 60 + value.second
    return Cell(name, "time[us]", (), seconds * 1_000_000 + value.microsecond)


def _is_missing(value: Any) -> bool:
    """Whether this is pandas' NA or NaT."""
    pandas = sys.modules.get("pandas")
    return pandas is not None and (value is getattr(pandas, "NA", None) or value is getattr(pandas, "NaT", None))


def _pairs(value: Any, path: str) -> Iterable[tuple[Any, Any]] | None:
    """Key and content of what a container holds; None for what is none."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type | Mapping):
        return [(field.name, getattr(value, field.name)) for field in dataclasses.fields(value)]
    if hasattr(value, "_asdict"):
        return [*value._asdict().items()]
    if isinstance(value, Mapping):
        return [(_key(key, path), item) for key, item in value.items()]
    if isinstance(value, list | tuple):
        return enumerate(value)
    numpy = sys.modules.get("numpy")
    if numpy is None or not isinstance(value, numpy.ndarray | numpy.generic):
        return None
    if value.shape == () and value.dtype.kind == "O":
        return _pairs(value[()], path)
    if value.dtype.names:
        return [(name, value[name]) for name in value.dtype.names]
    return enumerate(value) if isinstance(value, numpy.ndarray) and value.ndim else None


def _key(key: Any, path: str) -> Any:
    if isinstance(key, str | int) and not isinstance(key, bool):
        return key
    raise UnknownLeaf(f"at {path or BARE!r}: key {key!r} is no string or integer")
