"""What a replay's preprocessing comes to: NaN, results that hold nothing, and the chain from raw sample to output."""

from __future__ import annotations

import numpy as np
import pytest

from reprobundle.answers import Answer
from reprobundle.components import outputs, preprocessing
from reprobundle.components.interface import Fed, Site, Source, Stage
from reprobundle.components.preprocessing import Preprocessing
from reprobundle.report import Status
from reprobundle.store import Writer

NAN = np.nan
CHAIN = "its results are the model's recorded inputs: raw sample, input and output are one chain"
BROKEN = "its recorded results are not the model's recorded inputs, as the bundle says they are"


def as_they_are(samples):
    return samples


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return Stage(Writer(folder))


def captured(stage, samples, inputs=None, transform=as_they_are):
    given = Preprocessing(transform=transform, samples=samples)
    return preprocessing.capture(Source(model=None, inputs=inputs, preprocessing=given), stage)


def replayed(section, stage, transformed, *, fed=None, error=None, transform_error=None):
    answer = Answer(stage="done", error=error, outputs=None, arrays={}, transformed=transformed, nesting=section.pairs.expected.structure,
                    digests={}, device=None, facts={}, distributions={}, log="", transform_error=transform_error)  # fmt: skip
    return Site(root=stage.root, answer=answer, fed=fed)


def told(section, site):
    found = preprocessing.outcome(section, site)
    return found.state, found.reason, [(one.status, one.message) for one in preprocessing.check(section, site)]


@pytest.mark.parametrize(
    ("recorded", "produced", "state", "reason"),
    [
        ([1, NAN, 3], [1, NAN, 3], "agrees", None),
        ([1, NAN, 3], [1, NAN, 3 + 1e-12], "agrees", None),
        ([1, NAN, 3], [1, NAN, 4], "differs", "'value': 1 of 2 elements lie outside the tolerance, largest difference 1, "
                                              "beside NaN at the same 1 place"),
        ([1, NAN, 3], [1, 2, 3], "differs", "'value': NaN stands elsewhere, at 1 of 3 elements: recorded in 1, produced in 0"),
        ([1, 2, 3], [1, NAN, 3], "differs", "'value': holds NaN in 1 of 3 elements, the record has none"),
        ([NAN, NAN], [NAN, NAN], "not compared", "'value': is NaN in every element, there as here, so no value can be compared"),
        ([NAN, NAN], [1, 2], "differs", "'value': NaN stands elsewhere, at 2 of 2 elements: recorded in 2, produced in 0"),
        ([], [], "not compared", "'value': holds no element, so there is nothing to compare"),
    ],
)  # fmt: skip
def test_nan_is_a_value_and_nothing_compared_is_said(stage, recorded, produced, state, reason):
    """NaN must stand where it stood, the rest is compared; what was recorded and not compared is never passed over."""
    section = captured(stage, np.array(recorded, np.float64))
    site = replayed(section, stage, {"value": np.array(produced, np.float64)})

    assert told(section, site)[:2] == (state, reason)


def test_one_result_of_nan_alone_leaves_the_whole_not_compared(stage):
    """A result that was not compared counts beside others that agree; one without an element does not."""
    nothing = captured(stage, {"a": np.ones(2), "b": np.full(2, NAN)})
    site = replayed(nothing, stage, {"a": np.ones(2), "b": np.full(2, NAN)})

    assert told(nothing, site)[0] == "not compared"


def test_a_result_without_an_element_beside_others_is_no_gap(stage):
    """Shape and dtype are all that an empty array says, and those agree."""
    section = captured(stage, {"a": np.ones(2), "b": np.zeros((0, 3))})

    assert told(section, replayed(section, stage, {"a": np.ones(2), "b": np.zeros((0, 3))}))[0] == "agrees"


@pytest.mark.parametrize(
    ("samples", "note"),
    [
        (np.full(2, NAN), "the transform's result 'value' is NaN in every element: no replay can compare it"),
        (np.zeros(0), "the transform's result 'value' is without an element: no replay can compare it"),
        (np.array([1, NAN]), None),
        (np.array([complex(1, NAN)]), None),
    ],
)
def test_capture_says_what_no_replay_can_compare(stage, samples, note):
    """The person learns of it at capture; a single number among NaN is enough."""
    captured(stage, samples.astype(np.complex64) if samples.dtype.kind == "c" else samples)

    assert [one.message for one in stage.notes] == ([note] if note else [])


def test_a_worker_that_did_not_run_it_is_not_compared(stage):
    """An answer without results and without an error is no agreement; with an error of the model nothing is known at all."""
    section = captured(stage, np.ones(2))

    assert told(section, replayed(section, stage, None))[:2] == ("not compared", "the worker did not run the function")
    assert told(section, replayed(section, stage, None, error="it stopped"))[0] == "none"
    assert told(section, replayed(section, stage, None, transform_error="no"))[:2] == ("failed", "no")


def test_a_function_without_a_name_is_told(stage):
    """Nothing can be made again, and the outcome says why."""
    section = captured(stage, np.ones(2), transform=lambda samples: samples)

    assert told(section, replayed(section, stage, None))[:2] == (
        "none",
        "the function has no name by which it can be found again",
    )


def fed(stage, value):
    section = outputs.Section(inputs=None, expected=None)
    made = outputs._write(stage, outputs.INPUTS, *outputs._flatten(value))

    assert outputs.fed(section) is None
    return outputs.fed(outputs.Section(inputs=made, expected=None))


def test_the_chain_is_compared_and_not_believed(stage):
    """Results that are the model's recorded inputs are one chain, whatever they are nested in; the names may be others."""
    value = np.array([1.0, NAN])
    section = captured(stage, value, inputs=[value])
    site = replayed(section, stage, {"value": value}, fed=fed(stage, [value]))

    assert section.pairs.feeds_model
    assert told(section, site) == (
        "agrees",
        None,
        [(Status.SAME, "preprocessed 'value': bitwise"), (Status.SAME, CHAIN)],
    )


def test_a_bundle_that_claims_a_chain_it_does_not_hold_differs(stage):
    """Where the recorded results are not the recorded inputs, the bundle's word for it is a difference."""
    value = np.array([1.0, 2.0])
    section = captured(stage, value, inputs=value)
    state, reason, findings = told(section, replayed(section, stage, {"value": value}, fed=fed(stage, value + 1)))

    assert (state, reason) == ("differs", BROKEN)
    assert findings == [(Status.SAME, "preprocessed 'value': bitwise"), (Status.DIFFERS, BROKEN)]


@pytest.mark.parametrize("produced", [np.array([1.0, 3.0]), np.array([NAN, 2.0])])
def test_no_chain_is_told_where_a_result_differs(stage, produced):
    """One chain is said only where all results were compared and agree."""
    value = np.array([1.0, 2.0])
    section = captured(stage, value, inputs=value)
    site = replayed(section, stage, {"value": produced}, fed=fed(stage, value))

    assert [status for status, _ in told(section, site)[2]] == [Status.DIFFERS]


def test_a_stranger_s_nesting_that_fits_no_file_is_no_chain(stage):
    """A structure that names tensors which are not there is a difference, no crash."""
    value = np.array([1.0, 2.0])
    section = captured(stage, value, inputs=value)
    forged = Fed(fed(stage, value).file, {"kind": "tensor", "name": "other"})

    assert told(section, replayed(section, stage, {"value": value}, fed=forged))[:2] == ("differs", BROKEN)
