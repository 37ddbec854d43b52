"""Arguments that no bundle can hold, each with the way out."""

from __future__ import annotations

import functools
import re
import sys
from typing import Any

from reprobundle import arrays
from reprobundle.errors import UsageError

_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]+")  # another one in every process
FACTORY = "capture(…, factory=a function of plain values that makes it all, init={…})"


def refusal(value: Any, where: str) -> UsageError:
    """Why an argument cannot be recorded, and what to do instead.

    Args:
        value: The argument or a part of it.
        where: How its place is called.
    """
    kind = type(value).__name__
    if is_module(value):
        return UsageError(f"{where}: a module ({kind}) is no plain value", hint=FACTORY)
    if arrays.is_array(value):
        shape = tuple(getattr(value, "shape", ()))
        hint = "keep it in the model's state, and give the constructor its shape; or give it as a list of numbers"
        return UsageError(f"{where}: a {kind} of shape {shape} is no plain value", hint=hint)
    if isinstance(value, functools.partial):
        name = getattr(value.func, "__name__", "…")
        hint = f"give a function of the top level of a module that calls {name} with what the partial binds"
        return UsageError(f"{where}: a partial of {name!r} has no name that can be imported", hint=hint)
    shown = _ADDRESS.sub("", repr(value))
    return UsageError(f"{where}: {kind} {shown:.60} is no value that can be made again", hint=FACTORY)


def is_module(value: Any) -> bool:
    """Whether a value is a torch module; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.nn.Module)
