"""The report for a review's form: everything a reviewer is asked, in Markdown that does nothing."""

from __future__ import annotations

import re

import pytest
from reports import bitwise_report, hostile_report, rich_report

from reprobundle.rendering import review
from reprobundle.rendering.markdown import cell

EVIL = "=1+1|<img src=x>`rm`\n# x\n- [x] y @team ![p](https://e.example) \x1b[31m \u202e"


def test_a_reviewer_reads_the_verdict_first_and_finds_what_to_answer():
    """Verdict, reason, what was replayed, claims, outputs, controls, differences, what was not checked, the checklist."""
    shown = review.render(rich_report())
    headings = [line for line in shown.splitlines() if line.startswith("#")]

    assert headings == [
        "# Replay of protein-folder-large",
        "## What was replayed",
        "## Claims: 1 differs, 1 failed, 1 not run, 2 agree",
        "## Outputs",
        "## Controls: jumps",
        "## Environment difference: 1 critical, 2 high, 1 low",
        "## What was not checked",
        "## For the reviewer",
    ]
    assert shown.startswith(
        "# Replay of protein-folder-large\n\n**NOT REPRODUCED: the model's outputs jump beside the recorded inputs**\n\na ten-thousandth of "
        "the inputs moved the outputs by 58 %; the outputs are different: output 'logits' 41 of 4096 elements lie outside the "
        "tolerance, largest difference 0.0123\n\nWhy: Output 'logits' differs in 41"
    )
    assert "| f1 | 0.962 | 0.9413 | **differs** | within 0.005 | Table 2, row 4: macro F1 on test" in shown
    assert "- claim 'latency': no data was given: --data speed=PATH\n" in shown
    assert shown.count("- [ ] ") == len(review.CHECKLIST)
    assert "| recommendation |  |" in shown


def test_a_plain_success_is_short():
    """Without claims or differences those sections are left out, and controls that were not run are told."""
    controlled = bitwise_report()
    untested = controlled.verdict.model_copy(update={"controls": "not run"})
    shown = review.render(bitwise_report(controls=(), verdict=untested))

    assert "**REPRODUCED, bitwise (not tested: whether the model computes its outputs)**" in shown
    assert "**REPRODUCED, bitwise**" in review.render(controlled)
    assert "## Claims" not in shown
    assert "- controls not run: whether the outputs follow inputs and weights was not tested\n" in shown
    assert "## Controls: passed" in review.render(controlled)
    assert "was not tested" not in review.render(controlled)


def test_every_row_has_the_cells_of_its_table():
    """Whatever stands in a text, it stays in its cell, in its line, and marks nothing up."""
    shown = review.render(hostile_report(EVIL))
    tables = [block.splitlines() for block in shown.split("\n\n") if block.startswith("|")]
    plain = review.render(hostile_report("words and no more"))

    assert len(shown.splitlines()) == len(plain.splitlines())
    assert [line for line in shown.splitlines() if re.match("#+ ", line)][1:] == [
        line for line in plain.splitlines() if re.match("#+ ", line)
    ][1:]
    for lines in tables:
        assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {lines[0].count("|")}
    assert not re.search(r"(?<!\\)(<|!\[|@|\x1b|\u202e)|://", re.sub(r"`+.*?`+", "", shown))
    assert not re.search(r"\| [=+]", shown)


@pytest.mark.parametrize(
    ("text", "shown"),
    [("=1", r"\=1"), ("+1", r"\+1"), ("-a", r"\-a"), ("-", "-"), ("@x", r"\@x"), ("2.13", "2.13"), ("a|b", r"a\|b")],
)
def test_a_cell_is_no_formula(text, shown):
    """Text that a spreadsheet would compute begins with a backslash; numbers and dashes are left alone."""
    assert cell(text) == shown
