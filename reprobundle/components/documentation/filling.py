"""Answers that no person wrote: filled in where nothing stands, marked, and renewed until a person changes them."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from itertools import repeat
from typing import Any

from reprobundle.components.documentation.card import Author, Card, Mark, card_of, values
from reprobundle.records import Json
from reprobundle.store import digest_bytes

CAPTURED = "captured"
SECTIONS = frozenset({"claims", "code", "data", "environment", "hyperparameters", "model", "outputs", "preprocessing"})
LATER = frozenset({"kind"})  # of an author: digests of cards that were written before it came must stay


@dataclass(frozen=True)
class Fact:
    """An answer that is known without asking.

    Attributes:
        path: The field, e.g. ``training.architecture``.
        value: The answer: a text, or texts where the field is a list; of authors their names, or all that is known of them.
        source: Where it was read: places of ``manifest.json``, such as ``model.entry``, or of a project, such as ``net.py:12``.
    """

    path: str
    value: str | tuple[str, ...] | tuple[Author, ...]
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
        _put(value, path, fact.value if isinstance(fact.value, str) else list(map(_plain, fact.value, repeat(path))))
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


def without_stale(card: Card, known: Collection[str]) -> Card:
    """The card without answers that were read from an earlier manifest, and that this one does not give.

    Args:
        card: What is there.
        known: Paths of the fields that something is known of.
    """
    stale = [path for path, mark in renewable(card).items() if of_manifest(mark) and path not in known]
    if not stale:
        return card
    value: dict[str, Any] = card.model_dump(mode="json")
    blank = Card().model_dump(mode="json")
    for path in stale:
        _put(value, path, at(blank, path))
    value[CAPTURED] = {path: mark for path, mark in value[CAPTURED].items() if path not in stale}
    return card_of(value, name="documentation")


def of_manifest(mark: Mark) -> bool:
    """Whether an answer was read from a manifest, all of it: other places are files, with a line or not, and programs."""
    return is_of_manifest(mark.source)


def is_of_manifest(source: Iterable[str]) -> bool:
    """Whether places are those of a manifest, such as ``model.entry``."""
    return all(":" not in place and place.partition(".")[0] in SECTIONS for place in source)


def at(value: Mapping[str, Any], path: str) -> Any:
    """What stands at a path such as ``ethics.privacy``; None where there is no such field."""
    outer, _, inner = path.partition(".")
    found = value.get(outer)
    return found.get(inner) if inner and isinstance(found, dict) else None if inner else found


def digest_of(answer: Json) -> str:
    """XXH3-128 of an answer as JSON without spaces, by which it is known again."""
    text = json.dumps(_as_ever(answer), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return digest_bytes(text.encode("utf-8"))


def _as_ever(answer: Json) -> Json:
    """An answer without fields that earlier versions of this program do not know, where nothing stands in them."""
    if not isinstance(answer, list):
        return answer
    return [
        {name: part for name, part in item.items() if name not in LATER or part is not None}
        if isinstance(item, dict)
        else item
        for item in answer
    ]


def _put(value: dict[str, Any], path: str, answer: Json) -> None:
    outer, _, inner = path.partition(".")
    if inner:
        value[outer][inner] = answer
    else:
        value[outer] = answer


def _plain(item: str | Author, path: str) -> Json:
    """One item of a list as the card keeps it: a bare name of an author is all of one."""
    author = Author(name=item) if path == "authors" and isinstance(item, str) else item
    return author if isinstance(author, str) else author.model_dump(mode="json")
