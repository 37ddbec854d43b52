"""Lesson 1: a state dict and a JSON file, saved and loaded by hand; then captured."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from digits import CONFIG, TRAINING, accuracy, splits, train
from model import MyModel

import reprobundle


def save_model(model: MyModel, config: dict[str, int], folder: Path) -> None:
    """What the lesson teaches: the weights in one file, what made the model in another."""
    folder.mkdir(parents=True)
    torch.save(model.state_dict(), folder / "model.pth")
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")


def load_model(folder: Path) -> MyModel:
    """The model again, as long as this very code and these very libraries are at hand."""
    model = MyModel(json.loads((folder / "config.json").read_text(encoding="utf-8")))
    model.load_state_dict(torch.load(folder / "model.pth", weights_only=True))
    return model


def main(folder: Path) -> None:
    """Train, save, load, compare; then capture the whole of it into one bundle."""
    torch.manual_seed(TRAINING["seed"])
    train_split, test_split = splits()
    model = MyModel(CONFIG)
    train(model, *train_split)
    reached = accuracy(model, *test_split)
    print(f"test accuracy {reached:.4f}")

    save_model(model, CONFIG, folder / "local")
    same = torch.equal(load_model(folder / "local")(test_split[0]), model(test_split[0]))
    print(f"saved and loaded: {'same outputs' if same else 'OTHER OUTPUTS'}, on this machine, today")

    captured = reprobundle.capture(
        folder / "local-bundle",
        model=model,
        init={"config": CONFIG},
        inputs=test_split[0][:16],
        hyperparameters={**CONFIG, **TRAINING},
        splits={"train": train_split, "test": test_split},
        metrics={"test accuracy": reached},
    )
    print(f"captured: proof {captured.proof.status}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
