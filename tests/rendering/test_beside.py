from __future__ import annotations

import re

import pytest

from reprobundle.rendering import beside
from reprobundle.report import Finding, Grade, Status


def _finding(kind, message, expected=None, found=None, grade=None, why=None):
    return Finding(
        kind=kind, status=Status.DIFFERS, message=message, expected=expected, found=found, grade=grade, why=why
    )


def _same(kind):
    return Finding(kind=kind, status=Status.SAME, message="agrees")


FINDINGS = (
    _same("code"),
    _finding("environment", "torch has another version", "2.13.0", "2.12.0", Grade.HIGH, "it computes the model"),
    _finding("environment", "python.version differs", "3.11.7", "3.11.9", Grade.LOW, "the standard library"),
    _finding("hyperparameters", "values.lr differs", "0.1", "0.2"),
    _finding("hyperparameters", "values.decay is not in both", None, "0.9"),
    _finding("model", "2 of 3 tensors differ: 'a', 'b'", None, None, Grade.CRITICAL, "another model"),
)


def _shown(findings=FINDINGS, names=("spring", "autumn"), *, colour=False, width=80):
    return beside.render(findings, names, colour=colour, width=width)


def test_a_stranger_reads_the_kinds_first():
    """A line for each kind that differs, the weightiest first, those that agree in one; then values under the bundles' names."""
    assert (
        _shown()
        == """\
DIFFERENT in 3 of 4 kinds: spring and autumn
  model           1 difference (1 critical)
  environment     2 differences (1 high, 1 low)
  hyperparameters 2 differences
  same: code

model
  critical: 2 of 3 tensors differ: 'a', 'b'

environment
  grade  what                       spring  autumn
  high   torch has another version  2.13.0  2.12.0
         it computes the model
  low    python.version             3.11.7  3.11.9
         the standard library

hyperparameters
  values.lr
      spring: 0.1
      autumn: 0.2
  values.decay is not in both
      spring: not there
      autumn: 0.9"""
    )


def test_equal_bundles_are_two_lines():
    """Nothing is listed where nothing differs."""
    assert (
        _shown((_same("code"), _same("model")))
        == """\
SAME: spring and autumn
  code, model agree, and so does every file"""
    )


def test_nothing_of_a_bundle_reaches_the_terminal_unescaped():
    """Names, messages and values of strangers are shown, not obeyed."""
    evil = "\x1b]52;c;evil\x07\u202e\nSAME"
    findings = tuple(
        _finding(kind, evil, evil, evil, grade, evil)
        for kind, grade in (("environment", Grade.HIGH), ("model", Grade.CRITICAL), ("data", None))
    )
    shown = _shown(findings, (evil, evil))

    assert not re.search(r"[^\n\x20-\x7e→…]", shown)
    assert "SAME" not in shown.splitlines()


def test_colours_do_not_change_the_words():
    """With colours switched off the same text stands without a single command."""
    coloured = _shown(colour=True)

    assert "\x1b[1;31mDIFFERENT" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == _shown()


@pytest.mark.parametrize("width", [20, 60, 300])
def test_many_values_are_counted(width):
    """Forty differences of a kind are shown, the rest counted; nothing is wider than the terminal."""
    shown = _shown(tuple(_finding("data", f"place {number} differs", "1", "2") for number in range(50)), width=width)

    assert "  and 10 more (--json shows all)" in shown
    assert max(map(len, shown.splitlines())) <= max(min(width, 120), 60)


def test_kinds_without_grades_stand_before_those_that_change_nothing():
    """Critical, high and medium come first, then what has no grade, then what is low at most."""
    grades = {"a": Grade.LOW, "b": None, "c": Grade.MEDIUM, "d": Grade.CRITICAL, "e": None}
    shown = _shown(tuple(_finding(kind, "x differs", "1", "2", grade) for kind, grade in grades.items()))

    assert [line.split()[0] for line in shown.splitlines()[1:6]] == ["d", "c", "b", "e", "a"]


def test_a_claim_is_one_line():
    """Of a claim that one bundle has its words stand there, of one that both have what parts."""
    shown = _shown((
        _finding("claims", "claim 'acc' is not in both", None, "acc: accuracy 0.97 on test, 16 groups"),
        _finding("claims", "claim 'f1' is not in both", "f1: f1 0.5", None),
        _finding("claims", "claim 'b' differs in value (0.9 → 0.8), 2 of 3 groups", "b: b 0.9, 3 groups", "b: b 0.8, 3 groups"),
        _finding("claims", "members differs", "null", '"replay/groups.safetensors"'),
    ))  # fmt: skip

    assert (
        shown.partition("\n\n")[2]
        == """\
claims
  only in autumn: acc: accuracy 0.97 on test, 16 groups
  only in spring: f1: f1 0.5
  claim 'b' differs in value (0.9 → 0.8), 2 of 3 groups
  members
      spring: null
      autumn: "replay/groups.safetensors\""""
    )


def test_both_values_have_the_same_room():
    """Where a long name leaves little, it is shared: the second value is not cut to pieces beside the first."""
    name = "environment/wheels/a_distribution-0.1.0-py3-none-any.whl: content"
    found = _finding(
        "environment", f"{name} differs", "35,625 bytes, " + "a" * 32, "35,625 bytes, " + "b" * 32, Grade.LOW, "why"
    )
    lines = _shown((found,), width=100).partition("environment\n  grade")[2].splitlines()
    starts = [lines[0].index(side) for side in ("spring", "autumn")]

    assert abs((starts[1] - starts[0]) - (max(map(len, lines[1:-1])) + 2 - starts[1])) <= 9
    assert max(len(re.findall("b+", line)[0]) for line in lines if "bb" in line) > 8
