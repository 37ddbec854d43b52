"""A random choice of samples that is the same whatever their order: those with the smallest digests.

A digest is as good as a random number that the sample itself has drawn, so the k samples with the smallest ones are a
uniform choice of k different samples; equal samples are chosen together and counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Array

SLACK = 1.5  # how much may pile up between two sortings, in shares of k


class Sample:
    """The rows with the k smallest keys, with the values of one or several series there."""

    def __init__(self, k: int) -> None:
        import numpy as np

        self._k = k
        self._bound = np.uint64(2**64 - 1)
        self._keys: list[Array] = []
        self._weights: list[Array] = []
        self._values: list[Array] = []
        self._held = 0
        self._settled = True

    def shrink(self, k: int) -> None:
        """Keep fewer rows from now on."""
        if k < self._k:
            self._k, self._settled = k, False
            self._settle()

    def add(self, values: Array, keys: Array) -> None:
        """Take in rows.

        Args:
            values: float64 of shape (series, rows).
            keys: uint64 of shape (rows,): the first half of each sample's digest.
        """
        import numpy as np

        chosen = keys <= self._bound
        if not chosen.all():
            values, keys = values[:, chosen], keys[chosen]
        if len(keys):
            self._keys.append(keys.copy())
            self._weights.append(np.ones(len(keys), np.int64))
            self._values.append(values.copy())
            self._held += len(keys)
            self._settled = False
        if self._held > SLACK * self._k:
            self._settle()

    def _settle(self) -> None:
        """Sort by key, count equal ones once, and let go of all but the k smallest."""
        import numpy as np

        if self._settled or not self._keys:
            return
        keys, weights = np.concatenate(self._keys), np.concatenate(self._weights)
        values = np.concatenate(self._values, axis=1)
        order = np.argsort(keys, kind="stable")
        keys = keys[order]
        firsts = np.flatnonzero(np.concatenate([[True], keys[1:] != keys[:-1]]))
        weights = np.add.reduceat(weights[order], firsts)
        kept = firsts[: self._k]
        if len(kept) == self._k:
            self._bound = keys[kept[-1]]
        self._keys, self._weights = [keys[kept]], [weights[: self._k]]
        self._values = [values[:, order[kept]]]
        self._held, self._settled = len(kept), True

    def quantiles(self, series: int, levels: Array) -> tuple[Array, int]:
        """Quantiles of the finite values of one series, linear between neighbours, and the number of values they are of.

        Args:
            series: Which.
            levels: float64, ascending, within 0 and 1.
        """
        import numpy as np

        self._settle()
        if not self._keys:
            return np.zeros(0), 0
        values, weights = self._values[0][series], self._weights[0]
        finite = np.isfinite(values)
        values, weights = values[finite] + 0.0, weights[finite]
        if not len(values):
            return np.zeros(0), 0
        order = np.argsort(values, kind="stable")
        values, ends = values[order], np.cumsum(weights[order])
        places = levels * float(ends[-1] - 1)
        below = np.floor(places)
        low = values[np.searchsorted(ends, below, side="right")]
        high = values[np.searchsorted(ends, np.minimum(below + 1, ends[-1] - 1), side="right")]
        return _between(low, high, places - below), int(ends[-1])


def _between(low: Array, high: Array, share: Array) -> Array:
    """From `low` to `high`, as numpy's own quantiles go, so that they agree to the last bit."""
    import numpy as np

    with np.errstate(over="ignore", invalid="ignore"):
        apart = high - low
        found: Array = np.where(share >= 0.5, high - apart * (1 - share), low + apart * share)
        return np.where(np.isfinite(apart), found, low * (1 - share) + high * share)
