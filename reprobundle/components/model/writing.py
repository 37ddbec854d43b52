"""Writing a model's weights: one pass that writes and digests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from reprobundle import tensors
from reprobundle.components.interface import Source, Stage
from reprobundle.components.model.section import TensorEntry
from reprobundle.components.model.state import State

WEIGHTS = "model.safetensors"


@dataclass(frozen=True, kw_only=True)
class Written:
    """What was written.

    Attributes:
        files: The weights' files.
        tensors: Every tensor of the state with its digest.
        index: The shards' table.
        buffers: The buffers that are no part of the state.
        buffers_file: Their file.
        linked: Whether the files are the given ones, byte for byte.
    """

    files: tuple[str, ...]
    tensors: tuple[TensorEntry, ...]
    index: str | None = None
    buffers: tuple[TensorEntry, ...] = ()
    buffers_file: str | None = None
    linked: bool = False


def write(state: State, source: Source, stage: Stage) -> Written:
    """Write the weights and digest every tensor."""
    kept = {name: _place(value) for name, value in state.tensors.items() if name not in state.aliases}
    tensors.write(stage.writer, WEIGHTS, kept)
    return Written(files=(WEIGHTS,), tensors=tuple(_entry(name, value) for name, value in state.tensors.items()))


def _place(value: Any) -> tensors.TensorBytes:
    from reprobundle.worker import tensor_bytes

    return tensors.TensorBytes(tensor_bytes.dtype_name(value), tuple(value.shape), lambda: tensor_bytes.content(value))


def _entry(name: str, value: Any) -> TensorEntry:
    from reprobundle.worker import tensor_bytes

    digest = tensor_bytes.digest(name, value)
    return TensorEntry(name=name, dtype=tensor_bytes.dtype_name(value), shape=tuple(value.shape), xxh3_128=digest)
