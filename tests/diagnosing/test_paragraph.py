"""The words on top: what differs, where first, most likely because of what, what to try."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from sketches import found, recorded

from reprobundle.components.environment.differing.facts import compare_facts
from reprobundle.components.interface import differs
from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.diagnosing import paragraph
from reprobundle.diagnosing.candidates import Candidate
from reprobundle.diagnosing.case import Case
from reprobundle.diagnosing.diverging import diverge
from reprobundle.diagnosing.looking import Ending, Seen
from reprobundle.diagnosing.ranking import ranked
from reprobundle.report import Rung

CASE = Case(rung=Rung.DIFFERENT, model="net:Net", weights=True)
NEAR = dataclasses.replace(CASE, rung=Rung.CLOSE)
BEFORE = [recorded("a", 1.0, 2.0), recorded("act", 3.0, 4.0, kind="ReLU"), recorded("head", 5.0, 6.0)]
SAME = [found("a", 1.0, 2.0), found("act", 3.0, 4.0, kind="ReLU"), found("head", 5.0, 6.0)]
THREADS = ranked(compare_facts({"torch.threads": 2}, {"torch.threads": 1}, devices=frozenset({"cpu"})), "Linear")
ONEDNN = ranked(compare_facts({"torch.onednn": "3.7"}, {"torch.onednn": "3.8"}, devices=frozenset({"cpu"})), "Linear")


def seen(act: tuple[float, float] = (3.0, 4.0), kind: str = "ReLU", head: tuple[float, float] = (5.0, 6.0)) -> Seen:
    """What three modules gave."""
    here = [found("a", 1.0, 2.0), found("act", *act, kind=kind), found("head", *head)]
    return Seen(divergence=diverge(BEFORE, here))


def unset(*names: str) -> list[Candidate]:
    """Variables that are set here and were not at capture."""
    return [Candidate(why="it is 1 here and was not set at capture", without=(name,)) for name in names]


PLACE = "Try: compare that place of the source, under code/, with the original, or ask whoever made the bundle to capture it again."
END = "Try: compare the end of the source's computation, under code/, with the original, or ask whoever made the bundle to capture it again."
JUMP = diverge(BEFORE, [found("a", 1.0, 2.000001), found("act", 3.0, 4.5, kind="ReLU"), SAME[2]])
FAR = "The outputs differ, though the weights after load are the recorded ones."
ENDED = f"{FAR} Every module gives the recorded bits; only the outputs do not."


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"seen": seen((3.0, 4.5), "GELU")},
            f"{FAR} It begins in 'act' (ReLU): it is of class GELU here and was of class ReLU at capture; up to 'a' (Linear) every module gives "
            "what was recorded. No machine does that: the source of the model, net:Net, differs from what was captured. " f"{PLACE}",
        ),
        (
            {"seen": seen((3.0, 4.5)), "rebuilt": False, "causes": THREADS},
            f"{FAR} It begins in 'act' (ReLU), whose results are 10 % off; up to 'a' (Linear) every module gives what was recorded. "
            "Most likely the source of net:Net makes or calls 'act' in another way, or does something else between 'a' and 'act'. " f"{PLACE}",
        ),
        (
            {"seen": Seen(divergence=JUMP), "untried": unset("MKL_CBWR")},
            f"{FAR} It begins in 'act' (ReLU), whose results are 10 % off; up to 'a' (Linear) every module gives what was recorded. "
            "Most likely the source of net:Net makes or calls 'act' in another way, or does something else between 'a' and 'act'. "
            f"{PLACE}",
        ),
        (
            {"seen": seen()},
            f"{ENDED} The recorded outputs are not what this model gives, or what the source of net:Net does after the last module, "
            "'head' (Linear), differs. " f"{END}",
        ),
        (
            {"seen": dataclasses.replace(seen(), ending=Ending(change="added", output="x", call=BEFORE[2])), "causes": THREADS},
            f"{ENDED} At capture output 'x' was exactly what 'head' (Linear) gave; here the source of net:Net changes it afterwards. " f"{END}",
        ),
        (
            {"seen": dataclasses.replace(seen(), ending=Ending(change="dropped", output="x", call=BEFORE[2]))},
            f"{ENDED} Here output 'x' is exactly what 'head' (Linear) gives, and at capture it was not: the source of net:Net "
            "lacks a last step, or the recorded output is not what this model gave. " f"{END}",
        ),
        (
            {},
            f"{FAR} The computation itself or the recorded outputs changed. Try: compare the source and the environment with the "
            "original, or ask whoever made the bundle to capture it again.",
        ),
        (
            {"seen": Seen(unsteady=True)},
            f"{FAR} Two runs here, with everything as it was, differ from each other: the model itself is not deterministic. Try "
            "another replay; if it goes on, ask whoever made the bundle for a deterministic one.",
        ),
    ],
)  # fmt: skip
def test_outputs_that_differ(changed: dict[str, Any], told: str) -> None:
    """Another class, other numbers, what comes after the modules, and what is not known read differently."""
    assert paragraph.of_computation(dataclasses.replace(CASE, **changed)) == told


START = "The outputs agree within the tolerance: a numeric difference, and no sign of a fault."
ROUNDED = seen(head=(5.0, 6.000001))
TYPED = (("my model",), ("--env", "current"), ("--data", "test=t.csv"))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"seen": ROUNDED, "restoring": Candidate(why="", without=("MKL_CBWR",)), "tried": 1},
            " Every module gives nearly what was recorded; the first that is not equal bit for bit is 'head' (Linear). With "
            "MKL_CBWR unset every output is equal bit for bit, so that is what it comes from. Try: env -u MKL_CBWR reprobundle "
            "replay BUNDLE",
        ),
        (
            {"restoring": Candidate(why="", settings={"mkldnn.enabled": False})},
            " With mkldnn.enabled=False every output is equal bit for bit, so that is what it comes from. Try, in the source, "
            "before the model runs: torch.backends.mkldnn.enabled = False",
        ),
        (
            {"causes": THREADS, "tried": 5, "rebuilt": False},
            " Most likely because of torch.threads: recorded 2, here 1: the order of sums changes with the number of threads. None "
            "of the 5 settings that were tried restores them.",
        ),
        (
            {"causes": ONEDNN, "rebuilt": False, "tried": 5, "unfinished": True, "typed": TYPED},
            f" Most likely because of {ONEDNN[0].words}. None of the 5 settings that were tried restores them, and there was no time "
            "for more. Try the recorded environment: reprobundle replay 'my model' --data test=t.csv --env rebuild",
        ),
        (
            {"untried": unset("MKL_CBWR"), "typed": TYPED, "causes": THREADS, "rebuilt": False},
            " Most likely because of MKL_CBWR: it is 1 here and was not set at capture. Try: env -u MKL_CBWR reprobundle replay "
            "'my model' --env current --data test=t.csv",
        ),
        (
            {"untried": unset("MKL_CBWR", "OMP_NUM_THREADS")},
            " Most likely because of MKL_CBWR: it is 1 here and was not set at capture; OMP_NUM_THREADS differs, too. Try: env -u "
            "MKL_CBWR -u OMP_NUM_THREADS reprobundle replay BUNDLE",
        ),
        (
            {"unsteady_there": "stateful: it counts its calls"},
            " At capture the model itself was found to be stateful: it counts its calls.",
        ),
        (
            {"wider": "AVX512"},
            " Differences of this size come from the machine: CPU instructions, thread count, libraries, or device; see the "
            "environment. The processor at capture had AVX512; no setting gives this one wider vectors.",
        ),
        (
            {"other_device": True, "causes": THREADS},
            " The model ran on another kind of device than at capture, which adds up in its own order and precision.",
        ),
    ],
)  # fmt: skip
def test_outputs_that_are_close(changed: dict[str, Any], told: str) -> None:
    """A numeric difference is told calmly, with the setting it comes from and what to type."""
    assert paragraph.of_computation(dataclasses.replace(NEAR, **changed)) == START + told


def test_a_wide_tolerance_of_the_reviewer_hides_no_other_source() -> None:
    """Outputs that are close by a tolerance that was given are no numeric difference where a module is a tenth off in one step."""
    told = paragraph.of_computation(dataclasses.replace(NEAR, seen=seen((3.0, 4.5)), rebuilt=False, causes=THREADS))

    assert told == (
        "The outputs agree within the tolerance that was given, but differ by more than rounding does. It begins in 'act' (ReLU), "
        "whose results are 10 % off; up to 'a' (Linear) every module gives what was recorded. Most likely the source of net:Net "
        "makes or calls 'act' in another way, or does something else between 'a' and 'act'. "
        f"{PLACE}"
    )


def test_another_device_is_no_other_source() -> None:
    """A graphics processor may compute one step in another precision."""
    told = paragraph.of_computation(dataclasses.replace(NEAR, seen=seen((3.0, 4.5)), other_device=True))

    assert told.startswith(START)


def test_a_record_that_no_module_gives_is_no_numeric_difference() -> None:
    """Where every module gives the recorded bits and near outputs do not, nobody is told that machines do so."""
    assert paragraph.of_computation(dataclasses.replace(NEAR, seen=seen())) == (
        "The outputs agree within the tolerance, but not bit for bit. Every module gives the recorded bits; only the outputs do not. "
        "The recorded outputs are not what this model gives, or what the source of net:Net does after the last module, 'head' "
        "(Linear), differs. "
        f"{END}"
    )


def test_hooks_that_change_the_outputs_prove_nothing() -> None:
    """Where the run with sketches gave other outputs, its modules do not speak for those that are explained."""
    told = paragraph.of_computation(dataclasses.replace(NEAR, seen=dataclasses.replace(seen(), speaks=False)))

    assert told.startswith(START)
    assert "not what this model gives" not in told


@pytest.mark.parametrize(
    ("here", "told"),
    [
        ([found("a", 1.0, 2.0), found("head", 9.0, 9.0)], "it is not called here, as it was at capture"),
        (
            [found("a", 1.0, 2.0), found("act", 3.0, None, kind="ReLU")],
            "it is not finite here and was finite at capture",
        ),
        ([found("a", 1.0, 2.0), found("act", 3.0, kind="ReLU")], "it gives F32 (1,) here and gave F32 (2,) at capture"),
        (
            [found("a", 1.0, 2.0), found("b", 3.0, 4.0, kind="GELU")],
            "it is not called here; 'b' (GELU) is called in its place",
        ),
        ([found("a", 1.0, 2.0), found("a", 1.0, call=1), *SAME[1:]], "it is called twice here and was called once"),
        ([found("new", 1.0, kind="Dropout"), *SAME], "it is called here and was not at capture"),
        (
            [found("a", 1.0, 2.0), found("head", 5.0, 6.0), found("act", 3.0, 4.0, kind="ReLU")],
            "it is not called where it was at capture; 'head' comes there",
        ),
    ],
)
def test_another_structure_is_told_in_words(here: list, told: str) -> None:
    """Each way in which the calls of modules can differ has a sentence."""
    assert told in paragraph.of_computation(dataclasses.replace(CASE, seen=Seen(divergence=diverge(BEFORE, here))))


def test_a_file_that_holds_the_computation_is_named() -> None:
    """Of a model's own file no more is said than was looked at."""
    words = paragraph.of_computation(dataclasses.replace(CASE, whole_file=True))

    assert "though the stored tensors that were compared are the recorded ones" in words
    assert "it may not be the file that was captured" in words


@pytest.mark.parametrize(
    ("state", "rung", "told"),
    [
        (
            "differs", Rung.BITWISE,
            "The preprocessing turns the recorded raw samples into other model inputs: its code, its fitted parts, its "
            "configuration or a library that it uses differs. The model itself is right: on the recorded inputs it gives the "
            "recorded outputs, bitwise. Try: compare these with the original before looking at the model.",
        ),
        (
            "failed", Rung.DIFFERENT,
            "The preprocessing could not be run on the recorded raw samples, so what a raw sample comes to here is not known. On "
            "the recorded inputs, which do not pass through it, the model's outputs differ, too. Try: look at its error, and the "
            "line it came from, first.",
        ),
    ],
)  # fmt: skip
def test_preprocessing_comes_first(state: Any, rung: Rung, told: str) -> None:
    """What became of raw samples is told, and what is known of the model all the same; the verdict has the numbers."""
    assert paragraph.of_preparing(Outcome(state, "'value': 3 of 4 elements differ"), rung) == told


def test_wrong_weights_are_named_at_once() -> None:
    """The tensors that differ stand in the first sentence."""
    wrong = differs("model", "1 of 4 tensors after load differ: 'head.weight' (other bytes)", expected="a", found="b")

    assert paragraph.of_weights([wrong]).startswith(
        "The weights that were loaded are not the recorded ones (1 of 4 tensors after load differ: 'head.weight' (other bytes)), so"
    )
