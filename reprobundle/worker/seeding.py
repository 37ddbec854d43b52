"""One seed for every generator that a model or a preprocessing function may draw from, at capture and at replay."""

from __future__ import annotations

import random
import sys

SEED = 0


def seed(value: int = SEED) -> None:
    """Seed Python's generator, and numpy's and torch's (every device) where those libraries are loaded."""
    random.seed(value)
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if numpy is not None:
        numpy.random.seed(value)  # the legacy generator is the one that code draws from without naming it
    if torch is not None:
        torch.manual_seed(value)
