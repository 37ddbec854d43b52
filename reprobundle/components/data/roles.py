"""What a split's name says of its part in a training."""

from __future__ import annotations

import re

HELD_BACK = re.compile(
    r"(^|[^a-z])(test|testing|valid|validation|val|dev|eval|evaluation|holdout|heldout|held[_-]?out)($|[^a-z])"
)


def is_held_back(name: str) -> bool:
    """Whether a split's name says that the model did not learn from it."""
    return HELD_BACK.search(name.casefold()) is not None


def trains(name: str) -> bool:
    """Whether a split's name says that the model learned from it."""
    return "train" in name.casefold() and not is_held_back(name)
