"""Runs of the model: the first, on the recorded inputs, and further ones that each change one thing and put it back."""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any, Dict, Mapping, Tuple

ALONE = "_reprobundle_worker_"  # how the worker names its own modules


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules["__main__"].sibling(name)
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def first(model: Any, loader: Any, job: Mapping[str, Any], before: Any, target: str) -> Dict[str, Any]:
    """Run a model for the first time and write what it gives.

    Args:
        model: As `loader` made it.
        loader: One of the modules ``for_x``.
        job: ``inputs``: ``file``, a safetensors file, and ``structure``, how its tensors are nested; ``overlay``: other
            values for some of the model's tensors, which stay until `before` puts them back.
        before: What `keeping.Before` remembers of the model; None where nothing else is run and nothing overlaid.
        target: Where the outputs' safetensors file goes.

    Returns:
        ``structure`` of the outputs, and ``seconds`` that the model took.
    """
    leaves = loader.read_leaves(job["inputs"]["file"])
    if job.get("overlay"):
        sibling("changing")  # which the loaders find by its name
        model = loader.overlaid(model, job["overlay"], job, before.owed.append)
    started = time.monotonic()
    structure, found = loader.call(model, job["inputs"]["structure"], leaves)
    seconds = time.monotonic() - started
    loader.save(found, target)
    return {"structure": structure, "seconds": seconds}


def further(one: Mapping[str, Any], job: Mapping[str, Any], model: Any, loader: Any, before: Any) -> Dict[str, Any]:
    """Run a model once more, otherwise; whatever comes of it, the model is as before afterwards.

    Args:
        one: What is asked, as ``guest.Question`` has it.
        job: The whole job.
        model: As `loader` made it.
        loader: One of the modules ``for_x``.
        before: What `keeping.Before` remembers of the model.

    Returns:
        As `first`; ``left_out`` too where sketches were asked for, which lie in a file of their own beside the outputs.

    Raises:
        changing.Cannot: This kind of model cannot be asked that.
    """
    refuse(one, loader)
    try:
        before.put_back()
        structure, leaves = given(one, job, loader)
        changed, sketches = altered(one, job, model, loader, before)
        started = time.monotonic()
        described, found = loader.call(changed, structure, leaves, one["seed"])
        told = {"structure": described, "seconds": time.monotonic() - started}
        loader.save(
            found, os.path.join(job["out"], "run-" + one["name"] + ".safetensors")
        )  # it may be of the model's own
    finally:
        before.put_back()
    if sketches is not None:
        told["left_out"] = sketches.left_out
        with open(os.path.join(job["out"], "sketches-" + one["name"] + ".json"), "w", encoding="ascii") as file:
            json.dump(sketches.calls, file, ensure_ascii=True, allow_nan=False)
    return told


def refuse(one: Mapping[str, Any], loader: Any) -> None:
    """Refuse what a kind of model cannot do at all.

    Raises:
        changing.Cannot: It is asked that.
    """
    for what, why in loader.CANNOT.items():
        if one[what]:
            raise sibling("changing").Cannot("cannot " + what + ": " + why)


def given(one: Mapping[str, Any], job: Mapping[str, Any], loader: Any) -> Tuple[Any, Dict[str, Any]]:
    """Structure and leaves of a run's inputs: the recorded ones, or its own; all their rows, or some."""
    recorded = job["inputs"]
    structure = recorded["structure"] if one["structure"] is None else one["structure"]
    leaves = loader.read_leaves(one["inputs"] or recorded["file"])
    if one["rows"] is not None:
        if not leaves:
            raise sibling("changing").Cannot("cannot take rows: no input is an array")
        leaves = {name: rows(name, leaf, *one["rows"]) for name, leaf in leaves.items()}
    if one["double"]:
        leaves = loader.doubled(leaves)
    return structure, leaves


def rows(name: str, leaf: Any, start: int, stop: int) -> Any:
    """Some rows of an input.

    Raises:
        changing.Cannot: It has not so many.
    """
    length = leaf.shape[0] if len(leaf.shape) else 0
    if not 0 <= start < stop <= length:
        words = "cannot take rows " + str(start) + " to " + str(stop) + " of input " + repr(name)
        raise sibling("changing").Cannot(words + ": it has " + str(length))
    return leaf[start:stop]


def altered(one: Mapping[str, Any], job: Mapping[str, Any], model: Any, loader: Any, before: Any) -> Tuple[Any, Any]:
    """Change the model and the process as a run asks; gives the model to be run, and what listens to its parts or None."""
    changing, owe = sibling("changing"), before.owed.append
    if one["settings"]:
        changing.settings(one["settings"], owe)
    if one["overlay"]:
        model = loader.overlaid(model, one["overlay"], job, owe)
    if one["double"]:
        changing.double(model, owe, job.get("memory"))
    return model, sibling("sketching").Sketches(model, owe) if one["sketch"] else None
