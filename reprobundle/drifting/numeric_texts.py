"""Numbers that were recorded as texts: a shift of them is a change of words, and cannot be seen as one of values."""

from __future__ import annotations

import re
from collections.abc import Iterator

from reprobundle.components.data.blocks import TEXT
from reprobundle.components.data.statistics.form import Feature, Statistics
from reprobundle.drifting import limits
from reprobundle.drifting.categories import listed
from reprobundle.phrases import some

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?", re.ASCII | re.IGNORECASE)
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none"})
SHOWN_NAMES = 5


def note_on_numbers(recorded: Statistics) -> Iterator[str]:
    """One line on the columns of text that hold numbers only, the label aside; none where there are none."""
    names = [repr(name) for name in dict.fromkeys(_names(recorded)) if name != recorded.label]
    if names:
        told = f"{some(names, SHOWN_NAMES)}: recorded as text though all values listed are numbers"
        yield f"{told}: compared as words, not by size; capture the split again, with dtypes, to have them compared as numbers"


def _names(recorded: Statistics) -> Iterator[str]:
    for feature in recorded.features:
        if feature.dtype == TEXT and feature.kind == "category" and _are_numbers(feature):
            yield feature.name


def _are_numbers(feature: Feature) -> bool:
    """Whether a category is a number, more often than in a code of few values, each of which is tested by itself."""
    texts = [str(one.value) for one in listed(feature)]
    numbers = [text for text in texts if text.strip().casefold() not in MISSING]
    return len(numbers) > limits.FEW_VALUES and all(NUMBER.fullmatch(text.strip()) for text in numbers)
