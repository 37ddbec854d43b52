"""Arrays a piece at a time: what is compared may be larger than the memory that is left."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BLOCK = 1 << 16  # elements: a few copies of so many numbers of 64 bits stay in a processor's cache
NARROW = 4  # bytes, of the narrowest floats that numpy counts with fast
STEEPEST = 1000  # exponent of the largest scale, whose inverse is a number, too


def flat(array: Array) -> Array:
    """An array in one row, in C order; a copy only where it does not lie so in memory."""
    import numpy as np

    return np.ascontiguousarray(array).ravel()


def starts(count: int) -> range:
    """Where the blocks of so many elements begin."""
    return range(0, count, BLOCK)


def pairs(one: Array, other: Array) -> Iterator[tuple[int, Array, Array]]:
    """Where each block of two arrays of one size begins, and the two blocks."""
    ours, theirs = flat(one), flat(other)
    for start in starts(ours.size):
        yield start, ours[start : start + BLOCK], theirs[start : start + BLOCK]


def bits(block: Array) -> Array:
    """The bits of each element as an unsigned integer."""
    return block.view(f"uint{8 * block.dtype.itemsize}")


def are_equal(one: Array, other: Array) -> bool:
    """Whether two arrays of one dtype and shape are equal bit for bit."""
    import numpy as np

    return all(np.array_equal(bits(ours), bits(theirs)) for _, ours, theirs in pairs(one, other))


def is_inexact(array: Array) -> bool:
    """Whether its elements are floats, real or complex."""
    return array.dtype.kind not in "biu"


def plain(block: Array) -> Array:
    """Floats as numpy counts with them fast and without overflow: float32, float64 or complex128; no number changes."""
    import numpy as np

    if block.dtype.kind == "c":
        return block.astype(np.complex128)
    return block.astype(np.float32) if block.dtype.itemsize < NARROW else block


def scaled(block: Array, scale: float) -> Array:
    """Floats times a power of two, as float64 or complex128."""
    import numpy as np

    values = plain(block)
    dtype = np.complex128 if values.dtype.kind == "c" else np.float64
    return np.asarray(np.multiply(values, scale, dtype=dtype))


def scale_for(peak: float) -> float:
    """The power of two that brings the largest magnitude near one, so that no square is lost; it changes no digit."""
    exponent = math.frexp(peak)[1]
    return math.ldexp(1.0, -max(-STEEPEST, min(STEEPEST, exponent)))
