"""What groups are called and in which order they stand, and which split a text names."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

MISSING = "(missing)"
EXACT = 2**53
NOTHING = frozenset({"NAType", "NaTType"})  # of pandas, which answer no comparison with a truth value


def group_name(group: Any) -> str:
    """A group's name; a sample without any, or with an empty one, is in a group of its own.

    Args:
        group: A value of the grouping column: text, number, date, None, or a library's sign for nothing.
    """
    if group is None or type(group).__name__ in NOTHING or (isinstance(group, float) and math.isnan(group)):
        return MISSING
    if isinstance(group, float) and group.is_integer() and abs(group) < EXACT:
        return str(int(group))  # a column of whole numbers in which one is missing is one of floats
    text = group.decode("utf-8", "replace") if isinstance(group, bytes) else str(group)
    return readable(text).strip() or MISSING


def readable(text: str) -> str:
    """A text with halves of characters spelt out, as Python prints them: what is no Unicode can stand in no record."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


def in_order(names: Iterable[str]) -> list[str]:
    """Numbers by their size, then texts by their letters; what is missing first."""
    return sorted(names, key=_place)


def _place(name: str) -> tuple[int, float, str]:
    if name == MISSING:
        return 0, 0.0, name
    try:
        number = float(name)
    except ValueError:
        return 2, 0.0, name
    return (1, number, name) if math.isfinite(number) else (2, 0.0, name)


def split_named(text: str, splits: Iterable[str]) -> str | None:
    """The split that the words of a metric name, as ``test accuracy`` does."""
    words = text.lower().replace("_", " ").split()
    named = [name for name in splits if name.lower() in words]
    return named[0] if len(named) == 1 else None
