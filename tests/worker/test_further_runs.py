"""Further runs as the worker process makes them: told one by one, each failing by itself."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from workers import VALUE, Project

from reprobundle import results, tensors
from reprobundle.worker import __main__ as worker

pytestmark = pytest.mark.slow  # each starts an interpreter of its own

NET = """
import os
import torch
from torch import nn


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.norm = nn.BatchNorm1d(3)
        self.linear = nn.Linear(3, 2)
        self.register_buffer("calls", torch.zeros(()))

    def forward(self, x):
        self.calls += 1
        if x.min() < -50:
            os._exit(0)
        if x.min() < 0:
            raise SystemExit("negative")
        return {"y": self.linear(self.norm(x)), "calls": self.calls}


def accuracy(model, path=None):
    return float(model.calls) + 0.5
"""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """A project of a torch model with one recorded input."""
    import torch

    made = Project(tmp_path)
    made.write("net.py", NET)
    names = {"norm.weight": 3, "norm.bias": 3, "norm.running_mean": 3, "norm.running_var": 3, "linear.bias": 2}
    weights = {name: torch.rand(size) for name, size in names.items()}
    rest = {"linear.weight": torch.rand(2, 3), "calls": torch.zeros(()), "norm.num_batches_tracked": torch.tensor(0)}
    made.torch("net:Net", weights={**weights, **rest})
    made.inputs(VALUE, value=np.arange(6, dtype=np.float32).reshape(2, 3))
    return made


def asked(name: str, **changes: Any) -> dict[str, Any]:
    """A run as the parent asks for it."""
    plain = {"inputs": None, "structure": None, "overlay": None, "seed": 0, "settings": {}, "double": False}
    return {"name": name, **plain, "rows": None, "sketch": False, **changes}


def test_runs_are_made_one_after_another(project: Project) -> None:
    """What fails is told, and those after it are as if it had not been."""
    bad = project.file("bad.safetensors", value=-np.ones((2, 3), np.float32))
    doubled = project.file("overlay.safetensors", **{"linear.weight": np.full((2, 3), 7, np.float32)})
    project.job["runs"] = [
        asked("again"),
        asked("bad", inputs=bad, sketch=True),
        asked("changed", overlay=doubled, sketch=True),
        asked("impossible", rows=(0, 3)),
        asked("exact", double=True, rows=(1, 2)),
        asked("last"),
    ]
    project.job["claims"] = [{"id": "calls", "entry": "net:accuracy", "data": None}]
    left = project.run()
    told = {one["name"]: one for one in left.result["runs"]}

    assert (left.code, left.result["stage"], left.result["error"], left.result["protocol"]) == (0, "done", None, 2)
    assert [one["error"] for one in left.result["runs"]] == [
        None, "SystemExit: negative", None, "cannot take rows 0 to 3 of input 'value': it has 2", None, None
    ]  # fmt: skip
    assert told["bad"]["at"]["function"] == "forward"
    first = (left.out / "outputs.safetensors").read_bytes()
    assert (
        (left.out / "run-again.safetensors").read_bytes() == first == (left.out / "run-last.safetensors").read_bytes()
    )
    assert left.arrays("run-exact")["y"].dtype == np.float64
    assert np.allclose(left.arrays("run-exact")["y"], left.arrays()["y"][1:], atol=1e-6)
    assert not np.allclose(left.arrays("run-changed")["y"], left.arrays()["y"], atol=1e-2)
    assert told["changed"]["left_out"] == 0
    assert told["again"]["structure"] == left.result["outputs"]
    assert told["again"]["seconds"] >= 0
    sketches = json.loads((left.out / "sketches-changed.json").read_text())
    assert [(one["module"], one["call"], one["shape"]) for one in sketches] == [
        ("norm", 0, [2, 3]),
        ("linear", 0, [2, 2]),
    ]
    assert left.result["claims"][0]["value"] == 0.5
    assert sorted(path.name for path in left.out.iterdir()) == [
        "outputs.safetensors", "result.json", "run-again.safetensors", "run-changed.safetensors",
        "run-exact.safetensors", "run-last.safetensors", "sketches-changed.json",
    ]  # fmt: skip


def test_a_sudden_end_leaves_what_was_made(project: Project) -> None:
    """The first run, the splits and the runs before it stand in the result."""
    fatal = project.file("fatal.safetensors", value=np.full((2, 3), -99, np.float32))
    project.write("splits.py", "def split(count):\n    return {'train': range(count)}\n")
    project.job["splitting"] = {"entry": "splits:split", "count": 3, "seed": None, "arguments": {}}
    project.job["runs"] = [asked("again"), asked("fatal", inputs=fatal), asked("last")]
    left = project.run()

    assert (left.code, left.result["stage"], left.result["error"]) == (0, "runs", None)
    assert [one["name"] for one in left.result["runs"]] == ["again"]
    assert left.result["split"] is True
    assert left.arrays("run-again")["calls"] == 1


def test_no_run_begins_late(project: Project) -> None:
    """Once the time for further runs is over, none begins; the model's own run is not touched by that."""
    project.job.update(runs=[asked("again")], time=0.0)
    left = project.run()

    assert left.result["stage"] == "done"
    assert left.result["runs"][0]["error"] == "cannot be run: the time is over that was given to further runs"
    assert left.arrays()["calls"] == 1


def test_both_sides_speak_of_one_protocol() -> None:
    """The parent accepts the worker's own protocol and no other."""
    assert worker.PROTOCOL == results.PROTOCOL == 2


def test_functions_of_arrays(project: Project) -> None:
    """Without torch a function has further runs, too."""
    project.write("plain.py", "import numpy as np\ndef model(x):\n    return x * 2 + np.random.rand()\n")
    project.job["loader"] = "for_callable"
    project.job["model"].update(entry="plain:model", init={"args": [], "kwargs": {}}, weights=[])
    settings = {"errors.numpy": "divide=raise invalid=raise over=raise under=ignore"}
    project.job["runs"] = [
        asked("again"),
        asked("row", rows=(0, 1), seed=4),
        asked("set", settings=settings),
        asked("threads", settings={"torch.threads": 1}),
        asked("overlay", overlay="x"),
    ]
    left = project.run()

    assert [one["error"] for one in left.result["runs"]] == [
        None,
        None,
        None,
        "cannot set all: numeric settings were not applied: torch is not loaded",
        "cannot overlay: a function has no tensors that go by a name",
    ]
    assert left.arrays("run-again")["value"].tobytes() == left.arrays()["value"].tobytes()
    assert left.arrays("run-row")["value"].shape == (1, 3)
    assert tensors.read_arrays(left.out / "run-row.safetensors")["value"][0, 0] != left.arrays()["value"][0, 0]
