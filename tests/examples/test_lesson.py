"""The lesson's example, run as its README says."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import jsonschema
import pytest

SCHEMAS = Path(__file__).parent.parent.parent / "schemas"
EXAMPLE = Path(__file__).parent.parent.parent / "examples" / "lesson"


def _run(folder: Path, *argv: str) -> subprocess.CompletedProcess[str]:
    finished = subprocess.run(
        [sys.executable, *argv], cwd=folder, capture_output=True, text=True, timeout=600, check=False
    )
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return finished


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A copy of the example after ``python train.py out``, and what it printed."""
    pytest.importorskip("torch")
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("lesson") / "project"
    shutil.copytree(EXAMPLE, folder, ignore=shutil.ignore_patterns("out", "__pycache__"))
    return folder, _run(folder, "train.py", "out").stdout


@pytest.mark.slow
def test_the_lesson_trains_saves_and_captures(trained: tuple[Path, str]) -> None:
    """The script learns the digits, reloads its own files, and owns a bundle proven bitwise."""
    folder, printed = trained
    accuracy = float(printed.split()[2])

    assert accuracy >= 0.96
    assert "saved and loaded the lesson's way: same outputs" in printed
    assert "proof: bitwise" in printed
    assert (folder / "out" / "lesson" / "model.pth").is_file()
    assert (folder / "out" / "bundle" / "manifest.json").is_file()


@pytest.mark.slow
def test_the_lesson_is_replayed_bitwise_without_its_project(trained: tuple[Path, str], tmp_path: Path) -> None:
    """The bundle alone, somewhere else, gives the same outputs."""
    bundle = shutil.copytree(trained[0] / "out" / "bundle", tmp_path / "elsewhere")
    argv = ("replay", str(bundle), "--env", "current", "--sandbox", "none", "--require", "bitwise", "--json")
    report = json.loads(_run(tmp_path, "-m", "reprobundle", *argv).stdout)
    jsonschema.validate(report, json.loads((SCHEMAS / "report.schema.json").read_text("utf-8")))

    assert report["verdict"]["reproduced"] is True
    assert report["verdict"]["rung"] == "bitwise"
