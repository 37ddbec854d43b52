"""Where a model first goes another way, from recorded sketches and those of a replay."""

from __future__ import annotations

import pytest
from sketches import found, recorded

from reprobundle.diagnosing.diverging import Break, diverge, thinned
from reprobundle.report import LayerDivergence

A, B, C = recorded("a", 1.0, 2.0), recorded("b", 3.0, 4.0, kind="ReLU"), recorded("c", 5.0, 6.0)
SAME_A, SAME_B, SAME_C = found("a", 1.0, 2.0), found("b", 3.0, 4.0, kind="ReLU"), found("c", 5.0, 6.0)
FAR_B = found("b", 3.0, 5.0, kind="ReLU")
FAR_C = found("c", 9.0, 6.0)


def test_equal_calls_diverge_nowhere() -> None:
    """Where every digest is the recorded one, nothing is broken, and the last call is the last inside."""
    seen = diverge([A, B, C], [SAME_A, SAME_B, SAME_C])

    assert (seen.broken, seen.unequal, seen.inside) == (None, None, seen.layers[2])
    assert [one.equal for one in seen.layers] == [True, True, True]
    assert seen.size is None


def test_the_first_outside_is_named_not_the_furthest() -> None:
    """Distances grow downstream: the module named is the first outside, and the one before it is the last inside."""
    seen = diverge([A, B, C], [SAME_A, FAR_B, FAR_C])

    assert seen.broken == Break(change="numbers", module="b", kind="ReLU")
    assert seen.inside is not None
    assert seen.inside.module == "a"
    assert seen.size == pytest.approx(0.2)
    assert [one.outside for one in seen.layers] == [False, True, True]


@pytest.mark.parametrize(
    ("apart", "envelope", "outside"),
    [
        (9e-6, None, False),
        (2e-5, None, True),
        (2e-5, 1e-5, False),
        (4e-5, 1e-5, True),
        (9e-6, 0.0, False),
        (2e-3, 0.1, True),
        (9e-4, 0.1, False),
    ],
)
def test_envelopes_widen_the_table_and_never_narrow_it(apart: float, envelope: float | None, outside: bool) -> None:
    """Inside is what the table lets pass, or three times what was measured at capture; and no bundle can ask for more than counts."""
    seen = diverge([recorded("a", 1.0, 0.0, envelope=envelope)], [found("a", 1.0 + apart, 0.0)])

    assert (seen.broken is not None) == outside
    assert (seen.unequal is not None) == (not outside)
    assert seen.layers[0].envelope == envelope


def test_what_samples_miss_the_statistics_show() -> None:
    """Equal samples of unequal bytes are outside where the largest magnitude or the deviation changed by much."""
    other = found("a", 1.0, 2.0, digest="other", absmax=2.5)

    assert diverge([A], [other]).broken == Break(change="numbers", module="a", kind="Linear")
    assert diverge([A], [found("a", 1.0, 2.0, digest="other")]).broken is None


@pytest.mark.parametrize(
    ("here", "broken"),
    [
        ([SAME_A, found("b", 3.0, 5.0, kind="GELU"), FAR_C], Break(change="kind", module="b", kind="ReLU", expected="ReLU", found="GELU")),
        ([SAME_A, found("b", 3.0, 4.0, 5.0, kind="ReLU"), FAR_C],
         Break(change="form", module="b", kind="ReLU", expected="F32 (2,)", found="F32 (3,)")),
        ([SAME_A, found("b", 3.0, 4.0, kind="ReLU", dtype="F64"), FAR_C],
         Break(change="form", module="b", kind="ReLU", expected="F32 (2,)", found="F64 (2,)")),
        ([SAME_A, found("b", 3.0, None, kind="ReLU"), FAR_C],
         Break(change="nan", module="b", kind="ReLU", expected="finite", found="not finite")),
        ([SAME_A, FAR_C], Break(change="gone", module="b", kind="ReLU", expected="called", found="not called")),
        ([SAME_A, found("act", 3.0, 4.0, kind="ReLU"), SAME_C],
         Break(change="renamed", module="b", kind="ReLU", expected="b", found="'act' (ReLU)")),
        ([SAME_A, found("drop", 3.0, kind="Dropout"), SAME_B, SAME_C],
         Break(change="new", module="drop", kind="Dropout", expected="not called", found="called")),
        ([SAME_A, SAME_C, SAME_B], Break(change="order", module="b", kind="ReLU", expected="b", found="c")),
        ([SAME_A, SAME_B, SAME_C, found("a", 1.0, 2.0, call=1)],
         Break(change="calls", module="a", kind="Linear", expected="1", found="2")),
        ([SAME_A, SAME_B, found("b", 3.0, 4.0, kind="ReLU", call=1), SAME_C],
         Break(change="calls", module="b", kind="ReLU", expected="1", found="2")),
    ],
)  # fmt: skip
def test_another_structure_is_named_as_such(here: list, broken: Break) -> None:
    """A module of another class, form, name, place or number of calls is told from one that gives other numbers."""
    seen = diverge([A, B, C], here)

    assert seen.broken == broken
    assert seen.inside is not None
    assert broken.is_structural == (broken.change != "nan")


def test_fewer_calls_of_a_module_are_told() -> None:
    """A module that was called twice and is called once here is named with both numbers."""
    seen = diverge([A, recorded("a", 3.0, call=1), C], [SAME_A, SAME_C])

    assert seen.broken == Break(change="calls", module="a", kind="Linear", expected="2", found="1")


def test_numbers_before_another_structure_come_first() -> None:
    """Whichever comes first is named: numbers outside, or a call that is not the recorded one."""
    seen = diverge([A, B, C], [found("a", 9.0, 2.0), SAME_B])

    assert seen.broken == Break(change="numbers", module="a", kind="Linear")
    assert seen.inside is None


def test_calls_that_were_left_out_at_capture_are_no_difference() -> None:
    """Of a model with very many calls some are recorded: the others are no new ones here."""
    seen = diverge([A, C], [SAME_A, SAME_B, SAME_C], left_out=1)

    assert seen.broken is None
    assert diverge([A, C], [SAME_A, SAME_B], left_out=1).broken == Break(
        change="gone", module="c", kind="Linear", expected="called", found="not called"
    )


def test_samples_that_are_nan_there_as_here_are_compared_beside() -> None:
    """NaN at the same places is as recorded, and the other samples decide."""
    seen = diverge([recorded("a", 1.0, None), B], [found("a", 1.0, None, digest="other"), FAR_B])

    assert seen.broken == Break(change="numbers", module="b", kind="ReLU")


def test_integers_are_inside_only_where_they_are_equal() -> None:
    """What has no tolerance is compared exactly."""
    before, here = recorded("a", 1.0, 2.0, dtype="I64"), found("a", 1.0, 2.0000001, dtype="I64")

    assert diverge([before], [here]).broken is not None


def test_many_layers_are_thinned_out_but_not_where_it_begins() -> None:
    """At most two hundred are kept, all of those around the first outside among them."""
    layers = [
        LayerDivergence(module=f"m{place}", kind="Linear", equal=place < 700, distance=0.0, outside=place >= 700)
        for place in range(1000)
    ]
    kept = thinned(layers)

    assert len(kept) <= 200
    assert {f"m{place}" for place in range(690, 710)} <= {one.module for one in kept}
    assert thinned(layers[:200]) == tuple(layers[:200])
