"""Before the seal the claims of functions are computed by a fresh process, as a replay will compute them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from projects import make_project

import reprobundle
from reprobundle.components.data.given import DataSplit
from reprobundle.rehearsing import places
from reprobundle.report import Finding

pytest.importorskip("torch")

NET = '''
"""A perceptron, and what is claimed of it."""
import numpy as np
import torch
from torch import nn

HERE = {}


class Net(nn.Module):
    """One layer."""

    def __init__(self):
        super().__init__()
        self.only = nn.Linear(4, 3)

    def forward(self, x):
        return self.only(x)


def size(model):
    return sum(one.numel() for one in model.parameters())


def share(model, path):
    with torch.no_grad():
        return float((model(torch.from_numpy(np.load(path))).argmax(-1) < 3).float().mean())


def remembered(model):
    return HERE["training"]


def deep(model):
    import helper

    return helper.ONE


def reading(model):
    return len(open("helper.py").read())
'''
TRAIN = """
import json
import sys

import net
import numpy as np
import torch

import reprobundle

if __name__ == "__main__":
    net.HERE["training"] = 1.0
    np.save("test.npy", np.random.default_rng(0).normal(size=(50, 4)).astype("float32"))
    captured = reprobundle.capture(
        sys.argv[1],
        model=net.Net(),
        inputs=torch.randn(8, 4),
        splits={"test": reprobundle.DataSplit("test.npy"), "memory": np.zeros((3, 4))},
        metrics={"accuracy": 0.5},
        claims=[
            {"id": "size", "text": "parameters", "value": 15, "entry": net.size},
            {"id": "share", "text": "of the classes", "value": 0.95, "decimals": 2, "split": "test", "entry": net.share},
            {"id": "remembered", "text": "what the training knew", "value": 1, "entry": net.remembered},
            {"id": "elsewhere", "text": "of what is in memory", "value": 1, "split": "memory", "entry": net.share},
            {"id": "typed", "text": "by a command", "value": 1, "command": [sys.executable, "-c", "raise SystemExit(1)", "{out}"]},
            {"id": "loose", "text": "x", "value": 1, "entry": "evaluate:score"},
            {"id": "deep", "text": "x", "value": 1, "entry": net.deep},
            {"id": "reading", "text": "x", "value": 1, "entry": net.reading},
            {"id": "run", "text": "x", "value": 1, "command": ["python", "evaluate.py", "net.py", "none.py", "{out}"]},
        ],
        budget=float(sys.argv[2]),
    )
    print(json.dumps([captured.proof.status, captured.foreseen.refused, [c.verdict for c in captured.foreseen.claims],
                      [s.name for s in captured.stages]]))
"""


def capture(folder: Path, budget: str) -> tuple[Any, str]:
    """What the call gave, and what the person read; two files of the project are not tracked."""
    project = make_project(folder / "project", net=NET, train=TRAIN)
    (project / "evaluate.py").write_text("def score(model):\n    return 1\n")
    (project / "helper.py").write_text("ONE = 1\n")
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "train.py", str(folder / "bundle"), budget],
        cwd=project, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "PIP_NO_INDEX": "1"},
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout), finished.stderr


@pytest.fixture(scope="module")
def captured(tmp_path_factory: pytest.TempPathFactory) -> tuple[Any, str, Mapping[str, list[Finding]]]:
    """With a budget: what the call gave, what the person read, and the notes on each claim."""
    folder = tmp_path_factory.mktemp("captured")
    found, shown = capture(folder, "60")
    notes: dict[str, list[Finding]] = {}
    for note in reprobundle.verify(folder / "bundle").manifest.notes:
        if note.kind == "claims":
            notes.setdefault(note.message.split("'")[1], []).append(note)
    return found, shown, notes


@pytest.mark.slow
def test_a_claim_that_a_fresh_process_does_not_meet_is_told_and_ends_nothing(
    captured: tuple[Any, str, Mapping[str, list[Finding]]],
) -> None:
    """Those of functions with their data at hand are computed; a metric, a table in memory and a command are left alone."""
    (status, refused, verdicts, stages), shown, notes = captured

    assert (status, refused, verdicts) == ("bitwise", None, ["agrees", "differs", *4 * ["failed"]])
    assert [note.message for name in ("size", "share", "remembered") for note in notes.get(name, ())] == [
        "claim 'share': claimed 0.95, the reloaded model gives 1, not the same to 2 decimals",
        "claim 'remembered': could not be computed in a fresh process: KeyError: 'training'",
    ]
    assert (
        "claims       1 claim as claimed, by a fresh process; NOT AS CLAIMED: 'share'; COULD NOT BE COMPUTED:" in shown
    )
    assert {"model", "lock", "proof", "calibration", "claims", "seal"} <= {*stages}
    assert "\ntime         " in shown


@pytest.mark.slow
def test_a_claim_that_needs_an_untracked_file_says_what_to_type(
    captured: tuple[Any, str, Mapping[str, list[Finding]]],
) -> None:
    """A function's own module, one that it imports, a file that it reads, and the program of a command: all before the seal."""
    _, _, notes = captured
    tracked = "of a project only what git tracks and what was loaded is packed"

    assert {name: [note.hint for note in notes[name]] for name in ("loose", "deep", "reading", "run")} == {
        "loose": [f"git add evaluate.py: {tracked}"],
        "deep": [f"git add helper.py: {tracked}"],
        "reading": [f"git add helper.py: {tracked}"],
        "run": [f"git add evaluate.py: {tracked}"],
    }
    assert notes["run"][0].message == "claim 'run': needs 'evaluate.py', which is not in the bundle"
    assert notes["deep"][0].message.endswith("ModuleNotFoundError: No module named 'helper'")


@pytest.mark.slow
def test_without_a_budget_no_claim_is_computed(tmp_path: Path) -> None:
    """Whoever wants a capture to be quick has it so."""
    (status, refused, verdicts, _), shown = capture(tmp_path, "0")

    assert (status, refused, verdicts) == ("bitwise", None, [])
    assert (
        "\nclaims       9 claims left to a replay to compute; 1 claim taken as stated, which nothing computes\n"
        in shown
    )


def test_a_split_that_says_more_of_itself_lies_where_its_data_lies() -> None:
    """A function is told the path; what is no mapping names no place."""
    assert places({"a": DataSplit("x.npy"), "b": "y.npy"}) == {"a": "x.npy", "b": "y.npy"}
    assert places(None) == {}
