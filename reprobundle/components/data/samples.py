"""The digest of a sample, and of many.

A sample is a nested structure of tensors and plain values. Its digest is XXH3-128 over its leaves in the order in which
``worker/tree.py`` meets them:

- a tensor: the UTF-8 JSON array ``["name","F32",[shape]]`` without blanks, a newline, then its bytes, C-contiguous and
  little-endian; the name is its path in the structure, ``value`` for a bare tensor;
- a plain value: its node as UTF-8 JSON without blanks, ``{"kind":"plain","value":3}``, and a newline.

Shape and dtype are part of it, so (2, 3) and (3, 2) differ, and so do 0.0 and -0.0.
"""

from __future__ import annotations

import functools
import json
import math
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import xxhash

from reprobundle import arrays, tensors
from reprobundle.components.data.section import LabelCount, Leaf
from reprobundle.worker import tree

DIGEST_BYTES = 16
BLOCK_BYTES = 4 * 2**20
MAX_LABELS = 1000
MAX_LEAVES = 1000

_Shape = tuple[int, ...] | None


def sample_digest(sample: Any) -> bytes:
    """Digest of one sample, 16 bytes.

    Raises:
        UnknownLeaf: Something in it is neither a tensor nor a plain value.
        TypeError: A tensor of a dtype that safetensors cannot hold.
    """
    return _digest(parts_of(sample))


@dataclass(frozen=True)
class Part:
    """One leaf of a sample: an array, or the node of a plain value."""

    name: str
    array: arrays.Array | None
    node: Any = None


def parts_of(sample: Any) -> list[Part]:
    """The leaves of a sample in the order of the digest."""
    structure, leaves = tree.flatten(sample, _is_tensor)
    return list(_walk(structure, leaves, ""))


def _is_tensor(value: Any) -> bool:
    return arrays.is_array(value) or (hasattr(value, "__array_interface__") and not isinstance(value, str | bytes))


def _walk(node: Any, leaves: dict[str, Any], path: str) -> Iterator[Part]:
    kind = node["kind"]
    if kind == "tensor":
        yield Part(node["name"], arrays.to_array(leaves[node["name"]]))
    elif kind in {"plain", "float"}:
        yield Part(path or tree.BARE, None, node)
    else:
        pairs = node["items"] if kind == "dict" else enumerate(node["items"])
        for key, item in pairs:
            yield from _walk(item, leaves, f"{path}/{key}" if path else str(key))


def _digest(parts: Sequence[Part]) -> bytes:
    state = xxhash.xxh3_128()
    for part in parts:
        if part.array is None:
            state.update(_node_line(part.node))
        else:
            state.update(head(part.name, _dtype(part.array), part.array.shape))
            state.update(_content(part.array))
    return state.digest()


def _node_line(node: Any) -> bytes:
    return json.dumps(node, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "surrogatepass") + b"\n"


@functools.lru_cache(maxsize=4096)
def head(name: str, dtype: str, shape: tuple[int, ...]) -> bytes:
    """What stands before a tensor's bytes."""
    text = json.dumps([name, dtype, list(shape)], separators=(",", ":"), ensure_ascii=False)
    return text.encode("utf-8", "surrogatepass") + b"\n"


def _dtype(array: arrays.Array) -> str:
    name = arrays.name_of(array.dtype)
    if name is None:
        raise TypeError(f"dtype {array.dtype} cannot be stored in safetensors")
    return name


def _content(array: arrays.Array) -> bytes:
    plain = array.dtype if array.dtype.isnative and sys.byteorder == "little" else tensors.numpy_dtype(_dtype(array))
    return array.astype(plain, copy=False).tobytes()


def digest_rows(columns: Sequence[tuple[str, arrays.Array]]) -> bytes:
    """Digests of all samples whose tensors are the rows of `columns`, 16 bytes each, without making the samples.

    The same as `sample_digest` of each: heads and rows are laid side by side in one buffer, block by block.

    Args:
        columns: Name and array of each tensor of a sample; arrays of shape (samples, …), all equally long.
    """
    import numpy as np

    count = len(columns[0][1])
    kinds = [tensors.dtype_name(array.dtype) for _, array in columns]
    heads = [head(name, kind, array.shape[1:]) for (name, array), kind in zip(columns, kinds, strict=True)]
    widths = [math.prod(array.shape[1:]) * array.dtype.itemsize for _, array in columns]
    total = sum(map(len, heads)) + sum(widths)
    rows = min(max(1, BLOCK_BYTES // total), max(count, 1))
    buffer = np.empty((rows, total), np.uint8)
    digests = bytearray()
    for start in range(0, count, rows):
        stop = min(start + rows, count)
        offset = 0
        for (_, array), kind, first, width in zip(columns, kinds, heads, widths, strict=True):
            buffer[:, offset : offset + len(first)] = np.frombuffer(first, np.uint8)
            offset += len(first)
            if width:
                block = np.ascontiguousarray(array[start:stop], dtype=tensors.numpy_dtype(kind))
                buffer[: stop - start, offset : offset + width] = block.reshape(stop - start, -1).view(np.uint8)
            offset += width
        view = buffer.data.cast("B")
        places = range(0, (stop - start) * total, total)
        digests += b"".join([xxhash.xxh3_128_digest(view[place : place + total]) for place in places])
    return bytes(digests)


def digest_of_sorted(digests: bytes) -> str:
    """XXH3-128 over 16-byte digests in their order as numbers, as hex."""
    import numpy as np

    pairs = np.frombuffer(digests, ">u8").reshape(-1, 2)
    return xxhash.xxh3_128_hexdigest(pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))].tobytes())


@dataclass
class Tally:
    """What is gathered while samples go by one at a time.

    Attributes:
        digests: Their digests, 16 bytes each.
        size: Bytes of tensors and plain values.
    """

    digests: bytearray = field(default_factory=bytearray)
    size: int = 0
    _leaves: dict[str, tuple[str, _Shape]] = field(default_factory=dict)
    _labels: Counter[int] | None = field(default_factory=Counter)

    @property
    def count(self) -> int:
        """Number of samples."""
        return len(self.digests) // DIGEST_BYTES

    @property
    def leaves(self) -> tuple[Leaf, ...]:
        """The parts of a sample."""
        return tuple(Leaf(name=name, dtype=dtype, shape=shape) for name, (dtype, shape) in self._leaves.items())

    @property
    def labels(self) -> tuple[LabelCount, ...] | None:
        """Number of samples by label."""
        return label_counts(self._labels) if self._labels else None

    def add(self, sample: Any) -> None:
        """Take in one sample."""
        parts = parts_of(sample)
        self.digests += _digest(parts)
        for part in parts:
            self.size += len(_node_line(part.node)) if part.array is None else part.array.nbytes
            self._describe(part)
        self._count_label(sample, parts)

    def _describe(self, part: Part) -> None:
        if part.array is None:
            found: tuple[str, _Shape] = (_plain_type(part.node), ())
        else:
            found = (_dtype(part.array), part.array.shape)
        known = self._leaves.get(part.name)
        if known is None and len(self._leaves) < MAX_LEAVES:
            self._leaves[part.name] = found
        elif known is not None and known != found:
            self._leaves[part.name] = _merged(known, found)

    def _count_label(self, sample: Any, parts: Sequence[Part]) -> None:
        label = _label(sample, parts)
        if label is None or self._labels is None:
            self._labels = None
            return
        self._labels[label] += 1
        if len(self._labels) > MAX_LABELS:
            self._labels = None


def label_counts(counts: Counter[int]) -> tuple[LabelCount, ...]:
    """The records of a histogram, by label."""
    return tuple(LabelCount(label=label, count=counts[label]) for label in sorted(counts))


def _label(sample: Any, parts: Sequence[Part]) -> int | None:
    """The integer that is the second half of a pair."""
    if not isinstance(sample, tuple | list) or len(sample) != 2 or parts[-1].name != "1":
        return None
    array, node = parts[-1].array, parts[-1].node
    if array is not None:
        return int(array) if array.shape == () and array.dtype.kind in "iu" else None
    value = node.get("value")
    return value if type(value) is int and abs(value) < 2**63 else None


def _plain_type(node: Any) -> str:
    if node["kind"] == "float":
        return "float"
    value = node["value"]
    names = {bool: "boolean", type(None): "none"}
    return names.get(type(value), "text" if isinstance(value, str) else "integer")


def _merged(known: tuple[str, _Shape], found: tuple[str, _Shape]) -> tuple[str, _Shape]:
    dtype, old_shape, new_shape = known[0] if known[0] == found[0] else "mixed", known[1], found[1]
    if old_shape is None or new_shape is None or len(old_shape) != len(new_shape):
        return dtype, None
    return dtype, tuple(old if old == new else -1 for old, new in zip(old_shape, new_shape, strict=True))
