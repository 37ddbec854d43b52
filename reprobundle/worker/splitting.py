"""Make the indices of data splits again: the recorded function with the number of samples, the seed and its arguments."""

from __future__ import annotations

import sys
from typing import Any, Dict, Mapping

ALONE = "_reprobundle_worker_"  # how the worker names its own modules


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules[ALONE + name]
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def run(job: Mapping[str, Any], target: str) -> None:
    """Run the function and write the indices.

    Args:
        job: ``entry``, ``count``, ``seed`` and ``arguments``.
        target: Where their safetensors file goes: I64, one tensor a split, by name.

    Raises:
        TypeError: It gives something else than indices by name.
    """
    from safetensors.numpy import save_file

    function = sibling("importing").resolve(job["entry"])
    save_file(indices(function, job["count"], job["seed"], job["arguments"]), target)


def indices(function: Any, count: int, seed: Any, arguments: Mapping[str, Any]) -> Dict[str, Any]:
    """The indices that a function gives, from a fixed seed of every generator besides.

    Args:
        function: Called as ``function(count, seed=seed, **arguments)``; without ``seed`` where that is None.
        count: Number of samples of the whole.
        seed: As recorded.
        arguments: Further keywords.

    Returns:
        For each split an int64 array of shape (samples of the split,).

    Raises:
        TypeError: It gives something else than indices by name.
        ValueError: An index lies outside the whole.
    """
    import numpy

    sibling("seeding").seed()
    given = {} if seed is None else {"seed": seed}
    found = function(count, **given, **arguments)
    if not isinstance(found, Mapping):
        raise TypeError("expected indices by the split's name, found a " + type(found).__name__)
    return {str(name): checked(str(name), value, count, numpy) for name, value in found.items()}


def checked(name: str, value: Any, count: int, numpy: Any) -> Any:
    """Indices as an int64 array."""
    array = numpy.asarray(value.tolist() if hasattr(value, "tolist") else list(value))
    if array.ndim != 1 or (array.size and array.dtype.kind not in "iu"):
        raise TypeError("split " + repr(name) + ": expected whole numbers in a row, found " + str(array.dtype))
    array = array.astype(numpy.int64)
    if array.size and not (array.min() >= 0 and array.max() < count):
        raise ValueError("split " + repr(name) + ": an index lies outside the " + str(count) + " samples of the whole")
    return array
