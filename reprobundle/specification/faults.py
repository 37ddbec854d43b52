"""What is wrong with a value of a specification, in the words of the file: line, path, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.faults import words
from reprobundle.specification.form import FORMS
from reprobundle.specification.keys import joined, line_of

if TYPE_CHECKING:
    import pydantic

SHOWN = 3


def faults(error: pydantic.ValidationError, document: Any, lines: Mapping[str, int]) -> str:
    """All that is wrong, the first three in words.

    Args:
        error: What the form found.
        document: What the file says.
        lines: The line on which each path of it stands.
    """
    found: dict[tuple[str, str], str] = {}  # one for each place and value, where several forms were tried
    for fault in error.errors(include_url=False):
        path = _path(document, fault)
        where = f"line {line_of(path, lines)}: {path}{': ' if path else ''}"
        found.setdefault((path, repr(fault["input"])), f"{where}{words(fault, FORMS)}")
    told = list(found.values())
    more = len(told) - SHOWN
    return "; ".join(told[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _path(document: Any, fault: Mapping[str, Any]) -> str:
    """The path in the file; the names of the form's alternatives are no steps of it."""
    path, at = "", document
    for step in fault["loc"]:
        inner = dict(enumerate(at)) if isinstance(at, list) else at
        if isinstance(inner, dict) and step in inner:
            path, at = joined(path, step), inner[step]
    return joined(path, fault["loc"][-1]) if fault["type"] == "missing" else path
