"""torch's subsets: splits that are indices into one parent."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.given import DataSplit
from reprobundle.components.data.section import Split
from reprobundle.components.interface import Failure, attempt

if TYPE_CHECKING:
    import numpy as np

DEEPEST = 32


@dataclass(frozen=True)
class OfOneParent:
    """Splits that were cut of one data set.

    Attributes:
        parent: The data set.
        indices: For each split an int64 array of shape (samples of the split,), by name.
    """

    parent: Any
    indices: Mapping[str, np.ndarray[Any, Any]]


def of_one_parent(given: Any, splits: Sequence[Split]) -> OfOneParent | None:
    """The indices of the splits into their common parent; None where one is no subset, or of another parent.

    Args:
        given: What the person gave as splits, by name.
        splits: Those that were recorded.
    """
    torch = sys.modules.get("torch")
    if torch is None or not splits or not isinstance(given, Mapping):
        return None
    found = attempt(lambda: {split.name: _resolved(given[split.name], torch) for split in splits})
    if isinstance(found, Failure):
        return None
    (parent, first), *others = found.values()
    if first is None or any(rows is None or other is not parent for other, rows in others):
        return None
    return OfOneParent(parent, {name: rows for name, (_, rows) in found.items()})


def _resolved(value: Any, torch: Any) -> tuple[Any, Any]:
    """The parent that a subset, perhaps of a subset, leads to, and its indices there; None for what is no subset."""
    import numpy as np

    value = value.data if isinstance(value, DataSplit) else value
    rows: Any = None
    for _ in range(DEEPEST):
        if type(value) is not torch.utils.data.Subset:
            break
        own = np.asarray([int(index) for index in value.indices], dtype=np.int64)
        rows = own if rows is None else own[rows]
        value = value.dataset
    if rows is not None:  # Python counts from the end, too
        rows = np.where(rows < 0, rows + len(value), rows)
    return value, rows
