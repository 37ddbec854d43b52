"""The form of ``documentation/card.yaml``: the checklist of responsible release, every answer optional."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from reprobundle.components.documentation.parts import (
    SPDX,
    Author,
    Compute,
    DataPreparation,
    Day,
    Doi,
    Ethics,
    Evaluation,
    Language,
    License,
    Mark,
    Orcid,
    Result,
    Task,
    Training,
    TrainingData,
    Use,
)
from reprobundle.components.documentation.questions import OPTIONAL, QUESTIONS
from reprobundle.components.documentation.unanswered import cleared
from reprobundle.records import Json, Record, from_bytes
from reprobundle.yaml_reading import read_yaml

__all__ = [
    "LISTS",
    "SPDX",
    "Author",
    "Card",
    "Compute",
    "DataPreparation",
    "Day",
    "Doi",
    "Ethics",
    "Evaluation",
    "Language",
    "License",
    "Mark",
    "Orcid",
    "Result",
    "Task",
    "Training",
    "TrainingData",
    "Use",
    "answers",
    "card_of",
    "read_card",
    "said_in",
    "values",
    "widened",
    "without_placeholders",
]


class Card(Record):
    """What a person says about a model.

    Attributes:
        title: Its name for people.
        description: What it does, in a paragraph.
        authors: Who made it.
        version: Version of the model.
        released: The day on which it was published, as ``2026-02-28``.
        license: License of the weights and code, an SPDX expression.
        doi: Where it is archived.
        contact: How to reach somebody.
        tags: Words to find it by.
        task: What it does, as the Hub calls it, e.g. ``image-classification``.
        datasets: What it was trained on: names on the Hub, DOIs or addresses.
        base_model: Models it was made from: names on the Hub.
        language: Languages it understands, e.g. ``en``.
        use: What it is for.
        training_data: What it learned from.
        data_preparation: What was done to the data first.
        training: How it was made.
        evaluation: How good it is.
        ethics: What could go wrong for people.
        compute: What making it cost.
        examples: How to try it.
        citation: How to cite it.
        acknowledgements: Whom to thank.
        captured: Answers that were filled in without a person, by path: they are renewed until a person changes them.
    """

    title: str | None = None
    description: str | None = None
    authors: tuple[Author, ...] = ()
    version: str | None = None
    released: Day | None = None
    license: License | None = None
    doi: Doi | None = None
    contact: str | None = None
    tags: tuple[str, ...] = ()
    task: Task | None = None
    datasets: tuple[str, ...] = ()
    base_model: tuple[str, ...] = ()
    language: tuple[Language, ...] = ()
    use: Use = Use()
    training_data: TrainingData = TrainingData()
    data_preparation: DataPreparation = DataPreparation()
    training: Training = Training()
    evaluation: Evaluation = Evaluation()
    ethics: Ethics = Ethics()
    compute: Compute = Compute()
    examples: str | None = None
    citation: str | None = None
    acknowledgements: str | None = None
    captured: dict[str, Mark] = {}


LISTS = ("tags", "datasets", "base_model", "language")


def read_card(content: bytes, *, name: str = "documentation/card.yaml") -> Card:
    """Read a card strictly.

    An author may be written as a bare name.

    Raises:
        RefusedInputError: It is not strict YAML or breaks the form; the message names the path of the fault.
    """
    return card_of(read_yaml(content, name=name).value, name=name)


def card_of(value: Json, *, name: str) -> Card:
    """The card that plain values describe; an author may be a bare name.

    Raises:
        RefusedInputError: They break the form; the message names the path of the fault.
    """
    return from_bytes(Card, json.dumps(widened(value), ensure_ascii=False, allow_nan=False).encode("utf-8"), name=name)


def widened(value: Json) -> Json:
    """The same, with bare names of authors written as mappings, and one name, tag or the like as a list of one."""
    if not isinstance(value, dict):
        return value
    authors = value.get("authors")
    listed = [authors] if isinstance(authors, str | dict) else authors
    if isinstance(listed, list):
        authors_: Json = [{"name": author} if isinstance(author, str) else author for author in listed]
        value = {**value, "authors": authors_}
    alone = {name: [value[name]] for name in LISTS if isinstance(value.get(name), str)}
    return {**value, **alone}


def answers(card: Card) -> Iterator[tuple[str, bool]]:
    """Every question of the checklist but the optional ones, and whether the card answers it: ``TBD`` is no answer."""
    filled = said_in(card)
    yield from ((path, path in filled) for path in QUESTIONS if path not in OPTIONAL)


def said_in(card: Card) -> frozenset[str]:
    """Paths of the questions, optional ones too, that the card answers."""
    return frozenset(
        path for path, value in values(without_placeholders(card)) if path in QUESTIONS and _is_filled(value)
    )


def without_placeholders(card: Card) -> Card:
    """The card as a reader shall see it: where only a placeholder stands, nothing is said."""
    value = card.model_dump(mode="json")
    said = cleared(value)
    return card if said == value else card_of(said, name="documentation")


def values(card: Card) -> Iterator[tuple[str, Any]]:
    """Every field as a path such as ``ethics.privacy``, and what stands there."""
    for name in Card.model_fields:
        value: Any = getattr(card, name)
        if isinstance(value, Record):
            yield from ((f"{name}.{part}", getattr(value, part)) for part in type(value).model_fields)
        else:
            yield name, value


def _is_filled(value: str | tuple[Any, ...] | None) -> bool:
    return bool(value.strip()) if isinstance(value, str) else bool(value)
