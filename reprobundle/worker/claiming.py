"""Compute what a bundle claims: its own functions, called with the loaded model and the reviewer's data.

The claimed numbers are not here: a function is told the model and where the data lies, and gives a number.
"""

from __future__ import annotations

import math
import os
import sys
import time
from typing import Any, Dict, Iterator, Mapping, Optional, Tuple

ALONE = "_reprobundle_worker_"  # how the worker names its own modules
Key = Tuple[str, Optional[str]]


def entrance() -> Any:
    """The worker's own first module, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules["__main__"]
    import importlib

    return importlib.import_module("reprobundle.worker.__main__")


def run(job: Mapping[str, Any], model: Any, loader: Any) -> Iterator[Dict[str, Any]]:
    """Compute every claim, each by itself; a function that several claims name is called once for the same data.

    Args:
        job: ``claims``: each with ``id``, ``entry`` as ``module:name`` and ``data``, a path or None.
        model: As `loader` made it, its weights loaded.
        loader: One of the modules ``for_x``.

    Yields:
        ``id``, ``value`` (a finite float, or None), ``error`` (in one line, or None) and ``seconds`` the call took.
    """
    del loader
    called: Dict[Key, Tuple[Any, Optional[str], float]] = {}
    for one in job["claims"]:
        key = (one["entry"], one["data"])
        if key not in called:
            called[key] = called_once(job, model, key)
        made, error, seconds = called[key]
        value = None
        if error is None:
            value, error, _ = entrance().attempted(job, lambda made=made, one=one: number(made, one["id"]))
        yield {"id": one["id"], "value": value, "error": error, "seconds": seconds}


def called_once(job: Mapping[str, Any], model: Any, key: Key) -> Tuple[Any, Optional[str], float]:
    """What a function gives, or its error in one line; and how many seconds it took."""
    entry, data = key
    started = time.monotonic()
    made, error, _ = entrance().attempted(job, lambda: call(entry, model, data, job["out"]))
    return made, error, round(time.monotonic() - started, 3)


def call(entry: str, model: Any, data: Optional[str], folder: str) -> Any:
    """Call a function of the bundle's source with the model, and with the data where it has some.

    Args:
        entry: ``module:name``.
        model: The loaded model, in evaluation mode where it has such a mode.
        data: Path of the reviewer's copy of the claim's split; None: the function takes the model alone.
        folder: A folder that can be written, for what the function puts down beside where it runs.
    """
    main = entrance()
    main.sibling("seeding").seed()
    if hasattr(model, "eval"):
        model.eval()
    os.chdir(folder)
    function = main.sibling("importing").resolve(entry)
    return function(model) if data is None else function(model, data)


def number(made: Any, name: str) -> float:
    """The number that a function gave for a claim.

    Args:
        made: A number, an array or tensor with one element, or a mapping that holds one by the claim's id.
        name: The claim's id.

    Raises:
        TypeError: It is no number.
        ValueError: It is not finite.
        KeyError: The mapping does not name the claim.
    """
    if isinstance(made, Mapping):
        if name not in made:
            raise KeyError("gave numbers for " + repr(sorted(map(str, made))[:10]) + ", not for " + repr(name))
        made = made[name]
    if hasattr(made, "item") and getattr(made, "shape", None) is not None:
        made = made.item()
    if isinstance(made, bool) or not isinstance(made, (int, float)):
        raise TypeError("expected a number, found " + type(made).__name__)
    value = float(made)
    if not math.isfinite(value):
        raise ValueError("expected a finite number, found " + repr(value))
    return value
