"""A small convolutional classifier for handwritten digits, and how an image becomes its input."""

import torch
from torch import nn


class Net(nn.Module):
    """Classifies grey images of shape (batch, 1, 8, 8) into ten digits; gives logits of shape (batch, 10)."""

    def __init__(self, channels: int = 16, dropout: float = 0.2) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, channels, 3, padding=1),
            nn.BatchNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, 2 * channels, 3, padding=1),
            nn.BatchNorm2d(2 * channels),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Flatten(),
        )
        self.classify = nn.Sequential(nn.Dropout(dropout), nn.Linear(2 * channels * 16, 10))

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Logits of shape (batch, 10)."""
        return self.classify(self.features(images))


def prepare(raw: torch.Tensor) -> torch.Tensor:
    """Scale pixels from 0…16 to 0…1 and add the channel: (batch, 8, 8) becomes (batch, 1, 8, 8), float32."""
    return raw.to(torch.float32).div(16).unsqueeze(1)
