"""Run an ONNX model with onnxruntime, on the CPU: weights and computation stand in its file."""

from __future__ import annotations

import os
import sys
from typing import Any, Callable, Dict, List, Mapping, Tuple

CANNOT: Mapping[str, str] = {"double": "the graph names its dtypes", "sketch": "a graph has no modules"}
SPARE = 1.3  # times the model: what a second session holds
PROVIDERS = ["CPUExecutionProvider"]
FOLDER = (
    "session.model_external_initializers_file_folder_path"  # where files beside the model lie, if it comes as bytes
)


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
    return onnxruntime.InferenceSession(first, _options(), providers=PROVIDERS)


def _options() -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.use_deterministic_compute = True
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3  # errors
    return options


def load(session: Any, model: Mapping[str, Any]) -> Dict[str, str]:
    """Digest of each tensor in the file that the session was made from, by name: the runtime gives none out again."""
    found: Dict[str, str] = sibling("onnx_file").digests(model["weights"][0])
    return found


def device_of(session: Any) -> str:
    """The one provider that is asked for computes on the CPU."""
    return "cpu"


def call(session: Any, structure: Any, leaves: Mapping[str, Any], seed: int = 0) -> Tuple[Any, Dict[str, Any]]:
    """Run the session once.

    Args:
        session: The model.
        structure: Structure of the inputs: a mapping by the names of the graph's inputs, a sequence by position, else the
            one input.
        leaves: The inputs' arrays or tensors by name.
        seed: Of this process's generators; the runtime has its own, which it begins from the graph's seeds.

    Returns:
        The structure of the outputs, a mapping by the graph's names, and their arrays by name.

    Raises:
        ValueError: The inputs are not those of the graph.
    """
    import numpy

    tree = sibling("tree")
    sibling("seeding").seed(seed)
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


def overlaid(session: Any, file: str, job: Mapping[str, Any], owe: Callable[[Callable[[], object]], object]) -> Any:
    """Another session of the same graph, in which some of the tensors that it holds as weights have other values.

    Raises:
        changing.Cannot: A name is none of theirs, or of another form; or there is no room for a second session.
    """
    import onnxruntime
    from safetensors.numpy import load_file

    files = job["model"]["weights"]
    sizes = [os.path.getsize(path) for path in files]
    refuse_large(sum(sizes), 2 * sizes[0], job.get("memory"))
    stored = {tensor.name: tensor for tensor in sibling("onnx_file").read(files[0]).tensors if tensor.initial}
    with open(files[0], "rb") as whole:
        content = bytearray(whole.read())
    beside: Dict[str, Any] = {}
    for name, value in load_file(file).items():
        refuse_unfit(name, value, stored.get(name))
        if stored[name].file is None:
            start, stop = stored[name].span
            content[start:stop] = value.tobytes()
        else:
            beside[name] = onnxruntime.OrtValue.ortvalue_from_numpy(value)
    options = _options()
    options.add_session_config_entry(FOLDER, os.path.dirname(files[0]))
    options.add_external_initializers(list(beside), list(beside.values()))
    owe(beside.clear)  # the session does not keep them alive itself
    return onnxruntime.InferenceSession(bytes(content), options, providers=PROVIDERS)


def refuse_large(size: int, between: int, memory: Any) -> None:
    """Refuse to load a model a second time that this process has no room for.

    Args:
        size: Bytes of the model.
        between: Bytes that are held besides while it is loaded.
        memory: Bytes that this process may have; None: not known.

    Raises:
        changing.Cannot: It is too large.
    """
    needed = int(size * SPARE) + between
    if memory is not None and size + needed > memory:
        words = "cannot overlay: a second session takes " + str(needed) + " bytes more, "
        raise sibling("changing").Cannot(words + str(max(0, memory - size)) + " are free")


def refuse_unfit(name: str, value: Any, stored: Any) -> None:
    """Refuse a value that cannot stand in a tensor's place.

    Raises:
        changing.Cannot: There is no such tensor, or it is of another form.
    """
    cannot = sibling("changing").Cannot
    if stored is None:
        raise cannot("cannot overlay " + repr(name) + ": the graph holds no such tensor in one piece")
    if (stored.dtype, stored.shape) != (sibling("tensor_bytes").NAMES.get(value.dtype.name), value.shape):
        raise cannot("cannot overlay " + repr(name) + ": it is of another form")


def __getattr__(name: str) -> Any:
    """All else is done as for any function of numpy arrays."""
    return getattr(sibling("for_callable"), name)
