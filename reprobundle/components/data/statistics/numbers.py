"""Series of numbers: what their features say, gathered row by row."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.statistics.counting import ValueCounts
from reprobundle.components.data.statistics.form import QUANTILES, Aspect, Feature
from reprobundle.components.data.statistics.limits import Limits
from reprobundle.components.data.statistics.moments import Moments
from reprobundle.components.data.statistics.sampling import Sample

if TYPE_CHECKING:
    from reprobundle.components.data.blocks import Array

DIGITS = 12
MIXED = "mixed"


@dataclass(frozen=True)
class Series:
    """What one series is called.

    Attributes:
        suffix: What follows the leaf's name: ``[3]``, or nothing.
        of: What of the leaf it describes.
    """

    suffix: str
    of: Aspect


class Numbers:
    """Some series of numbers that every sample has together, such as the entries of a vector.

    Rows are collected until there are as many as `Limits.rows`, so that the figures do not depend, to the last digit, on
    how a source cuts its samples into blocks.
    """

    def __init__(self, series: tuple[Series, ...], limits: Limits) -> None:
        self.missing = 0
        self._series, self._limits = series, limits
        self._rows = 0
        self._waiting: list[tuple[Array, Array]] = []
        self._held = 0
        self._moments = Moments.nothing(len(series))
        self._values = ValueCounts(len(series))
        self._sample = Sample(limits.sampled)
        self._dtypes: dict[str, None] = {}

    @property
    def width(self) -> int:
        """Number of series."""
        return len(self._series)

    def add(self, values: Array, keys: Array, *, dtype: str, missing: int = 0) -> None:
        """Take in rows.

        Args:
            values: Numbers or Booleans of shape (rows, series), of the samples that have a value.
            keys: uint64 of shape (rows,): the first half of each of those samples' digest.
            dtype: dtype of the leaf.
            missing: Number of further samples, whose value is missing.
        """
        self.missing += missing
        self._dtypes[dtype] = None
        if not len(values):
            return
        self._rows += len(values)
        self._waiting.append((values.copy(), keys.copy()))
        self._held += len(values)
        if self._limits.rows is not None and self._held >= self._limits.rows:
            self._sum_up(self._limits.rows)

    def features(self, leaf: str, nulls: int) -> Iterator[Feature]:
        """One feature for each series; no row may be added after that.

        Args:
            leaf: Name of the leaf.
            nulls: Further samples where the whole leaf is missing.
        """
        import numpy as np

        self._sum_up(self._limits.rows)
        self._sum_up(None)
        self._sample.shrink(self._limits.sampled)
        made, missing = self._moments, self.missing + nulls
        figures = zip(made.mean(), made.std(), made.skewness(), made.kurtosis(), strict=True)
        levels = np.linspace(0, 1, QUANTILES)
        for index, (series, (mean, std, skewness, kurtosis)) in enumerate(zip(self._series, figures, strict=True)):
            quantiles, sampled = self._sample.quantiles(index, levels)
            values = self._values.of(index)
            yield Feature(
                name=leaf + series.suffix,
                of=series.of,
                kind="number",
                dtype=MIXED if len(self._dtypes) > 1 else next(iter(self._dtypes)),
                count=self._rows + missing,
                missing=missing,
                nan=int(made.nans[index]),
                infinite=int(made.infinities[index]),
                mean=rounded(mean),
                std=rounded(std),
                skewness=rounded(skewness),
                kurtosis=rounded(kurtosis),
                minimum=_known(made.smallest[index]),
                maximum=_known(made.largest[index]),
                quantiles=tuple(quantiles.tolist()) if sampled else None,
                sampled=sampled,
                values=values,
                distinct=None if values is None else len(values),
            )

    def _sum_up(self, rows: int | None) -> None:
        """Take what waits in pieces of exactly so many rows; the last, shorter one waits on, or is taken at the end."""
        if not self._waiting:
            return
        values, keys = _joined([piece for piece, _ in self._waiting]), _joined([piece for _, piece in self._waiting])
        step = rows or len(values)
        whole = len(values) - len(values) % step
        for start in range(0, whole, step):
            self._take(values[start : start + step], keys[start : start + step])
        self._waiting, self._held = [], len(values) - whole
        if self._held:
            self._waiting = [(values[whole:].copy(), keys[whole:].copy())]

    def _take(self, values: Array, keys: Array) -> None:
        import numpy as np

        numbers = np.ascontiguousarray(values.T, dtype=np.float64)
        self._values.add(values.T if values.dtype.kind in "iu" else numbers)
        self._moments.add(numbers)
        self._sample.shrink(self._limits.sampled)
        self._sample.add(numbers, keys)


def _joined(pieces: list[Array]) -> Array:
    """Pieces one after another; of unlike dtypes as float64."""
    import numpy as np

    if len({piece.dtype for piece in pieces}) == 1:
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)
    return np.concatenate([piece.astype(np.float64) for piece in pieces])


def rounded(value: Any) -> float | None:
    """A computed figure to 12 significant digits, as the rest is not the same on every machine; None unless finite."""
    return float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None


def _known(value: Any) -> float | None:
    return float(value) + 0.0 if math.isfinite(value) else None
