from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from reprobundle.components.data.statistics.form import Feature, ValueCount
from reprobundle.drifting import categories, chances


def _all(counts, missing=0) -> Feature:
    values = tuple(ValueCount(value=value, count=count) for value, count in sorted(counts.items()))
    total = sum(counts.values()) + missing
    return Feature(name="x", kind="category", dtype="text", count=total, missing=missing, values=values)


def _common(counts, total) -> Feature:
    common = tuple(ValueCount(value=value, count=count) for value, count in counts.items())
    return Feature(name="x", kind="category", dtype="text", count=total, common=common, distinct=1000)


def test_chi_square_is_that_of_scipy():
    """Where every cell expects five, statistic and degrees of freedom are those of the contingency table."""
    counts = np.array([[50.0, 30, 20, 0], [20, 25, 15, 0]])
    expected = stats.chi2_contingency(counts[:, :3], correction=False)

    statistic, freedom = categories.homogeneity(counts)

    assert (statistic, freedom) == (pytest.approx(expected.statistic), 2)


def test_rare_categories_are_pooled():
    """Cells that expect fewer than five are one cell together; where that expects too few as well, it joins the smallest."""
    rare = np.array([[100.0, 80, *[3] * 6], [100, 80, *[3] * 6]])
    single = np.array([[100.0, 80, 1], [100, 80, 1]])

    assert categories.homogeneity(rare) == (0.0, 2)
    assert categories.homogeneity(single) == (0.0, 1)
    assert categories.homogeneity(np.array([[100.0, 1], [100, 1]])) == (0.0, 0)


def test_one_new_category_among_few_samples_is_found():
    """Fifteen of three hundred samples in a category never seen: too few for a cell of its own, enough for the exact test."""
    table = categories.table_of(_all({"a": 400, "b": 300}), _all({"a": 165, "b": 120, "new": 15}))
    assert table is not None

    found = categories.one_category(table)

    assert found == (pytest.approx(0.05), pytest.approx(3 * chances.rates((0, 15), (700, 300))))
    assert [one.value for one in categories.unseen(table)] == ["new"]


def test_identities_are_no_drift():
    """A column in which every sample has a value of its own differs wholly, and no test says so."""
    table = categories.table_of(_all({f"a{one}": 1 for one in range(100)}), _all({f"b{one}": 1 for one in range(50)}))
    assert table is not None

    assert categories.homogeneity(table.counts) == (0.0, 0)
    assert categories.one_category(table) == (pytest.approx(0.02), 1.0)


def test_what_a_list_of_the_most_common_does_not_tell_is_no_alarm():
    """A category beyond the list is taken to be as common as the list allows and the other side has it."""
    recorded, new = _common({"the": 500, "a": 300, "old": 10}, 2000), _common({"the": 500, "a": 300, "fresh": 12}, 2000)
    table = categories.table_of(recorded, new)
    assert table is not None

    assert dict(zip(table.values, table.counts.T.tolist(), strict=False)) == {
        "a": [300.0, 300.0], "fresh": [10.0, 12.0], "old": [10.0, 10.0], "the": [500.0, 500.0],
    }  # fmt: skip
    assert categories.unseen(table) == ()
    assert categories.one_category(table) is None


def test_numbers_and_texts_may_be_categories_of_one_feature():
    """Their order is fixed: numbers first."""
    table = categories.table_of(_all({1: 5, 2: 5}), _all({"a": 5}))

    assert table is not None
    assert table.values == (1, 2, "a")


def test_a_side_without_values_cannot_be_counted():
    """Nothing but missing values gives no table."""
    assert categories.table_of(_all({}, missing=50), _all({"a": 5})) is None
