"""TorchScript and ONNX: weights and computation in one file, kept as it is."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from reprobundle import frameworks
from reprobundle.components.interface import Failure, Opened, Source, attempt
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.extras import how_to_install


def from_torchscript(source: Source, place: Path) -> Source:
    """Load a TorchScript file, which may run code of its own at that.

    Raises:
        UsageError: A factory or arguments are named, which it does not need.
        RefusedInputError: torch cannot read it.
    """
    return _opened(source, place, "torchscript", "torch")


def from_onnx(source: Source, place: Path) -> Source:
    """Load an ONNX file into an onnxruntime session.

    Raises:
        UsageError: A factory or arguments are named, which it does not need.
        UnavailableError: onnxruntime is not installed.
        RefusedInputError: onnxruntime cannot read it.
    """
    return _opened(source, place, "onnx", "onnx")


def _opened(source: Source, place: Path, kind: Literal["torchscript", "onnx"], extra: str) -> Source:
    if source.factory is not None or source.init is not None:
        message = f"model {place.name!r}: holds its own computation, so it takes neither factory nor init"
        raise UsageError(message, hint="leave them out")
    model = attempt(lambda: _load(kind, place))
    if isinstance(model, Failure):
        raise RefusedInputError(f"model {place.name!r}: cannot be loaded: {model.why}")
    if model is None:
        hint = how_to_install(extra)
        raise UnavailableError(f"model {place.name!r}: its runtime is not installed", hint=hint)
    notes = (f"{place.name!r} is a TorchScript file: code in it ran in this process",) if kind == "torchscript" else ()
    return replace(source, model=model, opened=Opened(kind=kind, place=place, notes=notes))


def _load(kind: str, place: Path) -> Any:
    """The model; None where its runtime is not installed."""
    loader = frameworks.module_of(f"for_{kind}")
    try:
        loader.prepare({})
    except ImportError:
        return None
    model = loader.build({"weights": [str(place.resolve())]})
    if hasattr(model, "eval"):
        model.eval()
    return model
