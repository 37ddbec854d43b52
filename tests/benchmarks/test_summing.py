"""The arithmetic of the tables."""

from __future__ import annotations

import pytest

from benchmarks.job import MIB, Target
from benchmarks.measuring import Turn
from benchmarks.summing import Judged, Spread, exponent, judge, spread


def turns(*seconds: float, beyond: int | None = None) -> tuple[Turn, ...]:
    return tuple(Turn(one, one, peak=1, floor=1, beyond=beyond) for one in seconds)


def test_the_middle_is_a_median() -> None:
    """One slow round moves the end of the spread, not its middle."""
    assert spread([1.0, 9.0, 2.0]) == Spread(median=2.0, least=1.0, most=9.0)


def test_a_ratio_is_taken_round_by_round() -> None:
    """A slow spell that meets both ways of a round leaves their ratio as it was."""
    found = judge(Target(way="ours", to="peer", times=0.6), {"ours": turns(1, 10, 2), "peer": turns(2, 20, 4)})

    assert found == Judged(True, Spread(0.5, 0.5, 0.5), 0.6, "times")


def test_a_ratio_above_its_target_is_missed() -> None:
    """A median above the target is missed even if one round held."""
    found = judge(Target(way="ours", to="peer", times=0.6), {"ours": turns(1, 3, 3), "peer": turns(2, 4, 4)})

    assert found == Judged(False, Spread(0.75, 0.5, 0.75), 0.6, "times")


def test_a_share_of_a_limit_is_the_limit_over_ours() -> None:
    """What takes twice as long as the limit uses half of it."""
    target = Target(way="ours", to="limit", times=1 / 0.7, share=True)
    found = judge(target, {"ours": turns(2, 2), "limit": turns(1, 1)})

    assert found == Judged(False, Spread(0.5, 0.5, 0.5), pytest.approx(0.7), "share")


def test_what_was_done_once_is_compared_with_every_round() -> None:
    """A peer that takes minutes has one turn, which stands in each round."""
    found = judge(Target(way="ours", to="peer", times=0.1), {"ours": turns(1, 2, 3), "peer": turns(20)})

    assert found == Judged(True, Spread(0.1, 0.05, 0.15), 0.1, "times")


def test_what_is_added_is_judged_against_a_sum() -> None:
    """The proof is what the capture with it takes longer, held against a multiple and a constant."""
    target = Target(way="proven", less="plain", to="import", times=1.3, plus=1.0)
    found = judge(target, {"proven": turns(5, 6), "plain": turns(2, 2), "import": turns(2, 2)})

    assert found == Judged(True, Spread(3.5, 3, 4), 3.6, "seconds")


def test_memory_is_judged_beyond_what_was_held() -> None:
    """A bound of memory needs no peer."""
    found = judge(Target(way="ours", of="beyond", plus=150 * MIB), {"ours": turns(1, beyond=151 * MIB)})

    assert found == Judged(False, Spread(151 * MIB, 151 * MIB, 151 * MIB), 150 * MIB, "bytes")


@pytest.mark.parametrize("missing", ["ours", "peer"])
def test_what_was_not_measured_is_not_judged(missing: str) -> None:
    """A target whose way is missing neither holds nor fails."""
    found = {name: turns(1) for name in ("ours", "peer") if name != missing}

    assert judge(Target(way="ours", to="peer"), found) is None


@pytest.mark.parametrize("power", [0.0, 0.5, 1.0, 2.0])
def test_the_power_of_growth_is_found(power: float) -> None:
    """Values that grow with a power of the work give that power."""
    work = [1.0, 2.0, 4.0, 8.0]

    assert exponent(work, [3 * amount**power for amount in work]) == pytest.approx(power)


@pytest.mark.parametrize(("work", "values"), [([1.0, 2.0], [0.0, 1.0]), ([2.0, 2.0], [1.0, 1.0])])
def test_no_power_is_fitted_to_nothing(work: list[float], values: list[float]) -> None:
    """A value of nothing has no logarithm, and one amount has no slope."""
    assert exponent(work, values) is None
