"""The perceptron of every course: one hidden layer, its sizes from a configuration."""

from __future__ import annotations

import torch
from torch import nn


class MyModel(nn.Module):
    """Sees an image as ``num_channels`` pixel values and gives one score a class."""

    def __init__(self, config: dict[str, int]) -> None:
        """Draw the first weights; ``config`` holds ``num_channels``, ``hidden_size`` and ``num_classes``."""
        super().__init__()
        self.param = nn.Parameter(torch.randn(config["num_channels"], config["hidden_size"]) * 0.1)
        self.linear = nn.Linear(config["hidden_size"], config["num_classes"])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Scores of shape (batch, num_classes) for pixels of shape (batch, num_channels)."""
        return self.linear(torch.relu(x @ self.param))
