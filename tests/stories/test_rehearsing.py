"""Before the seal the claims of functions are computed by a fresh process, as a replay will compute them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from projects import make_project

import reprobundle
from reprobundle.components.data.given import DataSplit
from reprobundle.rehearsing import places

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
            {"id": "typed", "text": "by a command", "value": 1, "command": [sys.executable, "-c", "raise SystemExit(1)"]},
        ],
        budget=float(sys.argv[2]),
    )
    print(json.dumps([captured.proof.status, captured.foreseen.refused, [c.verdict for c in captured.foreseen.claims],
                      [s.name for s in captured.stages]]))
"""


def capture(folder: Path, budget: str) -> tuple[Any, str]:
    """What the call gave, and what the person read."""
    project = make_project(folder / "project", net=NET, train=TRAIN)
    finished = subprocess.run(
        [sys.executable, "-W", "ignore", "train.py", str(folder / "bundle"), budget],
        cwd=project, capture_output=True, text=True, timeout=300, check=False,
        env={**os.environ, "PIP_NO_INDEX": "1"},
    )  # fmt: skip
    assert finished.returncode == 0, finished.stderr
    return json.loads(finished.stdout), finished.stderr


@pytest.mark.slow
def test_a_claim_that_a_fresh_process_does_not_meet_is_told_and_ends_nothing(tmp_path: Path) -> None:
    """Those of functions with their data at hand are computed; a metric, a table in memory and a command are left alone."""
    (status, refused, verdicts, stages), shown = capture(tmp_path, "60")
    manifest = reprobundle.verify(tmp_path / "bundle").manifest

    assert (status, refused, verdicts) == ("bitwise", None, ["agrees", "differs", "failed"])
    assert [note.message for note in manifest.notes if note.kind == "claims" and "typed" not in note.message] == [
        "claim 'share': claimed 0.95, the reloaded model gives 1, not the same to 2 decimals",
        "claim 'remembered': could not be computed in a fresh process: KeyError: 'training'",
    ]
    assert (
        "claims       1 claim as claimed, by a fresh process; NOT AS CLAIMED: 'share'; COULD NOT BE COMPUTED:" in shown
    )
    assert {"model", "lock", "proof", "calibration", "claims", "seal"} <= {*stages}
    assert "\ntime         " in shown


@pytest.mark.slow
def test_without_a_budget_no_claim_is_computed(tmp_path: Path) -> None:
    """Whoever wants a capture to be quick has it so."""
    (status, refused, verdicts, _), shown = capture(tmp_path, "0")

    assert (status, refused, verdicts) == ("bitwise", None, [])
    assert "\nclaims " not in shown


def test_a_split_that_says_more_of_itself_lies_where_its_data_lies() -> None:
    """A function is told the path; what is no mapping names no place."""
    assert places({"a": DataSplit("x.npy"), "b": "y.npy"}) == {"a": "x.npy", "b": "y.npy"}
    assert places(None) == {}
