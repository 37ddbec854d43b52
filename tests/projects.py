"""Small projects that people might have: a model, a training script, a git repository, what builds a package."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

NET = '''
"""A perceptron."""
import torch
from torch import nn


class Net(nn.Module):
    """Two layers."""

    def __init__(self, hidden=8):
        super().__init__()
        self.first = nn.Linear(4, hidden)
        self.second = nn.Linear(hidden, 3)

    def forward(self, x):
        return self.second(torch.tanh(self.first(x)))


def prepare(raw):
    """Scale."""
    return raw.to(torch.float32) / 10
'''

TRAIN = """
import sys

import torch
from net import Net, prepare

import reprobundle

if __name__ == "__main__":
    torch.manual_seed(3)
    model = Net(hidden=8)
    raw = torch.arange(64, dtype=torch.float64).reshape(16, 4)
    labels = torch.arange(16) % 3
    for _ in range(20):
        loss = torch.nn.functional.cross_entropy(model(prepare(raw)), labels)
        slopes = torch.autograd.grad(loss, list(model.parameters()))
        with torch.no_grad():  # by hand: an optimizer loads torch's compiler, which takes longer than all of this
            for parameter, slope in zip(model.parameters(), slopes):
                parameter -= 0.1 * slope
    captured = reprobundle.capture(
        sys.argv[1],
        model=model,
        inputs=prepare(raw),
        hyperparameters={"hidden": 8, "lr": 0.1},
        preprocessing=reprobundle.Preprocessing(transform=prepare, samples=raw),
        splits={"train": (raw.numpy()[:12], labels.numpy()[:12]), "test": (raw.numpy()[12:], labels.numpy()[12:])},
        metrics={"accuracy": 0.5},
        documentation={"title": "A perceptron"},
        budget=0,
    )
    print(captured.proof.status)
"""


BACK_ENDS = {
    "setuptools": "setuptools.build_meta",
    "hatchling": "hatchling.build",
    "nobody-has-this": "nobody_has_this",
}


def pyproject(name: str, version: str = "1.0", *, back_end: str, more: str = "") -> str:
    """The pyproject.toml of a package; `more` are further tables."""
    return f"""
[build-system]
requires = ["{back_end}"]
build-backend = "{BACK_ENDS[back_end]}"
[project]
name = "{name}"
version = "{version}"
{more}"""


def make_project(folder: Path, **files: str) -> Path:
    """A git repository with one commit; files by stem."""
    folder.mkdir(parents=True)
    for stem, text in files.items():
        (folder / f"{stem}.py").write_text(text)
    for argv in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "Train"]):
        subprocess.run(["git", "-C", str(folder), *argv], check=True, capture_output=True)
    return folder


def python(*argv: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Run this interpreter."""
    return subprocess.run([sys.executable, *argv], cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
