"""The arguments that make a model: plain JSON, in which some values stand for what JSON has no form for."""

from __future__ import annotations

import base64
import copy
import pathlib
import sys
import typing
from typing import Any, Dict, List, Mapping, Optional, Tuple

FILED = ("array", "tensor")
ALONE = "_reprobundle_worker_"  # how the worker names its own modules


def sibling(name: str) -> Any:
    """A module beside this one, whether this runs as part of the program or alone as the worker."""
    if __name__.startswith(ALONE):
        return sys.modules[ALONE + name]
    import importlib

    return importlib.import_module("reprobundle.worker." + name)


def restored(init: Mapping[str, Any], filed: Optional[Mapping[str, Any]] = None) -> Tuple[List[Any], Dict[str, Any]]:
    """What the class or factory is called with.

    Args:
        init: ``args``, ``kwargs``; in ``objects`` the class of each value that is an object of named parts, as
            ``module:name``, and in ``kinds`` what other values are that JSON has no form for, both by the value's place:
            a JSON pointer such as ``/kwargs/config``.
        filed: Arrays and tensors from the file beside it, by kind and name: ``array/kwargs/mean``.

    Returns:
        Arguments by position and by keyword, every value as it was when it was recorded.
    """
    whole: Dict[str, Any] = {"args": copy.deepcopy(list(init["args"])), "kwargs": copy.deepcopy(dict(init["kwargs"]))}
    objects, kinds = init.get("objects") or {}, init.get("kinds") or {}
    for pointer in sorted(
        {*objects, *kinds}, key=lambda pointer: (-pointer.count("/"), pointer)
    ):  # the innermost first
        *steps, last = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
        holder: Any = whole
        for step in steps:
            holder = holder[int(step) if isinstance(holder, list) else step]
        key = int(last) if isinstance(holder, list) else last
        kind = kinds.get(pointer)
        if kind in FILED:
            holder[key] = (filed or {})[str(kind) + "/" + holder[key]]
        else:
            holder[key] = made(holder[key], kind, objects.get(pointer), last)
    return whole["args"], whole["kwargs"]


def made(value: Any, kind: Optional[str], entry: Optional[str], name: str) -> Any:
    """One value as it was.

    Args:
        value: The JSON that stands for it, inner values made already.
        kind: What it is; None for an object of named parts.
        entry: The class that it is made with, as ``module:name``; None where `kind` says it all.
        name: The last step of its place: the argument's name for a value that the model's own class encoded.
    """
    if entry is None:
        return KINDS[str(kind)](value)
    maker = sibling("importing").resolve(entry)
    if kind == "enum":
        return maker[value]
    return decoded(maker, name, value) if kind == "coded" else maker(**value)


def decoded(maker: Any, name: str, value: Any) -> Any:
    """What the coder of a class with ``PyTorchModelHubMixin`` encoded, by the annotation of the argument."""
    hint = typing.get_type_hints(maker.__init__).get(name)
    if hint is None:  # then it is plain which one it was only where there is no other
        ((_, decoder),) = maker._hub_mixin_coders.values()  # noqa: SLF001  the mixin's protocol
        return decoder(value)
    return maker._decode_arg(hint, value)  # noqa: SLF001  the same


def dtype(name: str) -> Any:
    """torch's dtype of a name such as ``float16``."""
    import torch

    return getattr(torch, name)


def device(name: str) -> Any:
    """torch's device of a name such as ``cuda:0``; the CPU where there is no CUDA, as the whole model runs there then."""
    import torch

    return torch.device("cpu" if name.startswith("cuda") and not torch.cuda.is_available() else name)


def size(numbers: List[int]) -> Any:
    """torch's type of a shape."""
    import torch

    return torch.Size(numbers)


KINDS: Mapping[str, Any] = {
    "tuple": tuple,
    "set": set,
    "frozenset": frozenset,
    "float": float,
    "complex": lambda numbers: complex(*numbers),
    "bytes": lambda text: base64.b64decode(text, validate=True),
    "path": pathlib.Path,
    "dtype": dtype,
    "device": device,
    "size": size,
    "entry": lambda entry: sibling("importing").resolve(entry),
}
