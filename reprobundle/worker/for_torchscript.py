"""Load a TorchScript file: weights and computation stand in it, so no class is imported and no argument is needed.

The rest, running it and digesting its tensors, is torch's own loader.
"""

from __future__ import annotations

import sys
import warnings
from typing import Any, Dict, Mapping

CANNOT: Mapping[str, str] = {"sketch": "a TorchScript module takes no hooks"}


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith("_reprobundle_worker_"):
        return sys.modules["__main__"].sibling(name)
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def recognises(model: Any) -> bool:
    """Whether a model is a scripted or traced module; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(model, torch.jit.ScriptModule)


def build(model: Mapping[str, Any]) -> Any:
    """Load the module, weights included, onto the CPU.

    Args:
        model: ``weights``: path of the one TorchScript file.

    Raises:
        RuntimeError: The file is broken, or of a newer form than this torch reads.
    """
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch advises writers to use another form; this only reads
        return torch.jit.load(model["weights"][0], map_location="cpu")  # type: ignore[no-untyped-call]


def load(module: Any, model: Mapping[str, Any]) -> Dict[str, str]:
    """Move the module to its device; gives the digest of each tensor of its state, by name."""
    import torch

    if model["device"] != "cpu" and torch.cuda.is_available():
        module.to(model["device"])
    found: Dict[str, str] = sibling("for_torch").digests(module)
    return found


def __getattr__(name: str) -> Any:
    """All else is done as for any torch model: settings, inputs, outputs."""
    return getattr(sibling("for_torch"), name)
