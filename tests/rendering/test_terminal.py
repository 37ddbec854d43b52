from __future__ import annotations

import re

import pytest
from reports import bitwise_report, different_report, hostile_report, output, passed_controls, rich_report, sixty_layers

from reprobundle import replies
from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.rendering import claims, html, review, terminal
from reprobundle.rendering.page import Page
from reprobundle.report import (
    ClaimResult,
    Control,
    Decisions,
    Diagnosis,
    Finding,
    Grade,
    GroupResult,
    ReplayedEnvironment,
    Rung,
    Status,
    Verdict,
)


def _shown(report, *, colour=False, width=100):
    return terminal.render(report, colour=colour, width=width)


def test_a_stranger_reads_the_verdict_first():
    """The whole rendering of a bitwise replay, as it is printed."""
    assert (
        _shown(bitwise_report())
        == """\
REPRODUCED, bitwise
  every output equals the recorded one, bit for bit

bundle       digits  3f9a00112233445566778899aabbccdd
             intact, UNSIGNED (nothing proves who made it)
environment  rebuilt from the lock: 39 packages, every hash checked, by uv 0.11
             Python 3.11.2, inside bubblewrap, without network
required     close or better
controls     3 controls with other inputs and weights, all as expected

Outputs (2)
  name     dtype  shape     rung     max difference
  logits   F32    (32, 10)  bitwise  0
  classes  I64    (32,)     bitwise  0

Environment difference: none
  39 packages as locked; threads

Checks
  not run  data: split 'test': no data was given
           hint: --data test=PATH
  same     3 checks agree (environment 2, model 1)

time         1 min 14 s in all: verify 0.1 s, environment 1 min 14 s
exit code    0: reproduced"""
    )


def test_copies_of_the_data_that_agree_are_named():
    """A reviewer who gave data sees the answer for each split; other checks that agree are counted."""
    named = tuple(
        Finding(kind="data", status=Status.SAME, message=f"data split {name!r}: 5 samples, all as recorded")
        for name in ("train", "test")
    )
    report = bitwise_report(findings=(*named, *bitwise_report().findings))

    assert _shown(report).partition("Checks\n")[2].splitlines()[:5] == [
        "  not run  data: split 'test': no data was given",
        "           hint: --data test=PATH",
        "  same     data: data split 'train': 5 samples, all as recorded",
        "  same     data: data split 'test': 5 samples, all as recorded",
        "  same     3 other checks agree (environment 2, model 1)",
    ]
    assert "all as recorded" in html.render(report)


def test_what_differs_comes_first():
    """A replay that differs names the worst element, the diagnosis, and findings that differ before notes."""
    assert (
        _shown(different_report())
        == """\
NOT REPRODUCED: the outputs differ
  logits: 3 of 320 elements lie outside the tolerance
why          The weights that were loaded are not those that were captured.

bundle       digits  3f9a00112233445566778899aabbccdd
             intact, UNSIGNED (nothing proves who made it)
environment  rebuilt from the lock: 39 packages, every hash checked, by uv 0.11
             Python 3.11.2, inside bubblewrap, without network
required     close or better
controls     3 controls with other inputs and weights, all as expected

Outputs (1)
  name    dtype  shape     rung       max difference  tolerance          from
  logits  F32    (32, 10)  different  0.0123          1e-05 + 0.0001|x|  default
          3 of 320 elements lie outside the tolerance; worst at [4, 7] 1.25 → 1.2623

Diagnosis: weights
  weights: 1 of 8 tensors differs

Checks
  differs  model: tensor 'w': digest differs: expected 3f9a, found 88c1
  note     code: captured with uncommitted changes

time         1 min 14 s in all: verify 0.1 s, environment 1 min 14 s
exit code    1: not reproduced"""
    )


@pytest.mark.parametrize(
    ("rung", "required", "first"),
    [
        (Rung.CLOSE, Rung.BITWISE, "NOT REPRODUCED as exactly as required: close, required bitwise"),
        (Rung.DIFFERENT, Rung.CLOSE, "NOT REPRODUCED: the outputs differ"),
    ],
)
def test_every_way_not_to_be_reproduced_has_its_words(rung, required, first):
    """Different and less exact than required are told apart in the first line."""
    verdict = Verdict(reproduced=False, rung=rung, required=required, sentence="why")

    assert _shown(bitwise_report(verdict=verdict)).splitlines()[:2] == [first, "  why"]


def test_outputs_of_another_model_are_told_in_the_first_line():
    """However well the outputs agree; the line is wrapped where there is no room."""
    verdict = replies.verdict(Rung.CLOSE, Rung.CLOSE, "why", 3)
    shown = _shown(bitwise_report(verdict=verdict))

    assert shown.splitlines()[:2] == [
        "NOT REPRODUCED: the outputs agree, close, but 3 tensors of the model are not the recorded ones",
        "  a model with other weights is another model, also where these inputs do not show it",
    ]
    assert max(map(len, _shown(bitwise_report(verdict=verdict), width=60).splitlines()[:3])) <= 60


@pytest.mark.parametrize(
    ("rung", "others", "code", "sentence"),
    [
        (Rung.BITWISE, 0, 0, "reproduced, bitwise: why"),
        (Rung.DIFFERENT, 2, 1, "not reproduced: 2 tensors of the model are not the recorded ones; different: why"),
        (Rung.NOT_RUN, 0, 3, "could not be told: why"),
        (Rung.NOT_RUN, 1, 1, "not reproduced: 1 tensor of the model is not the recorded one; not run: why"),
        (
            Rung.BITWISE,
            1,
            1,
            "not reproduced: the outputs agree, bitwise, but 1 tensor of the model is not the recorded one",
        ),
    ],
)
def test_a_verdict_counts_the_tensors_too(rung, others, code, sentence):
    """With one that is not the recorded one nothing is reproduced."""
    passed = (Control(name="inputs changed", what="inputs", outcome="as expected"),)
    verdict = replies.verdict(rung, Rung.CLOSE, "why", others, controls=passed)

    assert (verdict.exit_code, verdict.reproduced, verdict.sentence) == (code, code == 0, sentence)


def test_weak_spots_of_the_environment_are_in_capitals():
    """No rebuild, no sandbox, no hashes: each is said in words nobody overlooks."""
    current = ReplayedEnvironment(
        how="current", python="3.12.1", sandbox="none", packages=0, cached=False, installer=None, hashes=False
    )
    synced = current.model_copy(update={"how": "python", "synced": True})
    unhashed = current.model_copy(update={"how": "rebuild", "packages": 1, "cached": True})

    assert "an existing interpreter, NOT rebuilt from the lock" in _shown(bitwise_report(environment=current))
    assert "the Python that was named, made to agree with the lock before" in _shown(bitwise_report(environment=synced))
    assert "Python 3.12.1, WITHOUT a sandbox" in _shown(bitwise_report(environment=current))
    assert "1 package, hashes NOT checked, from the cache" in _shown(bitwise_report(environment=unhashed))
    assert "environment  none: the model was not run" in _shown(bitwise_report(environment=None))


def test_packages_of_the_bundle_itself_are_counted():
    """A reader sees how many packages no index offered."""
    some = bitwise_report().environment.model_copy(update={"packages": 36, "vendored": 1})
    alone = some.model_copy(update={"packages": 1})

    assert "the lock: 36 packages, 1 of them from the bundle itself, every hash" in _shown(
        bitwise_report(environment=some)
    )
    assert "the lock: 1 package from the bundle itself, every hash checked" in _shown(bitwise_report(environment=alone))


def test_nothing_of_a_bundle_reaches_the_terminal_unescaped():
    """Terminal commands in any text of a report are shown, never sent."""
    evil = "\x1b]52;c;evil\x07\u202e\nREPRODUCED, bitwise"
    report = hostile_report(evil)
    shown = _shown(report)

    assert not re.search(r"[^\n\x20-\x7e→…]", shown)
    assert shown.splitlines().count("REPRODUCED, bitwise") == 0


def test_colours_do_not_change_the_words():
    """With colours switched off the same text stands without a single command."""
    coloured = _shown(different_report(), colour=True)

    assert "\x1b[1;31mNOT REPRODUCED" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == _shown(different_report())


def _difference(what, grade, recorded, here, why):
    return Finding(
        kind="environment",
        status=Status.DIFFERS,
        message=f"{what} differs",
        expected=recorded,
        found=here,
        grade=grade,
        why=why,
    )


DIFFERENCES = (
    _difference("cpu.model", Grade.LOW, "A", "B", "its name alone changes nothing"),
    _difference("torch.threads", Grade.HIGH, "2", "4", "the order of sums changes"),
    _difference("torch.mkl", Grade.MEDIUM, "x" * 30, None, "another library"),
    _difference("variables.OMP_NUM_THREADS", Grade.HIGH, "2", "4", "the order of sums changes"),
)


def test_differences_of_the_environment_are_a_table():
    """The weightiest first, both values beside each other, each reason once; what changes nothing is only counted beside others."""
    shown = _shown(different_report(findings=DIFFERENCES), width=60)

    assert (
        shown.partition("Environment difference")[2].partition("\n\ntime")[0]
        == """\
: 2 high, 1 medium, 1 low
  grade   what                       recorded           here
  high    torch.threads              2                  4
          variables.OMP_NUM_THREADS  2                  4
          the order of sums changes
  medium  torch.mkl                  xxxxxxxxxxxxxxxxx  -
                                     xxxxxxxxxxxxx
          another library"""
    )
    assert "Checks" not in shown
    assert "low    cpu.model  A         B" in _shown(different_report(findings=DIFFERENCES[:1]))


def test_an_environment_that_was_not_compared_is_no_difference():
    """Nothing is said to agree that nobody looked at."""
    not_run = Finding(kind="environment", status=Status.NOT_RUN, message="nothing was run")

    assert "Environment difference" not in _shown(bitwise_report(findings=(not_run,)))


def test_many_outputs_show_the_weakest():
    """Of more outputs than fit, the weakest are shown and the rest counted."""
    outputs = tuple(output(f"layer/{number}", Rung.BITWISE) for number in range(30))
    shown = _shown(bitwise_report(outputs=(*outputs, output("last", Rung.DIFFERENT))))

    assert "  last " in shown
    assert "and 25 more, none of them weaker: see report.html" in shown
    assert "none were compared" in _shown(bitwise_report(outputs=()))


@pytest.mark.parametrize("width", [20, 60, 80, 300])
def test_prose_is_wrapped(width):
    """Sentences keep to the width of the terminal, between 60 and 120 columns."""
    notes = tuple(Finding(kind="code", status=Status.NOTE, message="word " * 60, hint="word " * 60) for _ in range(50))
    shown = _shown(bitwise_report(findings=notes, outputs=()), width=width)

    assert max(map(len, shown.splitlines())) <= min(max(width, 60), 120)
    assert "and 44 more: see report.html" in shown


def test_paths_are_never_cut():
    """What a person wants to copy stays in one piece, however long it is."""
    page = Page(colour=False, width=60)
    page.field("bundle", "/a-long-path/" * 10)

    assert page.text() == "bundle       " + "/a-long-path/" * 10


def test_a_name_is_never_cut():
    """It can be copied and searched for, even beside values that leave no room."""
    name = "threadpool.numpy.openblas.version"
    shown = _shown(different_report(findings=(_difference(name, Grade.LOW, "y" * 40, "z" * 40, "why"),)), width=60)

    assert f" {name} " in shown


@pytest.mark.parametrize("width", [80, 120])
def test_everything_keeps_to_the_width(width):
    """Claims, outputs, controls, modules and trials are folded, at every width, with colours as without."""
    shown = _shown(rich_report(), width=width)

    assert max(map(len, shown.splitlines())) <= width
    assert re.sub(r"\x1b\[[0-9;]*m", "", _shown(rich_report(), colour=True, width=width)) == shown


def test_ten_seconds_are_enough():
    """The verdict, then why, then what was replayed, then the claims: all within the first lines."""
    lines = _shown(rich_report(), width=80).splitlines()

    assert lines[0] == "NOT REPRODUCED: the model's outputs jump beside the recorded inputs"
    assert lines[4].startswith("why          Output 'logits' differs in 41 of 4096 elements")
    assert "Claims: 1 differs, 1 failed, 1 not run, 2 agree" in lines[:21]


def test_claims_are_a_table():
    """Verdict, claimed and got beside each other; below each what it says, of which data, and why not."""
    shown = _shown(rich_report(), width=80)

    assert (
        shown.partition("Claims: ")[2].partition("\n\nOutputs")[0]
        == """\
1 differs, 1 failed, 1 not run, 2 agree
  verdict  claim       claimed  got      how compared
  agrees   accuracy    0.9731   0.97312  to 4 decimals
           Table 2, row 3: accuracy on test (split 'test', the recorded data)
  differs  f1          0.962    0.9413   within 0.005
           Table 2, row 4: macro F1 on test (split 'test', the recorded data);
           off by 0.0207
  agrees   perplexity  12.8     12.8     to 1 decimal
           Section 4.2: perplexity (split 'validation', data not compared with
           the record)
  failed   bleu        31.2     -        within 0.1
           Table 5: BLEU (split 'wmt'); ModuleNotFoundError: No module named
           'sacrebleu'
  not run  latency     3.4      -        within 0.5"""
    )


@pytest.mark.parametrize(
    ("claimed", "got", "shown"),
    [
        (0.5, 0.5, ("0.5", "0.5")),
        (0.97, 0.9700004, ("0.97", "0.9700004")),
        (0.1, 0.1 + 1e-15, ("0.10000000000000001", "0.100000000000001")),
        (1e300, -1e-300, ("1e+300", "-1e-300")),
        (0.8375, 0.8374999761581421, ("0.8375", "0.8375")),  # a float32, which is that number
        (0.8374, 0.8374999761581421, ("0.8374", "0.8375")),
    ],
)
def test_numbers_that_differ_look_different(claimed, got, shown):
    """As few digits as tell a claim from what came out."""
    one = ClaimResult(id="x", text="x", claimed=claimed, got=got, verdict="differs", rule="exactly")
    first, second = claims.numbers(one)

    assert (first, second[: len(shown[1])]) == shown


def test_a_loosened_tolerance_stands_in_the_first_line():
    """Whoever asked for it, and again beside the output it let through."""
    verdict = Verdict(
        reproduced=True,
        rung=Rung.CLOSE,
        required=Rung.CLOSE,
        sentence="reproduced, close",
        loosened=True,
        controls="passed",
    )
    shown = _shown(rich_report(verdict=verdict), width=120)

    assert shown.startswith("REPRODUCED, close (by a tolerance wider than the default)\n")
    assert "0.02 + 0.02|x|     measured at capture, LOOSENED 2.5x, cut" in shown


@pytest.mark.parametrize(
    ("outcome", "first"),
    [
        ("insensitive", "NOT REPRODUCED: the outputs do not depend on the inputs"),
        ("unexpected", "NOT REPRODUCED: your own inputs did not give what you expected"),
        ("jumps", "NOT REPRODUCED: the model's outputs jump beside the recorded inputs"),
    ],
)
def test_a_model_that_does_not_compute_is_named_in_the_first_line(outcome, first):
    """Whatever the outputs are; what the control met stands below."""
    control = Control(name="x", what="inputs", outcome=outcome, why="nothing moved")
    for rung in (Rung.BITWISE, Rung.DIFFERENT):
        verdict = replies.verdict(rung, Rung.CLOSE, None, controls=(control,))
        shown = _shown(bitwise_report(verdict=verdict)).splitlines()

        assert shown[0] == first
        assert shown[1].startswith("  nothing moved; the outputs ")


@pytest.mark.parametrize(
    ("verdicts", "first", "second"),
    [
        (("agrees",), "REPRODUCED, bitwise", "  every output equals the recorded one, bit for bit"),
        (
            ("agrees", "differs"),
            "MODEL REPRODUCED, bitwise; 1 CLAIM DIFFERS",
            "  1 of 2 claims differs: '1'",
        ),
        (
            ("failed",),
            "MODEL REPRODUCED, bitwise; 1 CLAIM COULD NOT BE COMPUTED",
            "  1 of 1 claim could not be computed: '0'",
        ),
    ],
)
def test_a_claim_that_does_not_hold_stands_in_the_first_line(verdicts, first, second):
    """Outputs may be reproduced and the paper's numbers not; such a verdict is not green."""
    made = tuple(
        ClaimResult(id=str(number), text="x", claimed=1, got=2, verdict=verdict, rule="exactly")
        for number, verdict in enumerate(verdicts)
    )
    passed = (Control(name="inputs changed", what="inputs", outcome="as expected"),)
    verdict = replies.verdict(Rung.BITWISE, Rung.CLOSE, None, claims=made, controls=passed)

    assert _shown(bitwise_report(verdict=verdict)).splitlines()[:2] == [first, second]
    assert ("\x1b[1;32mREPRODUCED" in _shown(bitwise_report(verdict=verdict), colour=True)) is (verdict.exit_code == 0)


@pytest.mark.parametrize(
    ("outcomes", "line"),
    [
        (("unsteady", "as expected"), "2 controls with other inputs and weights: 1 as expected, 1 unsteady (below)"),
        (("drawn", "as expected"), "2 controls with other inputs and weights: 1 as expected, 1 drawn (below)"),
        (("not run", "not run"), "2 controls with other inputs and weights: 2 not run (below)"),
        (("as expected", "not run"), "2 controls with other inputs and weights: 1 as expected, 1 not run (below)"),
    ],
)  # fmt: skip
def test_controls_that_are_not_all_as_expected_are_told_in_the_head(outcomes, line):
    """Before any table; why, once; and what is left open is not green."""
    told = tuple(
        Control(name="inputs changed", what="inputs", outcome=one, why=None if one == "as expected" else "noise is left over")
        for one in outcomes
    )  # fmt: skip
    verdict = replies.verdict(Rung.BITWISE, Rung.CLOSE, None, controls=told)
    report = bitwise_report(verdict=verdict, controls=told)
    shown = " ".join(_shown(report, width=120).split())
    head, _, _ = shown.partition(" Outputs (")

    assert f"controls {line}" in head
    assert shown.count("noise is left over") == 1
    assert ("\x1b[1;32mREPRODUCED" in _shown(report, colour=True)) is (verdict.controls == "passed")


def test_what_the_paragraph_at_the_top_says_is_not_said_again_below_it():
    """Of the evidence only what it leaves out."""
    found = Diagnosis(
        stage="weights",
        paragraph="The tensors are not the recorded ones (1 of 8 tensors differs).",
        evidence=("model: 1 of 8 tensors differs", "preprocessing: 3 pairs agree"),
    )
    shown = _shown(bitwise_report(diagnosis=found))

    assert shown.count("1 of 8 tensors differs") == 1
    assert "\nDiagnosis: weights\n  preprocessing: 3 pairs agree\n" in shown


def test_controls_take_one_line_when_they_passed():
    """And a table of those that did not."""
    verdict = bitwise_report().verdict.model_copy(update={"controls": "passed"})
    passed = _shown(bitwise_report(verdict=verdict, controls=passed_controls()))
    failed = _shown(rich_report())

    assert "controls     3 controls with other inputs and weights, all as expected\n" in passed
    assert "\nControls " not in passed
    assert "\n  jumps    inputs moved a little  0.0001           0.58\n" in failed
    assert (
        "controls     5 controls with other inputs and weights: 3 as expected, 1 jumps, 1 not run (below)\n" in failed
    )
    assert "weights changed" not in failed


FAR = "not reproduced: different: output 'logits' 41 of 4096 elements lie outside the tolerance, largest difference 0.0123"
REASON = "3 of 320 elements lie outside the tolerance"
COMMON = {"kind": "argmax", "count": 32, "flips": 0, "agreement": 1.0, "words": "the largest of 10 values in 32 rows"}


def _numeric_report(**changed):
    """What is usual where outputs are not bitwise: two differences of the environment, one claim, nine notes."""
    rich = rich_report()
    verdict = replies.verdict(
        Rung.CLOSE, Rung.CLOSE, f"output 'logits' {REASON}", controls=passed_controls(), claims=rich.claims[:1]
    )
    notes = tuple(Finding(kind="documentation", status=Status.NOTE, message=f"note {number}") for number in range(9))
    paragraph = f"The outputs agree within the tolerance (output 'logits' {REASON}): " + "a numeric difference. " * 9
    parts = {
        "verdict": verdict,
        "diagnosis": rich.diagnosis.model_copy(
            update={"paragraph": paragraph, "layers": sixty_layers(first=60), "evidence": ()}
        ),
        "outputs": (
            output("logits", Rung.CLOSE, reason=REASON, max_ulp=6932335, worst=(1, 2), expected="1", found="2"),
        ),
        "claims": rich.claims[:1],
        "controls": passed_controls(),
        "findings": (*rich.findings[:3], *rich.findings[4:8], *notes),
    }
    return bitwise_report(**{**parts, **changed})


def test_a_report_is_read_on_one_screen():
    """An ordinary one that is not bitwise takes 40 lines, the longest 66, however much there is to say."""
    fine = rich_report().verdict.model_copy(update={"controls": "passed", "sentence": FAR})
    many = rich_report(
        verdict=fine, claims=20 * rich_report().claims, outputs=20 * rich_report().outputs, controls=passed_controls()
    )

    assert len(_shown(_numeric_report()).splitlines()) <= 40
    assert len(_shown(rich_report()).splitlines()) <= 66
    assert len(_shown(rich_report(verdict=fine, controls=passed_controls())).splitlines()) <= 66
    assert len(_shown(many).splitlines()) <= 66


def test_nothing_is_said_twice():
    """The reason stands in the paragraph, and neither above it nor beside the output."""
    shown = " ".join(_shown(_numeric_report()).split())

    assert shown.count(REASON) == 1
    assert shown.startswith("REPRODUCED, close why The outputs agree within the tolerance")


def test_what_only_an_expert_reads_is_on_the_page():
    """Units in the last place, a worst element within the tolerance, single settings and notes are left to it."""
    shown, page = _shown(_numeric_report()), html.render(_numeric_report())

    for words in ("ulp", "worst at", "MKL_CBWR=COMPATIBLE", "note 8"):
        assert words not in shown
        assert words in page
    assert "\n  tried with 3 other settings: off by 2e-06 to 0.011 of the outputs' size\n" in shown
    assert "; 9 more: see report.html\n" in shown


def test_claims_stand_in_their_table_alone():
    """Not among the checks again, in no rendering."""
    told = Finding(kind="claims", status=Status.DIFFERS, message="claim 'f1': claimed 0.962, got 0.9413")
    report = rich_report(findings=(*rich_report().findings, told))

    assert "claim 'f1': claimed" not in _shown(report)
    assert "claim &#39;f1&#39;: claimed" not in html.render(report)


@pytest.mark.parametrize(
    ("far", "told"),
    [
        (0.069, "every decision the same, but the output lies 6.9% away (relative L2), where 3% is the limit"),
        (0.001, "every decision the same, but a row of it lies more than 3% away, or half of them had been taken by less than the tolerance"),
    ],
)  # fmt: skip
def test_the_limit_that_was_missed_is_named(far, told):
    """Where an output is *different* beside decisions that are all the same."""
    made = output("logits", Rung.DIFFERENT, reason=REASON, relative_l2=far, decisions=Decisions(**COMMON))

    assert told in " ".join(_shown(different_report(outputs=(made,))).split())


def test_decisions_are_told_once():
    """The reason of *same decisions* ends with them, and so does the line of an output."""
    reason = f"{REASON}; every decision is the same: {COMMON['words']}"
    made = output("logits", Rung.SAME_DECISIONS, reason=reason, decisions=Decisions(**COMMON))
    verdict = Verdict(reproduced=False, rung=Rung.SAME_DECISIONS, required=Rung.CLOSE, sentence="x", controls="passed")

    shown = " ".join(_shown(different_report(outputs=(made,), verdict=verdict)).split())

    assert shown.count(COMMON["words"]) == 1
    assert f"{REASON}; the largest of 10 values in 32 rows: every decision the same" in shown


def test_controls_share_a_reason():
    """It stands once below those that are not run for it."""
    told = tuple(Control(name=f"control {number}", what="inputs", outcome="not run", why="too coarse to tell") for number in range(4))  # fmt: skip
    verdict = replies.verdict(Rung.DIFFERENT, Rung.CLOSE, None, controls=told)

    assert _shown(bitwise_report(verdict=verdict, controls=told)).count("too coarse to tell") == 1


@pytest.mark.parametrize(
    ("claimed", "got", "decimals", "shown"),
    [
        (95.0, 95.0, 1, ("95.0", "95.0")),
        (95.0, 94.96, 1, ("95.0", "94.96")),
        (0.97, 0.9712, 3, ("0.970", "0.9712")),
        (95.0, 95.0, None, ("95", "95")),
        (95.0, 95.0, 0, ("95", "95")),
        (-1e300, 1.0, 2, ("-1e+300", "1.00")),
        (95.0, None, 1, ("95.0", "-")),
    ],
)
def test_a_claim_is_printed_as_it_was_given(claimed, got, decimals, shown):
    """With its zeros at the end, and what was computed with as many."""
    one = ClaimResult(id="x", text="x", claimed=claimed, got=got, verdict="differs", rule="exactly", decimals=decimals)

    assert claims.numbers(one) == shown


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({}, "exit code    0: reproduced"),
        ({"other_claims": 1}, "exit code    1: 1 claim differs"),
        ({"other_claims": 2}, "exit code    1: 2 claims differ"),
        ({"failed_claims": 2}, "exit code    3: could not be told"),
        ({"reproduced": False, "rung": Rung.DIFFERENT}, "exit code    1: not reproduced"),
        ({"reproduced": False, "rung": Rung.NOT_RUN}, "exit code    3: could not be told"),
    ],
)
def test_the_exit_code_is_the_last_word(changed, told):
    """And what it stands for."""
    verdict = bitwise_report().verdict.model_copy(update=changed)

    assert _shown(bitwise_report(verdict=verdict)).splitlines()[-1] == told


def _idle(name, why="needs the data: --data test=PATH"):
    return ClaimResult(id=name, text="x", claimed=1, verdict="not run", rule="exactly", why=why)


NO_CODE = "nothing computes it"


@pytest.mark.parametrize(
    ("claims_", "line"),
    [
        ((_idle("a"), _idle("b")), "  2 claims not run: no data was given (--data test=PATH)"),
        ((_idle("a"), _idle("b", "needs the data: --data my split=PATH")),
         "  2 claims not run: no data was given (--data my split=PATH, --data test=PATH)"),
        ((_idle("a"), _idle("b", NO_CODE)),
         f"  1 claim not run: no data was given (--data test=PATH); 1 claim not run: {NO_CODE}"),
        ((_idle("a", None),), "  1 claim not run: why is not known"),
    ],
)  # fmt: skip
def test_claims_that_were_not_run_stand_in_the_second_line(claims_, line):
    """How many and why, before what the rung means; the table does not say again what they need."""
    shown = _shown(bitwise_report(claims=claims_), width=120)

    assert shown.splitlines()[:3] == [
        "REPRODUCED, bitwise",
        line,
        "  every output equals the recorded one, bit for bit",
    ]
    assert shown.count("--data test=PATH") == line.count("--data test=PATH") + 1  # the hint of the check of the data


def test_claims_stay_silent_where_nothing_was_run():
    """A model without outputs has nothing to compute claims with; where it is not reproduced, why comes before them."""
    silent = Verdict(reproduced=False, rung=Rung.NOT_RUN, required=Rung.CLOSE, sentence="could not be told: why")
    away = "not run: no data was given"

    assert away not in _shown(bitwise_report(verdict=silent, claims=(_idle("a"),)))
    assert _shown(different_report(claims=(_idle("a"),))).splitlines()[2:4] == [
        "why          The weights that were loaded are not those that were captured.",
        "  1 claim not run: no data was given (--data test=PATH)",
    ]


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("your own inputs", "probe        your own inputs gave what you expect of them"),
        (
            "your own inputs, nothing expected",
            "probe        your own inputs were run; of what they gave (probe.safetensors) nothing was expected",
        ),
    ],
)
def test_a_probe_that_came_out_right_has_a_line(name, line):
    """The reviewer asked for it, and reads what came of it; none where nobody asked."""
    probe = Control(name=name, what="probe", outcome="as expected", distance=0.5)

    assert line in _shown(bitwise_report(controls=(*passed_controls(), probe))).splitlines()
    assert "\nprobe " not in _shown(bitwise_report())


def test_a_narrower_tolerance_is_announced():
    """Beside what is required, and beside each output that it was applied to, in every rendering."""
    one = output("logits", Rung.CLOSE, max_absolute=1e-9, rtol=1e-8, atol=0, tolerance_from="reviewer", narrowed=True)
    report = bitwise_report(outputs=(one,))
    words = "close or better, by your own tolerance, NARROWER than the default"

    assert f"required     {words}" in _shown(report, width=120)
    assert "yours, NARROWED" in _shown(report, width=120)
    assert words in html.render(report)
    assert words in review.render(report)


def test_a_remark_has_a_line_of_its_own():
    """What is to be said of controls that came out well is not lost in the sentence on the outputs."""
    remark = "output 'anchors' depends on nothing that was changed, and shows nothing"
    told = (Control(name="inputs changed", what="inputs", outcome="as expected", why=remark),)
    verdict = replies.verdict(Rung.BITWISE, Rung.CLOSE, None, controls=told)
    shown = _shown(bitwise_report(verdict=verdict, controls=told))

    assert shown.splitlines()[:2] == ["REPRODUCED, bitwise", "  every output equals the recorded one, bit for bit"]
    assert f"\nremark       {remark}\n" in shown
    assert shown.count(remark) == 1


@pytest.mark.parametrize(
    ("reason", "first", "second"),
    [
        ("'value': 3 of 4 elements lie outside the tolerance",
         "NOT REPRODUCED: the preprocessing differs: 'value': 3 of 4 elements lie outside the tolerance",
         "  the model itself gives the recorded outputs, bitwise"),
        ("'value': 250 of 250 elements lie outside the tolerance, largest difference 1.78 at [0, 0], recorded 0.5",
         "NOT REPRODUCED: the preprocessing differs: 'value': 250 of 250 elements lie outside the tolerance",
         "  largest difference 1.78 at [0, 0], recorded 0.5; the model itself gives the recorded outputs, bitwise"),
        ("'value': 25088 of 25088 elements lie outside the tolerance: all",
         "NOT REPRODUCED: the preprocessing differs",
         "  'value': 25088 of 25088 elements lie outside the tolerance: all; the model itself gives the recorded outputs, bitwise"),
    ],
)  # fmt: skip
def test_the_preprocessing_takes_one_line_of_a_hundred_characters(reason, first, second):
    """What does not fit is cut where a clause ends, and stands below."""
    made = replies.verdict(Rung.BITWISE, Rung.CLOSE, None, 0, Outcome("differs", reason))
    lines = _shown(bitwise_report(verdict=made), width=120).splitlines()

    assert lines[:2] == [first, second]
    assert len(lines[0]) <= 100


GROUPED = ClaimResult(
    id="acc", text="accuracy", claimed=0.8, got=0.8, verdict="agrees", rule="to 1 decimal", group="site",
    groups=(
        GroupResult(name="a", claimed=0.5, got=0.5, verdict="agrees", count=2),
        GroupResult(name="b", claimed=0.9, got=0.9, verdict="agrees"),
    ),
)  # fmt: skip


def test_a_claim_that_agrees_stands_in_the_first_lines():
    """Whoever reads no further knows that a number was computed again; its groups are told below it."""
    one = bitwise_report(claims=(GROUPED,))
    two = bitwise_report(claims=(GROUPED, GROUPED.model_copy(update={"id": "f1"})))

    assert _shown(one).splitlines()[2] == "  1 claim computed, and it agrees: 'acc' claimed 0.8, got 0.8"
    assert _shown(two).splitlines()[2] == "  2 claims computed, and all agree, such as 'acc' claimed 0.8, got 0.8"
    assert "accuracy; by 'site': 2 groups agree" in _shown(one)


def test_a_split_that_was_guessed_is_told_as_such():
    """Nothing was computed on it, so nothing is said of the reviewer's copy."""
    guessed = GROUPED.model_copy(update={"split": "test", "split_guessed": True, "groups": ()})

    assert "accuracy (split 'test', as the text says)\n" in _shown(bitwise_report(claims=(guessed,)))


def test_groups_that_differ_stand_below_their_claim():
    """The first few with both numbers; those that agree are counted."""
    parted = GROUPED.groups[0].model_copy(update={"got": 0.75, "verdict": "differs"})
    differs = GROUPED.model_copy(update={"verdict": "differs", "groups": (parted, GROUPED.groups[1])})
    shown = _shown(bitwise_report(claims=(differs,)))

    assert "accuracy; by 'site': 1 group differs, 1 agrees" in shown
    assert "  differs    a    0.5      0.75  of 2 samples" in shown
    assert "claims computed" not in shown


def test_thousands_of_groups_are_bounded():
    """Every rendering shows some, those that differ before the others, and says how many there are."""
    many = tuple(
        GroupResult(name=str(place), claimed=0.5, got=0.5, verdict="differs" if place > 990 else "agrees")
        for place in range(1000)
    )
    report = bitwise_report(claims=(GROUPED.model_copy(update={"groups": many, "verdict": "differs"}),))
    page, form = html.render(report), review.render(report)

    assert "by 'site': 9 groups differ, 991 agree" in _shown(report)
    assert page.index(">991<") < page.index(">0</th>")
    assert "And 950 more in report.json." in page
    assert "And 950 more in `report.json`." in form
