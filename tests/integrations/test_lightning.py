from __future__ import annotations

from pathlib import Path

import pytest
from projects import make_project, python

import reprobundle
from reprobundle.report import Rung

pytest.importorskip("lightning")
pytest.importorskip("pytorch_lightning")
pytestmark = pytest.mark.slow

NET = """
import torch
from LIBRARY import LightningModule


class Net(LightningModule):
    def __init__(self, hidden, rate=0.1):
        super().__init__()
        self.save_hyperparameters()
        self.layers = torch.nn.Sequential(torch.nn.Linear(4, hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 3))

    def forward(self, x):
        return self.layers(x)

    def loss(self, batch, name):
        x, y = batch
        found = torch.nn.functional.cross_entropy(self(x), y)
        self.log(name, found)
        return found

    def training_step(self, batch):
        return self.loss(batch, "train_loss")

    def validation_step(self, batch):
        return self.loss(batch, "val_loss")

    def configure_optimizers(self):
        return torch.optim.SGD(self.parameters(), lr=self.hparams.rate)
"""

TRAIN = """
import sys
import warnings
from pathlib import Path

import torch
from LIBRARY import Trainer, seed_everything
from net import Net
from torch.utils.data import DataLoader, TensorDataset

from reprobundle.integrations.lightning import CaptureCallback

if __name__ == "__main__":
    seed_everything(3)
    data = TensorDataset(torch.randn(24, 4), torch.arange(24) % 3)
    train, val = torch.utils.data.random_split(data, [18, 6])
    given = {"splits": [object()], "inputs": None, "metrics": 1, "model": object()} if sys.argv[2] == "broken" else {}
    callback = CaptureCallback(sys.argv[1], budget=0, **given)
    trainer = Trainer(max_epochs=2, accelerator="cpu", logger=False, callbacks=[callback],
                      enable_progress_bar=False, enable_model_summary=False)
    model = Net(8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(model, DataLoader(train, batch_size=4, shuffle=True), DataLoader(val, batch_size=4))
    print("status", trainer.state.status.value)
    print("steps", trainer.global_step)
    print("checkpoints", len(list(Path("checkpoints").glob("*.ckpt"))))
    print("proof", callback.captured and callback.captured.proof.status)
    for warning in caught:
        if "reprobundle" in str(warning.category):
            print(warning.category.__name__, warning.message)
"""


def fit(folder: Path, library: str, kind: str = "whole") -> list[str]:
    """Train for real in a process of its own; gives what it printed."""
    files = {name: text.replace("LIBRARY", library) for name, text in (("net", NET), ("train", TRAIN))}
    project = make_project(folder / "project", **files)
    finished = python("train.py", str(folder / "bundle"), kind, cwd=project)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines()


@pytest.mark.parametrize("library", ["lightning.pytorch", "pytorch_lightning"])
def test_fit_ends_with_a_proven_bundle(tmp_path, library):
    """One line in a trainer's call gives a proven bundle that replays bit by bit, under either name of the library."""
    printed = fit(tmp_path, library)
    manifest = reprobundle.verify(tmp_path / "bundle").manifest
    report = reprobundle.replay(tmp_path / "bundle", env="current", report=tmp_path / "report")

    assert printed[-4:] == ["status finished", "steps 10", "checkpoints 1", "proof bitwise"]
    assert manifest.model.entry == "net:Net"
    assert manifest.model.init.kwargs == {"hidden": 8, "rate": 0.1}
    assert manifest.hyperparameters.values == {"hidden": 8, "rate": 0.1}
    assert [(split.name, split.count) for split in manifest.data.splits] == [("train", 18), ("validation", 6)]
    assert {claim.id for claim in manifest.claims.claims} == {"train_loss", "val_loss"}
    assert report.verdict.rung is Rung.BITWISE, report.verdict.sentence


def test_failing_capture_harms_nothing(tmp_path):
    """A capture that fails after training is one loud warning; the fit and its checkpoint stand."""
    printed = fit(tmp_path, "lightning.pytorch", "broken")

    assert printed[-5:-1] == ["status finished", "steps 10", "checkpoints 1", "proof None"]
    assert printed[-1].startswith("CaptureFailedWarning training is complete, but the bundle 'bundle' was not made: ")
    assert not (tmp_path / "bundle").exists()


def test_several_loaders_are_several_splits():
    """Loaders in a list are numbered, those of a mapping keep their names; samples come from the first of validation."""
    from types import SimpleNamespace

    from reprobundle.integrations.lightning import _loaders, _sampled

    trainer = SimpleNamespace(train_dataloader="a", val_dataloaders=["b", "c"])
    named = SimpleNamespace(train_dataloader={"x": "a", "y": "b"}, val_dataloaders=None)

    assert dict(_loaders(trainer)) == {"train": "a", "validation 0": "b", "validation 1": "c"}
    assert dict(_loaders(named)) == {"train x": "a", "train y": "b"}
    assert (_sampled(trainer), _sampled(named)) == ("b", "a")
