"""The tensors of a model's state, and which of its names share one tensor."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle.components.interface import Stage
from reprobundle.components.model.section import NAME
from reprobundle.errors import UsageError


@dataclass(frozen=True)
class State:
    """What a model's state holds.

    Attributes:
        tensors: Every tensor of the state by name, shared ones under each of their names.
        aliases: Names that share the tensor of another, earlier name.
        buffers: Buffers that are no part of the state, by name.
        device: Kind of device: ``cpu``, ``cuda``, …
    """

    tensors: Mapping[str, Any]
    aliases: Mapping[str, str]
    buffers: Mapping[str, Any]
    device: str


def of(model: Any, stage: Stage) -> State:
    """Look through a module's state.

    Raises:
        UsageError: A tensor holds no dense values in memory.
        TypeError: safetensors cannot hold its dtype.
    """
    from reprobundle.worker import for_torch, tensor_bytes

    found = for_torch.tensors_of(model)
    for name in model.state_dict().keys() - found.keys():
        stage.note(NAME, f"state entry {name!r} is no tensor and is not saved", hint="rebuild it in the constructor")
    for name, value in found.items():
        tensor_bytes.dtype_name(value)
        if value.is_sparse or value.is_quantized or value.is_meta:
            raise UsageError(f"model: tensor {name!r} is {value.layout}, expected dense values in memory")
    device = next((value.device.type for value in found.values()), "cpu")
    return State(found, _aliases(found), {}, device)


def _aliases(tensors: Mapping[str, Any]) -> dict[str, str]:
    first: dict[tuple[Any, ...], str] = {}
    aliases: dict[str, str] = {}
    for name, value in tensors.items():
        kept = first.setdefault(_memory(name, value), name)
        if kept != name:
            aliases[name] = kept
    return aliases


def _memory(name: str, value: Any) -> tuple[Any, ...]:
    """Equal for two names of one tensor; empty tensors share nothing."""
    if value.numel() == 0:
        return (name,)
    return value.device, value.data_ptr(), value.dtype, tuple(value.shape), value.stride()
