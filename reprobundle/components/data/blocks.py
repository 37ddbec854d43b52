"""Samples side by side: a block is a run of samples of one form, each leaf of them one column.

Every source of samples (arrays, tables, data sets) is read as a stream of blocks; digests, statistics and comparisons
are taken from blocks alone. How a split is cut into blocks says nothing about the split and changes no digest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

NULL = "null"
EMPTY = "empty"
TEXT, BINARY, INTEGER, DECIMAL = "text", "binary", "integer", "decimal"
OF_BYTES = frozenset({TEXT, BINARY, INTEGER, DECIMAL})


@dataclass(frozen=True, kw_only=True)
class Column:
    """One leaf of each sample of a block.

    A column is *fixed* (``offsets`` is None): ``values`` has shape (samples, …) and sample i's leaf is ``values[i]``. Or it is
    *ragged*: ``values`` has one dimension, and sample i's leaf is ``values[offsets[i]:offsets[i + 1]]``, a 1-D tensor, or the
    bytes of a text, a binary string, an integer beyond 64 bits or a decimal number.

    Attributes:
        name: The leaf's path in the sample's structure; ``value`` for a bare one.
        dtype: safetensors' name of a tensor's dtype (``F32``); ``text`` (UTF-8), ``binary``, ``integer`` and ``decimal`` (ASCII
            digits); ``timestamp[us]``, ``timestamp[us, UTC]``, ``duration[us]``, ``time[us]`` with the unit s, ms, us or ns, or
            ``date[day]``, as I64 values counted from 1970-01-01 or from midnight; ``null`` where every cell is missing;
            ``empty`` for a container that holds nothing, whose values (U8, zero) say nothing.
        values: The cells; for a dtype of bytes of dtype uint8; zero where a cell is missing.
        offsets: For a ragged column, shape (samples + 1,), int64, ascending from 0, counted in elements of `values`.
        missing: Shape (samples,), Boolean: where there is no value; None where every sample has one.
    """

    name: str
    dtype: str
    values: Array
    offsets: Array | None = None
    missing: Array | None = None

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.values) if self.offsets is None else len(self.offsets) - 1

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the leaf in one sample, -1 for a length that varies; () for a text."""
        if self.offsets is None:
            return tuple(self.values.shape[1:])
        return () if self.dtype in OF_BYTES else (-1,)


Block = tuple[Column, ...]
"""Columns of one run of samples, all of the same count, in the order of the leaves."""
