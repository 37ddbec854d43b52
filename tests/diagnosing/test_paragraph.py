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
from reprobundle.diagnosing.diverging import Divergence, diverge
from reprobundle.diagnosing.paragraph import Case
from reprobundle.diagnosing.ranking import ranked
from reprobundle.report import Rung

CASE = Case(rung=Rung.DIFFERENT, reason="output 'x' is far", subject="BUNDLE", model="net:Net", weights=True)
NEAR = dataclasses.replace(CASE, rung=Rung.CLOSE, reason="output 'x' not bitwise")
BEFORE = [recorded("a", 1.0, 2.0), recorded("act", 3.0, 4.0, kind="ReLU"), recorded("head", 5.0, 6.0)]
SAME = [found("a", 1.0, 2.0), found("act", 3.0, 4.0, kind="ReLU"), found("head", 5.0, 6.0)]
THREADS = ranked(compare_facts({"torch.threads": 2}, {"torch.threads": 1}, devices=frozenset({"cpu"})), "Linear")


def seen(
    act: tuple[float, float] = (3.0, 4.0), kind: str = "ReLU", head: tuple[float, float] = (5.0, 6.0)
) -> Divergence:
    """What three modules gave."""
    return diverge(BEFORE, [found("a", 1.0, 2.0), found("act", *act, kind=kind), found("head", *head)])


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"divergence": seen((3.0, 4.5), "GELU")},
            "The outputs differ (output 'x' is far), though the weights after load are the recorded ones. It begins in 'act' "
            "(ReLU): it is a GELU here and was a ReLU at capture; up to 'a' (Linear) every module gives what was recorded. No "
            "machine does that: the source of the model, net:Net, differs from what was captured. Try: compare there the source "
            "under code/ with the original, or ask whoever made the bundle to capture it again.",
        ),
        (
            {"divergence": seen((3.0, 4.5))},
            "The outputs differ (output 'x' is far), though the weights after load are the recorded ones. It begins in 'act' "
            "(ReLU), which leaves its envelope first, by 10 % of its size; up to 'a' (Linear) every module gives what was "
            "recorded. Most likely the options or numbers of 'act' in the source of net:Net differ, or what the source does "
            "after 'a'. Try: compare there the source under code/ with the original, or ask whoever made the bundle to capture "
            "it again.",
        ),
        (
            {"divergence": seen()},
            "The outputs differ (output 'x' is far), though the weights after load are the recorded ones. Every module gives "
            "the recorded bits: the difference comes after the last of them, 'head' (Linear). Most likely the source of net:Net "
            "does something else after 'head' (Linear), or the recorded outputs were changed. Try: compare the source and the "
            "environment with the original, or ask whoever made the bundle to capture it again.",
        ),
        (
            {},
            "The outputs differ (output 'x' is far), though the weights after load are the recorded ones. The computation "
            "itself or the recorded outputs changed. Try: compare the source and the environment with the original, or ask "
            "whoever made the bundle to capture it again.",
        ),
        (
            {"unsteady": True},
            "The outputs differ (output 'x' is far), though the weights after load are the recorded ones. Two runs here, with "
            "everything as it was, differ from each other: the model itself is not deterministic. Try another replay; if it goes "
            "on, ask whoever made the bundle for a deterministic one.",
        ),
    ],
)  # fmt: skip
def test_outputs_that_differ(changed: dict[str, Any], told: str) -> None:
    """Another class, other numbers, what comes after the modules, and what is not known read differently."""
    assert paragraph.of_computation(dataclasses.replace(CASE, **changed)) == told


START = "The outputs agree within the tolerance (output 'x' not bitwise): a numeric difference, and no sign of a fault."
ROUNDED = seen(head=(5.0, 6.000001))


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        (
            {"divergence": ROUNDED, "restoring": Candidate(why="", without=("MKL_CBWR",)), "tried": 1},
            " Every module stays inside its envelope; the first that is not equal bit for bit is 'head' (Linear). With MKL_CBWR "
            "unset every output is equal bit for bit, so that is what it comes from. Try: env -u MKL_CBWR reprobundle replay "
            "BUNDLE --require bitwise",
        ),
        (
            {"restoring": Candidate(why="", settings={"mkldnn.enabled": False})},
            " With mkldnn.enabled=False every output is equal bit for bit, so that is what it comes from. Try, in the source, "
            "before the model runs: torch.backends.mkldnn.enabled = False",
        ),
        (
            {"causes": THREADS, "tried": 5},
            " Most likely because of torch.threads: recorded 2, here 1: the order of sums changes with the number of threads. No "
            "flag restores it: 5 settings were tried.",
        ),
        (
            {"causes": THREADS, "rebuilt": False, "tried": 5, "unfinished": True},
            " Most likely because of torch.threads: recorded 2, here 1: the order of sums changes with the number of threads. No "
            "flag restores it: 5 settings were tried, and there was no time for more. Try the recorded environment: "
            "reprobundle replay BUNDLE --env rebuild",
        ),
        (
            {"unsteady_there": "stateful: it counts its calls"},
            " At capture the model itself was found to be stateful: it counts its calls.",
        ),
        (
            {"wider": "AVX512"},
            " Differences of this size come from the machine: CPU instructions, thread count, libraries, or device; see the "
            "environment. The processor at capture had AVX512; no flag gives this one wider vectors.",
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
    assert told in paragraph.of_computation(dataclasses.replace(CASE, divergence=diverge(BEFORE, here)))


def test_a_file_that_holds_the_computation_is_named() -> None:
    """Of a model's own file no more is said than was looked at."""
    words = paragraph.of_computation(dataclasses.replace(CASE, whole_file=True))

    assert "though the stored tensors that were compared are the recorded ones" in words
    assert "it may not be the file that was captured" in words


@pytest.mark.parametrize(
    ("prepared", "rung", "told"),
    [
        (
            Outcome("differs", "'value': 3 of 4 elements differ"), Rung.BITWISE,
            "The preprocessing turns the recorded raw samples into other model inputs ('value': 3 of 4 elements differ): its code, "
            "its fitted parts, its configuration or a library that it uses differs. Look there before looking at the model. The "
            "model itself is right: on the recorded inputs it gives the recorded outputs, bitwise.",
        ),
        (
            Outcome("failed", "ImportError: no {module}"), Rung.DIFFERENT,
            "The preprocessing could not be run on the recorded raw samples (ImportError: no {module}), so what a raw sample comes "
            "to here is not known. Look at the error and the line it came from first. On the recorded inputs, which do not pass "
            "through it, the model's outputs differ, too (it is far).",
        ),
    ],
)  # fmt: skip
def test_preprocessing_comes_first(prepared: Outcome, rung: Rung, told: str) -> None:
    """What became of raw samples is told with its reason, and what is known of the model all the same."""
    assert paragraph.of_preparing(prepared, rung, "it is far") == told


def test_wrong_weights_are_named_at_once() -> None:
    """The tensors that differ stand in the first sentence."""
    wrong = differs("model", "1 of 4 tensors after load differ: 'head.weight' (other bytes)", expected="a", found="b")

    assert paragraph.of_weights([wrong]).startswith(
        "The tensors after load are not the recorded ones (1 of 4 tensors after load differ: 'head.weight' (other bytes)), so"
    )
