"""A starting ``reprobundle.yaml`` and ``documentation/card.yaml``, from what a project's files and its own captures tell.

Source is read and never imported, nothing is run, no network is reached. What a person wrote in either file is kept.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Literal

from reprobundle import bundle as bundles
from reprobundle.components.documentation.card import Card, answers
from reprobundle.components.documentation.filling import Fact, at, filled, of_manifest, renewable
from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.components.documentation.recording import with_facts
from reprobundle.components.documentation.remarks import CHECK, remarks_of
from reprobundle.components.documentation.writing import OWN_LINES, card_bytes
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.initialising.claims_text import claims_text
from reprobundle.initialising.licences import licence_of
from reprobundle.initialising.merging import Merged, card_there, merge, says_nothing, without_mark
from reprobundle.initialising.models import models_in
from reprobundle.initialising.numbers import Numbers, numbers_in
from reprobundle.initialising.own_bundles import newest
from reprobundle.initialising.places import Places, places_in
from reprobundle.initialising.project import Module, Tell, keyword, modules_of, read_whole
from reprobundle.initialising.project_facts import project_facts
from reprobundle.initialising.source_facts import answers_in, captures, hyperparameters_in, said_facts, source_facts
from reprobundle.initialising.specification_text import parts, text_of
from reprobundle.initialising.suggestions import suggestions
from reprobundle.initialising.yaml_text import is_writable
from reprobundle.manifest import Manifest
from reprobundle.records import Json
from reprobundle.yaml_reading import read_yaml

SPECIFICATION = "reprobundle.yaml"
CARD = "documentation/card.yaml"
KEPT = ".before"

__all__ = ["CARD", "SPECIFICATION", "Initialised", "init"]


Teller = Literal["bundle", "files", "person"]


@dataclass(frozen=True)
class Initialised:
    """What `init` wrote, and what it asks.

    Attributes:
        folder: The project.
        written: Files that were written, relative to it.
        kept: What stood there before and is kept beside, under another name.
        fields: How many fields the card has.
        told: Who told each answered field of the card: a bundle of the project, its files, or the person in the card.
        captured: Fields that were filled in without a question, with where each was read.
        asked: A question by field of the card.
        check: What may be the answer to a question, by field of the card; it is not filled in.
        specified: Keys of the specification that say something.
        added: Keys that were put into a specification that was there before.
        missing: A question by key of the specification.
        left_out: Keys that were found, and could not be put into a specification as it is written.
        inline: Whether the specification holds documentation of its own, so that capture would not read the card.
        bundle: Name of the bundle that told facts; None where there was none.
        calls: Where the project calls ``reprobundle.capture`` itself.
        unread: Files that were found and could not be read, each with the reason.
        numbers: Numbers of a file, which stand in the specification as claims to take in; None where there is no such file.
    """

    folder: Path
    written: tuple[str, ...]
    kept: tuple[str, ...]
    fields: int
    told: Mapping[str, Teller]
    captured: Mapping[str, tuple[str, ...]]
    asked: Mapping[str, str]
    check: Mapping[str, str]
    specified: tuple[str, ...]
    added: tuple[str, ...]
    missing: Mapping[str, str]
    left_out: tuple[str, ...]
    inline: bool
    bundle: str | None
    calls: tuple[str, ...]
    unread: tuple[str, ...] = ()
    numbers: Numbers | None = None

    def count(self, *tellers: Teller) -> int:
        """How many fields of the card these told."""
        return sum(teller in tellers for teller in self.told.values())

    @property
    def unasked(self) -> int:
        """How many fields were filled without a question: those that no person answered."""
        return self.count("bundle", "files")

    @property
    def share(self) -> float:
        """Share of the card's fields that needed no question, 0 to 1."""
        return self.unasked / self.fields


def init(folder: Path, *, bundle: Path | None = None, force: bool = False) -> Initialised:
    """Write a starting specification and card into a project.

    Args:
        folder: The project.
        bundle: A bundle of it, whose facts fill the card; None: the last one this user captured here from this very source.
        force: Whether to go on where the files are there: what a person wrote in them stays, comments too, what they do not say
            is added, and what stood there is kept beside with another name.

    Raises:
        UsageError: There is no such folder, or a file is there already.
        RefusedInputError: The bundle is not what it says, or a file that is there breaks its form.
    """
    if not folder.is_dir():
        raise UsageError(f"no folder {str(folder)!r}", hint="name the folder of the project")
    _refuse_links(folder)
    _refuse_existing(folder, force=force)
    manifest = newest(folder) if bundle is None else bundles.verify(bundle).manifest
    modules, places = modules_of(folder), places_in(folder)
    unread: list[str] = []
    numbers = numbers_in(folder, unread.append)
    specification = _specification(folder, modules, places, numbers)
    own = _said_in(specification.text.encode("utf-8"), "documentation")
    card = _card(folder, modules, places, manifest, own, unread.append)
    state = dict(answers(card))
    suggested = suggestions(modules, folder)
    check = {path: words for path, words in suggested.items() if not at(card.model_dump(mode="json"), path)}
    remarks = _remarks(folder, check)
    kept = _write(folder, {SPECIFICATION: specification.text.encode("utf-8"), CARD: card_bytes(card, remarks)})
    return Initialised(
        folder=folder,
        written=(SPECIFICATION, CARD),
        kept=kept,
        fields=len(state),
        told={path: _teller(card, path) for path, answered in state.items() if answered},
        captured={path: mark.source for path, mark in card.captured.items()},
        asked={path: QUESTIONS[path] for path, answered in state.items() if not answered},
        check=check,
        specified=(*specification.standing, *specification.added),
        added=specification.added,
        missing=specification.asked,
        left_out=specification.left_out,
        inline=bool(own),
        bundle=None if manifest is None else manifest.name,
        calls=tuple(module.at(call) for module, call in captures(modules)),
        unread=tuple(unread),
        numbers=numbers,
    )


def _teller(card: Card, path: str) -> Teller:
    """Who told an answer; one that was changed since it was filled in is the person's."""
    mark = renewable(card).get(path)
    return "person" if mark is None else "bundle" if of_manifest(mark) else "files"


def _refuse_links(folder: Path) -> None:
    """Make sure that nothing is written outside the project."""
    for place in (folder / SPECIFICATION, (folder / CARD).parent, folder / CARD):
        if place.is_symlink():
            name = place.relative_to(folder).as_posix()
            raise UsageError(f"{name!r}: is a symbolic link, which is not followed", hint="put the file itself there")


def _refuse_existing(folder: Path, *, force: bool) -> None:
    there = [name for name in (SPECIFICATION, CARD) if (folder / name).exists()]
    if there and not force:
        hint = "--force adds what can be told by now, and keeps what you wrote"
        verb = "stands" if len(there) == 1 else "stand"
        raise UsageError(f"{' and '.join(map(repr, there))}: {verb} there already", hint=hint)


def _card(
    folder: Path,
    modules: tuple[Module, ...],
    places: Places,
    manifest: Manifest | None,
    own: Mapping[str, Json],
    tell: Tell,
) -> Card:
    """The card that is there, or a new one, with all that is known."""
    place = folder / CARD
    before = card_there(place.read_bytes(), name=CARD) if place.is_file() else Card()
    models = models_in(modules)
    told = [Fact(path, value, (f"{SPECIFICATION}: documentation",)) for path, value in answers_in(own)]
    read = source_facts(modules, models[0] if models else None, folder)
    known = filled(before, filter(_fits, chain(told, said_facts(modules), _of_project(folder, places, tell), read)))
    return with_facts(known, {} if manifest is None else manifest.model_dump(mode="json"))


def _fits(fact: Fact) -> bool:
    """Whether an answer has the form of its field: a script may hand anything to ``capture``."""
    if fact.path not in QUESTIONS or not is_writable(json.dumps(fact.value, ensure_ascii=False, default=str)):
        return False
    try:
        filled(Card(), [fact])
    except RefusedInputError:
        return False
    return True


def _said_in(specification: bytes, key: str) -> Mapping[str, Json]:
    """What a specification itself says under a key, where that is no path of a file."""
    try:
        value = read_yaml(specification, name=SPECIFICATION).value
    except RefusedInputError:  # nothing but questions
        return {}
    said = value.get(key) if isinstance(value, dict) else None
    return said if isinstance(said, dict) else {}


def _remarks(folder: Path, check: Mapping[str, str]) -> Mapping[str, tuple[str, ...]]:
    """A person's own comments in the card that is there, and what may be the answers to its questions."""
    place = folder / CARD
    there = without_mark(place.read_bytes()) if place.is_file() else b""
    said = remarks_of(there + (b"\n{}\n" if says_nothing(there) else b""), OWN_LINES)
    paths = dict.fromkeys([*said, *check])
    return {path: (*said.get(path, ()), *((f"{CHECK}{check[path]}",) if path in check else ())) for path in paths}


def _of_project(folder: Path, places: Places, tell: Tell) -> Iterator[Fact]:
    yield from project_facts(folder, places, tell)
    found = licence_of(folder, places.licences)
    if found is not None:
        yield Fact("license", found[0], (found[1],))


def _specification(folder: Path, modules: tuple[Module, ...], places: Places, numbers: Numbers | None) -> Merged:
    """A new specification, or the one that is there with what it does not say yet."""
    place = folder / SPECIFICATION
    there = read_whole(place) if place.is_file() else None
    splits = (_said_in(without_mark(there), "splits") if there is not None else {}) or places.splits
    claims = claims_text(numbers, tuple(splits))
    written = parts(models_in(modules), places, hyperparameters_in(modules), CARD, _transform(modules), claims)
    if there is not None:
        return merge(there, written, name=SPECIFICATION)
    asked = {part.key: part.question for part in written if part.question is not None}
    return Merged(text_of(written), (), tuple(part.key for part in written if part.question is None), asked)


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
