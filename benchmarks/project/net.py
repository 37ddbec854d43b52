"""A model of so many layers, each of which has a file of its own where the weights are split."""

from __future__ import annotations

import itertools

import torch

FEATURES = 64


class Net(torch.nn.Sequential):
    """Linear layers of one width, for samples of 64 features."""

    def __init__(self, layers: int, width: int) -> None:
        """Make them without the time that an initialisation takes."""
        ends = [FEATURES, *([width] * layers)]
        pairs = itertools.pairwise(ends)
        super().__init__(*(torch.nn.utils.skip_init(torch.nn.Linear, one, other) for one, other in pairs))
        with torch.no_grad():
            for value in self.parameters():
                value.uniform_(-1.0, 1.0).div_(width**0.5)
