"""``MyModel.from_pretrained("user/name")`` reads what was published; what is pulled replays bitwise."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from hub_play import NAME, SOURCE, WARNINGS, publish_to, pull_from
from hub_server import SETTINGS, TOKEN
from projects import make_project, python

import reprobundle
from reprobundle.bundle import verify
from reprobundle.report import Rung

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings(WARNINGS)]
NET = """
import torch
from huggingface_hub import PyTorchModelHubMixin


class Net(torch.nn.Module, PyTorchModelHubMixin):
    def __init__(self, hidden: int):
        super().__init__()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 3))

    def forward(self, x):
        return self.layers(x)
"""
TRAIN = """
import sys
import torch
from net import Net
import reprobundle

if __name__ == "__main__":
    torch.manual_seed(3)
    model, x = Net(hidden=8).eval(), torch.arange(32.0).reshape(8, 4) / 32
    with torch.no_grad():
        torch.save(model(x), sys.argv[2])
    captured = reprobundle.capture(sys.argv[1], model=model, inputs=x, budget=0)
    print(captured.proof.status, captured.proof.why)
"""
LOADED = """
import sys
import torch
from net import Net

model = Net.from_pretrained(sys.argv[1], strict=True)
with torch.no_grad():
    again = model(torch.arange(32.0).reshape(8, 4) / 32)
print(torch.equal(again, torch.load(sys.argv[2])), file=sys.stderr)
"""


def test_published_loaded_pulled_and_replayed(server, tmp_path):
    """The whole way over a Hub: the class loads its weights from there in an empty cache, and the replay is bitwise."""
    pytest.importorskip("torch")
    project = make_project(tmp_path / "project", net=NET, train=TRAIN, load=LOADED)
    said = python("train.py", str(tmp_path / "net"), str(tmp_path / "out.pt"), cwd=project)
    published = publish_to(server, verify(tmp_path / "net"), private=True, tag="v1")
    settings = {**SETTINGS, "HF_HUB_DISABLE_IMPLICIT_TOKEN": "0", "HF_ENDPOINT": server.endpoint, "HF_TOKEN": TOKEN}
    environment = {**os.environ, **settings, "HF_HOME": str(tmp_path / "home")}
    argv = [sys.executable, "load.py", NAME, str(tmp_path / "out.pt")]
    loaded = subprocess.run(
        argv, cwd=project, capture_output=True, text=True, env=environment, timeout=300, check=False
    )
    pulled = pull_from(server, tmp_path / "pulled", f"{SOURCE}@v1")
    report = reprobundle.replay(pulled.path, env="current", sandbox="none", report=tmp_path / "report")

    assert said.stdout.startswith("bitwise"), said.stdout + said.stderr
    assert loaded.stderr.splitlines()[-1:] == ["True"]
    assert published.details["tag"] == "v1"
    assert pulled.id == verify(tmp_path / "net").id
    assert report.verdict.reproduced
    assert report.verdict.rung == Rung.BITWISE
