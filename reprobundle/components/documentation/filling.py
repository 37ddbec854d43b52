"""Answers that no person wrote: filled in where nothing stands, marked, and renewed until a person changes them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle.components.documentation.card import Card, Mark, card_of, values
from reprobundle.records import Json
from reprobundle.store import digest_bytes

CAPTURED = "captured"


@dataclass(frozen=True)
class Fact:
    """An answer that is known without asking.

    Attributes:
        path: The field, e.g. ``training.architecture``.
        value: The answer: a text, or texts where the field is a list.
        source: Where it was read: places of ``manifest.json``, such as ``model.entry``, or of a project, such as ``net.py:12``.
    """

    path: str
    value: str | tuple[str, ...]
    source: tuple[str, ...]


def filled(card: Card, facts: Iterable[Fact]) -> Card:
    """The card with its gaps and earlier such answers filled from facts; what a person wrote stands.

    Args:
        card: What is there.
        facts: What is known, the better one of two for a field first; an empty value is none.
    """
    kept = renewable(card)
    value: dict[str, Any] = card.model_dump(mode="json")
    known: dict[str, Fact] = {}
    for fact in facts:
        if fact.value and (fact.path in kept or not at(value, fact.path)):
            known.setdefault(fact.path, fact)
    marks = {path: mark.model_dump(mode="json") for path, mark in kept.items()}
    for path, fact in known.items():
        answer: Json = fact.value if isinstance(fact.value, str) else list(fact.value)
        _put(value, path, _named(answer) if path == "authors" else answer)
        marks[path] = {"source": list(fact.source), "digest": digest_of(at(value, path))}
    value[CAPTURED] = {path: marks[path] for path, _ in values(card) if path in marks}
    return card_of(value, name="documentation")


def renewable(card: Card) -> Mapping[str, Mark]:
    """The marks of answers that still stand as they were filled in, by path."""
    value = card.model_dump(mode="json")
    return {
        path: mark
        for path, mark in card.captured.items()
        if at(value, path) and digest_of(at(value, path)) == mark.digest
    }


def of_manifest(mark: Mark) -> bool:
    """Whether an answer was read from a manifest: a place in a project is a file with a line, or the answer of a program."""
    return all(":" not in source and " " not in source for source in mark.source)


def at(value: Mapping[str, Any], path: str) -> Any:
    """What stands at a path such as ``ethics.privacy``; None where there is no such field."""
    outer, _, inner = path.partition(".")
    found = value.get(outer)
    return found.get(inner) if inner and isinstance(found, dict) else None if inner else found


def digest_of(answer: Json) -> str:
    """XXH3-128 of an answer as JSON without spaces, by which it is known again."""
    text = json.dumps(answer, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return digest_bytes(text.encode("utf-8"))


def _put(value: dict[str, Any], path: str, answer: Json) -> None:
    outer, _, inner = path.partition(".")
    if inner:
        value[outer][inner] = answer
    else:
        value[outer] = answer


def _named(names: Json) -> Json:
    """Authors in the form that a card keeps them in."""
    each = names if isinstance(names, list) else [names]
    return [{"name": name, "orcid": None, "affiliation": None} for name in each]
