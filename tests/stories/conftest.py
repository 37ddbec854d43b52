"""One trained model and its bundle, made once by a script in a git repository, as a person would."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import NET, TRAIN, make_project, python


@pytest.fixture(scope="session")
def perceptron(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle with everything in it, proven before its seal; its project is gone."""
    pytest.importorskip("torch")
    folder = tmp_path_factory.mktemp("perceptron")
    project = make_project(folder / "project", net=NET, train=TRAIN)
    finished = python("train.py", str(folder / "bundle"), cwd=project)
    assert finished.returncode == 0, finished.stdout + finished.stderr
    assert finished.stdout == "bitwise\n", finished.stdout + finished.stderr
    project.rename(folder / "gone")
    return folder / "bundle"
