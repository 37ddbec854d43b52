"""The recorded weights into a module that exists: in place, so that an optimizer goes on with the same parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.interface import Source
from reprobundle.components.model import unwrapping
from reprobundle.components.model.section import Section, TensorEntry
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.phrases import counted, some

SAME = "make the model as the training did, with the same arguments and dtype"
CHANGED = "its own way of loading may have changed it in part; make it anew"
LOADERS = ("for_torch", "for_transformers")


def module_of(model: Any) -> Any:
    """A torch module without what a trainer put around it.

    Raises:
        UsageError: It is none.
    """
    from reprobundle.worker import for_torch

    if not for_torch.recognises(model):
        raise UsageError(f"model: expected an nn.Module, found {type(model).__name__}")
    return unwrapping.unwrapped(Source(model=model)).model


@dataclass(frozen=True)
class Weights:
    """What goes into a module.

    Attributes:
        state: The tensors of its state by name, shared ones under each of their names.
        buffers: The values of buffers that are no part of the state, by name.
        digests: The recorded digest of each tensor of the state.
    """

    state: Mapping[str, Any]
    buffers: Mapping[str, Any]
    digests: Mapping[str, str]


def fitting(module: Any, verified: VerifiedBundle) -> Weights:
    """The recorded tensors, found to be those of the module's state in name, dtype, shape and ties.

    Raises:
        UsageError: The bundle holds another kind of model, or one of other tensors; the message names them.
        RefusedInputError: The files hold other tensors than the manifest records.
    """
    from reprobundle.worker import for_torch, loading, tensor_bytes

    recorded = verified.manifest.model
    if recorded.loader not in LOADERS:
        raise UsageError(f"model: the bundle's is no torch module that can be trained, but one of {recorded.loader!r}")
    live = for_torch.tensors_of(module)
    made = {
        name: f"{tensor_bytes.dtype_name(value)} {list(tensor_bytes.shape_of(value))}" for name, value in live.items()
    }
    _refuse_others(made, {entry.name: f"{entry.dtype} {list(entry.shape)}" for entry in recorded.tensors})
    _refuse_empty(live)
    _refuse_other_ties(loading.sharing(live), recorded.aliases)
    state = loading.read([str(verified.path / path) for path in recorded.files], "cpu")
    _refuse_unrecorded(state, recorded.tensors, recorded.aliases)
    state |= {alias: state[kept] for alias, kept in recorded.aliases.items()}
    buffers = _buffers(recorded, verified)
    return Weights(state, buffers, {entry.name: entry.xxh3_128 for entry in recorded.tensors})


def _buffers(recorded: Section, verified: VerifiedBundle) -> Mapping[str, Any]:
    from reprobundle.worker import loading

    if recorded.buffers_file is None:
        return {}
    found = loading.read([str(verified.path / recorded.buffers_file)], "cpu")
    _refuse_unrecorded(found, recorded.buffers, {})
    return found


def _refuse_empty(live: Mapping[str, Any]) -> None:
    empty = [repr(name) for name, value in live.items() if value.is_meta]
    if empty:
        message = f"model: {counted(len(empty), 'tensor')} on the meta device cannot hold values: {some(empty, 3)}"
        raise UsageError(message, hint="make the model on a real device, or give it memory: model.to_empty(device=…)")


def _refuse_other_ties(sharing: Mapping[str, str], aliases: Mapping[str, str]) -> None:
    """Refuse a model in which other names share one tensor: it would train on in another way."""
    here, there = ({**{kept: kept for kept in ties.values()}, **ties} for ties in (sharing, aliases))
    for tensors, others, told in (
        (sharing, there, "recorded as two tensors, found one"),
        (aliases, here, "recorded as one tensor, found two"),
    ):
        for name, kept in tensors.items():
            if others.get(name, name) != others.get(kept, kept):
                raise UsageError(f"model: does not fit the bundle: {kept!r} and {name!r}: {told}", hint=SAME)


def _refuse_unrecorded(found: Mapping[str, Any], recorded: Sequence[TensorEntry], aliases: Mapping[str, str]) -> None:
    """Refuse tensors that are not those of which the digests are recorded."""
    stored = {entry.name for entry in recorded if entry.name not in aliases}
    faults = [f"tensor {name!r} is not recorded" for name in found if name not in stored]
    for entry in recorded:
        fault = _fault(entry, found.get(aliases.get(entry.name, entry.name)))
        faults += [] if fault is None else [f"tensor {entry.name!r}{fault}"]
    if faults:
        raise RefusedInputError(f"model: the files do not hold the recorded tensors: {some(faults, 3)}")


def _fault(entry: TensorEntry, value: Any) -> str | None:
    from reprobundle.worker import tensor_bytes

    if value is None:
        return " is not in the files"
    expected = f"{entry.dtype} {list(entry.shape)}"
    form = f"{tensor_bytes.dtype_name(value)} {list(tensor_bytes.shape_of(value))}"
    if form != expected:
        return f": recorded {expected}, found {form}"
    return None if tensor_bytes.digest(entry.name, value) == entry.xxh3_128 else " has another digest"


def _refuse_others(made: Mapping[str, str], recorded: Mapping[str, str]) -> None:
    faults = [f"tensor {name!r} is missing in the model" for name in recorded if name not in made]
    faults += [f"tensor {name!r} is not recorded" for name in made if name not in recorded]
    faults += [
        f"tensor {name!r}: recorded {recorded[name]}, found {form}"
        for name, form in made.items()
        if name in recorded and recorded[name] != form
    ]
    if faults:
        raise UsageError(f"model: does not fit the bundle: {some(faults, 3)}", hint=SAME)


def load(module: Any, weights: Weights) -> None:
    """Copy the tensors into the module's own, and the recorded values into buffers that are no part of its state.

    Raises:
        RefusedInputError: A way of loading of the module's own refuses them, or makes others of them.
    """
    import torch

    from reprobundle.worker import for_torch, loading

    rest = {name: value for name, value in module.state_dict().items() if not isinstance(value, torch.Tensor)}
    try:
        module.load_state_dict({**rest, **weights.state}, strict=True)
    except (AttributeError, LookupError, RuntimeError, TypeError, ValueError) as error:
        raise RefusedInputError(f"model: refuses the recorded tensors: {error}", hint=CHANGED) from error
    others = [repr(name) for name, digest in for_torch.digests(module).items() if digest != weights.digests.get(name)]
    if others:
        told = f"{counted(len(others), 'tensor')} after load are not the recorded ones: {some(others, 3)}"
        raise RefusedInputError(f"model: {told}", hint=CHANGED)
    if weights.buffers:
        device = for_torch.device_of(module)
        loading.restore_buffers(module, {name: value.to(device) for name, value in weights.buffers.items()})
