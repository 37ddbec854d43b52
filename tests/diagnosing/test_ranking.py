"""Which differences between two environments are named first."""

from __future__ import annotations

import pytest

from reprobundle.components.environment.differing.facts import compare_facts, graded
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.diagnosing.ranking import family_of, ranked, told
from reprobundle.report import Finding, Grade, Status

CPU = frozenset({"cpu"})
BEFORE = {"torch.threads": 2, "variables.MKL_CBWR": "AVX2", "cpu.count": 2, "mkldnn.enabled": True, "torch.onednn": "3"}
HERE = {
    "torch.threads": 1,
    "variables.MKL_CBWR": "COMPATIBLE",
    "cpu.count": 4,
    "mkldnn.enabled": True,
    "torch.onednn": "4",
}


def findings() -> list[Finding]:
    """What differs of facts."""
    return list(compare_facts(BEFORE, HERE, devices=CPU))


@pytest.mark.parametrize(
    ("kind", "family"),
    [
        ("Conv2d", "convolution"), ("ConvTranspose1d", "convolution"), ("Linear", "linear"), ("NonDynamicallyQuantizableLinear", "linear"),
        ("MultiheadAttention", "attention"), ("BertSelfAttention", "attention"), ("BatchNorm2d", "normalisation"),
        ("LayerNorm", "normalisation"), ("LSTM", "recurrent"), ("GELU", "activation"), ("AvgPool2d", "pooling"), ("Encoder", None),
    ],
)  # fmt: skip
def test_kinds_of_modules_have_families(kind: str, family: str | None) -> None:
    """The class of a module says which operations it computes with."""
    assert family_of(kind) == family


def test_what_acts_on_the_module_that_moved_comes_first() -> None:
    """Of two differences of one grade the one that is known to act on the first module that moved is named first."""
    conv = [cause.name for cause in ranked(findings(), "Conv2d")]
    norm = [cause.name for cause in ranked(findings(), "LayerNorm")]

    assert conv[:2] == ["torch.threads", "MKL_CBWR"]
    assert norm[0] == "torch.threads"
    assert set(conv) == {"torch.threads", "MKL_CBWR", "torch.onednn"}


def test_a_difference_that_acts_beats_one_a_grade_above_it_that_does_not() -> None:
    """Evidence counts for a grade: another oneDNN comes before deterministic algorithms where a convolution moved."""
    other = graded("torch.deterministic differs", Judgement(Grade.HIGH, "why"), expected="true", found="false")
    onednn = [one for one in findings() if one.message.startswith("torch.onednn")]

    assert [cause.name for cause in ranked([other, *onednn], None)] == ["torch.deterministic", "torch.onednn"]
    assert [cause.name for cause in ranked([other, *onednn], "Conv2d")] == ["torch.onednn", "torch.deterministic"]


def test_what_changes_no_numbers_is_no_cause() -> None:
    """Ungraded findings and those graded low are left out."""
    note = Finding(
        kind="environment", status=Status.NOTE, message="2 distributions are installed that the lock does not name"
    )
    low = graded("cpu.count differs", Judgement(Grade.LOW, "why"))

    assert ranked([note, low], "Linear") == ()


def test_causes_are_told_with_both_sides_and_the_reason() -> None:
    """One line a cause: what differs, recorded, here, and why it matters; many are cut."""
    causes = ranked(findings(), "Linear")

    assert told(causes)[0] == "torch.threads: recorded 2, here 1: the order of sums changes with the number of threads"
    assert told(causes * 4)[8] == "and torch.onednn, torch.threads, MKL_CBWR, torch.onednn"
    assert len(told(causes * 4)) == 9
