"""The envelope: measured, with a margin, never narrower than the table, never wider than what counts."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.comparison.policy import CAPS, SAME_DEVICE, Policy, Tolerance, effective
from reprobundle.components.outputs import envelopes
from reprobundle.components.outputs.envelopes import envelope, outward, spread

ONES = np.ones((2, 4), np.float32)


@pytest.mark.parametrize(
    ("value", "rounded"),
    [
        (0.0, 0.0),
        (1.0, 1.0),
        (1.01e-5, 1.1e-5),
        (1e-5, 1e-5),
        (9.91e-7, 1e-6),
        (0.123, 0.13),
        (12.1, 13.0),
        (-1.0, 0.0),
    ],
)
def test_numbers_are_rounded_away_from_zero_to_two_digits(value: float, rounded: float) -> None:
    """So that a bundle never asks for less than was measured, and reads well."""
    assert outward(value) == rounded


@given(st.floats(min_value=1e-300, max_value=1e300))
def test_rounding_outward_never_falls_short_and_adds_a_tenth_at_most(value: float) -> None:
    """A record of what was measured bounds it from above; rounded again it stays."""
    rounded = outward(value)

    assert value * (1 - 1e-8) <= rounded <= value * 1.1 * (1 + 1e-8)
    assert outward(rounded) == rounded


def test_a_distance_is_a_fraction_of_the_recorded_root_mean_square() -> None:
    """Whatever the unit of the output."""
    produced = ONES * 1000
    produced[1, 2] += 0.5
    found = spread(ONES * 1000, produced)

    assert found is not None
    assert found.distance == pytest.approx(5e-4)
    assert found.beyond == pytest.approx(5e-4 - 1e-5)
    assert found.relative_l2 == pytest.approx(5e-4 / 8**0.5)


def test_some_rows_are_measured_against_the_size_of_all() -> None:
    """A row of small numbers is not judged by its own size: a replay compares the whole."""
    recorded = np.array([[1e-3], [1.0], [1.0], [1.0]], np.float32)
    found = spread(recorded, recorded[:1] + np.float32(1e-4), rows=1)

    assert found is not None
    assert found.distance == pytest.approx(1e-4 / (0.75**0.5), rel=1e-3)


def test_float64_is_measured_beside_float32() -> None:
    """The exact computation tells how far rounding alone went."""
    recorded = np.array([1 / 3], np.float32)
    found = spread(recorded, np.array([1 / 3]))

    assert found is not None
    assert 0 < found.distance < 1e-7
    assert found.beyond == 0.0


@pytest.mark.parametrize(
    ("recorded", "produced"),
    [
        (ONES, None),
        (ONES, np.ones((4, 2), np.float32)),
        (ONES * 0, ONES),
        (ONES * np.float32("nan"), ONES),
        (ONES, ONES * np.float32("inf")),
        (np.ones((0, 3), np.float32), np.ones((0, 3), np.float32)),
        (ONES.astype(np.int64), ONES.astype(np.int64)),
    ],
)
def test_where_no_number_tells_the_distance_there_is_none(recorded: np.ndarray, produced: np.ndarray | None) -> None:
    """Not a zero, which would say that the two agree."""
    assert spread(recorded, produced) is None


def test_a_steady_model_keeps_the_default() -> None:
    """What one machine cannot show, another library or processor, is what the table is for."""
    found = envelope("logits", "F32", {"again": 0.0, "float64": 0.0})

    assert found is not None
    assert (found.rtol, found.atol) == (SAME_DEVICE["F32"].rtol, SAME_DEVICE["F32"].atol)
    assert found.why == "no run needed more than 1e-05 of each element: the default"


def test_a_little_that_was_measured_keeps_the_default_and_says_so() -> None:
    """The margin is told even where it is not needed."""
    found = envelope("logits", "F32", {"again": 0.0, "float64": 1e-6})

    assert found is not None
    assert found.atol == 1e-5
    assert found.why == "'float64' needed 1e-06, times 4 is 4e-06: less than the default, which stays"


def test_a_model_that_amplifies_rounding_gets_what_it_needs() -> None:
    """The furthest run, times the margin."""
    found = envelope("logits", "F32", {"again": 1e-6, "float64": 2.21e-5})

    assert found is not None
    assert (found.rtol, found.atol) == (1e-5, 8.9e-5)
    assert found.why == "'float64' needed 2.3e-05, times 4"


def test_an_envelope_ends_at_the_widest_that_counts() -> None:
    """A replay would cut it there anyway."""
    found = envelope("logits", "F32", {"float64": 0.2})

    assert found is not None
    assert found.atol == CAPS["F32"].atol
    assert found.why == "'float64' needed 0.2, times 4 is 0.8: cut to the widest that counts"


@pytest.mark.parametrize("dtype", ["I64", "BOOL", "F8_E4M3", "F4"])
def test_what_is_compared_exactly_or_by_the_table_has_no_envelope(dtype: str) -> None:
    """Whole numbers must agree, and eight bits are coarse enough."""
    assert envelope("labels", dtype, {"again": 1.0}) is None


def test_nothing_measured_gives_no_envelope() -> None:
    """No run is no evidence."""
    assert envelope("logits", "F32", {}) is None


@given(st.sampled_from(sorted(CAPS)), st.lists(st.floats(0, 1e6), min_size=1, max_size=5))
def test_an_envelope_lies_between_the_table_and_the_cap(dtype: str, beyond: list[float]) -> None:
    """For every dtype, however far the runs went; and the reviewer's usual policy takes it as it is."""
    found = envelope("y", dtype, {str(index): value for index, value in enumerate(beyond)})

    assert found is not None
    assert SAME_DEVICE[dtype].atol <= found.atol <= max(CAPS[dtype].atol, SAME_DEVICE[dtype].atol)
    asked = effective(dtype, Tolerance(found.rtol, found.atol), Policy())
    assert asked is not None
    assert not asked.capped


def test_outside_means_beyond_the_envelope_or_without_one_the_table() -> None:
    """As a replay will judge it."""
    far = envelopes.Spread(distance=5e-5, beyond=5e-5, relative_l2=5e-5)
    wide = envelope("y", "F32", {"float64": 2e-5})

    assert envelopes.is_outside("F32", far, None)
    assert not envelopes.is_outside("F32", far, wide)
