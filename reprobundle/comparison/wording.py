"""Why an output is not bitwise, in words."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.measuring import Measured
from reprobundle.comparison.policy import Effective

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MANY_TIMES = 10  # from here on no fraction is told
CAPPED = "; the bundle asks for a wider tolerance than it may, and was given the widest"
ORIGINS = {"envelope": "the bundle's measured envelope", "reviewer": "the reviewer's own tolerance"}


def of_integers(outside: int, expected: Array) -> str:
    """How many integers differ."""
    return f"{outside} of {expected.size} elements differ, and {expected.dtype} must agree exactly"


def of_floats(measured: Measured, effective: Effective) -> str:
    """How far floats lie apart, and that the bundle asked for more."""
    count, largest = measured.count, f"largest difference {measured.largest:.3g}"
    if measured.is_close:
        return f"not bitwise: {largest}, all {count} elements within the tolerance"
    told = f"{measured.outside} of {count} elements lie outside the tolerance, {largest}"
    if not measured.outside:
        told = f"{measured.gross} of {count} elements differ by more than a hundredth of their own size, next to far larger ones"
    return told + (CAPPED if effective.capped else "")


def by(origin: str, times: float | None) -> str:
    """Where a tolerance comes from, and how wide it is, such as ``the bundle's measured envelope, 4x wider than the default``."""
    wide = "" if times is None or not math.isfinite(times) else f"{_times(times)}x "
    return f"{ORIGINS.get(origin, origin)}, {wide}wider than the default"


def _times(value: float) -> str:
    return f"{value:.3g}" if value < MANY_TIMES else f"{value:,.0f}"
