"""Train the classifier on scikit-learn's digits (1,797 real images), then pack it: the last call is all it takes."""

import sys
from pathlib import Path

import numpy as np
import torch
from measure import read, right
from net import Net, prepare
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import reprobundle

HYPERPARAMETERS = {"channels": 16, "dropout": 0.2, "epochs": 15, "batch_size": 64, "learning_rate": 2e-3, "seed": 7}


def write_splits(folder: Path) -> dict[str, Path]:
    """The training and the test split as files, one quarter of the images held out, classes balanced."""
    digits = load_digits()
    parts = train_test_split(
        digits.images, digits.target, test_size=0.25, stratify=digits.target, random_state=HYPERPARAMETERS["seed"]
    )
    folder.mkdir(exist_ok=True)
    for name, images, labels in (("train", parts[0], parts[2]), ("test", parts[1], parts[3])):
        np.savez(folder / f"{name}.npz", images=images, labels=labels)
    return {name: folder / f"{name}.npz" for name in ("train", "test")}


def train(model: Net, split: TensorDataset) -> None:
    """Fit the model in place."""
    batches = DataLoader(split, batch_size=HYPERPARAMETERS["batch_size"], shuffle=True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=HYPERPARAMETERS["learning_rate"])
    model.train()
    for _ in range(HYPERPARAMETERS["epochs"]):
        for images, labels in batches:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(prepare(images)), labels).backward()
            optimizer.step()


def main(target: str) -> None:
    """Train, measure, capture into the folder `target`."""
    torch.manual_seed(HYPERPARAMETERS["seed"])
    splits = write_splits(Path("data"))
    model = Net(HYPERPARAMETERS["channels"], HYPERPARAMETERS["dropout"])
    train(model, TensorDataset(*read(splits["train"])))
    found = right(model.eval(), splits["test"])
    reached = found.double().mean().item()
    print(f"test accuracy {reached:.4f}")

    sample = read(splits["test"])[0][:32]
    reprobundle.capture(
        target,
        model=model,
        inputs=prepare(sample),
        hyperparameters=HYPERPARAMETERS,
        preprocessing=reprobundle.Preprocessing(transform=prepare, samples=sample),
        splits=splits,
        claims=[
            {
                "id": "test-accuracy",
                "text": "test accuracy",
                "value": round(reached, 4),
                "decimals": 4,
                "split": "test",
                "entry": right,  # which a replay calls with the model and a reviewer's copy of the split
                "per_sample": found,
                "group": "labels",  # a column of the split: the accuracy by digit
            }
        ],
        documentation={"title": "Handwritten digits, 8 x 8 pixels", "license": "Apache-2.0"},
        budget=60,
    )


if __name__ == "__main__":
    main(sys.argv[1])
