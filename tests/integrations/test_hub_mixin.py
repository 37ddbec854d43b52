from __future__ import annotations

import json

import pytest
from projects import make_project, python

import reprobundle

pytest.importorskip("torch")
pytest.importorskip("huggingface_hub")
pytestmark = pytest.mark.slow

NET = """
import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn


class Wide(nn.Module, PyTorchModelHubMixin):
    def __init__(self, width, scale=2.0):
        super().__init__()
        self.linear = nn.Linear(4, width)
        self.factor = scale

    def forward(self, x):
        return self.linear(x) * self.factor


class Configured(nn.Module, PyTorchModelHubMixin):
    def __init__(self, config: dict):
        super().__init__()
        self.linear = nn.Linear(4, config["width"])

    def forward(self, x):
        return self.linear(x)
"""

TRAIN = """
import sys

import torch
from net import Configured, Wide

import reprobundle

if __name__ == "__main__":
    proofs = []
    for model in (Wide(5, scale=3.0), Configured({"width": 5, "name": "small"})):
        folder = sys.argv[1] + "/" + type(model).__name__
        proofs.append(reprobundle.capture(folder, model=model, inputs=torch.ones(2, 4), budget=0).proof.status)
    print(*proofs)
"""

LOAD = """
import sys

import net
import torch
from safetensors.torch import load_file

same = []
for name in ("Wide", "Configured"):
    folder = sys.argv[1] + "/" + name
    model = getattr(net, name).from_pretrained(folder, strict=True)
    expected = load_file(folder + "/replay/expected.safetensors")["value"]
    same.append(torch.equal(model(torch.ones(2, 4)), expected))
print(*same)
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Both models captured by one script, and read by another as the mixin reads them."""
    folder = tmp_path_factory.mktemp("mixin")
    project = make_project(folder / "project", net=NET, train=TRAIN, load=LOAD)
    trained = python("train.py", str(folder), cwd=project)
    loaded = python("load.py", str(folder), cwd=project)
    assert trained.stdout.splitlines()[-1:] == ["bitwise bitwise"], trained.stderr
    assert loaded.stdout.splitlines()[-1:] == ["True True"], loaded.stderr
    return folder


@pytest.mark.parametrize(
    ("name", "init", "config"),
    [
        ("Wide", {"width": 5, "scale": 3.0}, {"width": 5, "scale": 3.0}),
        ("Configured", {"config": {"width": 5, "name": "small"}}, {"width": 5, "name": "small"}),
    ],
)
def test_mixin_remembers_how_the_model_was_made(folder, name, init, config):
    """Arguments that neither a hyperparameter nor an attribute holds come from the mixin, and it reads the bundle."""
    manifest = reprobundle.verify(folder / name).manifest

    assert manifest.model.init.kwargs == init
    assert json.loads((folder / name / "config.json").read_text()) == config
