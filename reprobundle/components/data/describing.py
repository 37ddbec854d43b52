"""What the samples of a split are made of: each leaf's dtype and shape, and the bytes of all."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.blocks import EMPTY, NULL, OF_BYTES, Block, Column
from reprobundle.components.data.section import Leaf

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MAX_LEAVES = 1000
MIXED = "mixed"

_Shape = tuple[int, ...] | None


class Description:
    """Gathers the leaves of a split block by block; how it is cut into blocks changes nothing.

    Attributes:
        size: Bytes of the content of all leaves.
        count: Number of samples.
    """

    def __init__(self) -> None:
        """Begin with no sample."""
        self.size = 0
        self.count = 0
        self._leaves: dict[str, tuple[str, _Shape]] = {}
        self._missing: set[str] = set()

    def add(self, block: Block) -> None:
        """Take in some samples."""
        self.count += block[0].count
        for column in block:
            self.size += _size(column)
            found = column.dtype, _shape(column)
            if column.missing is not None and column.missing.any():
                self._missing.add(column.name)
            known = self._leaves.get(column.name)
            if known is not None:
                self._leaves[column.name] = _merged(known, found)
            elif len(self._leaves) < MAX_LEAVES:
                self._leaves[column.name] = found

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The leaves in the order met, at most 1,000."""
        return tuple(
            Leaf(name=name, dtype=dtype, shape=shape, missing=name in self._missing)
            for name, (dtype, shape) in self._leaves.items()
        )


def is_pair(block: Block) -> bool:
    """Whether the samples are pairs: leaves of the first part, then one that is the second."""
    names = [column.name for column in block]
    return len(names) > 1 and names[-1] == "1" and all(name.split("/", 1)[0] == "0" for name in names[:-1])


def _size(column: Column) -> int:
    if column.dtype in {NULL, EMPTY}:
        return 0
    if column.offsets is not None:
        return int(_lengths(column, column.offsets).sum() * column.values.itemsize)
    absent = 0 if column.missing is None else int(column.missing.sum())
    return int((column.count - absent) * math.prod(column.values.shape[1:]) * column.values.itemsize)


def _lengths(column: Column, offsets: Array) -> Array:
    """Lengths of the cells that are there, in elements."""
    import numpy as np

    lengths = np.diff(offsets)
    present: Array = lengths if column.missing is None else lengths[~column.missing]
    return present


def _shape(column: Column) -> tuple[int, ...]:
    """Shape of the leaf; a length that happens to be the same for all samples counts as fixed, whatever the source."""
    if column.dtype in OF_BYTES or column.offsets is None:
        return column.shape
    lengths = _lengths(column, column.offsets)
    return (int(lengths[0]),) if len(lengths) and (lengths == lengths[0]).all() else (-1,)


def _merged(known: tuple[str, _Shape], found: tuple[str, _Shape]) -> tuple[str, _Shape]:
    """What two blocks say together: a missing value says nothing, an empty list has no length."""
    if known == found or found[0] == NULL:
        return known
    if known[0] == NULL:
        return found
    if EMPTY in {known[0], found[0]}:
        known, found = (found, known) if known[0] == EMPTY else (known, found)
        found = (known[0], (0,)) if known[1] is not None and len(known[1]) == 1 else found
    dtype, old, new = known[0] if known[0] == found[0] else MIXED, known[1], found[1]
    if old is None or new is None or len(old) != len(new):
        return dtype, None
    return dtype, tuple(one if one == other else -1 for one, other in zip(old, new, strict=True))
