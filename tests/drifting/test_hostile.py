from __future__ import annotations

import pytest
from hypothesis import HealthCheck, Phase, event, given, settings
from hypothesis import strategies as st

from reprobundle import records
from reprobundle.components.data.statistics.form import Feature, Statistics, ValueCount
from reprobundle.drifting.judging import judge, verdict
from reprobundle.drifting.soundness import refuse_unsound
from reprobundle.drifts import DriftReport
from reprobundle.errors import RefusedInputError
from reprobundle.rendering import drift, drift_page

NUMBERS = st.one_of(
    st.floats(allow_nan=False, allow_infinity=False), st.sampled_from([0.0, 5e-324, -1e308, 1.7e308, 1.0])
)
COUNTS = st.one_of(st.integers(0, 100), st.sampled_from([0, 20, 2**62, 2**63 - 1]))
VALUES = st.one_of(st.integers(-(2**64), 2**64), NUMBERS, st.text(max_size=5))


def _listed(values, most):
    once = st.lists(values, max_size=6, unique=True)
    return once.flatmap(
        lambda found: st.tuples(
            *(st.builds(ValueCount, value=st.just(one), count=st.integers(1, max(1, most))) for one in found)
        )
    )


@st.composite
def _features(draw):
    """A feature whose numbers contradict each other seldom enough, and are absurd all the same."""
    count = draw(COUNTS)
    part = st.integers(0, count // 8)
    kind = draw(st.sampled_from(["number", "category"]))
    values = draw(
        st.none() | _listed(VALUES if kind == "category" else NUMBERS | st.integers(-(2**64), 2**64), count // 8)
    )
    few = draw(st.none() | st.lists(NUMBERS, min_size=1, max_size=5))
    low, high = sorted(draw(st.tuples(NUMBERS, NUMBERS)))
    return Feature(
        name=draw(st.sampled_from(["x", "x[0]", "y\u202e</script>"])),
        of=draw(st.sampled_from(["value", "words", "vocabulary"])),
        kind=kind,
        dtype=draw(st.sampled_from(["F64", "I64", "text"])),
        count=count,
        missing=draw(part),
        nan=draw(part),
        infinite=draw(part),
        mean=draw(st.none() | NUMBERS),
        std=draw(st.none() | NUMBERS.map(abs)),
        minimum=low,
        maximum=high,
        quantiles=None if few is None else tuple(sorted((few * 201)[:201])),
        sampled=draw(part),
        values=values if values is None or kind == "category" else tuple(sorted(values, key=lambda one: one.value)),
        common=draw(st.none() | _listed(VALUES, count // 8)),
    )


SIDES = st.lists(_features(), min_size=1, max_size=3, unique_by=lambda one: (one.name, one.of)).map(
    lambda some: Statistics(samples=50, features=tuple(some), label="x")
)


@pytest.mark.slow
@settings(max_examples=60, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck))
@given(SIDES, SIDES)
def test_statistics_are_refused_or_compared(recorded, new):
    """Whatever numbers a document of the right form holds, it is refused in words, or gives a report that can be shown."""
    try:
        for side in (recorded, new):
            refuse_unsound(side, name="statistics")
    except RefusedInputError:
        event("refused")
        return
    found = judge(recorded, new, alpha=0.01)
    answer, sentence = verdict(found.features, (), new.samples)
    report = DriftReport(
        reprobundle="0", bundle_id="0", bundle_name="b", split="s", started="t", alpha=0.01, answer=answer,
        sentence=sentence, recorded_samples=50, new_samples=50, features=found.features, tests=found.tests, notes=found.notes,
    )  # fmt: skip

    assert records.from_bytes(DriftReport, records.to_bytes(report), name="drift.json") == report
    assert drift.render(report, colour=False, width=80)
    assert "</script>" not in drift_page.render(report)
