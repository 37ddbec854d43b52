"""From samples that come one by one to blocks: consecutive samples of one form, side by side."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.blocks import EMPTY, NULL, OF_BYTES, Block, Column
from reprobundle.components.data.cells import Cell, cells_of
from reprobundle.components.data.digesting import WITHOUT_CONTENT, stored
from reprobundle.errors import UsageError

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

BLOCK_BYTES = 4 * 2**20
BLOCK_SAMPLES = 4096
CELL_BYTES = 100  # what Python takes for one cell, about

_Form = tuple[str, str, Any]


def blocks_of(samples: Iterable[Any], start: int = 0) -> Iterator[Block]:
    """Samples as blocks of at most 4 MiB or 4,096 samples, in their order.

    A sample of another form (other leaves, dtypes or shapes) begins a new block; a text, or a tensor of one dimension, of
    another length does not, nor does a missing value.

    Args:
        samples: Nested structures of tensors and plain values. A tensor is copied: the next sample may lie in its memory.
        start: Number of the first sample, for messages.

    Raises:
        UsageError: Something in a sample is neither a container, a tensor nor a plain value, or is a tensor of a dtype that
            cannot be kept; says in which.
    """
    group = _Group([])
    for index, sample in enumerate(samples, start):
        cells = _cells_of(index, sample)
        if not group.takes(cells):
            if group.count:
                yield group.block()
            group = _Group([_form(cell) for cell in cells])
        group.add(cells)
        if group.size >= BLOCK_BYTES or group.count >= BLOCK_SAMPLES:
            yield group.block()
            group = _Group([])
    if group.count:
        yield group.block()


def _cells_of(index: int, sample: Any) -> list[Cell]:
    try:
        return cells_of(sample)
    except (TypeError, ValueError, OverflowError) as error:  # UnknownLeaf is a TypeError
        raise UsageError(f"sample {index}: {error}") from error


def _form(cell: Cell) -> _Form:
    """What cells of one column share: a tensor of one dimension may have any length."""
    name, dtype, shape, _ = cell
    return name, dtype, shape if len(shape) != 1 else 1


class _Group:
    """Samples of one form, gathered column by column.

    Attributes:
        forms: Name, dtype and shape of each column.
        columns: The values of each, None where one is missing.
        size: Bytes that they take, about.
        count: Number of samples.
    """

    def __init__(self, forms: list[_Form]) -> None:
        self.forms = forms
        self.columns: list[list[Any]] = [[] for _ in forms]
        self.size = 0
        self.count = 0

    def takes(self, cells: Sequence[Cell]) -> bool:
        """Whether a sample is of this form, missing values aside; the form becomes that of both."""
        found = [_form(cell) for cell in cells]
        if found == self.forms:
            return True
        if len(found) != len(self.forms):
            return False
        joined = [_joined(one, other) for one, other in zip(self.forms, found, strict=True)]
        if None in joined:
            return False
        self.forms = [form for form in joined if form is not None]
        return True

    def add(self, cells: Sequence[Cell]) -> None:
        """Take in a sample of this form."""
        self.count += 1
        for column, (_, dtype, _, value) in zip(self.columns, cells, strict=True):
            self.size += CELL_BYTES
            if hasattr(value, "nbytes"):
                self.size += int(value.nbytes)
                column.append(value.copy())
                continue
            self.size += len(value) if dtype in OF_BYTES else 0
            column.append(value)

    def block(self) -> Block:
        """What was gathered."""
        return tuple(_column(form, values) for form, values in zip(self.forms, self.columns, strict=True))


def _joined(one: _Form, other: _Form) -> _Form | None:
    """The form of cells of two forms, where they part by a missing value only."""
    if one == other:
        return one
    if one[0] != other[0] or NULL not in {one[1], other[1]} or EMPTY in {one[1], other[1]}:
        return None
    return other if one[1] == NULL else one


def _column(form: _Form, values: Sequence[Any]) -> Column:
    import numpy as np

    name, dtype, shape = form
    missing = None
    if dtype != EMPTY and any(value is None for value in values):
        missing = np.array([value is None for value in values])
    if dtype in WITHOUT_CONTENT:
        return Column(name=name, dtype=dtype, values=np.zeros(len(values), np.uint8), missing=missing)
    if dtype in OF_BYTES:
        return _of_bytes(name, dtype, [value or b"" for value in values], missing)
    if shape == 1:
        lengths = {len(value) for value in values if value is not None}
        if len(lengths) > 1:
            return _of_lists(name, dtype, values, missing)
        shape = (lengths.pop(),)
    return Column(name=name, dtype=dtype, values=_stacked(values, dtype, shape), missing=missing)


def _of_bytes(name: str, dtype: str, values: Sequence[bytes], missing: Array | None) -> Column:
    import numpy as np

    content = np.frombuffer(b"".join(values), np.uint8)
    return Column(name=name, dtype=dtype, values=content, offsets=_offsets(map(len, values)), missing=missing)


def _of_lists(name: str, dtype: str, values: Sequence[Array | None], missing: Array | None) -> Column:
    import numpy as np

    present = [value for value in values if value is not None]
    lengths = [0 if value is None else len(value) for value in values]
    content = np.concatenate(present).astype(stored(dtype), copy=False)
    return Column(name=name, dtype=dtype, values=content, offsets=_offsets(lengths), missing=missing)


def _offsets(lengths: Iterable[int]) -> Array:
    import numpy as np

    return np.array([*itertools.accumulate(lengths, initial=0)], np.int64)  # faster than cumsum for a few


def _stacked(values: Sequence[Any], dtype: str, shape: tuple[int, ...]) -> Array:
    """Values of one shape along a new first axis, zero where one is missing."""
    import numpy as np

    kind = stored(dtype)
    if len(values) == 1 and values[0] is not None:
        single: Array = np.asarray(values[0], kind)[None]
        return single
    if any(value is None for value in values):
        values = [np.zeros(shape, kind) if value is None else value for value in values]
    if shape == ():
        return np.array(values, kind)
    return np.stack(values).astype(kind, copy=False)
