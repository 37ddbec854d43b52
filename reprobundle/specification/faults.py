"""What is wrong with a value of a specification, in the words of the file: line, path, what was expected, what was found."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.specification.keys import joined, line_of

if TYPE_CHECKING:
    import pydantic

SHOWN = 3
LONGEST = 80
EXPECTED = {  # by the kind of fault
    "string_type": "expected text",
    "string_too_short": "expected text",
    "float_type": "expected a number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "bool_type": "expected true or false",
    "tuple_type": "expected a list",
    "dict_type": "expected values by name",
    "model_type": "expected values by name",
    "too_short": "expected at least one",
    "string_pattern_mismatch": "expected letters, digits, '.', '_' and '-', a letter or digit first",  # of a folder's name
}
WORDS: Mapping[Any, str] = {None: "nothing", True: "true", False: "false"}


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
        found.setdefault((path, repr(fault["input"])), f"{where}{_words(fault)}")
    told = list(found.values())
    more = len(told) - SHOWN
    return "; ".join(told[:SHOWN]) + (f"; and {more} more" if more > 0 else "")


def _words(fault: Mapping[str, Any]) -> str:
    kind, given = fault["type"], fault["input"]
    if kind == "missing":
        return "is missing"
    if kind == "value_error":
        return str(fault["ctx"]["error"])
    expected = EXPECTED.get(kind) or fault["msg"].replace("Input should be", "expected")
    return f"{expected}, found {_found(given)}"


def _found(given: Any) -> str:
    if isinstance(given, dict | list):
        return "values by name" if isinstance(given, dict) else "a list"
    if given is None or isinstance(given, bool):
        return WORDS[given]
    return repr(given)[:LONGEST]


def _path(document: Any, fault: Mapping[str, Any]) -> str:
    """The path in the file; the names of the form's alternatives are no steps of it."""
    path, at = "", document
    for step in fault["loc"]:
        inner = dict(enumerate(at)) if isinstance(at, list) else at
        if isinstance(inner, dict) and step in inner:
            path, at = joined(path, step), inner[step]
    return joined(path, fault["loc"][-1]) if fault["type"] == "missing" else path
