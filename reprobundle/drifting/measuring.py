"""One feature beside itself: what is tested, and how large the change is."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from reprobundle.components.data.statistics.form import Aspect, Feature
from reprobundle.drifting import categories, chances, distributions, limits, tails
from reprobundle.drifting.categories import Table
from reprobundle.drifting.distributions import Pair
from reprobundle.drifting.tails import Tail
from reprobundle.drifts import Test

if TYPE_CHECKING:
    from typing import Literal

    RateName = Literal["rate of missing", "rate of NaN", "rate of infinite"]

Key = tuple[str, Aspect]
VOCABULARY = "vocabulary"
WHOLE = ("I", "U", "BOOL")  # how the names of the dtypes of whole numbers begin


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What could be measured of one feature.

    Attributes:
        recorded: The captured side.
        new: The other.
        as_categories: Whether values were compared one by one, without an order.
        tests: Of the distribution.
        rate_tests: Of the rates of what is missing, NaN or infinite.
        psi: Population stability index; None where there was nothing to take it from.
        wasserstein: In units of the recorded standard deviation.
        rate: The largest change of one of those rates, 0 to 1.
        few: Whether a side has fewer than 20 values.
        sparse: Whether there are so many different values that none occurs often enough to be tested.
        bare: Whether a side's document had no room for the distribution.
        tail: Where most surely more values lie beyond what was recorded; None where nothing says so.
        pair: Both distributions, where they are of numbers.
        table: Both sides' counts, where they are of categories or of few values.
    """

    recorded: Feature
    new: Feature
    as_categories: bool
    tests: tuple[Test, ...] = ()
    rate_tests: tuple[Test, ...] = ()
    psi: float | None = None
    wasserstein: float | None = None
    rate: float = 0.0
    few: bool = False
    sparse: bool = False
    bare: bool = False
    tail: Tail | None = None
    pair: Pair | None = field(default=None, repr=False)
    table: Table | None = field(default=None, repr=False)


def measure(
    recorded: Feature, new: Feature, *, is_label: bool = False, texts: tuple[float, float] | None = None
) -> Measured | None:
    """Measure one feature; None where one side counts what the other orders, so that they cannot be compared.

    Args:
        recorded: The captured side.
        new: The same feature of the new data.
        is_label: Whether it is the label: its whole numbers are classes, which have no order.
        texts: For a vocabulary: how many texts its words came from, on both sides, weighed by their length.
    """
    rate_tests, rate = _rates(recorded, new)
    listed = recorded.values is not None and new.values is not None
    counted = "category" in {recorded.kind, new.kind} or (is_label and listed and recorded.dtype.startswith(WHOLE))
    if counted and recorded.kind != new.kind and not listed:
        return None
    made = Measured(recorded=recorded, new=new, as_categories=counted, rate_tests=rate_tests, rate=rate)
    return _of_categories(made, texts) if counted else _of_numbers(made)


def texts_of(recorded: Mapping[Key, Feature], new: Mapping[Key, Feature], name: str) -> tuple[float, float] | None:
    """How many texts a vocabulary's words came from: two words of one text are not independent, two texts are.

    As many equally long texts as tell as much: with a coefficient of variation c of the lengths, n / (1 + c²).
    """
    found = []
    for side in (recorded, new):
        words = side.get((name, "words"))
        if words is None or not words.mean or words.std is None:
            return None
        varies = words.std / words.mean
        found.append((words.count - words.missing) / (1.0 + varies * varies))
    return found[0], found[1]


def _rates(recorded: Feature, new: Feature) -> tuple[tuple[Test, ...], float]:
    tests, largest = [], 0.0
    totals = (recorded.count, new.count)
    if recorded.of == VOCABULARY or min(totals) < limits.FEWEST:
        return (), 0.0
    names: Mapping[RateName, tuple[int, int]] = {
        "rate of missing": (recorded.missing, new.missing),
        "rate of NaN": (recorded.nan, new.nan),
        "rate of infinite": (recorded.infinite, new.infinite),
    }
    for name, events in names.items():
        if 0 < sum(events) < sum(totals):  # else no change is possible
            change = events[1] / totals[1] - events[0] / totals[0]
            tests.append(Test(name=name, statistic=change, p=chances.rates(events, totals)))
            largest = max(largest, abs(change))
    return tuple(tests), largest


def _present(feature: Feature) -> int:
    return feature.count - feature.missing - feature.nan - feature.infinite


def _of_numbers(made: Measured) -> Measured:
    sides = [distributions.distribution_of(feature) for feature in (made.recorded, made.new)]
    if sides[0] is None or sides[1] is None:
        few = min(_present(made.recorded), _present(made.new)) < limits.FEWEST
        return replace(made, few=few, bare=not few)
    pair = distributions.side_by_side(sides[0], sides[1])
    table = _values_of(made, pair)
    if min(pair.sizes) < limits.FEWEST:
        return replace(made, few=True, pair=pair, table=table)
    psi = distributions.stability(pair) if table is None else distributions.index_of(table.counts)
    apart = distributions.wasserstein(pair, made.recorded.std or 0.0)
    tests = list(_number_tests(pair, table))
    tail = tails.surest(made.recorded, made.new) if tests and table is None else None
    if tail is not None:
        tests.append(Test(name="tails", statistic=tail.more, p=tail.p))
        tail = tail if tail.p < limits.ALPHA else None
    return replace(made, tests=tuple(tests), psi=psi, wasserstein=apart, tail=tail, pair=pair, table=table)


def _values_of(made: Measured, pair: Pair) -> Table | None:
    """The counts of each value, where all are known and they are few."""
    few = len(pair.points) <= limits.FEW_VALUES and made.recorded.values is not None and made.new.values is not None
    return categories.table_of(made.recorded, made.new) if few else None


def _number_tests(pair: Pair, table: Table | None) -> Iterator[Test]:
    """A test of any change, and one that sees a shift sooner; none where all values are one."""
    if len(pair.points) < 2:
        return
    if table is None:
        apart = distributions.distance(pair)
        yield Test(name="Kolmogorov-Smirnov", statistic=apart, p=chances.kolmogorov(apart, *pair.sizes))
    else:
        yield from _chi_square(table.counts)
    z = distributions.rank_sum(pair)
    yield Test(name="rank sum", statistic=distributions.larger(pair), p=chances.normal(z))


def _chi_square(counts: distributions.Array) -> Iterator[Test]:
    statistic, freedom = categories.homogeneity(counts)
    if freedom:
        yield Test(name="chi-square", statistic=statistic, p=chances.chi_square(statistic, freedom))


def _of_categories(made: Measured, texts: tuple[float, float] | None) -> Measured:
    table = categories.table_of(made.recorded, made.new)
    if table is None:
        few = min(_present(made.recorded), _present(made.new)) < limits.FEWEST
        return replace(made, few=few, bare=not few)
    sizes = texts or (float(table.counts[0].sum()), float(table.counts[1].sum()))
    of_words = made.recorded.of == VOCABULARY
    if min(sizes) < limits.FEWEST or (of_words and texts is None):
        return replace(made, few=True, table=table)
    counts = table.shares * [[min(size, total)] for size, total in zip(sizes, table.counts.sum(axis=1), strict=True)]
    tests = list(_chi_square(counts))
    one = None if of_words else categories.one_category(table)
    if one is not None:
        tests.append(Test(name="one category", statistic=one[0], p=one[1]))
    sparse = not categories.is_tested(counts)
    return replace(made, tests=tuple(tests), psi=distributions.index_of(counts), sparse=sparse, table=table)
