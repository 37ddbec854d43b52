"""Functions of the person's own that a specification names as ``module:function``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reprobundle import entries
from reprobundle.components.interface import Failure, attempt
from reprobundle.components.model.opening.making import resolved
from reprobundle.errors import RefusedInputError, UsageError


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
        UsageError: It cannot be found, or fails.
    """
    function: Callable[[], Any] = resolved(what, entry)
    made = attempt(function)
    if isinstance(made, Failure):
        raise UsageError(f"{what}: calling {entry!r} failed: {made.why}")
    return made
