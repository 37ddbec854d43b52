"""Which of the worker's loaders knows a model: the one table of frameworks, asked at capture.

A new framework is one file ``worker/for_x.py`` and one name here.
"""

from __future__ import annotations

import importlib
from typing import Any

LOADERS = (  # the first that knows it
    "for_transformers", "for_torchscript", "for_torch", "for_onnx", "for_skops", "for_callable",
)  # fmt: skip
SELF_CONTAINED = {
    "for_torchscript": "weights and computation in one TorchScript file",
    "for_onnx": "weights and computation in one ONNX file",
    "for_skops": "a scikit-learn model in one skops file",
}
"""Loaders of models whose files say all, without a class or arguments; and what such a file is, in words."""


def why_not(model: Any, inputs: Any) -> str | None:
    """Why a recorded model cannot be run at all, or None.

    Args:
        model: The manifest's section ``model``.
        inputs: The recorded sample inputs; None where there are none.
    """
    contained = model.loader in SELF_CONTAINED
    if model.entry is None and not contained:
        return "the model has no name that can be imported"
    if model.init is None and not contained:
        return "the arguments of the model's constructor are not known"
    if inputs is None:
        return "no sample inputs are recorded"
    return None


def loader_of(model: Any) -> str | None:
    """The name of the worker's file that loads such a model; None where none does.

    Nothing is imported to find out: a model of a framework exists only where that framework is loaded.
    """
    return next((name for name in LOADERS if module_of(name).recognises(model)), None)


def module_of(loader: str) -> Any:
    """The loader as a module of this process."""
    return importlib.import_module(f"reprobundle.worker.{loader}")
