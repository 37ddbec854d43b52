"""The digest of a sample: XXH3-128 over its leaves in the order of its structure.

Each leaf is a head, the UTF-8 JSON array ``["name","F32",[2,3]]`` without blanks and a newline, and its content: bytes in
C order, little-endian, every NaN as one. docs/format.md tells all of it. `digest_sample` is the definition in a few lines;
`digest_block` gives the same for many samples at once.
"""

from __future__ import annotations

import functools
import itertools
import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import xxhash

from reprobundle import tensors
from reprobundle.components.data.blocks import EMPTY, NULL, OF_BYTES, Block, Column
from reprobundle.components.data.cells import Cell, cells_of
from reprobundle.tensors.dtypes import BITS

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DIGEST_BYTES = 16
BUFFER_BYTES = 4 * 2**20
FEW_ROWS = 4
HEAD_BYTES = 40  # about what a head takes: a buffer need not be cut to the byte
WITHOUT_CONTENT = frozenset({NULL, EMPTY})

_INFINITY = {"F16": 0x7C00, "BF16": 0x7F80, "F32": 0x7F800000, "F64": 0x7FF0000000000000}
_NAN = {"F16": 0x7E00, "BF16": 0x7FC0, "F32": 0x7FC00000, "F64": 0x7FF8000000000000}


def digest_sample(sample: Any) -> bytes:
    """Digest of one sample, 16 bytes.

    Raises:
        UnknownLeaf: Something in it is neither a container, a tensor nor a plain value.
        TypeError: A tensor of a dtype that cannot be kept.
    """
    state = xxhash.xxh3_128()
    for cell in cells_of(sample):
        shape, content = _shape_and_content(cell)
        state.update(head(cell.name, cell.dtype, shape))
        state.update(content)
    return state.digest()


def _shape_and_content(cell: Cell) -> tuple[tuple[int, ...], bytes]:
    import numpy as np

    if cell.dtype in WITHOUT_CONTENT:
        return (), b""
    if cell.dtype in OF_BYTES:
        return (len(cell.value),), cell.value
    values = canonical(np.asarray(cell.value, stored(cell.dtype)), cell.dtype)
    return cell.shape, values.tobytes()


@functools.lru_cache(maxsize=65536)
def head(name: str, dtype: str, shape: tuple[int, ...]) -> bytes:
    """What stands before a leaf's content."""
    text = json.dumps([name, dtype, list(shape)], separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


@functools.cache
def stored(dtype: str) -> np.dtype[Any]:
    """numpy's dtype, little-endian, of a leaf's content."""
    import numpy as np

    if dtype in OF_BYTES or dtype in WITHOUT_CONTENT:
        return np.dtype(np.uint8)
    return tensors.numpy_dtype(dtype) if dtype in BITS else np.dtype("<i8")


def canonical(values: Array, dtype: str) -> Array:
    """The values, C-contiguous and little-endian, with every NaN as the quiet one without a payload or sign.

    Args:
        values: Any numbers of the leaf's dtype; they are not changed.
        dtype: As `blocks.Column` names it.
    """
    import numpy as np

    plain = np.asarray(values, stored(dtype), order="C")
    if dtype == "C64":
        halves = np.atleast_1d(plain).view("<f4")
        return canonical(halves, "F32").view("<c8").reshape(plain.shape)
    if dtype not in _NAN:
        return plain
    broken = np.isnan(plain)
    if not broken.any():
        return plain
    bits = np.where(broken, _NAN[dtype], np.atleast_1d(plain).view(f"<u{plain.itemsize}").reshape(plain.shape))
    return bits.astype(f"<u{plain.itemsize}").view(plain.dtype)


def digest_block(block: Block) -> bytes:
    """Digests of all samples of a block, 16 bytes each: the same as `digest_sample` of each.

    The leaves of many samples are laid side by side in one buffer, all cells of one length with one copy; Python does no
    more for each sample than one call of xxhash.

    Args:
        block: Columns, all of the same count.
    """
    if block[0].count <= FEW_ROWS:
        return b"".join(_digest_row(block, row) for row in range(block[0].count))
    return b"".join(_digest_rows(rows) for rows in _cut(block))


def _digest_row(block: Block, row: int) -> bytes:
    """Digest of one sample of a block, which costs less than laying out a few of them."""
    content = bytearray()
    for column in block:
        if column.missing is not None and column.missing[row]:
            content += head(column.name, NULL, ())
        elif column.dtype in WITHOUT_CONTENT:
            content += head(column.name, column.dtype, ())
        else:
            cell = rows_of(column, row, row + 1).values if column.offsets is not None else column.values[row]
            content += head(column.name, column.dtype, cell.shape) + canonical(cell, column.dtype).tobytes()
    return xxhash.xxh3_128_digest(content)


def _cut(block: Block) -> Iterator[Block]:
    """The block in runs of rows of about 4 MiB."""
    import numpy as np

    ends = np.cumsum(sum(_content_sizes(column) + HEAD_BYTES for column in block))
    start = 0
    while start < len(ends):
        before = int(ends[start - 1]) if start else 0
        stop = max(start + 1, int(np.searchsorted(ends, before + BUFFER_BYTES, side="right")))
        yield tuple(rows_of(column, start, stop) for column in block) if stop - start < len(ends) else block
        start = stop


def _content_sizes(column: Column) -> Array:
    """Bytes of the content of each sample's cell, missing ones counted like others."""
    import numpy as np

    if column.offsets is not None:
        sizes: Array = np.diff(column.offsets) * column.values.itemsize
        return sizes
    return np.full(column.count, math.prod(column.values.shape[1:]) * column.values.itemsize)


def rows_of(column: Column, start: int, stop: int) -> Column:
    """The cells of the samples from `start` up to `stop`; values are shared."""
    missing = None if column.missing is None else column.missing[start:stop]
    if column.offsets is None:
        return replace(column, values=column.values[start:stop], missing=missing)
    first, last = int(column.offsets[start]), int(column.offsets[stop])
    offsets = column.offsets[start : stop + 1] - first
    return replace(column, values=column.values[first:last], offsets=offsets, missing=missing)


class _Run(NamedTuple):
    """Cells of one column that have the same head and so the same width.

    Attributes:
        rows: Which samples have them; None: all.
        head: What stands before each.
        content: Shape (samples,): their content, one void of its bytes each; None where there is none.
    """

    rows: Array | None
    head: bytes
    content: Array | None

    @property
    def width(self) -> int:
        return len(self.head) + (0 if self.content is None else self.content.itemsize)


def _digest_rows(block: Block) -> bytes:
    import numpy as np

    count = block[0].count
    columns = [list(_runs(column)) for column in block]
    sizes = np.zeros(count, np.int64)
    for run in itertools.chain.from_iterable(columns):
        sizes[_all(run.rows)] += run.width
    ends = np.cumsum(sizes)
    buffer = np.empty(int(ends[-1]), np.uint8)
    places = ends - sizes
    for runs in columns:
        for run in runs:
            _lay(buffer, run, places if run.rows is None else places[run.rows])
        for run in runs:
            places[_all(run.rows)] += run.width
    view = buffer.data
    starts, digest = [0, *ends.tolist()], xxhash.xxh3_128_digest
    return b"".join([digest(view[start:stop]) for start, stop in itertools.pairwise(starts)])


def _all(rows: Array | None) -> Array | slice:
    return slice(None) if rows is None else rows


def _lay(buffer: Array, run: _Run, places: Array) -> None:
    """Write a run's heads and contents at their places in the buffer."""
    import numpy as np

    step = len(run.head)
    _windows(buffer, step)[places] = np.frombuffer(run.head, f"V{step}")[0]
    if run.content is not None:
        _windows(buffer, run.content.itemsize)[places + step] = run.content


def _windows(content: Array, width: int) -> Array:
    """Every run of `width` bytes in a buffer as one void: element i begins at byte i."""
    import numpy as np

    found: Array = np.ndarray((len(content) - width + 1,), f"V{width}", content.data, strides=(1,))
    return found


def _runs(column: Column) -> Iterator[_Run]:
    """The cells of a column by head."""
    import numpy as np

    if column.dtype in WITHOUT_CONTENT:
        yield _Run(None, head(column.name, column.dtype, ()), None)
        return
    present = None
    if column.missing is not None and column.missing.any():
        yield _Run(np.flatnonzero(column.missing), head(column.name, NULL, ()), None)
        present = np.flatnonzero(~column.missing)
        if not len(present):
            return
    values = canonical(column.values, column.dtype)
    if column.offsets is None:
        yield _fixed(column, values if present is None else values[present], present)
    else:
        yield from _ragged(column, values, np.arange(column.count) if present is None else present)


def _fixed(column: Column, values: Array, rows: Array | None) -> _Run:
    import numpy as np

    width = math.prod(values.shape[1:]) * values.itemsize
    content = values.reshape(-1).view(np.uint8).view(f"V{width}") if width and len(values) else None
    return _Run(rows, head(column.name, column.dtype, column.shape), content)


def _ragged(column: Column, values: Array, rows: Array) -> Iterator[_Run]:
    """Runs of cells of one length, shortest first."""
    import numpy as np

    assert column.offsets is not None
    flat = values.view(np.uint8)
    lengths = np.diff(column.offsets)[rows]
    order = np.argsort(lengths, kind="stable")
    distinct, firsts = np.unique(lengths[order], return_index=True)
    for length, part in zip(distinct.tolist(), np.split(rows[order], firsts[1:]), strict=True):
        width = length * values.itemsize
        content = _windows(flat, width)[column.offsets[part] * values.itemsize] if width else None
        yield _Run(part, head(column.name, column.dtype, (length,)), content)


def digest_of_sorted(digests: bytes) -> str:
    """XXH3-128 over 16-byte digests in their order as numbers, as hex.

    Args:
        digests: 16 bytes each, in any order.
    """
    import numpy as np

    pairs = np.frombuffer(digests, ">u8").reshape(-1, 2).astype(np.uint64)
    order = np.argsort(pairs[:, 0])
    high, low = pairs[order].T
    if ((high[1:] == high[:-1]) & (low[1:] < low[:-1])).any():  # two that agree in half of their bytes: hardly ever
        order = np.lexsort((pairs[:, 1], pairs[:, 0]))
    return xxhash.xxh3_128_hexdigest(pairs[order].astype(">u8").tobytes())
