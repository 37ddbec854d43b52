"""The largest of many numbers that go by in blocks, exactly, in little memory."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.blocks import BLOCK

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

EXCEEDED_BY = 1000  # one element in so many may lie above the quantile


class Largest:
    """Keeps so many of the largest numbers that were added; what is below all of them is dropped on the way."""

    def __init__(self, count: int) -> None:
        """Make room.

        Args:
            count: How many numbers will be added in all, at least one.
        """
        self._keep = count // EXCEEDED_BY + 1
        self._floor = -math.inf
        self._held: list[Array] = []
        self._waiting = 0

    def add(self, values: Array) -> None:
        """Take in one block of floats."""
        above = values[values > self._floor]
        self._held.append(above)
        self._waiting += above.size
        if self._waiting > 2 * (self._keep + BLOCK):
            self._drop()

    def quantile(self) -> float:
        """The number that at most one in a thousand of those added exceeds."""
        self._drop()
        return self._floor

    def _drop(self) -> None:
        import numpy as np

        held = np.concatenate(self._held)
        cut = max(0, held.size - self._keep)
        kept = np.partition(held, cut)[cut:]
        self._held, self._waiting, self._floor = [kept], kept.size, float(kept[0])
