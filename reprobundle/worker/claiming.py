"""Compute what a bundle claims: its own functions, called with the loaded model and the reviewer's data.

The claimed numbers are not here: a function is told the model and where the data lies, and gives a number.
"""

from __future__ import annotations

import array
import json
import math
import os
import sys
import time
from typing import Any, Dict, Iterator, List, Mapping, Optional, Tuple

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
        job: ``claims``: each with ``id``, ``entry`` as ``module:name`` and ``data``, a path or None; ``each``: whether the
            numbers of the samples are asked for, too, where the function gives one a sample.
        model: As `loader` made it, its weights loaded.
        loader: One of the modules ``for_x``.

    Yields:
        ``id``, ``value`` (a finite float, or None), ``error`` (in one line, or None) and ``seconds`` the call took; ``samples``,
        how many numbers stand in the file ``samples-I.safetensors``, I being the claim's place in the job from 0.
    """
    del loader
    called: Dict[Key, Tuple[Any, Optional[str], float]] = {}
    for place, one in enumerate(job["claims"]):
        key = (one["entry"], one["data"])
        if key not in called:
            called[key] = called_once(job, model, key)
        made, error, seconds = called[key]
        told: Any = None
        if error is None:
            target = os.path.join(job["out"], "samples-" + str(place) + ".safetensors") if one.get("each") else None
            told, error, _ = entrance().attempted(
                job, lambda made=made, one=one, target=target: figures(made, one["id"], target)
            )
        yield {"id": one["id"], "value": None, "error": error, "seconds": seconds, **(told or {})}


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


def figures(made: Any, name: str, target: Optional[str]) -> Dict[str, Any]:
    """What a function gave for a claim: one number, or one number a sample, whose mean counts.

    Args:
        made: Either, or a mapping that holds either by the claim's id.
        name: The claim's id.
        target: Where the numbers of the samples go; None: they are not asked for.

    Returns:
        ``value``, and ``samples`` where their numbers were written.

    Raises:
        KeyError: The mapping does not name the claim.
        TypeError: Something is no number.
        ValueError: Something is not finite, or there is no sample.
    """
    if isinstance(made, Mapping):
        if name not in made:
            raise KeyError("gave numbers for " + repr(sorted(map(str, made))[:10]) + ", not for " + repr(name))
        made = made[name]
    if not isinstance(made, (list, tuple)) and len(getattr(made, "shape", ())) != 1:
        return {"value": number(made)}
    found = numbers(made)
    told: Dict[str, Any] = {"value": math.fsum(found) / len(found)}
    if target is not None:
        write(found, target)
        told["samples"] = len(found)
    return told


def numbers(made: Any) -> List[float]:
    """One number a sample: rights and wrongs count as 1 and 0.

    Raises:
        TypeError: Something is no number.
        ValueError: Something is not finite, or there is none.
    """
    listed = made.tolist() if hasattr(made, "tolist") else list(made)
    if not listed:
        raise ValueError("expected one number a sample, found none")
    return [number(float(one) if isinstance(one, bool) else one) for one in listed]


def write(found: List[float], target: str) -> None:
    """Numbers as a safetensors file with one tensor, ``value``, F64; by hand, as its library may want another one."""
    form = {"dtype": "F64", "shape": [len(found)], "data_offsets": [0, 8 * len(found)]}
    header = json.dumps({"value": form}, separators=(",", ":")).encode("ascii")
    header += b" " * (-len(header) % 8)
    content = array.array("d", found)
    if sys.byteorder != "little":
        content.byteswap()
    with open(target, "wb") as file:
        file.write(len(header).to_bytes(8, "little") + header)
        content.tofile(file)


def number(made: Any) -> float:
    """A finite number.

    Args:
        made: A number, or an array or tensor with one element.

    Raises:
        TypeError: It is no number.
        ValueError: It is not finite.
    """
    if hasattr(made, "item") and getattr(made, "shape", None) is not None:
        made = made.item()
    if isinstance(made, bool) or not isinstance(made, (int, float)):
        raise TypeError("expected a number, found " + type(made).__name__)
    value = float(made)
    if not math.isfinite(value):
        raise ValueError("expected a finite number, found " + repr(value))
    return value
