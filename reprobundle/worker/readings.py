"""How a fact is read: each under its own guard, and as a value that JSON can hold."""

from __future__ import annotations

import math
import sys
import warnings
from typing import Any, Callable, Dict, Mapping

ABSENT = (AttributeError, ImportError, LookupError, RuntimeError, TypeError, ValueError, AssertionError, OSError)

Read = Callable[[Any], Any]
Write = Callable[[Any, Any], Any]


def readings(table: Mapping[str, Read], subject: Any) -> Dict[str, Any]:
    """What the readers of a table say of one subject, by the table's names; what cannot be read is absent.

    Each has its own guard: a library that lacks one fact still tells the others.
    """
    found = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # some getters announce that they will be renamed
        for name, read in table.items():
            try:
                value = plain(read(subject))
            except ABSENT:
                continue
            if value is not None and value != "":
                found[name] = value
    return found


def plain(value: Any) -> Any:
    """The value as JSON holds it, numbers finite; anything of another kind is what its `str` says."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return str(value)


def getter(path: str) -> Read:
    """Reads an attribute by its dotted path below the subject."""

    def read(subject: Any) -> Any:
        for step in path.split("."):
            subject = getattr(subject, step)
        return subject

    return read


def loaded(name: str) -> Any:
    """A module that this process has imported already.

    Raises:
        LookupError: It has not; nothing is imported to learn a fact.
    """
    module = sys.modules.get(name)
    if module is None:
        raise LookupError(name)
    return module
