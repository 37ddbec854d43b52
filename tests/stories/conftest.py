"""One trained model and its bundle, made once by a script in a git repository, as a person would."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from projects import NET, TRAIN, make_project, python
from support import one_at_a_time


@pytest.fixture(scope="session")
def perceptron(of_all_workers: Path) -> Path:
    """A bundle with everything in it, proven before its seal; its project is gone."""
    pytest.importorskip("torch")
    folder = of_all_workers / "perceptron"
    with one_at_a_time(folder):
        if not (folder / "gone").exists():
            _train(folder)
    return folder / "bundle"


def _train(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)  # what a failed training left
    project = make_project(folder / "project", net=NET, train=TRAIN)
    finished = python("train.py", str(folder / "bundle"), cwd=project)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout == "bitwise\n", finished.stdout + finished.stderr
    project.rename(folder / "gone")
