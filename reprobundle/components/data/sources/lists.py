"""Lists of Python's: whether several of them are the columns of one split, or samples."""

from __future__ import annotations

from typing import Any

MAX_COLUMNS = 64
LEAST_SAMPLES = 2
NUMBER, TEXT = "number", "text"


def are_columns(value: Any) -> bool:
    """Whether these are lists that stand beside each other, such as ``(texts, labels)``, and not samples.

    A tuple of two or more lists of one length is taken so, as a tuple of arrays is. A list of lists is one of samples, as it is
    for numpy, unless each inner list is of numbers only or of texts only, and both occur.
    """
    if not isinstance(value, tuple | list) or not 1 < len(value) <= MAX_COLUMNS:
        return False
    if not all(isinstance(part, list) for part in value):
        return False
    if len(value[0]) < LEAST_SAMPLES or len({len(part) for part in value}) != 1:
        return False
    return isinstance(value, tuple) or are_plainly_columns(value)


def are_plainly_columns(value: Any) -> bool:
    """Whether each list is of one kind, and not all are of the same, so that a row of them is no list of its own."""
    kinds = {_kind_of(part) for part in value}
    return None not in kinds and len(kinds) > 1


def _kind_of(part: list[Any]) -> str | None:
    """What all that is in a list is; None where that is not one kind of plain value."""
    types = set(map(type, part)) - {type(None)}
    if types and all(issubclass(one, bool | int | float) for one in types):
        return NUMBER
    return TEXT if types and all(issubclass(one, str) for one in types) else None


def are_uneven(value: Any) -> bool:
    """Whether this is a tuple of lists that are not equally long, and so is taken as samples."""
    return (
        isinstance(value, tuple)
        and len(value) > 1
        and all(isinstance(part, list) for part in value)
        and len({len(part) for part in value}) > 1
    )
