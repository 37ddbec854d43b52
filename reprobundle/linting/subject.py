"""What is looked at: a card with the lines of its fields, and for a bundle its manifest and the files beside it."""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import pydantic

from reprobundle.bundle import VerifiedBundle
from reprobundle.components.documentation.card import Card, card_of, widened
from reprobundle.components.documentation.parts import FORMS
from reprobundle.components.documentation.standing import Standing, marked_in, standing_of
from reprobundle.components.documentation.unanswered import cleared
from reprobundle.errors import RefusedInputError
from reprobundle.faults import words
from reprobundle.linting.questions import PART_OF
from reprobundle.manifest import Manifest
from reprobundle.records import Json, Record
from reprobundle.store import inside
from reprobundle.yaml_reading import read_yaml

_INDEX = re.compile(r"\[\d+\]$")
_LAST = re.compile(r"(\.[^.\[]+|\[\d+\])$")


@dataclass(frozen=True)
class Fault:
    """A part of a card that breaks the form.

    Attributes:
        path: Which.
        message: How.
    """

    path: str
    message: str


@dataclass(frozen=True)
class Subject:
    """A card with what is known beside it.

    Attributes:
        card: The card, without what breaks its form.
        file: How the card's file is called.
        today: The day on which it is looked at; what lies after it lies in the future.
        lines: The line of each path in the file.
        faults: What breaks the card's form.
        manifest: The manifest of the bundle; None for a card that is in none yet.
        root: The bundle's folder; None likewise.
    """

    card: Card
    file: str
    today: datetime.date
    lines: Mapping[str, int] = field(default_factory=dict)
    faults: tuple[Fault, ...] = ()
    manifest: Manifest | None = None
    root: Path | None = None

    def line(self, path: str) -> int | None:
        """The line on which a field, or else what it lies in, stands."""
        return line_of(self.lines, path)

    @cached_property
    def captured(self) -> frozenset[str]:
        """Fields that no person wrote and no person changed since, by path."""
        return frozenset(marked_in(self.card, self._sections))

    @cached_property
    def standing(self) -> Standing:
        """How each question stands."""
        return standing_of(self.card, self._sections)

    @cached_property
    def _sections(self) -> Mapping[str, Any]:
        """The manifest as plain values, without its files; empty for a card that is in no bundle yet."""
        return {} if self.manifest is None else self.manifest.model_dump(mode="json", exclude={"files"})

    def section_of(self, path: str) -> str:
        """The section of the score that a field belongs to."""
        bare = _INDEX.sub("", path).partition("[")[0]
        return PART_OF.get(bare, bare.partition(".")[0] if "." in bare else "model")

    def texts(self) -> Iterator[tuple[str, str]]:
        """Every text of the card that is not blank, by its path."""
        yield from _texts(self.card, "")

    def text(self, path: str) -> str:
        """The text of one field; empty where it has none."""
        outer, _, inner = path.partition(".")
        value = getattr(self.card, outer)
        value = getattr(value, inner) if inner else value
        return value.strip() if isinstance(value, str) else ""

    def read(self, path: str, *, most: int = 2**16) -> str | None:
        """The beginning of a text file of the bundle; None where the manifest lists none of that name, or it is no text."""
        if self.root is None or path not in self._names:
            return None
        with inside(self.root, path).open("rb") as file:
            return file.read(most).decode("utf-8", "replace")

    def listed(self, pattern: str) -> tuple[str, ...]:
        """The bundle's files whose whole path fits a pattern, sorted."""
        fits = re.compile(pattern).fullmatch
        return tuple(path for path in self._names if fits(path))

    @cached_property
    def _names(self) -> Mapping[str, None]:
        """The bundle's files, sorted."""
        return dict.fromkeys(entry.path for entry in (self.manifest.files if self.manifest is not None else ()))


def line_of(lines: Mapping[str, int], path: str) -> int | None:
    """The line on which a field, or else what it lies in, stands; None where nothing of it does."""
    while path:
        if path in lines:
            return lines[path]
        shorter = _LAST.sub("", path)
        path = "" if shorter == path else shorter
    return None


def of_bundle(bundle: VerifiedBundle, *, today: datetime.date) -> Subject:
    """The card of a bundle, with its manifest; a card that cannot be read is an empty one with that fault."""
    path, manifest = bundle.manifest.documentation.path, bundle.manifest
    try:
        return of_card(
            inside(bundle.path, path).read_bytes(), name=path, today=today, manifest=manifest, root=bundle.path
        )
    except RefusedInputError as error:
        fault = Fault("", str(error).removeprefix(f"{path}: "))
        return Subject(Card(), path, today, faults=(fault,), manifest=manifest, root=bundle.path)


def of_card(
    content: bytes, *, name: str, today: datetime.date, manifest: Manifest | None = None, root: Path | None = None
) -> Subject:
    """A card by itself, or with the manifest of its bundle.

    Raises:
        RefusedInputError: It is no strict YAML, or no mapping of fields.
    """
    document = read_yaml(content, name=name)
    value = widened(document.value)
    if not isinstance(value, dict):
        raise RefusedInputError(f"{name}: expected a mapping of fields, found {type(value).__name__}")
    value = cleared(value)
    faults = _cut_faults(value)
    card = card_of(value, name=name)
    return Subject(card, name, today, _bare_lists(document.lines), faults, manifest, root)


def _bare_lists(lines: Mapping[str, int]) -> Mapping[str, int]:
    """A bare name of an author stands where the name of its mapping would."""
    bare = {f"{path}.name": line for path, line in lines.items() if re.fullmatch(r"authors\[\d+\]", path)}
    return {**bare, **lines}


def _cut_faults(value: dict[str, Json]) -> tuple[Fault, ...]:
    """What breaks the form, taken out of the value: the field, or the whole item where it stands in a list."""
    try:
        Card.model_validate_json(json.dumps(value))
    except pydantic.ValidationError as error:
        found = error.errors(include_url=False)
    else:
        return ()
    for unit in sorted({_unit(_present(fault)) for fault in found}, key=_order, reverse=True):
        _cut(value, unit)
    return tuple(Fault(_path(fault["loc"]), words(fault, FORMS)) for fault in found)


def _present(fault: Any) -> tuple[int | str, ...]:
    """Where a fault stands that is there to be cut: of a field that is missing, what it is missing in."""
    location: tuple[int | str, ...] = fault["loc"]
    return location[:-1] if fault["type"] == "missing" else location


def _unit(location: tuple[int | str, ...]) -> tuple[int | str, ...]:
    index = next((depth for depth, step in enumerate(location) if isinstance(step, int)), len(location))
    return location[: index + 1]


def _order(unit: tuple[int | str, ...]) -> tuple[tuple[str, int], ...]:
    return tuple(("", step) if isinstance(step, int) else (step, 0) for step in unit)


def _cut(value: Any, unit: tuple[int | str, ...]) -> None:
    """Take a part out; what lay in another one that is gone already is gone with it."""
    for step in unit[:-1]:
        value = value.get(step) if isinstance(value, dict) else value[step]
        if value is None:
            return
    if isinstance(value, dict):
        value.pop(unit[-1], None)
    else:
        del value[unit[-1]]


def _path(location: tuple[int | str, ...]) -> str:
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in location).removeprefix(".")


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        if value.strip():
            yield path, value.strip()
    elif isinstance(value, Record):
        for name in type(value).model_fields:
            yield from _texts(getattr(value, name), f"{path}.{name}" if path else name)
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _texts(item, f"{path}[{number}]")
