"""Run what turns raw samples into model inputs: steps made again from their recipes, applied one after another."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from typing import Any, Callable, Dict, Mapping, Optional

ALONE = "_reprobundle_worker_"  # how the worker names its own modules


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules[ALONE + name]
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def run(job: Mapping[str, Any], target: str) -> Any:
    """Apply the steps to the recorded raw samples, from a fixed seed.

    Args:
        job: ``steps``: recipes, in order; ``file``, ``structure``, ``library`` and ``made_of`` of the raw samples.
        target: Where the results' safetensors file goes.

    Returns:
        The structure of the results.
    """
    value = samples_of(job)
    steps = [made(step) for step in job["steps"]]  # first, as a constructor may draw random numbers
    structure, found = sibling("tree").flatten(applied(steps, value), is_leaf)
    save(found, target)
    return structure


def samples_of(job: Mapping[str, Any]) -> Any:
    """The recorded raw samples as they were: ``file``, ``structure``, ``library`` and ``made_of`` of `run`'s job."""
    leaves = _read(job["file"], job.get("library") or "torch")
    nested = sibling("tree").unflatten(job["structure"], leaves)
    return sibling("raw_values").put_together(nested, job.get("made_of") or {})


def applied(steps: Any, value: Any) -> Any:
    """What the functions make of raw samples, one after another from a fixed seed; arrays and plain values, nested."""
    sibling("seeding").seed()
    for step in steps:
        value = without_slopes(step, value)
    return sibling("raw_values").plain(value)


def without_slopes(step: Callable[[Any], Any], value: Any) -> Any:
    """One step; of a torch module without gradients, as its results are inputs."""
    torch = sys.modules.get("torch")
    if torch is None or not isinstance(step, torch.nn.Module):
        return step(value)
    with torch.no_grad():
        return step(value)


def is_leaf(value: Any) -> bool:
    """Whether a result is an array, a tensor, or a bare float, which counts as a float64 tensor of no dimension."""
    numpy, torch = sys.modules.get("numpy"), sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.Tensor):
        return True
    return isinstance(value, float) or (numpy is not None and isinstance(value, (numpy.ndarray, numpy.generic)))


def made(step: Mapping[str, Any]) -> Callable[[Any], Any]:
    """What a recipe stands for.

    Args:
        step: ``form``: ``function`` (at ``entry``), ``object`` (of the class at ``entry``, called with ``init``), ``skops``
            (in ``file``, of types that are known or ``trusted``) or ``pretrained`` (``from_pretrained`` of the class at
            ``entry`` on ``folder``: place of each file by name); ``method``: which one of it is called, None: itself;
            ``call``: what it is called with beside the sample.

    Returns:
        A function of raw samples.
    """
    found = MAKERS[step["form"]](step)
    function = found if step.get("method") is None else getattr(found, step["method"])
    if not step.get("call"):
        return function  # type: ignore[no-any-return]
    args, kwargs = sibling("arguments").restored(step["call"], _filed(step))
    return lambda value: function(*args, value, **kwargs)


def _function(step: Mapping[str, Any]) -> Any:
    return sibling("importing").resolve(step["entry"])


def _object(step: Mapping[str, Any]) -> Any:
    """An object by its class and arguments, then what was set on it, then its state as a torch module."""
    filed, restored = _filed(step), sibling("arguments").restored
    args, kwargs = restored(step["init"], filed)
    thing = sibling("importing").resolve(step["entry"])(*args, **kwargs)
    for name, value in restored(step["attributes"], filed)[1].items() if step.get("attributes") else ():
        setattr(thing, name, value)
    state = {name[len("state/") :]: value for name, value in filed.items() if name.startswith("state/")}
    if state:
        thing.load_state_dict(state, strict=True)
    return thing.eval() if step.get("module") else thing


def _skops(step: Mapping[str, Any]) -> Any:
    import skops.io

    return skops.io.load(step["file"], trusted=list(step.get("trusted") or ()))


def _pretrained(step: Mapping[str, Any]) -> Any:
    """A tokenizer or processor; its files are put into a folder of their own, as they may lie in several places."""
    kind = sibling("importing").resolve(step["entry"])
    with tempfile.TemporaryDirectory(prefix="reprobundle-tokenizer-") as folder:
        for name, place in sorted(step["folder"].items()):
            os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
            shutil.copyfile(place, os.path.join(folder, name))
        return kind.from_pretrained(folder, local_files_only=True)


MAKERS: Mapping[str, Callable[[Mapping[str, Any]], Any]] = {
    "function": _function,
    "object": _object,
    "skops": _skops,
    "pretrained": _pretrained,
}


def _filed(step: Mapping[str, Any]) -> Dict[str, Any]:
    """The arrays of a step by kind and name, as ``worker/arguments.py`` asks for them, and its state by its own names."""
    path: Optional[str] = step.get("tensors")
    if path is None:
        return {}
    kinds = {name for part in ("init", "call", "attributes") for name in _kinds(step.get(part))}
    found: Dict[str, Any] = {}
    if "array" in kinds:
        found.update({"array/" + name: value for name, value in _read(path, "numpy").items()})
    if "tensor" in kinds or step.get("module"):
        for name, value in _read(path, "torch").items():
            found["tensor/" + name] = found[name] = value
    return found


def _kinds(init: Optional[Mapping[str, Any]]) -> Any:
    return (init or {}).get("kinds", {}).values()


def _read(path: str, library: str) -> Dict[str, Any]:
    """The tensors of a safetensors file, by name, with memory of their own."""
    if library == "torch":
        from safetensors.torch import load_file

        return {name: value.clone() for name, value in load_file(path).items()}
    import numpy
    from safetensors.numpy import load_file as load_arrays

    return {name: numpy.array(value) for name, value in load_arrays(path).items()}


def save(found: Mapping[str, Any], target: str) -> None:
    """Write results to a safetensors file: with torch where it is loaded, which knows more dtypes, else with numpy."""
    torch = sys.modules.get("torch")
    if torch is None:
        import numpy
        from safetensors.numpy import save_file

        save_file({name: numpy.array(value, order="C") for name, value in found.items()}, target)
        return
    for_torch = sibling("for_torch")
    for_torch.save({name: for_torch.as_tensor(_as_torch(value, torch)) for name, value in found.items()}, target)


def _as_torch(value: Any, torch: Any) -> Any:
    if isinstance(value, torch.Tensor) or type(value) is float:  # a float of numpy's is an array of no dimension
        return value
    import numpy

    return torch.from_numpy(numpy.array(value, dtype=value.dtype.newbyteorder("="), order="C"))
