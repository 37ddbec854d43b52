"""The example of a paper: three claims of a table, one of them false."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import reprobundle
from reprobundle.rendering import terminal
from reprobundle.report import Report

EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "paper"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the training script of the example leaves."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    folder = shutil.copytree(EXAMPLE, tmp_path_factory.mktemp("clone") / "paper")
    subprocess.run([sys.executable, "train.py", "out"], cwd=folder, check=True, timeout=300)
    return folder / "out"


@pytest.fixture(scope="module")
def report(out: Path) -> Report:
    """What a reviewer sees who has the test split."""
    data = {"test": out / "data" / "test.npz"}
    return reprobundle.replay(out / "paper", env="current", data=data, report=out / "report")


def test_the_table_says_which_is_false(report: Report) -> None:
    """Two rows of the table are met to the last printed digit, the third is not."""
    found = [(claim.id, claim.verdict, claim.rule, claim.data) for claim in report.claims]
    false = report.claims[2]

    assert found == [
        ("row-1", "agrees", "to 1 decimal", "same"),
        ("row-2", "agrees", "to 1 decimal", "same"),
        ("row-3", "differs", "to 3 decimals", "same"),
    ]
    assert false.got == pytest.approx(false.claimed - 0.01, abs=0.0005)


def test_a_false_claim_is_no_reproduction(report: Report) -> None:
    """The model gives its outputs bit for bit, and yet the command ends with 1."""
    assert report.verdict.rung is reprobundle.Rung.BITWISE
    assert report.verdict.exit_code == 1
    assert "row-3" in report.verdict.sentence


def test_a_person_sees_it(report: Report, out: Path) -> None:
    """The terminal and the page show what was claimed and what was got."""
    text, page = terminal.render(report, colour=False, width=100), (out / "report" / "report.html").read_text("utf-8")

    for claim in report.claims:
        assert claim.id in text
        assert claim.text in page


def test_without_the_data_nothing_is_computed(out: Path) -> None:
    """The report says what is missing; the model is reproduced."""
    report = reprobundle.replay(out / "paper", env="current", report=out / "without")

    assert {claim.why for claim in report.claims} == {"needs the data: --data test=PATH"}
    assert report.verdict.exit_code == 0
