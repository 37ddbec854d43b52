"""What markers do to a document that has a form: where one does not fit, a word stands, or the entry goes."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import Any

import pydantic

from reprobundle.records import Json, Record

MOST_TIMES = 64  # each time all that does not fit is mended
_MARKER = re.compile(r"\[left out: ([a-z0-9-]+)\]")

Key = str | int
Step = tuple[dict[str, Json] | list[Json], Key]


def fitted(kind: type[Record], content: bytes) -> bytes:
    """A document in which no marker breaks the form of its record; as it is where none does, or where nothing helps.

    Args:
        kind: The record.
        content: The document, as JSON, with markers in the place of secrets.
    """
    words: set[str] = set()
    for _ in range(MOST_TIMES):
        places = _faults(kind, content)
        document = _parsed(content)
        steps = [_steps(document, loc) for loc in sorted(places, key=_order, reverse=True)]  # lists from their ends
        if not places or not all(steps):  # it fits, or the document as a whole does not
            break
        for inside, key in {(id(one[-1][0]), one[-1][1]): one[-1] for one in steps}.values():
            _mend(inside, key, words)
        content = json.dumps(document, indent=2, ensure_ascii=False).encode("utf-8")
    return content


def _faults(kind: type[Record], content: bytes) -> set[tuple[Key, ...]]:
    try:
        kind.model_validate_json(content)
    except pydantic.ValidationError as error:
        return {fault["loc"] for fault in error.errors(include_url=False, include_input=False)}
    return set()


def unused(name: str, taken: Collection[str]) -> str:
    """A name that is not taken: two keys of one dict may have become the same marker."""
    number, free = 1, name
    while free in taken:
        number += 1
        free = f"{name}-{number}"
    return free


def _parsed(content: bytes) -> Json:
    document: Json = json.loads(content)
    return document


def _order(loc: tuple[Key, ...]) -> list[tuple[bool, int, str]]:
    return [(isinstance(key, int), key if isinstance(key, int) else 0, str(key)) for key in loc]


def _steps(document: Json, loc: tuple[Key, ...]) -> list[Step]:
    """The way to a fault, as far as the document has it: pydantic names kinds of a union among the keys, too."""
    steps: list[Step] = []
    here: Any = document
    for key in loc:
        in_dict = isinstance(here, dict) and key in here
        if in_dict or (isinstance(here, list) and isinstance(key, int) and key < len(here)):
            steps.append((here, key))
            here = here[key]
    return steps


def _mend(inside: Any, key: Key, words: set[str]) -> None:
    """Put a word in the place of a marker, or drop the entry."""
    here = inside[key]
    found = _MARKER.search(here) if isinstance(here, str) else None
    if found is None:
        del inside[key]
    else:
        word = unused(f"left-out-{found[1]}", words)
        words.add(word)
        inside[key] = word
