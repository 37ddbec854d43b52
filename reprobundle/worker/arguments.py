"""The arguments that make a model: plain JSON, in which some values stand for objects of the bundle's own classes."""

from __future__ import annotations

import copy
import sys
from typing import Any, Dict, List, Mapping, Tuple

ALONE = "_reprobundle_worker_"  # how the worker names its own modules


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules[ALONE + name]
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def restored(init: Mapping[str, Any]) -> Tuple[List[Any], Dict[str, Any]]:
    """What the class or factory is called with.

    Args:
        init: ``args``, ``kwargs``, and in ``objects`` the class of each value that is an object of named parts, as
            ``module:name``, by its place: a JSON pointer such as ``/kwargs/config``.

    Returns:
        Arguments by position and by keyword, every object made again by calling its class with its parts.
    """
    whole: Dict[str, Any] = {"args": copy.deepcopy(list(init["args"])), "kwargs": copy.deepcopy(dict(init["kwargs"]))}
    objects = init.get("objects") or {}
    for pointer in sorted(objects, key=lambda pointer: pointer.count("/"), reverse=True):  # the innermost first
        *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        holder: Any = whole
        for step in steps:
            holder = holder[int(step) if isinstance(holder, list) else step]
        key = int(last) if isinstance(holder, list) else last
        holder[key] = sibling("importing").resolve(objects[pointer])(**holder[key])
    return whole["args"], whole["kwargs"]
