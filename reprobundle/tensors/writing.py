"""Writing a safetensors file: one pass writes every tensor and digests it, for the file and for itself."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.tensors.dtypes import RANKS, bytes_of, dtype_name, size_of
from reprobundle.worker import tensor_bytes

if TYPE_CHECKING:
    import numpy as np

    from reprobundle.store import FileEntry, Writer

ALIGNMENT = 8


@dataclass(frozen=True)
class TensorBytes:
    """A tensor to be written.

    Attributes:
        dtype: safetensors' name of its dtype.
        shape: Its shape, as safetensors counts it.
        pieces: Gives its bytes, C-contiguous and little-endian, when it is its turn to be written; a piece is used up
            before the next one is asked for.
    """

    dtype: str
    shape: tuple[int, ...]
    pieces: Callable[[], Iterable[memoryview]]

    @property
    def size(self) -> int:
        """Bytes."""
        return size_of(self.dtype, self.shape)


@dataclass(frozen=True)
class WrittenTensors:
    """What came of writing tensors.

    Attributes:
        entry: The file.
        digests: The canonical digest of each tensor, by name.
    """

    entry: FileEntry
    digests: Mapping[str, str]


def write(
    writer: Writer,
    path: str,
    tensors: Mapping[str, TensorBytes],
    *,
    aliases: Mapping[str, str] = {},
    told: Callable[[int], None] | None = None,
) -> WrittenTensors:
    """Write a safetensors file, byte for byte as the safetensors library would.

    Args:
        writer: Where to.
        path: The file's name there.
        tensors: What to write, by name.
        aliases: Further names of some of them, under which they are digested as well.
        told: Called with the number of bytes of every piece that was written.

    Raises:
        UnavailableError: The disk is full or cannot be written.
        RefusedInputError: A tensor gives another number of bytes than its shape needs.
    """
    names = _ordered(tensors)
    header = _header(names, tensors)
    digests = Digesting(aliases)
    chunks = _chunks(header, ((name, tensors[name]) for name in names), digests, told)
    entry = writer.stream(path, chunks, size=len(header) + sum(tensor.size for tensor in tensors.values()))
    return WrittenTensors(entry, digests.found)


def file_size(tensors: Mapping[str, TensorBytes]) -> int:
    """Bytes of the file that `write` would make."""
    return len(_header(_ordered(tensors), tensors)) + sum(tensor.size for tensor in tensors.values())


def _ordered(tensors: Mapping[str, TensorBytes]) -> list[str]:
    return sorted(tensors, key=lambda name: (RANKS[tensors[name].dtype], name))


def _header(names: Iterable[str], tensors: Mapping[str, TensorBytes]) -> bytes:
    described: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name in names:
        tensor = tensors[name]
        stop = offset + tensor.size
        described[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [offset, stop]}
        offset = stop
    text = json.dumps(described, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def _chunks(
    header: bytes,
    tensors: Iterable[tuple[str, TensorBytes]],
    digests: Digesting,
    told: Callable[[int], None] | None,
) -> Iterator[bytes | memoryview]:
    """The file piece by piece; each is digested for its tensor right after it was written, while it is in the cache."""
    yield header
    for name, tensor in tensors:
        for piece in digests.passing(name, tensor):
            yield piece
            if told is not None:
                told(len(piece))


class Digesting:
    """Makes the canonical digests of tensors whose pieces pass by."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        """Begin; `aliases` are further names of some tensors, under which they are digested as well."""
        self.found: dict[str, str] = {}
        self._aliases: dict[str, list[str]] = {}
        for alias, kept in aliases.items():
            self._aliases.setdefault(kept, []).append(alias)

    def passing(self, name: str, tensor: TensorBytes) -> Iterator[memoryview]:
        """Hand on a tensor's pieces; each is digested when the next one is asked for, after its user had it."""
        names = (name, *self._aliases.get(name, ()))
        states = [tensor_bytes.begun(each, tensor.dtype, tensor.shape) for each in names]
        for piece in tensor.pieces():
            yield piece
            for state in states:
                state.update(piece)
        self.found.update((each, state.hexdigest()) for each, state in zip(names, states, strict=True))


def of_array(array: np.ndarray[Any, Any]) -> TensorBytes:
    """A numpy array, ready to be written.

    Raises:
        KeyError: safetensors cannot hold its dtype.
    """
    return TensorBytes(dtype_name(array.dtype), tuple(array.shape), lambda: cut(bytes_of(array)))


def of_torch(tensor: Any) -> TensorBytes:
    """A torch tensor, ready to be written.

    Raises:
        TypeError: safetensors cannot hold its dtype.
    """
    shape = tensor_bytes.shape_of(tensor)
    return TensorBytes(tensor_bytes.dtype_name(tensor), shape, lambda: tensor_bytes.pieces(tensor))


def cut(content: memoryview) -> Iterator[memoryview]:
    """Pieces of a buffer of bytes."""
    for start in range(0, len(content), tensor_bytes.PIECE_BYTES):
        yield content[start : start + tensor_bytes.PIECE_BYTES]
