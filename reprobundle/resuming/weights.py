"""The recorded weights into a module that exists: in place, so that an optimizer goes on with the same parameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.interface import Source
from reprobundle.components.model import unwrapping
from reprobundle.errors import UsageError
from reprobundle.phrases import some

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


def fitting(module: Any, verified: VerifiedBundle) -> Mapping[str, Any]:
    """The recorded tensors by name, those of the module's state in name, dtype and shape.

    Raises:
        UsageError: The bundle holds another kind of model, or one of other tensors; the message names them.
    """
    from reprobundle.worker import for_torch, loading, tensor_bytes

    recorded = verified.manifest.model
    if recorded.loader not in LOADERS:
        raise UsageError(f"model: the bundle's is no torch module that can be trained, but one of {recorded.loader!r}")
    made = {
        name: f"{tensor_bytes.dtype_name(value)} {list(tensor_bytes.shape_of(value))}"
        for name, value in for_torch.tensors_of(module).items()
    }
    _refuse_others(made, {entry.name: f"{entry.dtype} {list(entry.shape)}" for entry in recorded.tensors})
    state = loading.read([str(verified.path / path) for path in recorded.files], "cpu")
    return state | {alias: state[kept] for alias, kept in recorded.aliases.items()}


def _refuse_others(made: Mapping[str, str], recorded: Mapping[str, str]) -> None:
    faults = [f"tensor {name!r} is missing in the model" for name in recorded if name not in made]
    faults += [f"tensor {name!r} is not recorded" for name in made if name not in recorded]
    faults += [
        f"tensor {name!r}: recorded {recorded[name]}, found {form}"
        for name, form in made.items()
        if name in recorded and recorded[name] != form
    ]
    if faults:
        hint = "make the model as the training did, with the same arguments and dtype"
        raise UsageError(f"model: does not fit the bundle: {some(faults, 3)}", hint=hint)


def load(module: Any, state: Mapping[str, Any], verified: VerifiedBundle) -> None:
    """Copy the tensors into the module's own, and the recorded values into buffers that are no part of its state."""
    from reprobundle.worker import for_torch, loading

    whole = {**module.state_dict(), **state}  # what is no tensor stays as the constructor made it
    module.load_state_dict(whole, strict=True)
    buffers = verified.manifest.model.buffers_file
    if buffers is not None:
        device = for_torch.device_of(module)
        loading.restore_buffers(module, loading.read([str(verified.path / buffers)], device))
