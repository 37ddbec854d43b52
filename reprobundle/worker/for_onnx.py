"""Run an ONNX model with onnxruntime, on the CPU: weights and computation stand in its file."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, List, Mapping, Tuple


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith("_reprobundle_worker_"):
        return sys.modules["__main__"].sibling(name)
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def recognises(model: Any) -> bool:
    """Whether a model is an onnxruntime session; onnxruntime is not imported to find out."""
    library = sys.modules.get("onnxruntime")
    return library is not None and isinstance(model, library.InferenceSession)


def prepare(job: Mapping[str, Any]) -> None:
    """Import the runtime."""
    import onnxruntime  # noqa: F401  imported for its effect


def build(model: Mapping[str, Any]) -> Any:
    """Load the model into one session that computes in one thread, so that no sum depends on the number of cores.

    Args:
        model: ``weights``: the ONNX file, then the files beside it that hold tensors of it, all in one folder.

    Raises:
        ValueError: A file beside it lies in another folder.
    """
    import onnxruntime

    first, *beside = model["weights"]
    if any(os.path.dirname(path) != os.path.dirname(first) for path in beside):
        raise ValueError("the files of the model do not lie in one folder")
    options = onnxruntime.SessionOptions()
    options.use_deterministic_compute = True
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    return onnxruntime.InferenceSession(first, options, providers=["CPUExecutionProvider"])


def load(session: Any, model: Mapping[str, Any]) -> Dict[str, str]:
    """Digest of each tensor in the file that the session was made from, by name: the runtime gives none out again."""
    found: Dict[str, str] = sibling("onnx_file").digests(model["weights"][0])
    return found


def device_of(session: Any) -> str:
    """The one provider that is asked for computes on the CPU."""
    return "cpu"


def call(session: Any, structure: Any, leaves: Mapping[str, Any]) -> Tuple[Any, Dict[str, Any]]:
    """Run the session once.

    Args:
        session: The model.
        structure: Structure of the inputs: a mapping by the names of the graph's inputs, a sequence by position, else the
            one input.
        leaves: The inputs' arrays or tensors by name.

    Returns:
        The structure of the outputs, a mapping by the graph's names, and their arrays by name.

    Raises:
        ValueError: The inputs are not those of the graph.
    """
    import numpy

    tree = sibling("tree")
    given = tree.unflatten(structure, {name: numpy.asarray(leaf) for name, leaf in leaves.items()})
    names = [one.name for one in session.get_inputs()]
    fed = _named(given, structure["kind"], names)
    made = dict(zip([one.name for one in session.get_outputs()], session.run(None, fed)))
    kinds = (numpy.ndarray, numpy.generic, float)
    described, found = tree.flatten(_plain(made), lambda value: isinstance(value, kinds))
    return described, {name: numpy.array(value, order="C") for name, value in found.items()}


def _named(given: Any, kind: str, names: List[str]) -> Dict[str, Any]:
    if kind == "dict":
        return dict(given)
    values = list(given) if kind in ("list", "tuple") else [given]
    if len(values) > len(names):
        raise ValueError(f"the graph takes {len(names)} inputs ({', '.join(names)}), {len(values)} are given")
    return dict(zip(names, values))


def _plain(value: Any) -> Any:
    """Arrays of texts as lists; all else as it is."""
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value.tolist() if getattr(getattr(value, "dtype", None), "kind", "") in ("O", "U") else value


def run(session: Any, inputs: Mapping[str, Any], target: str) -> Any:
    """Run the model on the recorded inputs and write its outputs; gives their structure."""
    from safetensors.numpy import load_file, save_file

    structure, found = call(session, inputs["structure"], load_file(inputs["file"]))
    save_file(found, target)
    return structure


def __getattr__(name: str) -> Any:
    """All else is done as for any function of numpy arrays."""
    return getattr(sibling("for_callable"), name)
