"""Two plain values side by side: every place below them where they part.

The walk is the same for every section: mappings by key, lists of named things by name, lists of words as sets, other lists
of entries by position, and lists of numbers, such as a shape, as one value.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reprobundle.report import Finding, Status

LABELS = ("name", "path", "id", "tensor")  # what names an entry of a list, the first that every entry has
ABSENT = object()
SHOWN_VALUE = 200
NOT_IN_BOTH = "is not in both"


def walk(kind: str, place: str, first: Any, second: Any) -> Iterator[Finding]:
    """Every place below this one where the two values part.

    Args:
        kind: The section they belong to.
        place: Where they stand in it; empty for the section itself.
        first: A plain JSON value, or `ABSENT`; it becomes the expected one.
        second: The other, which becomes the found one.
    """
    if isinstance(first, dict) and isinstance(second, dict):
        yield from _walk_keys(kind, place, first, second)
    elif isinstance(first, list) and isinstance(second, list) and not _is_one_value(first, second):
        yield from _walk_list(kind, place, first, second)
    elif first != second or type(first) is not type(second):
        yield _difference(kind, place, first, second)


def _is_one_value(first: Sequence[Any], second: Sequence[Any]) -> bool:
    return not any(isinstance(entry, dict | list | str) for entry in (*first, *second))


def _walk_keys(kind: str, place: str, first: Mapping[str, Any], second: Mapping[str, Any]) -> Iterator[Finding]:
    for key in dict.fromkeys([*first, *second]):
        step = f"{place}.{key}" if place else key
        yield from walk(kind, step, first.get(key, ABSENT), second.get(key, ABSENT))


def _walk_list(kind: str, place: str, first: Sequence[Any], second: Sequence[Any]) -> Iterator[Finding]:
    ours, theirs = _keyed(first, second)
    for key in dict.fromkeys([*ours, *theirs]):
        yield from walk(kind, f"{place}[{key}]", ours.get(key, ABSENT), theirs.get(key, ABSENT))
    if set(ours) == set(theirs) and list(ours) != list(theirs):
        yield _difference(kind, f"{place} (order)", list(ours), list(theirs))


def _keyed(first: Sequence[Any], second: Sequence[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Both lists by what names their entries: themselves, the first label that all of them have, or their position."""
    if all(_are_words(entries) for entries in (first, second)):
        return {repr(word): word for word in first}, {repr(word): word for word in second}
    for label in LABELS:
        if all(_names_all(entries, label) for entries in (first, second)):
            return {repr(entry[label]): entry for entry in first}, {repr(entry[label]): entry for entry in second}
    return {str(n): entry for n, entry in enumerate(first)}, {str(n): entry for n, entry in enumerate(second)}


def _are_words(entries: Sequence[Any]) -> bool:
    return all(isinstance(entry, str) for entry in entries) and len(set(entries)) == len(entries)


def _names_all(entries: Sequence[Any], label: str) -> bool:
    """Whether every entry has the label and no two the same."""
    if not all(isinstance(entry, dict) and isinstance(entry.get(label), str) for entry in entries):
        return False
    return len({entry[label] for entry in entries}) == len(entries)


def _difference(kind: str, place: str, first: Any, second: Any) -> Finding:
    expected, found = (None if value is ABSENT else _text(value) for value in (first, second))
    what = f"{place} {NOT_IN_BOTH}" if expected is None or found is None else f"{place or 'the whole section'} differs"
    return Finding(kind=kind, status=Status.DIFFERS, message=what, expected=expected, found=found)


def _text(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_VALUE else text[: SHOWN_VALUE - 1] + "…"
