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
    model = Wide(5, scale=3.0) if sys.argv[2] == "Wide" else Configured({"width": 5, "name": "small"})
    captured = reprobundle.capture(sys.argv[1], model=model, inputs=torch.ones(2, 4), budget=0)
    print(captured.proof.status)
"""

LOAD = """
import sys

import net
import torch
from safetensors.torch import load_file

model = getattr(net, sys.argv[2]).from_pretrained(sys.argv[1], strict=True)
expected = load_file(sys.argv[1] + "/replay/expected.safetensors")["value"]
print(torch.equal(model(torch.ones(2, 4)), expected))
"""


@pytest.mark.parametrize(
    ("name", "init", "config"),
    [
        ("Wide", {"width": 5, "scale": 3.0}, {"width": 5, "scale": 3.0}),
        ("Configured", {"config": {"width": 5, "name": "small"}}, {"width": 5, "name": "small"}),
    ],
)
def test_mixin_remembers_how_the_model_was_made(tmp_path, name, init, config):
    """Arguments that neither a hyperparameter nor an attribute holds come from the mixin, and it reads the bundle."""
    project = make_project(tmp_path / "project", net=NET, train=TRAIN, load=LOAD)
    trained = python("train.py", str(tmp_path / "bundle"), name, cwd=project)
    loaded = python("load.py", str(tmp_path / "bundle"), name, cwd=project)
    manifest = reprobundle.verify(tmp_path / "bundle").manifest

    assert trained.stdout.splitlines()[-1:] == ["bitwise"], trained.stderr
    assert manifest.model.init.kwargs == init
    assert json.loads((tmp_path / "bundle" / "config.json").read_text()) == config
    assert loaded.stdout.splitlines()[-1:] == ["True"], loaded.stderr
