"""Functions of the person's own that a specification names as ``module:function``."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from reprobundle import entries
from reprobundle.components.interface import Failure, attempt
from reprobundle.components.model.opening.making import resolved
from reprobundle.errors import RefusedInputError, UsageError

BARE = "it is called without arguments: give each a default, or name a function that reads what it needs by itself"


def names_function(text: str) -> bool:
    """Whether a text is of the form ``module:name``."""
    if ":" not in text:
        return False
    try:
        entries.parse_entry(text)
    except RefusedInputError:
        return False
    return True


def called(what: str, entry: str) -> Any:
    """What the function gives.

    Args:
        what: Where it is named, for messages.
        entry: The function as ``module:name``; it is called without arguments.

    Raises:
        UsageError: It cannot be found, wants arguments, or fails.
    """
    function: Callable[[], Any] = resolved(what, entry)
    if not takes(function, 0):
        raise UsageError(f"{what}: {entry!r}: expected a function without arguments, found {told(function)}", hint=BARE)
    made = attempt(function)
    if isinstance(made, Failure):
        raise UsageError(f"{what}: calling {entry!r} failed: {made.why}")
    return made


def takes(function: Callable[..., Any], count: int) -> bool:
    """Whether a function can be called with so many values; so it is where it does not say what it takes."""
    form = _form(function)
    if form is None:
        return True
    try:
        form.bind(*range(count))
    except TypeError:
        return False
    return True


def told(function: Callable[..., Any]) -> str:
    """What a function takes, as its definition says it, without the types: ``right(model, path)``."""
    form = _form(function)
    names = ", ".join(form.parameters) if form is not None else "…"
    return f"{getattr(function, '__name__', type(function).__name__)}({names})"


def _form(function: Callable[..., Any]) -> inspect.Signature | None:
    """The arguments of a function; None where it does not tell them, as some that are written in C."""
    try:
        return inspect.signature(function)
    except (TypeError, ValueError):
        return None
