from __future__ import annotations

from pathlib import Path

import pytest
from projects import make_project, python
from support import require

import reprobundle
from reprobundle.report import Rung

require("lightning")
pytestmark = pytest.mark.slow

NET = """
import torch
from LIBRARY import LightningDataModule, LightningModule
from torch.utils.data import DataLoader, TensorDataset


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
        self.log("youth", -float(self.current_epoch))
        return self.loss(batch, "val_loss")

    def configure_optimizers(self):
        optimizer = torch.optim.SGD(self.parameters(), lr=self.hparams.rate)
        return [optimizer], [torch.optim.lr_scheduler.StepLR(optimizer, 1)]


class Around(Net):
    def __init__(self, layers):
        super().__init__(hidden=2)
        self.layers = layers


class Numbers(LightningDataModule):
    def __init__(self, rows, rate=0.7):
        super().__init__()
        self.save_hyperparameters()

    def setup(self, stage):
        data = TensorDataset(torch.randn(self.hparams.rows, 4), torch.arange(self.hparams.rows) % 3)
        sizes = [self.hparams.rows - 10, 6, 4]
        self.parts = torch.utils.data.random_split(data, sizes)

    def train_dataloader(self):
        return DataLoader(self.parts[0], batch_size=4, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.parts[1], batch_size=4)

    def test_dataloader(self):
        return DataLoader(self.parts[2], batch_size=4)
"""

TRAIN = """
import sys
import warnings
from pathlib import Path

import torch
from LIBRARY import Trainer, seed_everything
from LIBRARY.callbacks import ModelCheckpoint
from net import Around, Net, Numbers

from reprobundle.integrations.lightning import CaptureCallback


class Watched(CaptureCallback):
    def on_fit_end(self, trainer, pl_module):
        if trainer.is_global_zero:
            print("saved before", sorted(path.name for path in Path("kept").glob("*.ckpt")))
            if sys.argv[2] == "broken":
                Path(sys.argv[1]).mkdir()
        return super().on_fit_end(trainer, pl_module)


def main(out, kind):
    seed_everything(3)
    callback = Watched(out, budget=0, proof=kind != "around")
    kept = ModelCheckpoint("kept", monitor="youth", mode="max", save_last=True)
    strategy = {"devices": 2, "strategy": "ddp"} if kind == "ranks" else {"devices": 1}
    trainer = Trainer(max_epochs=2, accelerator="cpu", logger=False, callbacks=[callback, kept],
                      enable_progress_bar=False, enable_model_summary=False, **strategy)
    model = Around(torch.nn.Linear(4, 3)) if kind == "around" else Net(8)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        trainer.fit(model, datamodule=Numbers(rows=28))
    print("status", trainer.state.status.value)
    print("steps", trainer.global_step)
    print("proof", callback.captured and callback.captured.proof.status)
    for warning in caught:
        if "reprobundle" in str(warning.category):
            print(warning.category.__name__, warning.message)
    if kind == "broken":
        by_hand = str(caught[-1].message).partition("from what was saved: ")[2]
        import reprobundle

        inputs = torch.ones(2, 4)
        later = eval(by_hand.replace("inputs=…", "inputs=inputs, budget=0").replace("bundle'", "bundle-later'"))
        print("by hand", later.proof.status)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
"""


def fit(folder: Path, library: str, kind: str = "whole") -> tuple[list[str], str]:
    """Train for real in a process of its own; gives what it printed, and what on standard error."""
    files = {name: text.replace("LIBRARY", library) for name, text in (("net", NET), ("train", TRAIN))}
    project = make_project(folder / "project", **files)
    finished = python("train.py", str(folder / "bundle"), kind, cwd=project)
    assert finished.returncode == 0, finished.stderr
    return finished.stdout.splitlines(), finished.stderr


@pytest.mark.parametrize("library", ["lightning.pytorch", "pytorch_lightning"])
def test_fit_ends_with_a_proven_bundle(tmp_path, library):
    """One line in a trainer's call gives a proven bundle that replays bit by bit, under either name of the library."""
    printed, told = fit(tmp_path, library)
    manifest = reprobundle.verify(tmp_path / "bundle").manifest
    report = reprobundle.replay(tmp_path / "bundle", env="current", report=tmp_path / "report")
    best = tmp_path / "project" / "kept" / "epoch=0-step=5.ckpt"
    chosen, splits = manifest.hyperparameters, [(split.name, split.count) for split in manifest.data.splits]

    assert printed[-3:] == ["status finished", "steps 10", "proof bitwise"]
    assert manifest.model.entry == "net:Net"
    assert manifest.model.init.kwargs == {"hidden": 8, "rate": 0.1}
    assert chosen.values == {"hidden": 8, "rate": 0.1, "rows": 28}
    assert splits == [("train", 18), ("validation", 6), ("test", 4)]
    assert {claim.id for claim in manifest.claims.claims} == {"train_loss", "val_loss", "youth"}
    assert [(one.entry, one.steps) for one in chosen.optimizers] == [("torch.optim.sgd:SGD", None)]
    assert [one.entry for one in chosen.schedulers] == ["torch.optim.lr_scheduler:StepLR"]
    assert chosen.seeds["PL_GLOBAL_SEED"] == "3"
    assert report.verdict.rung is Rung.BITWISE, report.verdict.sentence
    assert "reprobundle: training is complete; capturing 'bundle'; proof=False leaves out" in told
    assert f"scored better\n  from what was saved: reprobundle.capture({str(tmp_path / 'bundle-best')!r}, " in told
    assert f"model={str(best)!r}, factory=Net, inputs=…)" in told


def test_failing_capture_harms_nothing(tmp_path):
    """A capture that fails is one loud warning; fit and checkpoints stand, and the way out that it names works."""
    printed, _ = fit(tmp_path, "lightning.pytorch", "broken")
    place = tmp_path / "bundle"
    saved = tmp_path / "project" / "kept" / "last.ckpt"

    assert printed[-8:] == [
        "saved before ['epoch=0-step=5.ckpt', 'last.ckpt']",
        "status finished",
        "steps 10",
        "proof None",
        "CaptureFailedWarning training is complete, but the bundle 'bundle' was not made: UsageError: "
        f"output folder {str(place)!r} exists; a bundle is never overwritten",
        "  hint: name another folder",
        f"  from what was saved: reprobundle.capture({str(place)!r}, model={str(saved)!r}, factory=Net, inputs=…)",
        "by hand bitwise",
    ]
    assert list(place.iterdir()) == []


def test_two_processes_make_one_bundle(tmp_path):
    """Under ``ddp`` rank 0 captures, with the random generators of both; each process ends well and knows of the bundle."""
    printed, told = fit(tmp_path, "lightning.pytorch", "ranks")
    manifest = reprobundle.verify(tmp_path / "bundle").manifest

    assert printed.count("proof bitwise") == 2
    assert manifest.hyperparameters.generators.ranks == (0, 1)
    assert "CaptureFailedWarning" not in "\n".join([*printed, told])


def test_what_cannot_be_made_again_is_told_before_training(tmp_path):
    """A module made around another cannot be made again from a bundle: the warning comes before training, with a way out."""
    printed, _ = fit(tmp_path, "lightning.pytorch", "around")
    words = next(line for line in printed if line.startswith("CaptureFailedWarning"))

    assert words.startswith(
        "CaptureFailedWarning 'bundle' will be unproven: what the model's constructor needs is not recorded: 'layers'"
    )
    assert "  hint: CaptureCallback(…, factory=a function of your module that makes the model, init={…})" in printed


def test_several_loaders_are_several_splits():
    """Loaders in a list are numbered, those of a mapping keep their names; samples come from the first of validation."""
    from types import SimpleNamespace

    from reprobundle.integrations.lightning import _loaders, _sampled

    trainer = SimpleNamespace(train_dataloader="a", val_dataloaders=["b", "c"])
    named = SimpleNamespace(train_dataloader={"x": "a", "y": "b"}, val_dataloaders=None)

    assert dict(_loaders(trainer)) == {"train": "a", "validation 0": "b", "validation 1": "c"}
    assert dict(_loaders(named)) == {"train x": "a", "train y": "b"}
    assert (_sampled(trainer), _sampled(named)) == ("b", "a")
