"""Recording the documentation: what people say, with what the other sections tell where they said nothing."""

from __future__ import annotations

import datetime
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pydantic

from reprobundle.components.documentation.card import Card, card_of, read_card, values, widened
from reprobundle.components.documentation.facts import SOURCE_SAYS_MORE, citing, facts
from reprobundle.components.documentation.filling import Fact, filled, of_manifest, renewable, without_stale
from reprobundle.components.documentation.parts import FORMS
from reprobundle.components.documentation.section import CARD, NAME, Section
from reprobundle.components.documentation.standing import standing_of
from reprobundle.components.documentation.writing import card_bytes
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.errors import RefusedInputError, ReproBundleError
from reprobundle.faults import words
from reprobundle.phrases import likely, sized
from reprobundle.plain_values import fields_of, plain
from reprobundle.records import Json
from reprobundle.yaml_reading import read_yaml

EPOCH = "SOURCE_DATE_EPOCH"
LARGEST = 3 * 2**18  # bytes that a person may say, so that there is room for what is captured
LEFT_OUT = "this part is left out"
PLACEHOLDER = datetime.date(
    1990, 1, 1
)  # builds set 0 or 1980, the first day that a zip file knows, to mean no day at all


def record(source: Source, stage: Stage) -> Section:
    """Write the card: what the person gave, and where they said nothing, what the other sections tell."""
    sections = {name: section.model_dump(mode="json") for name, section in stage.sections.items()}
    given = filled(_fitting(_given_card(source.documentation, stage), stage), _released(stage))
    return write(with_facts(given, sections), sections, stage)


def write(card: Card, sections: Mapping[str, Mapping[str, Any]], stage: Stage) -> Section:
    """Write a card into a bundle that is being made; gives how far it is filled in.

    Args:
        card: What is said.
        sections: The sections of the bundle's manifest by name, as plain values.
        stage: Where the bundle is being made.
    """
    content = card_bytes(card)
    assert read_card(content) == card  # what is written is what every reader gets
    stage.writer.write(CARD, content)
    found = standing_of(card, sections)
    known = tuple(dict.fromkeys((*card.captured, *found.of("captured"))))
    return Section(path=CARD, filled=found.told, fields=found.asked, gaps=found.of("open"), known=known)


def mended(content: bytes, stage: Stage) -> Card:
    """A card that was written; what breaks its form since a secret was taken out of it is left out, with a note."""
    try:
        return read_card(content)
    except RefusedInputError:
        return _given_card(read_yaml(content, name=CARD).value, stage)


def _fitting(card: Card, stage: Stage) -> Card:
    """The card without its longest answers, where it would be larger with them than any reader takes."""
    while not _can_be_read(card):
        made: dict[str, Any] = card.model_dump(mode="json")
        path = max((path for path, _ in values(card)), key=lambda path: len(json.dumps(_at(made, path))))
        stage.note(NAME, f"{path}: is left out: the card would be too large with it", hint=f"at most {sized(LARGEST)}")
        outer, _, inner = path.rpartition(".")
        del _at(made, outer)[inner]
        card = card_of(made, name=NAME)
    return card


def _can_be_read(card: Card) -> bool:
    content = card_bytes(card)
    try:
        return len(content) <= LARGEST and read_card(content) == card
    except RefusedInputError:  # as of too many values
        return False


def _at(value: Any, path: str) -> Any:
    for name in filter(None, path.split(".")):
        value = value[name]
    return value


def _released(stage: Stage) -> Iterator[Fact]:
    """The day that SOURCE_DATE_EPOCH names, which stands for that of the release; never today's."""
    given = os.environ.get(EPOCH)
    if given is None:
        return
    try:
        day = datetime.datetime.fromtimestamp(int(given), datetime.timezone.utc).date()
    except (ValueError, OverflowError, OSError):
        stage.note(NAME, f"{EPOCH}: expected seconds since 1970, found {given!r:.80}", hint="date +%s prints them")
        return
    if day > PLACEHOLDER:
        yield Fact("released", day.isoformat(), (EPOCH,))


def _given_card(given: Any, stage: Stage) -> Card:
    value = widened(_given_values(given, stage))
    if not isinstance(value, dict):
        stage.note(
            NAME, f"expected a mapping of fields, found {type(value).__name__}", hint="see documentation/card.yaml"
        )
        return Card()
    faults = _faults(value)
    for fault in faults:
        path = ".".join(map(str, fault["loc"]))
        stage.note(NAME, f"{path}: {words(fault, FORMS)}", hint=_way_out(fault))
    for unit in sorted({_unit(fault["loc"]) for fault in faults}, reverse=True):
        _cut(value, unit)
    return card_of(value, name=NAME)


def _given_values(given: Any, stage: Stage) -> Json:
    if isinstance(given, str | os.PathLike):
        return _read(Path(given), stage)
    fields = attempt(lambda: {} if given is None else fields_of(given))
    if isinstance(fields, Failure) or fields is None:
        stage.note(NAME, f"documentation: expected a mapping or the path of a YAML file, found {type(given).__name__}")
        return {}
    made = plain(fields)
    for missing in made.unsaved:
        stage.note(NAME, f"{missing.path}: {missing.type} is not saved: {missing.reason}", hint=missing.hint)
    return made.value


def _read(path: Path, stage: Stage) -> Json:
    try:
        document = read_yaml(path.read_bytes(), name=path.name)
    except OSError as error:
        stage.note(NAME, f"{path.name}: cannot be read: {error.strerror}", hint="give the path of a YAML file")
        return {}
    except ReproBundleError as error:
        stage.note(NAME, str(error), hint=error.hint)
        return {}
    for warning in document.warnings:
        stage.note(NAME, warning)
    return document.value


def _faults(value: Json) -> list[Any]:
    try:
        Card.model_validate_json(json.dumps(value))
    except pydantic.ValidationError as error:
        return list(error.errors(include_url=False))
    return []


def _way_out(fault: Mapping[str, Any]) -> str:
    if fault["type"] != "extra_forbidden":
        return LEFT_OUT
    near = likely(".".join(map(str, fault["loc"])), (known for known, _ in values(Card())))
    return f"{near} {LEFT_OUT}".strip()


def _unit(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    """What is left out for a fault: the field, or the whole item where it stands in a list."""
    index = next((depth for depth, step in enumerate(location) if isinstance(step, int)), len(location))
    return location[: index + 1]


def _cut(value: Any, unit: tuple[int | str, ...]) -> None:
    for step in unit[:-1]:
        value = value[step]
    del value[unit[-1]]


def with_facts(card: Card, sections: Mapping[str, Mapping[str, Any]]) -> Card:
    """The card with gaps filled from what was captured, and earlier such answers renewed; what a person wrote stands.

    Args:
        card: What is there.
        sections: The sections of a manifest by name, as plain values.
    """
    kept = {path for path, mark in renewable(card).items() if path in SOURCE_SAYS_MORE and not of_manifest(mark)}
    found = [fact for fact in facts(sections, card) if fact.path not in kept]
    known = filled(without_stale(card, {fact.path for fact in found if fact.value}), found)
    return filled(known, citing(known))
