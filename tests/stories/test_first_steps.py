"""What a person meets who captures for the first time."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from projects import make_project, python

import reprobundle
from reprobundle.store import list_files

CONFIGURED = """
import dataclasses
import sys

import torch

import reprobundle


@dataclasses.dataclass
class Act:
    slope: float


@dataclasses.dataclass(frozen=True)
class Config:
    hidden: int
    act: Act


class MLP(torch.nn.Module):
    def __init__(self, cfg: Config):
        super().__init__()
        self.slope = cfg.act.slope
        self.first, self.second = torch.nn.Linear(4, cfg.hidden), torch.nn.Linear(cfg.hidden, 3)

    def forward(self, x):
        return self.second(torch.nn.functional.leaky_relu(self.first(x), self.slope))


if __name__ == "__main__":
    config = Config(hidden=8, act=Act(slope=0.3))
    reprobundle.capture(
        sys.argv[1], model=MLP(config), inputs=torch.ones(2, 4), init={"cfg": config}, budget=0,
        hyperparameters={"layers": (8, 8), "lr": 0.1},
    )
"""
DOUBLING = """
import sys

import numpy as np

import reprobundle


def double(x):
    return x * 2


if __name__ == "__main__":
    inputs = (np.ones(2), np.ones(2)) if "wrong" in sys.argv else np.ones(2)
    reprobundle.capture(sys.argv[1], model=double, inputs=inputs, budget=0, quiet="quiet" in sys.argv)
"""


@pytest.mark.slow
def test_a_model_made_from_a_dataclass_is_proven_and_its_card_loads_it(tmp_path: Path) -> None:
    """The class and its parts are in the bundle; the card's own lines make the model again and leave nothing behind."""
    pytest.importorskip("torch")
    project = make_project(tmp_path / "project", train=CONFIGURED)
    (project / "train.py").write_text(f"{CONFIGURED}# one more line\n")
    finished = python("train.py", str(tmp_path / "bundle"), cwd=project)
    card = (tmp_path / "bundle" / "README.md").read_text("utf-8")
    recipe = card.partition("```python\n")[2].partition("```")[0]
    before = list_files(tmp_path / "bundle")
    loaded = subprocess.run(
        [sys.executable, "-"],
        input=f"{recipe}\nprint(model.slope, model.first.out_features)\n",
        cwd=tmp_path / "bundle", capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip

    assert finished.returncode == 0, finished.stderr
    assert finished.stdout == ""
    assert finished.stderr.startswith("CAPTURED\n"), finished.stderr
    assert ", WITH UNCOMMITTED CHANGES: they stand in code/uncommitted.patch\n" in finished.stderr
    assert "the lock has no hashes" in finished.stderr
    assert "files        0 files" not in finished.stderr
    assert finished.stderr.endswith(f"replay it    reprobundle replay {tmp_path / 'bundle'}\n")
    assert reprobundle.verify(tmp_path / "bundle").manifest.proof.status == "bitwise"
    assert "from train import Act, Config, MLP\n\nmodel = MLP(cfg=Config(hidden=8, act=Act(slope=0.3)))\n" in recipe
    assert loaded.stdout == "0.3 8\n", loaded.stderr
    assert list_files(tmp_path / "bundle") == before
    assert "| `layers` | `[8, 8]` |" in card


@pytest.mark.slow
def test_a_capture_is_silent_where_it_is_asked_to_be(tmp_path: Path) -> None:
    """With ``quiet=True`` nothing is printed; a failed proof is still a warning, with the way out."""
    project = make_project(tmp_path / "project", train=DOUBLING)
    quiet = python("train.py", str(tmp_path / "good"), "quiet", cwd=project)
    warned = python("train.py", str(tmp_path / "bad"), "quiet", "wrong", cwd=project)

    assert (quiet.returncode, quiet.stdout, quiet.stderr) == (0, "", "")
    assert (warned.returncode, warned.stdout) == (0, "")
    assert (
        "UnprovenBundleWarning: the bundle 'bad' is unproven: failed: at run: TypeError: double() takes 1 positional "
        "argument but 2 were given; hint: run model(inputs) to see it fail\n"
    ) in warned.stderr
    assert "CAPTURED" not in warned.stderr


def test_a_target_that_cannot_be_made_is_found_out_before_training(tmp_path: Path) -> None:
    """``begin`` says at the start what ``capture`` would say at the end."""
    (tmp_path / "file").write_text("")
    with pytest.raises(reprobundle.UsageError) as there:
        reprobundle.begin(path=tmp_path)
    with pytest.raises(reprobundle.UsageError) as below:
        reprobundle.begin(path=tmp_path / "file" / "model")

    assert str(there.value) == f"output folder {str(tmp_path)!r} exists; a bundle is never overwritten"
    assert str(below.value) == (
        f"output folder {str(tmp_path / 'file' / 'model')!r}: {str(tmp_path / 'file')!r} is no folder"
    )
    assert reprobundle.begin(path=tmp_path / "new" / "model", project=tmp_path).commit is None
    assert not (tmp_path / "new").exists()


@pytest.mark.skipif(sys.version_info < (3, 11), reason="exceptions have no notes before Python 3.11")
def test_a_traceback_shows_the_way_out(tmp_path: Path) -> None:
    """An error that nobody handles ends with its hint."""
    code = "import reprobundle, sys; reprobundle.begin(path=sys.argv[1])"
    finished = python("-c", code, str(tmp_path), cwd=tmp_path)

    assert finished.stderr.splitlines()[-1] == "hint: name another folder"
