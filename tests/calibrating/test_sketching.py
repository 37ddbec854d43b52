"""The sketches of a bundle: rounded to what their dtype holds, with how far they moved between honest runs."""

from __future__ import annotations

import pytest

from reprobundle.answers import Sketch
from reprobundle.calibrating.sketching import distance, records


def sketch(*samples: float | None, call: int = 0, dtype: str = "F32", shape: tuple[int, ...] = (2,)) -> Sketch:
    """What a module gave."""
    return Sketch(
        module="first", kind="Linear", call=call, dtype=dtype, shape=shape, digest="0" * 32, sum=1.0, absmax=1.0, mean=1.0,
        std=1.0, samples=samples,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("one", "other", "expected"),
    [
        (sketch(3.0, 4.0), sketch(3.0, 4.0), 0.0),
        (sketch(3.0, 4.0), sketch(3.0, 4.5), 0.1),
        (sketch(3.0, 4.0, None), sketch(3.0, 4.5, None), 0.1),
        (sketch(3.0, 4.0), sketch(3.0, 4.5, dtype="F64"), 0.1),
        (sketch(0.0, 0.0), sketch(0.0, 0.0), 0.0),
        (sketch(0.0, 0.0), sketch(0.0, 1.0), None),
        (sketch(3.0, 4.0), sketch(3.0, None), None),
        (sketch(3.0, 4.0), sketch(3.0), None),
        (sketch(3.0, 4.0), sketch(3.0, 4.0, shape=(1, 2)), None),
        (sketch(3.0, 4.0), None, None),
    ],
)
def test_a_distance_is_relative_and_of_the_samples(one: Sketch, other: Sketch | None, expected: float | None) -> None:
    """What cannot be compared has none."""
    found = distance(one, other)

    assert found == (expected if expected is None else pytest.approx(expected))


def test_the_envelope_of_a_module_is_its_furthest_run() -> None:
    """Call by call, rounded away from zero; a run that did not reach the call says nothing."""
    first, second = sketch(3.0, 4.0), sketch(3.0, 4.0, call=1)
    runs = [[sketch(3.0, 4.0), sketch(3.0, 4.5, call=1)], [sketch(3.0, 4.005)], []]
    found = records((first, second), runs)

    assert [(one.call, one.envelope) for one in found] == [(0, 0.001), (1, 0.1)]


def test_float64_widens_a_module_by_what_rounding_explains_only() -> None:
    """What moved further was computed of something else, in this module or before it."""
    first, second = sketch(3.0, 4.0), sketch(3.0, 4.0, call=1)
    found = records((first, second), [], [sketch(3.0, 4.0005), sketch(3.0, 4.5, call=1)])

    assert [(one.call, one.envelope) for one in found] == [(0, 0.0001), (1, None)]


def test_without_another_run_there_is_no_envelope() -> None:
    """Nothing was measured, which is not the same as nothing moved."""
    assert records((sketch(1.0),), ())[0].envelope is None


def test_samples_keep_what_their_dtype_holds() -> None:
    """Nine digits of a float32, all of a float64."""
    (single,) = records((sketch(0.1234567890123, None),), ())
    (double,) = records((sketch(0.1234567890123, dtype="F64"),), ())

    assert single.samples == (0.123456789, None)
    assert double.samples == (0.1234567890123,)
