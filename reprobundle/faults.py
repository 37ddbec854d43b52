"""What is wrong with a value of a document, in words that people use; pydantic finds it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

NO_FIELD = "there is no such field"
LONGEST = 80  # characters of a value
EXPECTED = {  # by the kind of fault
    "string_type": "expected text",
    "string_too_short": "expected text",
    "string_too_long": "expected at most {max_length} characters",
    "float_type": "expected a number",
    "int_type": "expected a whole number",
    "int_from_float": "expected a whole number",
    "bool_type": "expected true or false",
    "finite_number": "expected a finite number",
    "greater_than": "expected more than {gt}",
    "greater_than_equal": "expected at least {ge}",
    "less_than": "expected less than {lt}",
    "less_than_equal": "expected at most {le}",
    "tuple_type": "expected a list",
    "list_type": "expected a list",
    "dict_type": "expected values by name",
    "model_type": "expected values by name",
    "too_short": "expected at least {min_length}",
    "too_long": "expected at most {max_length}",
}
_SHOULD = re.compile(r"^\w+ should (?:be )?")


def words(fault: Mapping[str, Any], forms: Mapping[str, str] | None = None) -> str:
    """What was expected and found, such as ``expected a number, found 'x'``.

    Args:
        fault: One of those that a `pydantic.ValidationError` names, with its context.
        forms: What texts of a pattern are called, such as ``an SPDX expression``.
    """
    kind, given, context = fault["type"], fault["input"], fault.get("ctx", {})
    if kind == "missing":
        return "is missing"
    if kind == "extra_forbidden":
        return NO_FIELD
    if kind == "value_error":
        told = str(context["error"])
        return told if isinstance(given, dict | list) or repr(given) in told else f"{told}, found {found(given)}"
    if kind == "string_pattern_mismatch":
        pattern = context["pattern"]
        return f"expected {(forms or {}).get(pattern, f'text that matches {pattern!r}')}, found {found(given)}"
    if kind == "too_short" and context.get("min_length") == 1:
        return f"expected something, found {found(given)}"
    expected = EXPECTED[kind].format(**_limits(context)) if kind in EXPECTED else _SHOULD.sub("expected ", fault["msg"])
    return f"{expected}, found {found(given)}"


def _limits(context: Mapping[str, Any]) -> dict[str, Any]:
    """Whole numbers without a point, whatever type the form has."""
    return {name: int(one) if isinstance(one, float) and one.is_integer() else one for name, one in context.items()}


def found(given: Any) -> str:
    """A value that was found, in short, as YAML and JSON have it."""
    if isinstance(given, dict):
        return "values by name" if given else "no values"
    if isinstance(given, list | tuple):
        return "a list" if given else "an empty list"
    if given is None:
        return "nothing"
    return str(given).lower() if isinstance(given, bool) else repr(given)[:LONGEST]
