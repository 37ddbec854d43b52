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
    """A line for each kind that differs with its grades, those that agree in one; then values under the bundles' names."""
    assert (
        _shown()
        == """\
DIFFERENT in 3 of 4 kinds: spring and autumn
  environment     2 differences (1 high, 1 low)
  hyperparameters 2 differences
  model           1 difference (1 critical)
  same: code

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
      autumn: 0.9

model
  critical: 2 of 3 tensors differ: 'a', 'b'"""
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
