"""Arrays a piece at a time, so that controls on large inputs and outputs take little memory beside them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from reprobundle.comparison import blocks

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BLOCK = 1 << 20  # elements


def wide(array: Array) -> Array:
    """Numbers as float64 or complex128, a copy."""
    return array.astype("complex128" if array.dtype.kind == "c" else "float64")


def pieces(*arrays: Array) -> Iterator[tuple[Array, ...]]:
    """Arrays of one size, flat, the same piece of each at a time; views where they lie in one row in memory."""
    rows = [blocks.flat(array) for array in arrays]
    for start in range(0, rows[0].size, BLOCK):
        yield tuple(row[start : start + BLOCK] for row in rows)


def parts(rows: int, columns: int) -> Iterator[tuple[slice, slice]]:
    """Rectangles of bounded size that cover a table, whole rows where they are short."""
    width = max(min(columns, BLOCK), 1)
    height = max(BLOCK // width, 1)
    for top in range(0, rows, height):
        for left in range(0, columns, width):
            yield slice(top, top + height), slice(left, left + width)


def strips(rows: int, columns: int) -> Iterator[slice]:
    """Columns of a table in bounded pieces that hold every row."""
    width = max(BLOCK // max(rows, 1), 1)
    for left in range(0, columns, width):
        yield slice(left, left + width)


def extremes(array: Array) -> tuple[Any, Any] | None:
    """The smallest and the largest finite value, of the array's own dtype; None where none is finite."""
    import numpy as np

    found = [(told.min(), told.max()) for (piece,) in pieces(array) if (told := piece[np.isfinite(piece)]).size]
    return (min(low for low, _ in found), max(high for _, high in found)) if found else None
