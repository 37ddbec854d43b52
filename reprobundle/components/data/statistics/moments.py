"""Mean, spread and shape of many series of numbers at once, stable however large, far from zero or many they are."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Array

VALUES_AT_ONCE = 2**15


@dataclass
class Moments:
    """Sums of powers of each series about its mean, over the finite values met so far.

    All arrays are float64 of shape (series,).

    Attributes:
        shift: Near the values of each series, so that nothing is lost where they lie close together and far from zero.
        counts: Number of finite values.
        means: Their means, less `shift`.
        seconds: Sums of the squares of their distances from the mean.
        thirds: Sums of the cubes.
        fourths: Sums of the fourth powers.
        smallest: Their minima, infinite before the first.
        largest: Their maxima.
        nans: Number of values that are not a number.
        infinities: Number of infinite values.
    """

    shift: Array
    counts: Array
    means: Array
    seconds: Array
    thirds: Array
    fourths: Array
    smallest: Array
    largest: Array
    nans: Array
    infinities: Array

    @classmethod
    def nothing(cls, series: int) -> Moments:
        """Those of no value at all."""
        import numpy as np

        def all_of(value: float) -> Array:
            return np.full(series, value)

        return cls(
            shift=all_of(0.0), counts=all_of(0.0), means=all_of(0.0), seconds=all_of(0.0), thirds=all_of(0.0),
            fourths=all_of(0.0), smallest=all_of(np.inf), largest=all_of(-np.inf), nans=all_of(0.0), infinities=all_of(0.0),
        )  # fmt: skip

    def add(self, values: Array) -> None:
        """Take in more values.

        The sums depend, in their last digits, on how values are cut into calls: whoever wants the same digits cuts at the same rows.

        Args:
            values: float64 of shape (series, rows), contiguous.
        """
        import numpy as np

        step = max(1, VALUES_AT_ONCE // max(1, values.shape[1]))
        with np.errstate(over="ignore", invalid="ignore", divide="ignore", under="ignore"):
            for start in range(0, len(values), step):
                self._add(slice(start, start + step), values[start : start + step])

    def _add(self, part: slice, values: Array) -> None:
        import numpy as np

        smallest, largest = values.min(axis=1), values.max(axis=1)
        if np.isfinite(smallest).all() and np.isfinite(largest).all():
            counts, known, finite = np.full(len(values), float(values.shape[1])), values, None
        else:
            finite = np.isfinite(values)
            counts, known = finite.sum(axis=1).astype(np.float64), np.where(finite, values, 0.0)
            self.nans[part] += np.isnan(values).sum(axis=1)
            self.infinities[part] += np.isinf(values).sum(axis=1)
            smallest = np.where(finite, values, np.inf).min(axis=1)
            largest = np.where(finite, values, -np.inf).max(axis=1)
        self.smallest[part] = np.minimum(self.smallest[part], smallest)
        self.largest[part] = np.maximum(self.largest[part], largest)
        fresh = self.counts[part] == 0
        self.shift[part] = np.where(fresh & (counts > 0), smallest / 2 + largest / 2, self.shift[part])
        self._merge(part, counts, *_central(known - self.shift[part][:, None], counts, finite))

    def _merge(self, part: slice, counts: Array, means: Array, seconds: Array, thirds: Array, fourths: Array) -> None:
        """Join two sets of sums about their own means, after Chan, Golub and LeVeque, and Pébay for the higher powers."""
        import numpy as np

        before, after = self.counts[part], counts
        total = before + after
        n = np.where(total == 0, 1.0, total)
        old, new = before / n, after / n
        apart = means - self.means[part]
        m2, m3 = self.seconds[part].copy(), self.thirds[part].copy()
        self.fourths[part] += (
            fourths
            + apart**4 * total * old * new * (old * old - old * new + new * new)
            + 6 * apart**2 * (old * old * seconds + new * new * m2)
            + 4 * apart * (old * thirds - new * m3)
        )
        self.thirds[part] += (
            thirds + apart**3 * total * old * new * (old - new) + 3 * apart * (old * seconds - new * m2)
        )
        self.seconds[part] += seconds + apart**2 * total * old * new
        self.means[part] += apart * new
        self.counts[part] = total

    def mean(self) -> Array:
        """Mean of each series; not finite where there is none."""
        return self._unless_constant(self.shift + self.means, at_least=1)

    def std(self) -> Array:
        """Standard deviation of a sample, with n - 1, as pandas' ``std()``."""
        import numpy as np

        with np.errstate(invalid="ignore", divide="ignore"):
            return self._unless_constant(np.sqrt(self.seconds / (self.counts - 1)), at_least=2, constant=0.0)

    def skewness(self) -> Array:
        """Skewness, corrected for the bias of a sample, as pandas' ``skew()``; NaN where all values are equal."""
        import numpy as np

        n = self.counts
        with np.errstate(all="ignore"):
            found = n * np.sqrt(n - 1) / (n - 2) * self.thirds / self.seconds**1.5
        return self._unless_constant(found, at_least=3, constant=np.nan)

    def kurtosis(self) -> Array:
        """Excess kurtosis, corrected for the bias of a sample, as pandas' ``kurt()``; NaN where all values are equal."""
        import numpy as np

        n = self.counts
        with np.errstate(all="ignore"):
            whole = n * (n + 1) * (n - 1) * self.fourths / ((n - 2) * (n - 3) * self.seconds**2)
            found = whole - 3 * (n - 1) ** 2 / ((n - 2) * (n - 3))
        return self._unless_constant(found, at_least=4, constant=np.nan)

    def _unless_constant(self, found: Array, *, at_least: int, constant: float | None = None) -> Array:
        """The figure, NaN where there are too few values; equal values leave only rounding behind, which says nothing."""
        import numpy as np

        equal = self.smallest if constant is None else np.full(len(found), constant)
        exact: Array = np.where(self.smallest == self.largest, equal, found)
        return np.where(self.counts < at_least, np.nan, exact)


def _central(values: Array, counts: Array, finite: Array | None) -> tuple[Array, Array, Array, Array]:
    """Means, and sums of the second, third and fourth powers about them; `values` is used up."""
    import numpy as np

    n = np.where(counts == 0, 1.0, counts)
    if finite is not None:
        np.multiply(values, finite, out=values)
    means = values.sum(axis=1) / n
    values -= means[:, None]
    if finite is not None:
        np.multiply(values, finite, out=values)
    left = values.sum(axis=1) / n  # what rounding left of the mean
    squares = values * values
    seconds = squares.sum(axis=1)
    values *= squares
    thirds = values.sum(axis=1)
    squares *= squares
    fourths = squares.sum(axis=1)
    return (
        means + left,
        seconds - n * left**2,
        thirds - 3 * left * seconds + 2 * n * left**3,
        fourths - 4 * left * thirds + 6 * left**2 * seconds - 3 * n * left**4,
    )
