"""Train the classifier on scikit-learn's digits (1,797 real images), then pack it: the last call is all it takes."""

import sys

import torch
from net import Net, prepare
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

import reprobundle

HYPERPARAMETERS = {"channels": 16, "dropout": 0.2, "epochs": 15, "batch_size": 64, "learning_rate": 2e-3, "seed": 7}


def load_splits() -> tuple[TensorDataset, TensorDataset]:
    """The training and the test split, one quarter of the images held out, classes balanced."""
    digits = load_digits()
    parts = train_test_split(
        digits.images, digits.target, test_size=0.25, stratify=digits.target, random_state=HYPERPARAMETERS["seed"]
    )
    train_images, test_images, train_labels, test_labels = map(torch.as_tensor, parts)
    return TensorDataset(train_images, train_labels), TensorDataset(test_images, test_labels)


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


def accuracy(model: Net, split: TensorDataset) -> float:
    """Share of images whose digit is recognised, between 0 and 1."""
    images, labels = split.tensors
    model.eval()
    with torch.no_grad():
        return (model(prepare(images)).argmax(1) == labels).float().mean().item()


def main(target: str) -> None:
    """Train, measure, capture into the folder `target`."""
    torch.manual_seed(HYPERPARAMETERS["seed"])
    train_split, test_split = load_splits()
    model = Net(HYPERPARAMETERS["channels"], HYPERPARAMETERS["dropout"])
    train(model, train_split)
    reached = accuracy(model, test_split)
    print(f"test accuracy {reached:.4f}")

    sample = test_split.tensors[0][:32]
    reprobundle.capture(
        target,
        model=model,
        inputs=prepare(sample),
        hyperparameters=HYPERPARAMETERS,
        preprocessing=reprobundle.Preprocessing(transform=prepare, samples=sample),
        splits={"train": train_split, "test": test_split},
        metrics={"test accuracy": reached},
        documentation={"title": "Handwritten digits, 8 x 8 pixels", "license": "Apache-2.0"},
        budget=60,
    )


if __name__ == "__main__":
    main(sys.argv[1])
