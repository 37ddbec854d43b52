"""Trained weights from a file, loaded strictly and without running anything in it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from reprobundle import tensors
from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import UsageError

TORCH_SUFFIXES = frozenset({".pt", ".pth"})
NAMES_SHOWN = 5


def load_weights(module: Any, path: Path, text: str) -> None:
    """Load weights strictly: every name must be there and none left over.

    Raises:
        UsageError: The file is no state dict, or does not fit the model.
    """
    if not hasattr(module, "load_state_dict"):
        raise UsageError(f"model.weights: the factory made a {type(module).__name__}, which loads no weights")
    state = attempt(lambda: _read_state(path))
    if isinstance(state, Failure):
        hint = "save them with safetensors, or torch.save(model.state_dict(), …)"
        raise UsageError(f"model.weights: {text!r} cannot be read: {state.why}", hint=hint)
    wrong = _not_tensors(state)
    if wrong is not None:
        hint = "save the state dict alone: torch.save(model.state_dict(), …)"
        raise UsageError(f"model.weights: {text!r} holds {wrong}, expected tensors by name", hint=hint)
    loaded = attempt(lambda: module.load_state_dict(state, strict=True))
    if isinstance(loaded, Failure):
        raise UsageError(f"model.weights: {text!r} does not fit the model: {loaded.why}")


def _read_state(path: Path) -> Any:
    if path.suffix == ".safetensors":
        from safetensors.torch import load_file

        tensors.read_places(path)
        return load_file(path)
    if path.suffix in TORCH_SUFFIXES:
        import torch

        return torch.load(path, map_location="cpu", weights_only=True)
    raise UsageError(f"expected a file that ends in .safetensors, .pt or .pth, found {path.suffix!r}")


def _not_tensors(state: Any) -> str | None:
    import torch

    if not isinstance(state, Mapping):
        return f"a {type(state).__name__}"
    other = [repr(name) for name, value in state.items() if not isinstance(value, torch.Tensor)]
    return f"{', '.join(other[:NAMES_SHOWN])} which are no tensors" if other else None
