"""What a person would have written: a model, its data, and one call at the end, which is timed."""

from __future__ import annotations

import argparse
import cProfile
from pathlib import Path

import numpy as np
import torch
from net import FEATURES, Net

SAMPLES = 512


def main() -> None:
    """Train for no time at all, and capture."""
    parser = argparse.ArgumentParser()
    parser.add_argument("target")
    parser.add_argument("--layers", type=int, default=4)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--shard", type=int, default=5 * 10**9)
    parser.add_argument("--proof", action="store_true")
    parser.add_argument("--timed", action="store_true")
    parser.add_argument("--profile", type=Path)
    given = parser.parse_args()
    torch.manual_seed(0)
    model = Net(given.layers, given.width)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    model(torch.zeros(1, FEATURES)).sum()  # what torch does once only is not the capture's
    train, test = (table(seed) for seed in (0, 1))

    def act() -> None:
        import reprobundle

        reprobundle.capture(
            given.target,
            model=model,
            inputs=torch.from_numpy(test[0][:4]),
            hyperparameters={"layers": given.layers, "width": given.width, "lr": 0.1},
            preprocessing={"scale": 1.0},
            splits={"train": train, "test": test},
            metrics={"accuracy": 0.5},
            documentation={"title": "A model to measure with"},
            optimizer=optimizer,
            max_shard_bytes=given.shard,
            proof=given.proof,
            budget=0,
            quiet=True,
        )

    if given.profile:
        profile = cProfile.Profile()
        profile.runcall(act)
        profile.dump_stats(given.profile)
    elif given.timed:
        from clock import timed

        timed(act)
    else:
        act()


def table(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Samples and labels: float32 of shape (SAMPLES, FEATURES), and int64 of shape (SAMPLES,)."""
    draw = np.random.default_rng(seed)
    return draw.standard_normal((SAMPLES, FEATURES), dtype=np.float32), draw.integers(0, 2, SAMPLES)


if __name__ == "__main__":
    main()
