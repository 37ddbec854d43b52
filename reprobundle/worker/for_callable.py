"""Run a model that is a plain function of numpy arrays."""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping, Tuple

CANNOT: Mapping[str, str] = {
    "overlay": "a function has no tensors that go by a name",
    "double": "a function computes as it is written",
    "sketch": "a function has no modules",
}
ALONE = "_reprobundle_worker_"  # how the worker names its own modules


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules[ALONE + name]
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def recognises(model: Any) -> bool:
    """Whether a model is a function, or anything else that can be called."""
    return callable(model) and not isinstance(model, type)


def prepare(job: Mapping[str, Any]) -> None:
    """Import numpy, so that its settings can be applied first."""
    import numpy  # noqa: F401  imported for its effect


def build(model: Mapping[str, Any]) -> Any:
    """The function itself, or what the factory makes if arguments were recorded."""
    found = sibling("importing").resolve(model["entry"])
    args, kwargs = sibling("arguments").restored(model["init"])
    return found(*args, **kwargs) if args or kwargs else found


def load(function: Any, model: Mapping[str, Any]) -> Dict[str, str]:
    """Nothing to load: a function has no weights of its own."""
    return {}


def device_of(function: Any) -> str:
    """A function of numpy arrays runs on the CPU."""
    return "cpu"


def call(function: Any, structure: Any, leaves: Mapping[str, Any], seed: int = 0) -> Tuple[Any, Dict[str, Any]]:
    """Call the function from a fixed seed.

    Args:
        function: Takes arrays, gives arrays, nested.
        structure: Structure of the inputs: a mapping is passed as keywords, a sequence by position, else one argument.
        leaves: The inputs' arrays by name; copied first.
        seed: Of every generator.

    Returns:
        The structure of the outputs and their arrays by name; bare floats become 0-d float64 arrays.
    """
    import numpy

    tree = sibling("tree")
    given = tree.unflatten(structure, {name: leaf.copy() for name, leaf in leaves.items()})
    sibling("seeding").seed(seed)
    if structure["kind"] == "dict":
        output = function(**given)
    elif structure["kind"] in ("list", "tuple"):
        output = function(*given)
    else:
        output = function(given)
    kinds = (numpy.ndarray, numpy.generic, float)
    described, found = tree.flatten(output, lambda value: isinstance(value, kinds))
    return described, {name: numpy.array(value, order="C") for name, value in found.items()}


def read_leaves(file: str) -> Dict[str, Any]:
    """The arrays of a safetensors file."""
    from safetensors.numpy import load_file

    return dict(load_file(file))


def save(found: Mapping[str, Any], target: str) -> None:
    """Write arrays to a safetensors file."""
    from safetensors.numpy import save_file

    save_file(dict(found), target)
