"""The numbers of Table 2, as the paper computes them."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from net import Perceptron
from safetensors.torch import load_file


def read(path: str) -> tuple[torch.Tensor, torch.Tensor]:
    """Pixels, float32 of shape (n, 64) from 0 to 1, and labels, int64 of shape (n,), of a split's file."""
    with np.load(path) as split:
        return torch.from_numpy(split["pixels"]), torch.from_numpy(split["labels"])


@torch.no_grad()
def predictions(model: torch.nn.Module, pixels: torch.Tensor) -> torch.Tensor:
    """The digit with the highest score, int64 of shape (n,)."""
    return model(pixels).argmax(1)


def accuracy(model: torch.nn.Module, pixels: torch.Tensor, labels: torch.Tensor) -> float:
    """Share of the digits that are recognised, in per cent."""
    return 100 * (predictions(model, pixels) == labels).double().mean().item()


def table(model: torch.nn.Module, path: str) -> dict[str, float]:
    """Rows 1 and 2, by the ids of their claims."""
    pixels, labels = read(path)
    return {"row-1": accuracy(model, pixels, labels), "row-2": accuracy(model, pixels / 2, labels)}


def macro_f1(model: torch.nn.Module, path: str) -> float:
    """The mean over the digits of the harmonic mean of precision and recall."""
    pixels, labels = read(path)
    found = predictions(model, pixels)
    scores = []
    for digit in range(10):
        right = ((found == digit) & (labels == digit)).sum().item()
        scores.append(2 * right / ((found == digit).sum().item() + (labels == digit).sum().item()))
    return sum(scores) / len(scores)


def main() -> None:
    """Row 3, from a weights file to a JSON file."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("weights")
    parser.add_argument("data")
    parser.add_argument("out", type=Path)
    given = parser.parse_args()
    model = Perceptron()
    model.load_state_dict(load_file(given.weights))
    given.out.write_text(json.dumps({"row-3": macro_f1(model.eval(), given.data)}), encoding="utf-8")


if __name__ == "__main__":
    main()
