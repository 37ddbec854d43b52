"""Story 3: two bundles, kind by kind: what differs between what was captured.

Both are verified first, so that what is compared are the files themselves and not what a manifest says of them. The
walk is the same for every section: mappings by key, lists of named things by name, lists of words as sets, other lists
of entries by position, and lists of numbers, such as a shape, as one value.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reprobundle.bundle import verify
from reprobundle.manifest import Manifest
from reprobundle.report import Finding, Status

LABELS = ("name", "path", "id", "tensor")  # what names an entry of a list, the first that every entry has
HEADER = "bundle"
OWN_DIGEST = "manifest_xxh3_128"  # differs whenever anything does, and says no more
FILES = "files"
ABSENT = object()
SHOWN_VALUE = 200


def compare(a: str | os.PathLike[str], b: str | os.PathLike[str]) -> tuple[Finding, ...]:
    """Compare two bundles.

    Args:
        a: Folder of the first, whose values are called expected.
        b: Folder of the second, whose values are called found.

    Returns:
        One finding for each value that differs, and for each section that agrees; in the manifest's own order.

    Raises:
        RefusedInputError: One of them is no bundle or differs from its manifest.
    """
    return compare_manifests(verify(a).manifest, verify(b).manifest)


def compare_manifests(a: Manifest, b: Manifest) -> tuple[Finding, ...]:
    """Compare what two manifests list; no file is looked at."""
    first, second = a.model_dump(mode="json"), b.model_dump(mode="json")
    del first[OWN_DIGEST], second[OWN_DIGEST]
    plain = [key for key, value in first.items() if not isinstance(value, dict | list)]
    header = [finding for key in plain for finding in _walk(HEADER, key, first[key], second[key])]
    sections = [key for key in first if key not in plain]
    found = [finding for key in sections for finding in _section(key, first[key], second[key])]
    return (*(header or [_agrees(HEADER, "name and version agree")]), *found)


def _section(kind: str, first: Any, second: Any) -> list[Finding]:
    return list(_walk(kind, "", first, second)) or [_agrees(kind, _sameness(kind, first))]


def _agrees(kind: str, message: str) -> Finding:
    return Finding(kind=kind, status=Status.SAME, message=message)


def _sameness(kind: str, value: Any) -> str:
    return f"all {len(value):,} agree" if isinstance(value, list) and kind == FILES else "agrees"


def _walk(kind: str, place: str, first: Any, second: Any) -> Iterator[Finding]:
    """Every place below this one where the two values part."""
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
        yield from _walk(kind, step, first.get(key, ABSENT), second.get(key, ABSENT))


def _walk_list(kind: str, place: str, first: Sequence[Any], second: Sequence[Any]) -> Iterator[Finding]:
    ours, theirs = _keyed(first, second)
    for key in dict.fromkeys([*ours, *theirs]):
        yield from _walk(kind, f"{place}[{key}]", ours.get(key, ABSENT), theirs.get(key, ABSENT))
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
    if second is ABSENT:
        return _finding(kind, f"{place} stands only in the first", expected=_text(first))
    if first is ABSENT:
        return _finding(kind, f"{place} stands only in the second", found=_text(second))
    return _finding(kind, f"{place or 'the whole section'} differs", expected=_text(first), found=_text(second))


def _finding(kind: str, message: str, *, expected: str | None = None, found: str | None = None) -> Finding:
    return Finding(kind=kind, status=Status.DIFFERS, message=message, expected=expected, found=found)


def _text(value: Any) -> str:
    """A value as JSON, cut where it is long."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= SHOWN_VALUE else text[: SHOWN_VALUE - 1] + "…"
