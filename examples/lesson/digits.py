"""The lesson's data and training loop: the handwritten digits that scikit-learn ships."""

from __future__ import annotations

import torch
from sklearn.datasets import load_digits
from torch import nn
from torch.nn.functional import cross_entropy

CONFIG = {"num_channels": 64, "hidden_size": 32, "num_classes": 10}
TRAINING = {"epochs": 300, "learning_rate": 0.01, "seed": 0}

Split = tuple[torch.Tensor, torch.Tensor]


def splits() -> tuple[Split, Split]:
    """1437 images to learn from and 360 to test on: pixels from 0 to 1, float32 of shape (n, 64), and labels, int64."""
    pixels, labels = load_digits(return_X_y=True)
    order = torch.randperm(len(labels), generator=torch.Generator().manual_seed(TRAINING["seed"]))
    x, y = (torch.tensor(pixels, dtype=torch.float32) / 16)[order], torch.tensor(labels)[order]
    return (x[:1437], y[:1437]), (x[1437:], y[1437:])


def train(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> None:
    """Fit the whole training split, again and again."""
    optimiser = torch.optim.Adam(model.parameters(), lr=TRAINING["learning_rate"])
    for _ in range(TRAINING["epochs"]):
        optimiser.zero_grad()
        cross_entropy(model(x), y).backward()
        optimiser.step()


def accuracy(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> float:
    """Share of the images whose highest score is that of the right digit."""
    return (model(x).argmax(1) == y).float().mean().item()
