"""The tensors of a model's state, which of its names share one tensor, and the buffers beside it."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reprobundle.components.interface import Stage
from reprobundle.components.model.section import NAME
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.phrases import counted, some

SHARDED = frozenset({"DTensor", "ShardedTensor"})
GATHERED = (
    "on every rank: state = torch.distributed.checkpoint.state_dict.get_model_state_dict(model, "
    "options=StateDictOptions(full_state_dict=True)); then load it into a plain model on rank 0 and capture that"
)


@dataclass(frozen=True)
class State:
    """What a model's state holds.

    Attributes:
        tensors: Every tensor of the state by name, shared ones under each of their names.
        aliases: Names that share the tensor of another, earlier name.
        buffers: Buffers that are no part of the state, by name; of several names of one buffer the first.
        device: Kind of device: ``cpu``, ``cuda``, …
        strides: Layout in memory of those tensors that fill their memory in another order than C's.
    """

    tensors: Mapping[str, Any]
    aliases: Mapping[str, str]
    buffers: Mapping[str, Any]
    device: str
    strides: Mapping[str, tuple[int, ...]]


def of(model: Any, stage: Stage) -> State:
    """Look through a module's state; nothing is written.

    Raises:
        UsageError: safetensors cannot hold a tensor: its values are not dense, not here, or of another dtype.
        UnavailableError: This machine is big-endian.
    """
    from reprobundle.worker import for_torch

    if sys.byteorder != "little":
        raise UnavailableError("model: weights are stored little-endian, and this machine is not")
    whole = model.state_dict()
    found = for_torch.tensors_of(model)
    for name in whole.keys() - found.keys():
        stage.note(NAME, f"state entry {name!r} is no tensor and is not saved", hint="rebuild it in the constructor")
    _refuse(found)
    aliases = _aliases(found)
    _note_overlaps({name: value for name, value in found.items() if name not in aliases}, stage)
    strides = {name: layout for name, value in found.items() if (layout := _layout_of(value)) is not None}
    _note_scattered({name: value for name, value in found.items() if name not in strides}, stage)
    _note_devices(found, stage)
    device = next((value.device.type for value in found.values()), "cpu")
    return State(found, aliases, _buffers(model, whole.keys(), stage), device, strides)


def _refuse(tensors: Mapping[str, Any]) -> None:
    """Find every tensor that cannot be stored, and say them all.

    Raises:
        UsageError: There is one.
    """
    refused = [(name, *reason) for name, value in tensors.items() if (reason := _why_not(value)) is not None]
    if refused:
        told = some([f"tensor {name!r} {why}" for name, why, _ in refused], shown=3)
        raise UsageError(f"model: {told}; expected dense values in memory", hint=refused[0][2])


def _why_not(value: Any) -> tuple[str, str] | None:
    """Why safetensors cannot hold a tensor, and the way out; None where it can."""
    import torch
    from torch.utils._python_dispatch import is_traceable_wrapper_subclass

    from reprobundle.worker import tensor_bytes

    kind = type(value).__name__
    if kind in SHARDED:
        return f"is a {kind}, of which this process holds a part", GATHERED
    if value.is_meta:
        return "is on the meta device and has no values", "load its values first"
    if value.is_quantized:
        return f"is quantized ({_dtype(value)})", "capture the model as it was before, and quantize it in the factory"
    if value.layout != torch.strided or value.is_nested:
        return f"is {_layout(value)}", "keep it dense: tensor.to_dense()"
    if is_traceable_wrapper_subclass(value):
        return (
            f"is a {kind}, made of other tensors",
            "capture the model as it was before, and convert it in the factory",
        )
    try:
        tensor_bytes.dtype_name(value)
        tensor_bytes.shape_of(value)
    except TypeError:
        way_out = "torch.view_as_real(tensor) keeps it exactly" if value.is_complex() else "convert it: tensor.to(…)"
        shape = "" if value.ndim else " and 0-d"
        return f"is of dtype {_dtype(value)}{shape}, which safetensors cannot hold", way_out
    return None


def _dtype(value: Any) -> str:
    return str(value.dtype).removeprefix("torch.")


def _layout(value: Any) -> str:
    return "nested" if value.is_nested else str(value.layout).removeprefix("torch.")


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
    bits = value.is_conj(), value.is_neg()
    return value.device, value.data_ptr(), value.dtype, tuple(value.shape), value.stride(), bits


def _note_overlaps(tensors: Mapping[str, Any], stage: Stage) -> None:
    """Say which tensors lie in one piece of memory without being the same: saved, each has memory of its own."""
    overlapping = [f"{name!r} with {earlier!r}" for name, earlier in _overlaps(tensors)]
    if overlapping:
        message = f"{counted(len(overlapping), 'tensor')} overlap{'s' * (len(overlapping) == 1)} another in memory and "
        message += f"will come back as separate tensors: {some(overlapping, shown=3)}"
        stage.note(NAME, message, hint="make the one from the other in the constructor, where they must stay one")


def _overlaps(tensors: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Each tensor that begins before an earlier one in the same memory ends, with that one."""
    spans = sorted((*_span(value), name) for name, value in tensors.items() if value.numel())
    reached: tuple[str, int] = "", 0
    owner = ""
    for device, start, stop, name in spans:
        if reached[0] == device and start < reached[1]:
            yield name, owner
        if reached[0] != device or stop > reached[1]:
            reached, owner = (device, stop), name


def _span(value: Any) -> tuple[str, int, int]:
    """Device, first address, and one past the last."""
    last = sum((extent - 1) * stride for extent, stride in zip(value.shape, value.stride(), strict=True))
    start = value.data_ptr()
    return str(value.device), start, start + (last + 1) * value.element_size()


def _layout_of(value: Any) -> tuple[int, ...] | None:
    """The strides of a tensor that fills its memory without gaps, in another order than C's; else None."""
    if tuple(value.stride()) == _packed(value.shape) or not value.numel():
        return None
    inner = 1
    for stride, extent in sorted(zip(value.stride(), value.shape, strict=True)):
        if extent != 1 and stride != inner:
            return None
        inner *= extent
    return tuple(value.stride())


def _packed(shape: Sequence[int]) -> tuple[int, ...]:
    """The strides of C's order: torch tells formats of images apart by them even where an extent of 1 makes them equal."""
    return tuple(math.prod(max(extent, 1) for extent in shape[axis + 1 :]) for axis in range(len(shape)))


def _note_scattered(tensors: Mapping[str, Any], stage: Stage) -> None:
    """Say which tensors do not fill the memory they lie in, as they will after a reload: libraries may add otherwise."""
    scattered = [repr(name) for name, value in tensors.items() if not value.is_contiguous()]
    if scattered:
        message = (
            f"{counted(len(scattered), 'tensor')} with gaps or repeats in memory, and with none when loaded again: "
        )
        message += f"{some(scattered, shown=3)}; outputs may then differ in their last bits"
        hint = "for bitwise outputs, before the capture: parameter.data = parameter.data.contiguous()"
        stage.note(NAME, message, hint=hint)


def _note_devices(tensors: Mapping[str, Any], stage: Stage) -> None:
    devices = sorted({str(value.device) for value in tensors.values()})
    if len(devices) > 1:
        stage.note(
            NAME, f"the model lies on several devices ({some(devices)}); it is loaded onto one when it is replayed"
        )


def _buffers(model: Any, saved: Any, stage: Stage) -> dict[str, Any]:
    """The buffers that the state leaves out and that can be stored."""
    found: dict[str, Any] = {}
    for name, value in model.named_buffers():
        if name in saved:
            continue
        reason = _why_not(value)
        if reason is None:
            found[name] = value
        else:
            message = f"buffer {name!r}, which is no part of the state, {reason[0]}; it is not saved"
            stage.note(NAME, message, hint="compute it in the constructor")
    return found
