from __future__ import annotations

import drift_bundles
import numpy as np
import pytest
from scipy import stats

from reprobundle.components.data.statistics.form import Feature
from reprobundle.drifting import chances
from reprobundle.drifting import distributions as ours

RANDOM = np.random.default_rng(7)
SAMPLES = {
    "few, exact": (RANDOM.normal(size=100), RANDOM.normal(0.3, 1.2, 80)),
    "ties, exact": (RANDOM.integers(0, 9, 500).astype(float), RANDOM.integers(0, 8, 120).astype(float)),
    "many, sketched": (RANDOM.normal(size=3000), RANDOM.normal(0.1, 1.2, 2000)),
    "half zero, sketched": (np.where(RANDOM.random(4000) < 0.5, 0, RANDOM.normal(size=4000)), RANDOM.normal(size=3000)),
}
EXACT = [name for name in SAMPLES if name.endswith("exact")]


def _feature(values) -> Feature:
    return drift_bundles.statistics_of({"x": values}).features[0]


def _pair(first, second) -> ours.Pair:
    sides = [ours.distribution_of(_feature(values)) for values in (first, second)]
    assert sides[0] is not None
    assert sides[1] is not None
    return ours.side_by_side(sides[0], sides[1])


@pytest.mark.parametrize("name", EXACT)
def test_exact_sketches_give_the_statistics_of_the_samples(name):
    """From every value with its count, all statistics are those that scipy takes of the samples."""
    first, second = SAMPLES[name]
    pair = _pair(first, second)
    ranks = stats.mannwhitneyu(second, first, use_continuity=False, method="asymptotic")

    assert ours.distance(pair) == pytest.approx(stats.ks_2samp(first, second).statistic)
    assert ours.larger(pair) == pytest.approx(ranks.statistic / len(first) / len(second))
    assert chances.normal(ours.rank_sum(pair)) == pytest.approx(ranks.pvalue, rel=1e-6)
    assert ours.wasserstein(pair, 2.0) == pytest.approx(stats.wasserstein_distance(first, second) / 2)


@pytest.mark.parametrize("name", sorted(set(SAMPLES) - set(EXACT)))
def test_quantiles_give_nearly_the_statistics_of_the_samples(name):
    """From 201 quantiles they are off by less than the resolution, and the distance is never more than it was."""
    first, second = SAMPLES[name]
    pair = _pair(first, second)
    truth = stats.ks_2samp(first, second).statistic
    ranks = stats.mannwhitneyu(second, first).statistic / len(first) / len(second)

    assert truth - 2 * pair.unknown <= ours.distance(pair) <= truth
    assert ours.larger(pair) == pytest.approx(ranks, abs=0.002)
    assert ours.wasserstein(pair, 1.0) == pytest.approx(stats.wasserstein_distance(first, second), abs=0.02)


def test_one_of_two_sketches_may_be_exact():
    """A side with few values beside one with many: what the quantiles cannot tell is taken off."""
    first, second = SAMPLES["many, sketched"][0], SAMPLES["few, exact"][1]
    pair = _pair(first, second)
    ranks = stats.mannwhitneyu(second, first, use_continuity=False)

    assert ours.distance(pair) <= stats.ks_2samp(first, second).statistic
    assert abs(ours.rank_sum(pair)) <= abs(stats.norm.isf(ranks.pvalue / 2)) + 1e-9


def test_what_a_sketch_cannot_tell_is_no_distance():
    """The same samples, once with every value and once as quantiles, are not apart, however lumpy they are."""
    lumpy = RANDOM.integers(0, 120, 1000).astype(float)
    exact = _feature(lumpy)
    sketch = exact.model_copy(update={"values": None})
    sides = [ours.distribution_of(one) for one in (exact, sketch)]
    assert sides[0] is not None
    assert sides[1] is not None
    pair = ours.side_by_side(sides[0], sides[1])

    assert np.abs(pair.upto[0] - pair.upto[1]).max() > 0.002
    assert ours.distance(pair) == 0.0
    assert ours.rank_sum(pair) == 0.0


def test_the_stability_index_counts_deciles():
    """Of continuous values it is that of the ten bins between the recorded deciles."""
    first, second = SAMPLES["many, sketched"]
    edges = [-np.inf, *np.quantile(first, np.arange(1, 10) / 10), np.inf]
    shares = [np.histogram(values, edges)[0] / len(values) for values in (first, second)]
    expected = np.sum((shares[1] - shares[0]) * np.log(shares[1] / shares[0]))

    assert ours.stability(_pair(first, second)) == pytest.approx(expected, rel=0.05)


def test_a_shift_of_a_constant_is_seen_on_either_side():
    """A feature that was always one value has a bin for it: what is below or above it is not with it."""
    always = np.full(100, 5.0)

    for other in (4.0, 6.0):
        assert ours.stability(_pair(always, np.full(100, other))) > 5
    assert ours.stability(_pair(always, always)) == pytest.approx(0.0)


def test_numbers_at_the_end_of_float64_do_not_overflow():
    """Between -1e308 and 1e308 every statistic is a number or said to be none."""
    far = np.array([-1e308, 1e308] * 30)
    feature = Feature(
        name="x", kind="number", dtype="F64", count=60, sampled=60,
        quantiles=tuple(np.linspace(-0.5e308, 0.5e308, 201) * 2),
    )  # fmt: skip
    one = ours.distribution_of(feature)
    other = ours.distribution_of(_feature(np.arange(60.0)))
    assert one is not None
    assert other is not None
    pair = ours.side_by_side(one, other)

    assert 0 <= ours.distance(pair) <= 1
    assert np.isfinite(ours.rank_sum(pair))
    assert ours.wasserstein(pair, 1e-300) is None
    assert ours.wasserstein(pair, float(far.max())) == pytest.approx(0.5, abs=0.01)
