"""The demo's project, trained for one epoch and captured, made once for all processes of a run."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from support import one_at_a_time

from reprobundle import demo


@dataclass(frozen=True)
class Digits:
    """The project and its bundle; `state` is the home of the capture log that knows it."""

    project: Path
    bundle: Path
    state: Path


def captured_digits(tmp_path_factory: pytest.TempPathFactory) -> Digits:
    """Train and capture, unless another process of this run did."""
    base = tmp_path_factory.getbasetemp()
    folder = (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "digits"
    made = Digits(folder / "digits", folder / "digits-model", folder / "state")
    with one_at_a_time(folder):
        if not made.bundle.is_dir():
            _make(made)
    return made


def _make(made: Digits) -> None:
    demo.make_project(made.project)
    script = made.project / "train.py"
    text = script.read_text().replace('"epochs": 15', '"epochs": 1').replace("budget=60", "budget=0, proof=False")
    script.write_text(text)
    environment = {**os.environ, "XDG_STATE_HOME": str(made.state)}
    argv = [sys.executable, "train.py", str(made.bundle)]
    subprocess.run(argv, cwd=made.project, env=environment, check=True, capture_output=True, timeout=300)
