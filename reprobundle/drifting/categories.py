"""Counts of categories side by side, and what can be told from them.

A list that holds the most common categories only says of any other that it is no more common than the last one listed.
Of what that allows, the count nearest to the other side is taken: what cannot be known is never an alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.statistics.form import Feature, ValueCount
from reprobundle.drifting import chances, limits
from reprobundle.drifts import Share

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Value = int | float | str


@dataclass(frozen=True, kw_only=True)
class Table:
    """How often each category occurs, the recorded side first.

    Attributes:
        values: The categories, in a fixed order.
        counts: Shape (2, categories), float64; a last column beyond the values holds all others.
        complete: Whether both lists hold every category there is.
        all_recorded: Whether the recorded list does, so that any other category is unseen.
        recorded: The categories that the recorded list holds.
    """

    values: tuple[Value, ...]
    counts: Array
    complete: bool
    all_recorded: bool
    recorded: frozenset[Value]

    @property
    def shares(self) -> Array:
        """Shares of each side's own total, shape (2, categories + 1)."""
        shares: Array = self.counts / self.counts.sum(axis=1, keepdims=True)
        return shares


def listed(feature: Feature) -> tuple[ValueCount, ...]:
    """The categories that a feature lists."""
    return feature.values if feature.values is not None else feature.common or ()


def total_of(feature: Feature) -> int:
    """How many values a feature's categories were counted from."""
    if feature.values is not None:
        return sum(one.count for one in feature.values)
    return max(feature.count - feature.missing, sum(one.count for one in listed(feature)))


def table_of(recorded: Feature, new: Feature) -> Table | None:
    """Both sides' counts; None where a side has none."""
    import numpy as np

    totals = (total_of(recorded), total_of(new))
    if not all(totals):
        return None
    counts = [{one.value: one.count for one in listed(feature)} for feature in (recorded, new)]
    values = tuple(sorted({**counts[0], **counts[1]}, key=lambda value: (isinstance(value, str), value)))
    most = [_most_unlisted(listed(feature), total) for feature, total in zip((recorded, new), totals, strict=True)]
    rows = [
        [_count(value, own, most[one], counts[1 - one], totals[one] / totals[1 - one]) for value in values]
        for one, own in enumerate(counts)
    ]
    rest = [max(0.0, total - sum(row)) for total, row in zip(totals, rows, strict=True)]
    made = np.array([[*row, other] for row, other in zip(rows, rest, strict=True)])
    known = frozenset(counts[0])
    return Table(values=values, counts=made, complete=not any(most), all_recorded=not most[0], recorded=known)


def _most_unlisted(found: tuple[ValueCount, ...], total: int) -> int:
    """How often a category that is not listed can occur at most."""
    rest = total - sum(one.count for one in found)
    return min([rest, *(one.count for one in found)])


def _count(value: Value, own: dict[Value, int], most: int, other: dict[Value, int], scale: float) -> float:
    if value in own:
        return float(own[value])
    return min(float(most), other.get(value, 0) * scale)


def homogeneity(counts: Array) -> tuple[float, int]:
    """Chi-square of homogeneity and its degrees of freedom, 0 where there is nothing to compare.

    Args:
        counts: Shape (2, cells); cells that expect fewer than 5 on a side are pooled.
    """
    import numpy as np

    cells = counts[:, counts.sum(axis=0) > 0]
    sums, total = cells.sum(axis=1), cells.sum()
    if not sums.all():
        return 0.0, 0
    smallest = cells.sum(axis=0) * (sums.min() / total)
    small = smallest < limits.LEAST_EXPECTED
    pooled = cells[:, small].sum(axis=1, keepdims=True)
    kept = cells[:, ~small][:, np.argsort(cells[:, ~small].sum(axis=0), kind="stable")]
    if pooled.sum() * (sums.min() / total) >= limits.LEAST_EXPECTED:
        kept = np.concatenate([pooled, kept], axis=1)
    elif kept.shape[1]:
        kept[:, 0] += pooled[:, 0]
    if kept.shape[1] < 2:
        return 0.0, 0
    expected = sums[:, None] * kept.sum(axis=0) / total
    return float(np.sum((kept - expected) ** 2 / expected)), kept.shape[1] - 1


def is_tested(counts: Array) -> bool:
    """Whether any category is expected often enough, on both sides, to stand for itself in a chi-square test.

    Args:
        counts: Shape (2, cells).
    """
    sums = counts.sum(axis=1)
    return bool(counts.sum(axis=0).max() * (sums.min() / sums.sum()) >= limits.LEAST_EXPECTED)


def one_category(table: Table) -> tuple[float, float] | None:
    """The category whose share changed most surely: the change of its share, and the p corrected for the choice.

    None where the lists are not complete, or there are too many categories or too few to choose among.
    """
    import numpy as np

    number = len(table.values)
    if not table.complete or not 2 < number <= limits.MOST_CATEGORIES:
        return None
    first, second = (int(total) for total in table.counts.sum(axis=1))
    shares, pooled = table.shares[:, :-1], table.counts.sum(axis=0)[:-1] / (first + second)
    weight = np.abs(shares[1] - shares[0]) / np.sqrt(pooled)
    likely = np.argsort(-weight, kind="stable")[: limits.LIKELY_CATEGORIES]
    found = [(chances.rates(table.counts[:, one].astype(int).tolist(), (first, second)), int(one)) for one in likely]
    p, one = min(found)
    return float(shares[1, one] - shares[0, one]), min(1.0, p * number)


def moved(table: Table) -> tuple[Share, ...]:
    """The categories whose shares changed most, most first."""
    shares = table.shares
    apart = sorted(range(len(table.values)), key=lambda one: (-abs(shares[1, one] - shares[0, one]), one))
    return tuple(_share(table, one) for one in apart[: limits.SHOWN_SHARES])


def unseen(table: Table) -> tuple[Share, ...]:
    """Categories that the captured split does not hold, most common first; none where its list is not complete."""
    if not table.all_recorded:
        return ()
    found = [one for one in range(len(table.values)) if table.counts[0, one] == 0 and table.counts[1, one] > 0]
    found.sort(key=lambda one: (-table.counts[1, one], one))
    return tuple(_share(table, one) for one in found[: limits.SHOWN_SHARES])


def _share(table: Table, one: int) -> Share:
    shares = table.shares
    return Share(value=table.values[one], recorded=float(shares[0, one]), new=float(shares[1, one]))
