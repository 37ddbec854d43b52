"""A reload is strict: nothing is left at random, and dtypes, ties and buffers come back as they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from forging import forged
from projects import make_project, python

import reprobundle
from reprobundle import tensors
from reprobundle.report import Report, Status
from reprobundle.store import Writer

torch = pytest.importorskip("torch")
pytest.importorskip("huggingface_hub")

pytestmark = pytest.mark.slow

NET = """
import torch
from huggingface_hub import PyTorchModelHubMixin
from torch import nn


class Net(nn.Module, PyTorchModelHubMixin):
    def __init__(self, size=4):
        super().__init__()
        self.words = nn.Embedding(5, size)
        self.body = nn.Linear(size, size)
        self.head = nn.Linear(size, 5, bias=False)
        self.head.weight = self.words.weight
        self.register_buffer("table", torch.linspace(0, 1, size) / 3, persistent=False)

    def forward(self, ids):
        return self.head(self.body(self.words(ids)) * self.table)
"""
TRAIN = """
import sys

import torch
from net import Net

import reprobundle

if __name__ == "__main__":
    torch.manual_seed(3)
    model = Net(size=4).half()
    model.body.to(torch.float16)
    captured = reprobundle.capture(sys.argv[1], model=model, inputs=torch.arange(5), budget=0)
    print(captured.proof.status)
"""
SILENT = """
import sys, warnings
warnings.simplefilter("error")
from net import Net
model = Net.from_pretrained(sys.argv[1])
print(tuple(model.body.bias.shape))
"""


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model in half precision, with tied weights and a table that is no part of its state."""
    folder = tmp_path_factory.mktemp("strict")
    project = make_project(folder / "project", net=NET, train=TRAIN)
    finished = python("train.py", str(folder / "bundle"), cwd=project)
    assert finished.stdout == "bitwise\n", finished.stdout + finished.stderr
    return folder / "bundle"


def replay(bundle: Path, folder: Path) -> Report:
    """Replay in this interpreter, without walls."""
    return reprobundle.replay(bundle, env="current", sandbox="none", report=folder / "report", require="bitwise")


def said(report: Report, status: Status) -> list[str]:
    """What the report says of the model."""
    return [found.message for found in report.findings if found.kind == "model" and found.status is status]


def test_dtypes_ties_and_tables_come_back(bundle: Path, tmp_path: Path) -> None:
    """Half precision, one tensor under two names, and a halved table that the constructor makes in full precision."""
    report = replay(bundle, tmp_path)

    assert report.verdict.sentence == "reproduced, bitwise"
    assert said(report, Status.SAME) == [
        "weights after load: 4 tensors, all as recorded",
        "buffers outside the state: 1 buffer, all as recorded",
        "tied weights: 1 name shared, all as recorded",
    ]


def test_a_table_that_the_class_makes_no_more_is_told(bundle: Path, tmp_path: Path) -> None:
    """A recorded buffer without a place is a finding, and never an error."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        net = folder / "code" / "source" / "net.py"
        net.write_text(net.read_text().replace('"table"', '"grid"').replace("self.table", "self.grid.half()"))

    report = replay(forged(bundle, tmp_path / "forged", edit), tmp_path)

    assert "1 buffer that the class makes no more: 'table'" in said(report, Status.DIFFERS)
    assert report.outputs[0].count == 25


def test_a_missing_weight_is_named_where_the_mixin_reloads_silently(bundle: Path, tmp_path: Path) -> None:
    """A weights file without a key stops the load and the key is named; `from_pretrained` leaves it at random."""

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        arrays = tensors.read_arrays(folder / "model.safetensors")
        del arrays["body.bias"]
        (folder / "model.safetensors").unlink()
        kept = {name: tensors.of_array(array) for name, array in arrays.items()}
        tensors.write(Writer(folder), "model.safetensors", kept)

    broken = forged(bundle, tmp_path / "forged", edit)
    report = replay(broken, tmp_path)
    silent = python("-c", SILENT, str(broken), cwd=broken / "code" / "source")

    assert silent.stdout.endswith("(4,)\n"), silent.stderr
    assert silent.returncode == 0
    assert not report.verdict.reproduced
    assert report.diagnosis is not None
    assert report.diagnosis.stage == "weights"
    assert report.diagnosis.paragraph == (
        "The model stopped at the stage 'load': UnfitWeights: the weights do not fit Net: missing from the weights (1): "
        "'body.bias'. The log has the whole message. The weights file, or the class that it is loaded into, is not the captured "
        "one. Try: compare both with the original, or ask whoever made the bundle to capture it again."
    )
    assert said(report, Status.DIFFERS) == [
        "the weights do not fit the class: 1 tensor missing from the weights: 'body.bias'"
    ]
    assert "'body.bias'" in (tmp_path / "report" / "report.txt").read_text()
    assert "body.bias" in (tmp_path / "report" / "report.html").read_text()
    assert "body.bias" in json.dumps(json.loads((tmp_path / "report" / "report.json").read_bytes())["diagnosis"])
