"""A replay as an assertion: the report when it holds, else the verdict, the reason and the place of the report."""

from __future__ import annotations

from pathlib import Path

import pytest
from reports import bitwise_report, rich_report
from tiny import tiny_bundle

import reprobundle
from reprobundle.asserting import Replayed
from reprobundle.errors import UsageError
from reprobundle.report import Rung


def test_the_message_says_verdict_reason_claims_and_place() -> None:
    """One line each; claims that agree are not told."""
    told = Replayed(rich_report(), Path("here")).failure.splitlines()

    assert told[0] == "protein-folder-large: NOT REPRODUCED: the model's outputs jump beside the recorded inputs"
    assert told[1].startswith("a ten-thousandth of the inputs moved the outputs by 58 %; the outputs are different: ")
    assert told[2].startswith("Output 'logits' differs in 41 of 4096 elements by up to 0.0123.")
    assert told[3:] == [
        "claim f1: claimed 0.962, got 0.9413, differs",
        "claim bleu: claimed 31.2, got -, failed",
        "claim latency: claimed 3.4, got -, not run",
        f"report: {Path('here') / 'report.html'}",
    ]


def test_a_message_has_no_terminal_commands() -> None:
    """What a bundle says is escaped here, too."""
    report = bitwise_report(bundle_name="\x1b[31m\nx")

    assert Replayed(report, Path("x")).failure.splitlines()[0] == r"\x1b[31m\x0ax: REPRODUCED, bitwise"


@pytest.mark.parametrize(
    ("changed", "holds"), [({}, True), ({"other_claims": 1}, False), ({"failed_claims": 1}, False)]
)
def test_a_claim_that_does_not_hold_fails_too(changed: dict[str, int], holds: bool) -> None:
    """As the command line says by its exit code."""
    verdict = bitwise_report().verdict.model_copy(update=changed)

    assert Replayed(bitwise_report(verdict=verdict), Path("x")).holds is holds


def test_wrong_arguments_are_told_before_anything_is_read(tmp_path: Path) -> None:
    """They are errors of the call, not failed assertions."""
    with pytest.raises(UsageError):
        reprobundle.assert_reproduces(tmp_path / "none", require="nearly")


@pytest.mark.parametrize(
    ("name", "hint"), [("requires", "did you mean 'require'?"), ("colour", "the options are require, env, ")]
)
def test_an_option_that_no_replay_takes_is_named(tmp_path: Path, name: str, hint: str) -> None:
    """As an error of the call, with the nearest name, before the bundle is looked for."""
    with pytest.raises(UsageError) as caught:
        reprobundle.assert_reproduces(tmp_path / "none", **{name: 1})

    assert str(caught.value).splitlines()[0] == f"replay takes no option {name!r}"
    assert (caught.value.hint or "").startswith(hint)


def test_what_cannot_be_run_is_not_reproduced(tmp_path: Path) -> None:
    """A bundle without anything to run fails the assertion, and its report lies where it was asked for."""
    bundle = tiny_bundle(tmp_path / "tiny")
    with pytest.raises(AssertionError) as caught:
        reprobundle.assert_reproduces(bundle, env="current", sandbox="none", report=tmp_path / "report")

    assert str(caught.value).startswith("tiny: COULD NOT BE TOLD: no sample inputs are recorded\n")
    assert str(caught.value).endswith(f"report: {tmp_path / 'report' / 'report.html'}")
    assert (tmp_path / "report" / "report.html").is_file()


@pytest.mark.slow
def test_a_model_that_is_reproduced_gives_its_report(tmp_path: Path) -> None:
    """A function, captured and replayed here."""
    import numpy as np

    (tmp_path / "doubling.py").write_text("def double(x):\n    return x * 2\n", "utf-8")
    bundle = _captured(tmp_path)
    report = reprobundle.assert_reproduces(bundle, env="current", sandbox="none", report=tmp_path / "report")

    assert report.verdict.rung is Rung.BITWISE
    assert np.isfinite(sum(stage.seconds for stage in report.stages))


def _captured(folder: Path) -> Path:
    from projects import python

    (folder / "train.py").write_text(
        "import numpy as np, reprobundle\nfrom doubling import double\n\nif __name__ == '__main__':\n"
        "    reprobundle.capture('bundle', model=double, inputs=np.arange(6.0).reshape(2, 3), budget=0)\n",
        "utf-8",
    )
    finished = python("train.py", cwd=folder)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return folder / "bundle"
