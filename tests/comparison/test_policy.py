"""Which tolerance counts: this program's, the bundle's up to the reviewer's caps, or the reviewer's own."""

from __future__ import annotations

import math

import numpy as np
import pytest

from reprobundle.comparison import (
    OTHER_DEVICE,
    SAME_DEVICE,
    Effective,
    Policy,
    Thresholds,
    Tolerance,
    compare,
    effective,
    wording,
)
from reprobundle.comparison.policy import CAPS
from reprobundle.report import Rung

OWN = SAME_DEVICE["F32"]  # 1e-5, 1e-5
TIGHT, WIDE, ENDLESS = Tolerance(1e-6, 1e-6), Tolerance(4e-5, 3e-5), Tolerance(1.0, 1e-5)


@pytest.mark.parametrize(
    ("dtype", "envelope", "policy", "found"),
    [
        ("F32", None, Policy(), Effective(tolerance=OWN, default=OWN)),
        ("I64", WIDE, Policy(), None),
        ("F8_E8M0", WIDE, Policy(own=WIDE), None),
        ("F32", WIDE, Policy(), Effective(tolerance=WIDE, origin="envelope", loosened=True, default=OWN)),
        ("F32", TIGHT, Policy(), Effective(tolerance=TIGHT, origin="envelope", default=OWN)),
        ("F32", OWN, Policy(), Effective(tolerance=OWN, default=OWN)),
        ("F32", WIDE, Policy(envelopes=False), Effective(tolerance=OWN, default=OWN)),
        ("F32", ENDLESS, Policy(), Effective(tolerance=Tolerance(1e-3, 1e-5), origin="envelope", loosened=True, capped=True, default=OWN)),
        ("F32", Tolerance(1e-5, 1.0), Policy(), Effective(tolerance=Tolerance(1e-5, 1e-3), origin="envelope", loosened=True, capped=True, default=OWN)),
        ("F32", ENDLESS, Policy(caps={}), Effective(tolerance=OWN, default=OWN)),
        ("F32", ENDLESS, Policy(caps={"F32": TIGHT}), Effective(tolerance=OWN, capped=True, default=OWN)),
        ("F32", WIDE, Policy(own=TIGHT), Effective(tolerance=TIGHT, origin="reviewer", default=OWN, narrowed=True)),
        ("F32", None, Policy(own=Tolerance(1e-3, 0)), Effective(tolerance=Tolerance(1e-3, 0), origin="reviewer", loosened=True, default=OWN, narrowed=True)),
        ("F32", None, Policy(own=OWN), Effective(tolerance=OWN, origin="reviewer", default=OWN)),
        ("F32", None, Policy(own=ENDLESS), Effective(tolerance=ENDLESS, origin="reviewer", loosened=True, default=OWN)),
        ("F8_E4M3", Tolerance(1.0, 1.0), Policy(), Effective(tolerance=SAME_DEVICE["F8_E4M3"], default=SAME_DEVICE["F8_E4M3"])),
    ],
)  # fmt: skip
def test_tolerance_that_counts(dtype, envelope, policy, found):
    """The reviewer's own wins, then the bundle's cut to the cap, then this program's; what is exact stays exact."""
    assert effective(dtype, envelope, policy) == found


def test_between_devices_no_cap_is_narrower_than_the_table():
    """The caps bound what a bundle asks for, not what this program lets pass."""
    found = effective("BF16", Tolerance(0.04, 0.9), Policy(), OTHER_DEVICE)

    assert found == Effective(
        tolerance=Tolerance(0.04, 0.02), origin="envelope", capped=True, default=OTHER_DEVICE["BF16"]
    )
    assert effective("F32", Tolerance(5e-5, 0.0), Policy(), OTHER_DEVICE).loosened is False


def test_caps_are_the_known_ones():
    """What a bundle may ask for is fixed here, and never narrower than a table of the same device."""
    assert {
        "F64": Tolerance(1e-6, 1e-6),
        "F32": Tolerance(1e-3, 1e-3),
        "C64": Tolerance(1e-3, 1e-3),
        "F16": Tolerance(2e-2, 2e-2),
        "BF16": Tolerance(2e-2, 2e-2),
    } == CAPS
    assert all(
        cap.rtol >= SAME_DEVICE[dtype].rtol and cap.atol >= SAME_DEVICE[dtype].atol for dtype, cap in CAPS.items()
    )


def test_tables_are_the_known_ones():
    """This program's tolerances, and what *same decisions* asks for, change only together with a decision record."""
    assert {dtype: (one.rtol, one.atol) for dtype, one in SAME_DEVICE.items()} == {
        "F64": (1e-9, 1e-12), "F32": (1e-5, 1e-5), "C64": (1e-5, 1e-5), "F16": (2e-3, 1e-3), "BF16": (1.6e-2, 8e-3),
        "F8_E4M3": (0.125, 0.1), "F8_E5M2": (0.25, 0.1), "F8_E4M3FNUZ": (0.125, 0.1), "F8_E5M2FNUZ": (0.25, 0.1),
    }  # fmt: skip
    assert {dtype: (one.rtol, one.atol) for dtype, one in OTHER_DEVICE.items() if one != SAME_DEVICE[dtype]} == {
        "F32": (1e-4, 1e-5), "C64": (1e-4, 1e-5), "F16": (1e-2, 5e-3), "BF16": (5e-2, 2e-2),
    }  # fmt: skip
    assert (Policy().decisions, Thresholds()) == (Thresholds(apart=0.03, overlap=0.99, edits=0.0), Policy().decisions)
    assert (Policy().own, Policy().envelopes, Policy().caps) == (None, True, CAPS)


@pytest.mark.parametrize(
    ("tolerance", "default", "times"),
    [
        (Tolerance(1e-5, 1e-5), OWN, None),
        (Tolerance(1e-6, 4e-5), OWN, 4.0),
        (Tolerance(8e-5, 4e-5), OWN, 8.0),
        (Tolerance(1.0, 0.0), Tolerance(0.0, 0.0), math.inf),
        (Tolerance(1.0, 1.0), None, None),
    ],
)
def test_how_many_times_wider(tolerance, default, times):
    """The larger of the two factors counts; what is not wider has none."""
    found = Effective(tolerance=tolerance, default=default).times

    assert found == (None if times is None else pytest.approx(times))


def of_envelope(tolerance: Tolerance) -> Effective | None:
    """What counts of an envelope."""
    return effective("F32", tolerance, Policy())


def test_a_loosened_tolerance_is_told():
    """What is close by the bundle's envelope alone says so, and by how much."""
    expected = np.ones(100, np.float32)
    result = compare("x", expected, expected + np.float32(5e-5), effective=of_envelope(Tolerance(4e-5, 2e-5)))

    assert (result.rung, result.loosened, result.tolerance_from) == (Rung.CLOSE, True, "envelope")
    assert result.wider == pytest.approx(4)
    assert (result.rtol, result.atol, result.capped) == (4e-5, 2e-5, False)
    assert result.reason == "not bitwise: largest difference 4.99e-05, all 100 elements within the tolerance"


def test_what_is_close_by_the_table_needs_no_envelope():
    """An envelope that was not needed is not told, and the tolerance is this program's."""
    expected = np.ones(100, np.float32)
    result = compare("x", expected, expected + np.float32(1e-5), effective=of_envelope(Tolerance(4e-5, 2e-5)))

    assert (result.rung, result.loosened, result.wider, result.tolerance_from) == (Rung.CLOSE, False, None, "default")
    assert (result.rtol, result.atol) == (OWN.rtol, OWN.atol)
    assert result.reason == "not bitwise: largest difference 1e-05, all 100 elements within the tolerance"


@pytest.mark.parametrize("moved", [1e-5, 5e-5])
def test_a_reviewers_own_tolerance_is_told_as_it_was_typed(moved):
    """Also where this program's would do; that it is wider is told only where it was needed."""
    expected, own = np.ones(100, np.float32), Tolerance(1e-3, 2e-3)
    typed = effective("F32", None, Policy(own=own))
    result = compare("x", expected, expected + np.float32(moved), effective=typed)
    needed = moved > 2e-5

    assert (result.rung, result.tolerance_from, result.rtol, result.atol) == (Rung.CLOSE, "reviewer", 1e-3, 2e-3)
    assert (result.loosened, result.wider) == (needed, pytest.approx(200) if needed else None)


def test_a_reviewers_narrower_tolerance_is_told():
    """Whoever asks for more than this program does reads so, be it met or not."""
    expected, typed = np.ones(100, np.float32), effective("F32", None, Policy(own=TIGHT))
    told = [compare("x", expected, expected + np.float32(moved), effective=typed) for moved in (5e-7, 1e-5)]

    assert [result.narrowed for result in told] == [True, True]
    assert not compare("x", expected, expected + np.float32(1e-5), effective=of_envelope(TIGHT)).narrowed


def test_an_envelope_narrower_than_the_table_counts():
    """A bundle that was measured to be steady may ask for more than this program does."""
    expected = np.ones(100, np.float32)
    result = compare("x", expected, expected + np.float32(1e-5), effective=of_envelope(TIGHT))

    assert (result.rung, result.outside, result.loosened, result.tolerance_from) == (
        Rung.DIFFERENT,
        100,
        False,
        "envelope",
    )


def test_a_capped_request_is_told():
    """A bundle that asks for more than the cap is judged by the cap, and the reason says so where it fails."""
    expected = np.ones(100, np.float32)
    result = compare("x", expected, expected * np.float32(1.01), effective=of_envelope(Tolerance(0.1, 0.1)))

    assert (result.rung, result.capped, result.rtol, result.loosened) == (Rung.DIFFERENT, True, 1e-3, True)
    assert result.reason == (
        "100 of 100 elements lie outside the tolerance, largest difference 0.01; the bundle asks for a wider tolerance than "
        "it may, and was given the widest"
    )


@pytest.mark.parametrize(
    ("times", "said"),
    [(1.5, "1.5x "), (9.94, "9.94x "), (10.0, "10x "), (10.6, "11x "), (1234.5, "1,234x "), (math.inf, ""), (None, "")],
)
def test_times_are_said_in_few_digits(times, said):
    """How many times wider, in three digits or whole numbers; nothing where it is not known."""
    assert wording.by("envelope", times) == f"the bundle's measured envelope, {said}wider than the default"
    assert wording.by("reviewer", times) == f"the reviewer's own tolerance, {said}wider than the default"
    assert wording.by("default", times) == f"default, {said}wider than the default"
