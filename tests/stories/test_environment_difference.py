"""One bundle, replayed under another environment: each difference shows up with its grade and its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from forging import forged

import reprobundle
from reprobundle.report import Finding, Grade, Report

pytestmark = pytest.mark.slow


def graded(report: Report) -> dict[str, Finding]:
    """The graded findings by their message."""
    return {finding.message: finding for finding in report.findings if finding.grade is not None}


def test_each_difference_shows_up_graded(perceptron: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One package at another version, other CPU instructions and another number of threads, in one real replay."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        lock = folder / "environment" / "requirements.txt"
        lines = lock.read_text().splitlines(keepends=True)
        lock.write_text("".join("numpy==1.0.1\n" if line.startswith("numpy==") else line for line in lines))
        manifest["environment"]["numerics"]["torch.threads"] = 7

    bundle = forged(perceptron, tmp_path / "bundle", edit)
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "default")
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    report = reprobundle.replay(bundle, env="current", sandbox="none", report=tmp_path / "report")
    found = graded(report)
    told = {message: (one.grade, one.expected, one.found) for message, one in found.items()}
    shown = (tmp_path / "report" / "report.txt").read_text("utf-8")

    assert told["torch.threads differs"] == (Grade.HIGH, "7", "1")
    assert told["variables.OMP_NUM_THREADS differs"] == (Grade.HIGH, "not there", "1")
    assert told["torch.cpu_capability differs"][0::2] == (Grade.HIGH, "DEFAULT")
    assert told["variables.ATEN_CPU_CAPABILITY differs"] == (Grade.HIGH, "not there", "default")
    assert told["numpy has another version"][:2] == (Grade.MEDIUM, "1.0.1")
    assert found["torch.threads differs"].why == "the order of sums changes with the number of threads"
    assert [one.grade for one in found.values()] == sorted(
        (one.grade for one in found.values() if one.grade), key=list(Grade).index
    )
    assert "\nEnvironment difference: " in shown
    assert shown.index("Environment difference") < shown.index("\nChecks\n")


def test_the_same_environment_has_no_difference(perceptron: Path, tmp_path: Path) -> None:
    """Where it was captured, a bundle is replayed without one graded line, and the report says so in one."""
    report = reprobundle.replay(perceptron, env="current", sandbox="none", report=tmp_path / "report")

    assert graded(report) == {}
    assert "\nEnvironment difference: none\n" in (tmp_path / "report" / "report.txt").read_text("utf-8")
