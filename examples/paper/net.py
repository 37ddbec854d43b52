"""The model of the paper."""

from __future__ import annotations

import torch
from torch import nn


class Perceptron(nn.Module):
    """One hidden layer over 64 pixels, a score for each of ten digits."""

    def __init__(self, hidden: int = 32) -> None:
        """Draw the first weights for ``hidden`` units."""
        super().__init__()
        self.hidden = nn.Linear(64, hidden)
        self.scores = nn.Linear(hidden, 10)

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        """Scores of shape (batch, 10), float32, for pixels of shape (batch, 64), float32, from 0 to 1."""
        return self.scores(torch.relu(self.hidden(pixels)))
