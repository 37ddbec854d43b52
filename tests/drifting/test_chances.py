from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from reprobundle.drifting import chances


@pytest.mark.parametrize("freedom", [1, 2, 3, 8, 57, 255, 256])
@pytest.mark.parametrize("ratio", [1e-9, 0.3, 1.0, 1.7, 6.0])
def test_chi_square_is_that_of_scipy(freedom, ratio):
    """The tail of chi-square agrees with scipy's to ten digits, for few and for many degrees of freedom."""
    assert chances.chi_square(ratio * freedom, freedom) == pytest.approx(
        stats.chi2.sf(ratio * freedom, freedom), rel=1e-10
    )


@pytest.mark.parametrize("z", [0.0, 1.0, -2.5, 8.0])
def test_the_normal_tail_is_that_of_scipy(z):
    """Both tails of the normal distribution, far out as well."""
    assert chances.normal(z) == pytest.approx(2 * stats.norm.sf(abs(z)), rel=1e-12)


@pytest.mark.parametrize(("events", "totals"), [
    ((0, 3), (1000, 100)), ((5, 9), (50, 60)), ((90, 95), (100, 100)), ((0, 1), (1, 1)), ((40, 0), (400, 20)),
])  # fmt: skip
def test_rates_are_fishers_exact_test(events, totals):
    """Two rates are compared as scipy's Fisher's exact test does, two-sided."""
    table = [[event, total - event] for event, total in zip(events, totals, strict=True)]

    assert chances.rates(events, totals) == pytest.approx(stats.fisher_exact(table)[1], rel=1e-9)


def test_many_events_are_compared_by_the_normal_approximation():
    """A million events take no million terms, and the answer is that of chi-square."""
    events, totals = (500_000, 502_000), (10**6, 10**6)
    table = [[event, total - event] for event, total in zip(events, totals, strict=True)]

    assert chances.rates(events, totals) == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=1e-6
    )


@pytest.mark.parametrize(("first", "second"), [(20, 20), (100, 50), (400, 180), (1000, 1000), (2000, 250)])
def test_kolmogorov_never_says_less_than_the_exact_test(first, second):
    """Wherever p is small enough to matter the series gives at least the exact one, and for many values hardly more."""
    one, other = np.arange(first) / first, np.arange(second) / second
    found = [stats.ks_2samp(one, other + share, method="exact")[:2] for share in (0.1, 0.15, 0.3, 0.5, 0.7)]
    mattering = [(float(distance), float(exact)) for distance, exact in found if 1e-12 < exact < 0.05]

    assert mattering
    for distance, exact in mattering:
        assert exact * 0.999 <= chances.kolmogorov(distance, first, second) <= exact * 4


def test_nothing_apart_is_certain_to_be_chance():
    """Without any difference every test gives 1."""
    assert chances.kolmogorov(0.0, 50, 50) == 1.0
    assert chances.chi_square(0.0, 3) == 1.0
    assert chances.rates((0, 0), (10, 20)) == 1.0
    assert chances.normal(0.0) == 1.0


def test_absurd_counts_give_a_chance_all_the_same():
    """Counts at the limit of the form neither overflow nor take long."""
    most = 2**63 - 1

    assert chances.rates((0, 5), (most, most)) == pytest.approx(0.0625)
    assert 0.0 <= chances.rates((most - 5, 3), (most, most)) <= 1.0
    assert chances.kolmogorov(1.0, most, most) == 0.0
    assert chances.chi_square(math.inf, 5) == 0.0


def test_holm_corrects_as_published():
    """The smallest p is multiplied by the number of tests, the next by one less, never below one before, never above 1."""
    assert chances.holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert chances.holm([0.9, 0.8]) == [1.0, 1.0]
    assert chances.holm([]) == []
