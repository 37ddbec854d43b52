"""Train on handwritten digits, save the lesson's way, then capture."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import torch
from model import MyModel
from sklearn.datasets import load_digits
from torch.nn.functional import cross_entropy

import reprobundle

CONFIG = {"num_channels": 64, "hidden_size": 32, "num_classes": 10}
TRAINING = {"epochs": 300, "learning_rate": 0.01, "seed": 0}


def digits() -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels from 0 to 1, float32 of shape (1797, 64), and labels, int64 of shape (1797,), in a fixed random order."""
    pixels, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(TRAINING["seed"]))
    return (torch.tensor(pixels, dtype=torch.float32) / 16)[order], torch.tensor(labels)[order]


def train(model: MyModel, x: torch.Tensor, y: torch.Tensor) -> None:
    """Fit the whole training split, again and again."""
    optimiser = torch.optim.Adam(model.parameters(), lr=TRAINING["learning_rate"])
    for _ in range(TRAINING["epochs"]):
        optimiser.zero_grad()
        cross_entropy(model(x), y).backward()
        optimiser.step()


def save_model(model: MyModel, config: dict[str, int], folder: Path) -> None:
    """What the lesson teaches: the weights in one file, what made the model in another."""
    folder.mkdir(parents=True, exist_ok=True)
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
    x, y = digits()
    train_split, test_split = (x[:1437], y[:1437]), (x[1437:], y[1437:])
    model = MyModel(CONFIG)
    train(model, *train_split)
    accuracy = (model(test_split[0]).argmax(1) == test_split[1]).float().mean().item()
    print(f"test accuracy {accuracy:.4f}")

    save_model(model, CONFIG, folder / "lesson")
    same = torch.equal(load_model(folder / "lesson")(test_split[0]), model(test_split[0]))
    print(f"saved and loaded the lesson's way: {'same outputs' if same else 'other outputs'}, on this machine, today")

    captured = reprobundle.capture(
        folder / "bundle",
        model=model,
        init={"config": CONFIG},
        inputs=test_split[0][:16],
        hyperparameters={**CONFIG, **TRAINING},
        splits={"train": train_split, "test": test_split},
        metrics={"test accuracy": accuracy},
    )
    print(f"captured {captured.path}, proof: {captured.proof.status}")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "out"))
