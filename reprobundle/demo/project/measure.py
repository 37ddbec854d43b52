"""What the classifier reaches on a split, computed the same way after training and by whoever replays it."""

import numpy as np
import torch
from net import Net, prepare


def read(path: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Images of shape (n, 8, 8) and labels of shape (n,) of a split's file."""
    with np.load(path) as split:
        return torch.from_numpy(split["images"]), torch.from_numpy(split["labels"])


def right(model: Net, path: str) -> torch.Tensor:
    """Whether each image's digit is recognised, of shape (n,): their mean is the accuracy."""
    images, labels = read(path)
    with torch.no_grad():
        return model(prepare(images)).argmax(1) == labels
