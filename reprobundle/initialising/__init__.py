"""A starting ``reprobundle.yaml`` and ``documentation/card.yaml``, from what a project's files and its own captures tell.

Source is read and never imported, nothing is run, no network is reached. What a person wrote in a card is kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from reprobundle import bundle as bundles
from reprobundle.components.documentation.card import Card, answers, read_card
from reprobundle.components.documentation.filling import Fact, filled
from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.components.documentation.recording import with_facts
from reprobundle.components.documentation.writing import card_bytes
from reprobundle.errors import UsageError
from reprobundle.initialising.licences import licence_of
from reprobundle.initialising.models import models_in
from reprobundle.initialising.own_bundles import newest
from reprobundle.initialising.places import Places, places_in
from reprobundle.initialising.project import Module, keyword, modules_of
from reprobundle.initialising.project_facts import project_facts
from reprobundle.initialising.source_facts import captures, hyperparameters_in, source_facts
from reprobundle.initialising.specification_text import Draft, draft
from reprobundle.manifest import Manifest

SPECIFICATION = "reprobundle.yaml"
CARD = "documentation/card.yaml"
KEPT = ".before"

__all__ = ["CARD", "SPECIFICATION", "Initialised", "init"]


@dataclass(frozen=True)
class Initialised:
    """What `init` wrote, and what it asks.

    Attributes:
        folder: The project.
        written: Files that were written, relative to it.
        kept: What stood there before and is kept beside, under another name.
        answered: Fields of the card that are answered.
        fields: How many fields the card has.
        captured: Fields that were filled in without a question, with where each was read.
        asked: A question by field of the card.
        specified: Keys of the specification that are filled in.
        missing: A question by key of the specification.
        bundle: Name of the bundle that told facts; None where there was none.
        calls: Where the project calls ``reprobundle.capture`` itself.
    """

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    answered: int
    fields: int
    captured: Mapping[str, tuple[str, ...]]
    asked: Mapping[str, str]
    specified: tuple[str, ...]
    missing: Mapping[str, str]
    bundle: str | None
    calls: tuple[str, ...]

    @property
    def share(self) -> float:
        """Share of the card's fields that needed no question, 0 to 1."""
        return self.answered / self.fields


def init(folder: Path, *, bundle: Path | None = None, force: bool = False) -> Initialised:
    """Write a starting specification and card into a project.

    Args:
        folder: The project.
        bundle: A bundle of it, whose facts fill the card; None: the last one this user captured here from this very source.
        force: Whether to write files again that are there: answers that a person wrote in the card stay, and what stood
            there is kept beside with another name.

    Raises:
        UsageError: There is no such folder, or a file is there already.
        RefusedInputError: The bundle is not what it says, or the card that is there breaks its form.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder {str(folder)!r}", hint="name the folder of the project")
    _refuse_links(folder)
    _refuse_existing(folder, force=force)
    manifest = newest(folder) if bundle is None else bundles.verify(bundle).manifest
    modules, places = modules_of(folder), places_in(folder)
    card = _card(folder, modules, places, manifest)
    specification = _specification(modules, places)
    kept = _write(folder, {SPECIFICATION: specification.text.encode("utf-8"), CARD: card_bytes(card)})
    state = dict(answers(card))
    return Initialised(
        folder=folder,
        written=(SPECIFICATION, CARD),
        kept=kept,
        answered=sum(state.values()),
        fields=len(state),
        captured={path: mark.source for path, mark in card.captured.items()},
        asked={path: QUESTIONS[path] for path, answered in state.items() if not answered},
        specified=specification.found,
        missing=specification.asked,
        bundle=None if manifest is None else manifest.name,
        calls=tuple(module.at(call) for module, call in captures(modules)),
    )


def _refuse_links(folder: Path) -> None:
    """Make sure that nothing is written outside the project."""
    for place in (folder / SPECIFICATION, (folder / CARD).parent, folder / CARD):
        if place.is_symlink():
            name = place.relative_to(folder).as_posix()
            raise UsageError(f"{name!r}: is a symbolic link, which is not followed", hint="put the file itself there")


def _refuse_existing(folder: Path, *, force: bool) -> None:
    there = [name for name in (SPECIFICATION, CARD) if (folder / name).exists()]
    if there and not force:
        hint = "--force writes again what can be told, and keeps what you wrote in the card"
        verb = "stands" if len(there) == 1 else "stand"
        raise UsageError(f"{' and '.join(map(repr, there))}: {verb} there already", hint=hint)


def _card(folder: Path, modules: tuple[Module, ...], places: Places, manifest: Manifest | None) -> Card:
    """The card that is there, or a new one, with all that is known."""
    place = folder / CARD
    before = read_card(place.read_bytes(), name=CARD) if place.is_file() else Card()
    models = models_in(modules)
    known = filled(before, chain(source_facts(modules, models[0] if models else None), _of_project(folder, places)))
    return with_facts(known, {} if manifest is None else manifest.model_dump(mode="json"))


def _of_project(folder: Path, places: Places) -> Iterator[Fact]:
    yield from project_facts(folder, places)
    found = licence_of(folder, places.licences)
    if found is not None:
        yield Fact("license", found[0], (found[1],))


def _specification(modules: tuple[Module, ...], places: Places) -> Draft:
    return draft(models_in(modules), places, hyperparameters_in(modules), CARD, _transform(modules))


def _transform(modules: tuple[Module, ...]) -> str | None:
    """The function that a call of ``capture`` names as preprocessing, as ``module:name``."""
    for module, call in captures(modules):
        given = keyword(call, "preprocessing")
        named = None if given is None else keyword(given, "transform") if hasattr(given, "keywords") else given  # type: ignore[arg-type]
        home, _, name = module.full_name(named).rpartition(".") if named is not None else ("", "", "")
        if name:
            return f"{home or module.name}:{name}"
    return None


def _write(folder: Path, files: Mapping[str, bytes]) -> tuple[str, ...]:
    """Write each file, what stood there kept under another name; gives those names."""
    kept = []
    for name, content in files.items():
        place = folder / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if place.exists() and place.read_bytes() != content:
            kept.append(_set_aside(place).relative_to(folder).as_posix())
        place.write_bytes(content)
    return tuple(kept)


def _set_aside(place: Path) -> Path:
    number, aside = 1, place.with_name(place.name + KEPT)
    while aside.exists():
        number += 1
        aside = place.with_name(f"{place.name}{KEPT}-{number}")
    return place.rename(aside)
