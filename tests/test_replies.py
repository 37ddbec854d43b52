"""What a replay's answer means: whether the preprocessing, the weights or the computation is to be named first."""

from __future__ import annotations

import pytest

from reprobundle import replies
from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.rendering import wording
from reprobundle.report import ClaimResult, Control, OutputComparison, Rung

DIFFERS = Outcome("differs", "'value': 3 of 4 elements lie outside the tolerance")
EMPTY = Outcome("not compared", "'value': is NaN in every element")
NAMELESS = Outcome("none", "the function has no name")
FAILED = Outcome("failed", "ImportError: no; module named 'scale'")
CLOSE, BITWISE, DIFFERENT, NOT_RUN = Rung.CLOSE, Rung.BITWISE, Rung.DIFFERENT, Rung.NOT_RUN


def control(outcome: str, why: str | None = None, what: str = "weights") -> Control:
    """A control that came to something."""
    return Control(name=f"{what} changed", what=what, outcome=outcome, why=why)


PASSED = [control("as expected")]


@pytest.mark.parametrize(
    ("rung", "reason", "others", "prepared", "told"),
    [
        (BITWISE, None, 0, Outcome("agrees"), ("REPRODUCED, bitwise", "every output equals the recorded one, bit for bit", 0)),
        (BITWISE, None, 0, Outcome("none"), ("REPRODUCED, bitwise", "every output equals the recorded one, bit for bit", 0)),
        (
            BITWISE, None, 0, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "the model itself gives the recorded outputs, bitwise", 1),
        ),
        (
            CLOSE, "output 'x' not bitwise; in a portable environment", 0, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "the model itself gives the recorded outputs, close", 1),
        ),
        (
            DIFFERENT, "output 'x' is far; in a portable environment", 0, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "the outputs of the model itself on the recorded inputs: different: output 'x' is far; in a portable environment", 1),
        ),
        (
            BITWISE, None, 2, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "of the model itself: the outputs agree, bitwise, but 2 tensors of the model are not the recorded ones", 1),
        ),
        (
            NOT_RUN, "the worker did not finish", 0, DIFFERS,
            ("NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
            "of the model itself: not run: the worker did not finish", 1),
        ),
        (
            BITWISE, None, 0, FAILED,
            ("COULD NOT BE TOLD: the preprocessing could not be run: ImportError: no; module named 'scale'",
            "the model itself gives the recorded outputs, bitwise", 3),
        ),
        (
            DIFFERENT, "output 'x' is far", 0, FAILED,
            ("NOT REPRODUCED: the preprocessing could not be run: ImportError: no; module named 'scale'",
            "the outputs of the model itself on the recorded inputs: different: output 'x' is far", 1),
        ),
        (
            BITWISE, None, 0, EMPTY,
            ("COULD NOT BE TOLD: the preprocessing was not compared: 'value': is NaN in every element",
            "the model itself gives the recorded outputs, bitwise", 3),
        ),
        (DIFFERENT, "output 'x' is far", 0, EMPTY, ("NOT REPRODUCED: the outputs differ", "output 'x' is far", 1)),
        (
            BITWISE, None, 2, EMPTY,
            ("NOT REPRODUCED: the outputs agree, bitwise, but 2 tensors of the model are not the recorded ones",
            "a model with other weights is another model, also where these inputs do not show it", 1),
        ),
        (NOT_RUN, "it stopped: it fell: down", 0, NAMELESS, ("COULD NOT BE TOLD: it stopped", "it fell: down", 3)),
        (
            NOT_RUN, "it stopped", 1, Outcome("none"),
            ("NOT REPRODUCED: 1 tensor is not the recorded one", "not run: it stopped", 1),
        ),
        (NOT_RUN, "it stopped", 0, EMPTY, ("COULD NOT BE TOLD: it stopped", "neither that the outputs agree nor that they differ is known", 3)),
        (
            BITWISE, None, 0, NAMELESS,
            ("REPRODUCED, bitwise", "the preprocessing was not made again: the function has no name", 0),
        ),
        (DIFFERENT, "output 'x' is far", 0, Outcome("agrees"), ("NOT REPRODUCED: the outputs differ", "output 'x' is far", 1)),
    ],
)  # fmt: skip
def test_the_first_broken_link_is_in_the_headline(rung, reason, others, prepared, told):
    """Preprocessing that differs comes first, and what is known of the model after it; the exit code says the same."""
    verdict = replies.verdict(rung, CLOSE, reason, others, prepared, controls=PASSED)

    assert (wording.headline(verdict), wording.explanation(verdict), verdict.exit_code) == told
    assert verdict.reproduced == (verdict.exit_code == 0)
    assert verdict.preprocessing == prepared.state


def claim(name: str, verdict: str, data: str = "same") -> ClaimResult:
    """A claim that came to something."""
    return ClaimResult(id=name, text="accuracy", claimed=0.5, verdict=verdict, rule="within 0.01", data=data)


UNTESTED = "not tested: whether the model computes its outputs"
UNSTEADY = "unsteady: asked again, the model gives other outputs"
DRAWN = "drawn at random: another seed gives other outputs"
UNMOVED = "not reproduced: the outputs do not depend on the weights: why; the outputs"
FAR = "not reproduced: the model's outputs jump beside the recorded inputs: why; the outputs"


@pytest.mark.parametrize(
    ("data", "told"), [(("differs", "differs"), True), (("differs", "same"), False), (("same",), False)]
)
def test_other_data_is_told_in_the_first_line(data, told):
    """Where every claim that differs was measured on other data, the first line does not blame the author."""
    claims = [claim(f"c{number}", "differs", of) for number, of in enumerate(data)] + [claim("fine", "agrees")]
    made = replies.verdict(Rung.BITWISE, Rung.CLOSE, None, claims=claims)

    assert made.other_data is told
    assert wording.headline(made).endswith(" (ON DATA THAT IS NOT THE RECORDED)") is told


@pytest.mark.parametrize(
    ("rung", "controls", "sentence", "state", "code"),
    [
        (BITWISE, ["as expected"], "reproduced, bitwise", "passed", 0),
        (BITWISE, [], f"reproduced, bitwise; {UNTESTED}", "not run", 0),
        (BITWISE, ["not run"], f"reproduced, bitwise; {UNTESTED} (why)", "not run", 0),
        (BITWISE, ["not run", "as expected"], "reproduced, bitwise", "passed", 0),
        (BITWISE, ["unsteady", "as expected"], f"reproduced, bitwise; {UNSTEADY} (why)", "unsteady", 0),
        (CLOSE, ["drawn", "as expected"], f"reproduced, close: output 'x' is near; {DRAWN} (why)", "drawn", 0),
        (DIFFERENT, ["drawn"], "not reproduced: different: output 'x' is near", "drawn", 1),
        (NOT_RUN, ["not run"], "could not be told: output 'x' is near", "not run", 3),
        (BITWISE, ["as expected", "insensitive", "unsteady"], f"{UNMOVED} agree, bitwise", "insensitive", 1),
        (CLOSE, ["jumps"], f"{FAR} agree, close: output 'x' is near", "jumps", 1),
        (CLOSE, ["insensitive", "jumps"], f"{UNMOVED} agree, close: output 'x' is near", "insensitive", 1),
        (DIFFERENT, ["insensitive"], f"{UNMOVED} are different: output 'x' is near", "insensitive", 1),
        (
            BITWISE, ["unexpected", "drawn"],
            "not reproduced: your own inputs did not give what you expected: why; the outputs agree, bitwise", "unexpected", 1,
        ),
    ],
)  # fmt: skip
def test_a_model_that_does_not_compute_is_never_reproduced(rung, controls, sentence, state, code):
    """What the controls say against a model comes first; what they leave open is told at the end."""
    reason = None if rung is BITWISE else "output 'x' is near"
    told = [control(one, None if one == "as expected" else "why") for one in controls]
    verdict = replies.verdict(rung, CLOSE, reason, controls=told)

    assert (verdict.sentence, verdict.controls, verdict.exit_code) == (sentence, state, code)
    assert verdict.reproduced == (code == 0)


@pytest.mark.parametrize(
    ("unmoved", "told"),
    [
        (("weights",), "the outputs do not depend on the weights"),
        (("inputs",), "the outputs do not depend on the inputs"),
        (("inputs", "weights"), "the outputs depend neither on the weights nor on the inputs"),
    ],
)
def test_what_does_not_matter_is_named(unmoved, told):
    """A model that ignores its weights still computes from its inputs, and nobody says otherwise."""
    controls = [control("insensitive", f"other {what}", what) for what in unmoved]
    verdict = replies.verdict(BITWISE, CLOSE, None, controls=controls)

    assert wording.headline(verdict) == f"NOT REPRODUCED: {told}"
    assert wording.explanation(verdict) == f"other {unmoved[0]}; the outputs agree, bitwise"


@pytest.mark.parametrize(
    ("controls", "headline", "explanation"),
    [
        ([], f"({UNTESTED})", "every output equals the recorded one, bit for bit"),
        (["not run"], f"({UNTESTED})", "every output equals the recorded one, bit for bit; why"),
        (["drawn"], f"({DRAWN})", "every output equals the recorded one, bit for bit; why"),
        (["unsteady"], f"({UNSTEADY})", "every output equals the recorded one, bit for bit; why"),
    ],
)
def test_what_the_controls_leave_open_is_in_the_headline(controls, headline, explanation):
    """Nobody reads *reproduced* without it, and it is not said a second time."""
    verdict = replies.verdict(BITWISE, CLOSE, None, controls=[control(one, "why") for one in controls])

    assert wording.headline(verdict) == f"REPRODUCED, bitwise {headline}"
    assert wording.explanation(verdict) == explanation
    assert wording.tone(verdict) == "open"


def test_what_refuses_all_else_cannot_be_told():
    """Outputs that agree prove nothing of a model that takes nothing but the record: exit code 3, with what it said."""
    refusing = control("not run", "the model refuses other inputs: KeyError: 5", "inputs")
    verdict = replies.verdict(BITWISE, CLOSE, None, controls=[refusing], outcome="not run", refused=True)

    assert (verdict.reproduced, verdict.refused, verdict.exit_code) == (False, True, 3)
    assert wording.headline(verdict) == "COULD NOT BE TOLD: the model refuses whatever else it is asked"
    assert wording.explanation(verdict) == ("the model refuses other inputs: KeyError: 5; the outputs agree, bitwise")


def test_what_refuses_all_else_may_still_differ():
    """Outputs that are not the recorded ones are told as such."""
    verdict = replies.verdict(DIFFERENT, CLOSE, "output 'x' is far", outcome="not run", refused=True)

    assert (verdict.refused, verdict.exit_code) == (False, 1)


def test_a_remark_on_a_model_that_computes_is_in_the_sentence():
    """What is to be said of a control that came out well is not hidden in a table."""
    told = [control("as expected", "output 'anchors' depends on nothing that was changed, and shows nothing")]
    verdict = replies.verdict(BITWISE, CLOSE, None, controls=told)

    assert verdict.sentence == (
        "reproduced, bitwise; output 'anchors' depends on nothing that was changed, and shows nothing"
    )
    assert wording.tone(verdict) == "good"


def test_outcome_of_all_controls_wins():
    """What the controls come to together may say more than the worst of them, and its own reason is told."""
    told = [control("as expected"), control("not run", "too coarse")]
    kept = replies.verdict(BITWISE, CLOSE, None, controls=told, outcome="not run")
    bare = replies.verdict(BITWISE, CLOSE, None, outcome="insensitive")

    assert (kept.controls, kept.sentence) == ("not run", f"reproduced, bitwise; {UNTESTED} (too coarse)")
    assert (
        bare.sentence
        == "not reproduced: the outputs do not depend on the inputs or weights; the outputs agree, bitwise"
    )
    assert not bare.reproduced


def test_a_reason_is_never_lost_beside_the_controls():
    """Other weights, preprocessing and claims are still told of a model that does not compute."""
    verdict = replies.verdict(
        BITWISE, CLOSE, None, 2, DIFFERS, controls=[control("insensitive")], claims=[claim("row-3", "differs")]
    )

    assert verdict.sentence == (
        "not reproduced: the outputs do not depend on the weights: weights changed; the preprocessing differs: 'value': 3 of 4 elements lie outside the "
        "tolerance; of the model itself: the outputs agree, bitwise, but 2 tensors of the model are not the recorded ones; "
        "1 of 1 claim differs: 'row-3'"
    )


def wide(times: float | None, origin: str = "envelope", rung: Rung = CLOSE) -> OutputComparison:
    """An output that counts as close by a wide tolerance."""
    return OutputComparison(
        name="x", rung=rung, dtype="F32", shape=(1,), loosened=True, tolerance_from=origin, wider=times
    )


@pytest.mark.parametrize(
    ("output", "words"),
    [
        (wide(4.0), " (by the bundle's measured envelope, 4x wider than the default)"),
        (wide(120.0, "reviewer"), " (by the reviewer's own tolerance, 120x wider than the default)"),
        (wide(None), " (by the bundle's measured envelope, wider than the default)"),
        (None, ""),
    ],
)
def test_a_loosened_tolerance_stands_in_the_verdict(output, words):
    """Whoever reads the first line sees that it is close by a wider tolerance, and by whose."""
    verdict = replies.verdict(CLOSE, CLOSE, "output 'x' is near", loosened=output, controls=PASSED)

    assert verdict.sentence == f"reproduced, close{words}: output 'x' is near"
    assert verdict.loosened == (output is not None)
    assert replies.verdict(CLOSE, BITWISE, None, loosened=output).sentence == f"not reproduced: close{words}"
    assert not replies.verdict(BITWISE, CLOSE, None, loosened=output).loosened


def test_widest_of_several_outputs():
    """The output that is close by the widest tolerance is told; one that is not close, or needed none, is not."""
    narrow = wide(2.0)
    plain = narrow.model_copy(update={"loosened": False, "wider": None})

    assert replies.widest([narrow, wide(9.0, rung=DIFFERENT), wide(3.0), plain]) == wide(3.0)
    assert replies.widest([wide(3.0), wide(None)]) == wide(None)
    assert replies.widest([plain, wide(9.0, rung=DIFFERENT)]) is None


@pytest.mark.parametrize(
    ("claims", "words", "counts", "code"),
    [
        ([], "", (0, 0), 0),
        ([claim("a", "agrees"), claim("b", "not run")], "", (0, 0), 0),
        ([claim("row-1", "agrees"), claim("row-2", "agrees"), claim("row-3", "differs")], "; 1 of 3 claims differs: 'row-3'", (1, 0), 1),
        ([claim("a", "differs"), claim("b", "differs")], "; 2 of 2 claims differ: 'a', 'b'", (2, 0), 1),
        ([claim("a", "failed"), claim("b", "agrees")], "; 1 of 2 claims could not be computed: 'a'", (0, 1), 3),
        ([claim("a", "failed"), claim("b", "differs")], "; 1 of 2 claims differs: 'b'; 1 of 2 claims could not be computed: 'a'", (1, 1), 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("required", [BITWISE, CLOSE, Rung.SAME_METRICS])
def test_claims_stand_in_the_sentence(claims, words, counts, code, required):
    """The model is reproduced all the same, whatever is required, but no more than the model, as the exit code says."""
    verdict = replies.verdict(BITWISE, required, None, claims=claims, controls=PASSED)

    assert verdict.sentence == ("model " if words else "") + "reproduced, bitwise" + words
    assert (verdict.reproduced, verdict.other_claims, verdict.failed_claims) == (True, *counts)
    assert verdict.exit_code == code


@pytest.mark.parametrize(
    ("verdicts", "told", "tone"),
    [
        (["agrees"], "REPRODUCED, close", "good"),
        (["agrees", "differs"], "MODEL REPRODUCED, close; 1 CLAIM DIFFERS", "bad"),
        (["differs", "differs"], "MODEL REPRODUCED, close; 2 CLAIMS DIFFER", "bad"),
        (["failed"], "MODEL REPRODUCED, close; 1 CLAIM COULD NOT BE COMPUTED", "open"),
        (["failed", "differs"], "MODEL REPRODUCED, close; 1 CLAIM DIFFERS, 1 COULD NOT BE COMPUTED", "bad"),
    ],
)
def test_a_false_claim_has_one_wording(verdicts, told, tone):
    """Whatever is required: who reads the first line never takes it for good."""
    claims = [claim(str(number), verdict) for number, verdict in enumerate(verdicts)]
    made = [
        replies.verdict(CLOSE, required, "near", claims=claims, controls=PASSED)
        for required in (CLOSE, Rung.SAME_DECISIONS, Rung.SAME_METRICS)
    ]

    assert {(wording.headline(one), wording.tone(one)) for one in made} == {(told, tone)}


AGREE, OTHER, FAIL, IDLE = claim("a", "agrees"), claim("b", "differs"), claim("c", "failed"), claim("d", "not run")
ELSEWHERE = claim("e", "agrees", "differs")


@pytest.mark.parametrize(
    ("rung", "claims", "found", "start"),
    [
        (DIFFERENT, [AGREE], Rung.SAME_METRICS, "the outputs differ, but the only claim that was computed agrees; "),
        (DIFFERENT, [AGREE, AGREE, IDLE], Rung.SAME_METRICS, "the outputs differ, but all 2 claims that were computed agree; "),
        (DIFFERENT, [AGREE, ELSEWHERE], Rung.SAME_METRICS, "the outputs differ, but the only claim that was computed agrees; "),
        (DIFFERENT, [], DIFFERENT, ""),
        (DIFFERENT, [IDLE], DIFFERENT, ""),
        (DIFFERENT, [ELSEWHERE], DIFFERENT, ""),
        (DIFFERENT, [AGREE, OTHER], DIFFERENT, ""),
        (DIFFERENT, [AGREE, FAIL], DIFFERENT, ""),
        (NOT_RUN, [AGREE], NOT_RUN, ""),
        (CLOSE, [AGREE], CLOSE, ""),
        (Rung.SAME_DECISIONS, [AGREE], Rung.SAME_DECISIONS, ""),
    ],
)  # fmt: skip
def test_same_metrics(rung, claims, found, start):
    """Outputs that differ reach *same metrics* when at least one claim was computed, on the recorded data, and none says otherwise."""
    assert replies.with_metrics(rung, "output 'x' is far", claims) == (found, start + "output 'x' is far")
    assert replies.with_metrics(rung, None, claims)[0] is found


@pytest.mark.parametrize(
    ("required", "code"), [(BITWISE, 1), (CLOSE, 1), (Rung.SAME_DECISIONS, 0), (Rung.SAME_METRICS, 0)]
)
def test_what_is_required_sets_the_exit_code(required, code):
    """A rung in the middle is reproduced for whoever asks for no more."""
    verdict = replies.verdict(Rung.SAME_DECISIONS, required, "why", controls=PASSED)

    assert verdict.exit_code == code
    assert verdict.sentence == ("not reproduced: same decisions: why" if code else "reproduced, same decisions: why")
