"""What an array holds beside numbers, and how large they are."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.blocks import BLOCK, flat, is_inexact, plain, starts

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Survey:
    """An array at a glance.

    Attributes:
        nan: Elements that are NaN; a complex number is where one of its halves is.
        infinite: Elements that are infinite and not NaN.
        peak: The largest finite magnitude; 0 for what holds none.
    """

    nan: int = 0
    infinite: int = 0
    peak: float = 0.0


def survey(array: Array) -> Survey:
    """Look at every element once; integers hold nothing but numbers."""
    import numpy as np

    if not is_inexact(array):
        return Survey()
    nan, infinite, peak, row = 0, 0, 0.0, flat(array)
    for start in starts(row.size):
        values = plain(row[start : start + BLOCK])
        sizes = np.abs(values)
        largest = float(sizes.max())
        if not math.isfinite(largest):
            no_number = np.isnan(values)
            nan += int(np.count_nonzero(no_number))
            infinite += int(np.count_nonzero(np.isinf(values) & ~no_number))
            largest = float(sizes.max(where=np.isfinite(values), initial=0.0))
        peak = max(peak, largest)
    return Survey(nan=nan, infinite=infinite, peak=peak)
