"""Samples that stand in a data split twice, or in two splits: leakage, found by digest."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.section import Overlap

if TYPE_CHECKING:
    import numpy as np


def repeats(digests: bytes) -> int:
    """How many 16-byte digests repeat an earlier one."""
    import numpy as np

    keys = _keys(digests)
    return len(keys) - len(np.unique(keys))


def overlaps(digests: Mapping[str, bytes]) -> dict[str, tuple[Overlap, ...]]:
    """For each split by name, in which others its samples stand, and how many.

    Args:
        digests: 16 bytes for each sample, by split.
    """
    import numpy as np

    keys = {name: _keys(content) for name, content in digests.items()}
    found: dict[str, list[Overlap]] = {name: [] for name in keys}
    for name, own in keys.items():
        for other, theirs in keys.items():
            count = int(np.isin(own, theirs).sum()) if other != name else 0
            if count:
                found[name].append(Overlap(split=other, count=count))
    return {name: tuple(items) for name, items in found.items()}


def _keys(digests: bytes) -> np.ndarray[Any, Any]:
    import numpy as np

    return np.frombuffer(digests, "S16")  # compared as 16 bytes padded with zeros: equal only when all are
