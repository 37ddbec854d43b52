"""The course's last lesson: a transformers model with its tokenizer, kept."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from support import require

ROOT = Path(__file__).parent.parent.parent

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def taught(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder in which the lesson ran with the course around it, and what it printed."""
    require("transformers")
    clone = tmp_path_factory.mktemp("clone")
    (clone / "tests").mkdir()
    shutil.copy(ROOT / "tests" / "hub_server.py", clone / "tests")
    project = clone / "examples" / "lesson"
    shutil.copytree(ROOT / "examples" / "lesson", project, ignore=shutil.ignore_patterns("out", "__pycache__"))
    argv = [sys.executable, "course.py", "out", "--only", "transformers", "--env", "current"]
    finished = subprocess.run(argv, cwd=project, capture_output=True, text=True, timeout=800, check=False)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    return project, finished.stdout


def test_transformers_lesson_is_kept(taught: tuple[Path, str]) -> None:
    """Saved, loaded, pushed and loaded the scores stay within rounding; each replay of the bundle is bitwise."""
    _, printed = taught
    accuracy = float(printed.partition("test accuracy ")[2].split()[0])
    told = [line for line in printed.splitlines() if line.startswith(("saved and", "pushed and"))]
    off = [0.0 if line.endswith("same outputs") else float(line.split()[-1]) for line in told]

    assert accuracy >= 0.4  # of six data sets
    assert len(off) == 2
    assert max(off) <= 1e-5
    assert "captured: proof bitwise\nreplayed: bitwise\npublished, pulled and replayed: bitwise" in printed


def test_bundle_is_what_transformers_reads(taught: tuple[Path, str]) -> None:
    """Model and tokenizer come out of the pulled bundle as they come out of the folder they were saved to."""
    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer

    places = [taught[0] / "out" / name for name in ("transformers", "transformers-pulled")]
    models = [AutoModelForSequenceClassification.from_pretrained(place) for place in places]
    saved, kept = (model.state_dict() for model in models)
    texts = [AutoTokenizer.from_pretrained(place)("mean radius of cells")["input_ids"] for place in places]

    assert saved.keys() == kept.keys()
    assert all(torch.equal(saved[name], kept[name]) for name in saved)
    assert texts[0] == texts[1]
