"""Values beyond what was recorded are found by their number, which a test of the whole distribution hardly sees."""

from __future__ import annotations

import math

import numpy as np
import pytest
from drift_bundles import statistics_of

from reprobundle.drifting import tails
from reprobundle.drifting.judging import judge

RANDOM = np.random.default_rng(5)


def _feature(values: np.ndarray):
    return statistics_of({"a": values}).features[0]


@pytest.mark.parametrize(("share", "value"), [(0.02, 50.0), (0.02, 1e6), (0.02, -1e6)])
def test_outliers_are_drift(share: float, value: float) -> None:
    """Two samples in a hundred far beyond all that was recorded are drift, and are told as such."""
    recorded, new = RANDOM.normal(size=2000), RANDOM.normal(size=2000)
    new[: int(share * len(new))] = value
    found = judge(statistics_of({"a": recorded}), statistics_of({"a": new}), alpha=0.01).features[0]

    assert (found.judgement, found.telling) == ("drift", "tails")
    assert found.words.split(";")[0].startswith("2% above" if value > 0 else "2% below")


def test_a_limit_is_as_unlikely_as_the_order_of_values_is() -> None:
    """That all of the largest k are new has the chance of such an order; it is corrected for the limits there are."""
    recorded, new = np.arange(40.0) + 0.5, np.concatenate([np.arange(15.0), [100.0, 101.0, 102.0, 103.0, 104.0]])
    tail = tails.surest(_feature(recorded), _feature(new))
    chance = math.comb(20, 5) / math.comb(60, 5)

    assert tail is not None
    assert (tail.side, tail.limit, tail.recorded, tail.new) == ("above", 39.5, 0.0, 0.25)
    assert tail.p == pytest.approx(tails.LIMITS * chance)


def test_like_tails_seldom_alarm() -> None:
    """Of like data no more than the share of the limit is found, heavy tails or not."""
    chances = []
    for _ in range(150):
        tail = tails.surest(*(_feature(RANDOM.standard_cauchy(size)) for size in (300, 120)))
        chances.append(1.0 if tail is None else tail.p)

    assert sum(p < 0.05 for p in chances) <= 15


def test_values_at_the_limit_are_not_beyond_it() -> None:
    """Of values that are cut off many stand at the limit itself, on both sides."""
    tail = tails.surest(*(_feature(np.clip(RANDOM.normal(size=600), -1, 1)) for _ in range(2)))

    assert tail is not None
    assert (tail.p, tail.new) == (1.0, 0.0)
