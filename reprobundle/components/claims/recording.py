"""From metrics and claims as a person gives them to the record; a wrong one becomes a note."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pydantic

from reprobundle import arrays
from reprobundle.components.claims import members
from reprobundle.components.claims.commands import RESULT, gives_nothing, parted
from reprobundle.components.claims.contradicting import contradictions
from reprobundle.components.claims.counting import DATA, rows_of
from reprobundle.components.claims.functions import entry_text, samples_of_function
from reprobundle.components.claims.grouping import Awaited, Grouped, with_groups
from reprobundle.components.claims.naming import readable, split_named
from reprobundle.components.claims.section import FIELDS, FORMS, MAX_ID, NAME, STATED, Claim, Section
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.errors import UsageError
from reprobundle.faults import words
from reprobundle.phrases import likely
from reprobundle.plain_values import fields_of

FOUND = frozenset({"split_guessed", "reloaded", "gave"})  # what a capture finds, and nobody states
KNOWN = frozenset({*STATED, *Claim.model_fields})
COMMAND_HINT = (
    "name files of the project relative to it, the split {data}, the file its number goes to {out}: docs/claims.md"
)
NO_VALUE = "no value is stated, and the numbers of its samples are computed only after it was recorded"
GIVE_VALUE = "give value, the number that is claimed; or the numbers themselves: per_sample=[…]"


def capture(source: Source, stage: Stage) -> Section:
    """Make a claim of every metric and every further claim; a wrong one becomes a note."""
    kept: dict[str, Claim] = {}
    of_samples: dict[str, tuple[int, ...]] = {}
    for given in _given(source, stage):
        made = _claim(given, set(kept), stage, source)
        if made is not None:
            found, claim = made
            _note_split(claim, source, stage)
            _note_command(claim, stage)
            _note_contradiction(claim, stage)
            kept[claim.id] = claim
            if found.members is not None and _is_computed(claim) and _may_be_told(claim, source, stage):
                of_samples[claim.id] = found.members
            if found.awaited is not None:
                told = found.awaited.column is not None and _may_be_told(claim, source, stage)
                stage.awaited[claim.id] = replace(found.awaited, told=told)
    return Section(claims=tuple(kept.values()), members=members.write(of_samples, stage))


def _given(source: Source, stage: Stage) -> Iterator[Mapping[str, Any]]:
    """Metrics and claims alike as the fields of a claim."""
    for name, value in _metrics(source.metrics, stage).items():
        yield {"text": str(name), "value": value}
    for index, given in enumerate(source.claims):
        fields = attempt(lambda given=given: given.model_dump() if isinstance(given, Claim) else fields_of(given))  # type: ignore[misc]
        if isinstance(fields, Mapping):
            yield _as_stated(fields)
        else:
            found = type(given).__name__
            stage.note(NAME, f"claim {index}: expected a mapping, found {found}", hint=f"its fields are {FIELDS}")


def _as_stated(fields: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """A claim, which may be of an earlier bundle, without what only that bundle's capture found."""
    found = {*FOUND, "split"} if fields.get("split_guessed") else FOUND
    made = {key: value for key, value in fields.items() if key not in found}
    groups = made.get("groups")
    if isinstance(groups, list | tuple):
        made["groups"] = [{key: part for key, part in dict(one).items() if key not in FOUND} for one in groups]
    return made


def _metrics(given: Any, stage: Stage) -> Mapping[Any, Any]:
    fields = attempt(lambda: _items(given))
    if isinstance(fields, Failure):
        stage.note(NAME, f"metrics: cannot be read: {fields.why}", hint="metrics={'accuracy': 0.97}")
        return {}
    if fields is not None:
        return fields
    stage.note(
        NAME, f"metrics: expected values by name, found {type(given).__name__}", hint="metrics={'accuracy': 0.97}"
    )
    return {}


def _items(given: Any) -> dict[Any, Any] | None:
    """Values by name, taken out of whatever holds them; None where it holds no such thing."""
    fields = fields_of(given)
    return None if fields is None else {name: value for name, value in fields.items()}  # noqa: C416  dict() passes by an items() of its own


def _claim(given: Mapping[str, Any], taken: set[str], stage: Stage, source: Source) -> tuple[Grouped, Claim] | None:
    """A claim, and what was worked out of its samples."""
    label = readable(str(given.get("id") or given.get("text") or "without a name"))
    name = "claim " + repr(label[:80])
    if given.get("id") in taken:
        stage.note(NAME, f"{name}: another claim has this id; the second is left out", hint="give each its own id")
        return None
    if given.get("entry") is not None and given.get("command"):
        hint = "leave one of the two out"
        stage.note(NAME, f"{name}: is left out: names both a function and a command that compute it", hint=hint)
        return None
    asked = samples_of_function(_known(given, name, stage), stage, name)
    found = with_groups(asked.fields, source.splits, source.column_of)
    for message, hint in found.notes:
        stage.note(NAME, f"{name}: {message}", hint=hint)
    if asked.each and found.awaited is None:
        found = replace(found, awaited=Awaited())
    if asked.each and found.fields.get("value") is None:
        stage.note(NAME, f"{name}: is left out: {NO_VALUE}", hint=GIVE_VALUE)
        return None
    claim = _record(found, label, taken, stage)
    return None if claim is None else (found, _with_split(claim, stage))


def _known(given: Mapping[str, Any], name: str, stage: Stage) -> Mapping[str, Any]:
    """The fields that a claim has; a slip of the finger costs the field, never the claim."""
    unknown = [key for key in given if key not in KNOWN]
    for key in unknown:
        message = f"{name}: there is no field {readable(str(key))!r:.80}, so it is left out"
        stage.note(NAME, message, hint=likely(str(key), STATED) or f"the fields of a claim are {FIELDS}")
    return {key: value for key, value in given.items() if key not in unknown}


def _is_computed(claim: Claim) -> bool:
    """Whether anything gives its samples again at a replay."""
    return claim.entry is not None or bool(claim.command)


def _with_split(claim: Claim, stage: Stage) -> Claim:
    """The claim with the recorded split that its text names, where none is stated: decided here, once for every reader."""
    recorded: tuple[Any, ...] = getattr(stage.sections.get(DATA), "splits", ())  # a component knows no other's records
    named = split_named(claim.text, [split.name for split in recorded]) if claim.split is None else None
    return claim if named is None else claim.model_copy(update={"split": named, "split_guessed": True})


def _record(found: Grouped, label: str, taken: set[str], stage: Stage) -> Claim | None:
    """The claim as it stands in the manifest; None and a note where a field is wrong."""
    name = "claim " + repr(label[:80])
    made = attempt(lambda: {key: _plain(key, value) for key, value in found.fields.items()})
    if isinstance(made, Failure):
        stage.note(NAME, f"{name}: is left out: {made.why}", hint=made.hint or "give one finite number")
        return None
    fields = {
        "id": _new_id(label, taken),
        "text": label,
        **{key: _readable(value) for key, value in made.items() if value is not None},
    }
    document = attempt(lambda: json.dumps(fields))
    if isinstance(document, Failure):
        stage.note(NAME, f"{name}: is left out: {document.why}", hint=f"the fields of a claim are {FIELDS}")
        return None
    try:
        return Claim.model_validate_json(document)
    except pydantic.ValidationError as error:
        told = "; ".join(f"{_where(fault)}: {words(fault, FORMS)}" for fault in error.errors(include_url=False))
        stage.note(NAME, f"{name}: is left out: {told}", hint=f"the fields of a claim are {FIELDS}")
        return None


def _where(fault: Mapping[str, Any]) -> str:
    return ".".join(map(str, fault["loc"])) or "the claim"


def _readable(value: Any) -> Any:
    """A field whose texts, of groups and parts of a command too, can all stand in a record."""
    if isinstance(value, str):
        return readable(value)
    if isinstance(value, list | tuple):
        return [_readable(one) for one in value]
    if isinstance(value, Mapping):
        return {_readable(name): _readable(one) for name, one in value.items()}
    return value


def _plain(key: str, value: Any) -> Any:
    """A field of a claim as JSON holds it.

    Raises:
        ValueError: A number is no single finite one, or the entry cannot be named.
        UsageError: A command is none.
    """
    if key == "entry" and value is not None:
        return entry_text(value)
    if key == "command" and value is not None and value not in ([], ()):  # of a claim as an earlier bundle records it
        return _parted(value)
    if arrays.is_array(value):
        array = arrays.to_array(value)
        if array.size != 1:
            raise ValueError(f"{key}: expected one number, found {array.size}")
        value = array.reshape(()).item()
    if isinstance(value, float) and value - value != 0:
        raise ValueError(f"{key}: expected a finite number, found {value}")
    return value


def _parted(command: Any) -> tuple[str, ...]:
    try:
        return parted(command)
    except ValueError as error:
        raise UsageError(str(error), hint=COMMAND_HINT) from error


def _new_id(text: str, taken: set[str]) -> str:
    base = re.sub(r"[^a-z0-9._]+", "-", text.lower()).strip("-._")[: MAX_ID - 8].strip("-._") or "claim"
    number = 1
    while (candidate := base if number == 1 else f"{base}-{number}") in taken:
        number += 1
    return candidate


def _note_split(claim: Claim, source: Source, stage: Stage) -> None:
    if claim.split is not None and claim.split not in source.splits:
        hint = f"splits={{{claim.split!r}: …}}"
        stage.note(NAME, f"claim {claim.id!r}: names the split {claim.split!r}, which was not given", hint=hint)


def _may_be_told(claim: Claim, source: Source, stage: Stage) -> bool:
    """Whether each sample's group may stand in the bundle: not of a private split."""
    of_split = [
        split
        for name, split in source.splits.items()
        if claim.split == (readable(name) if isinstance(name, str) else name)
    ]
    if all(getattr(split, "private", None) is None for split in of_split):
        return True
    message = f"claim {claim.id!r}: its split is private, so no replay will compute its groups again"
    stage.note(NAME, message, hint="which sample is in which group would have to be told")
    return False


def _note_contradiction(claim: Claim, stage: Stage) -> None:
    """The number is kept as it was stated: which of the two is wrong only the person knows."""
    for found in contradictions(claim, rows_of(claim, stage.sections.get(DATA))):
        stage.note(NAME, f"claim {claim.id!r}: {found.words}", hint=found.hint)


def _note_command(claim: Claim, stage: Stage) -> None:
    """A command is run elsewhere: a place of this machine is not there; and its number is read from a file that it is told."""
    if gives_nothing(claim.command):
        message = f"claim {claim.id!r}: its command has no {RESULT}, so that no replay gets a number from it"
        stage.note(NAME, message, hint=COMMAND_HINT)
    absolute = [word for word in claim.command if word.startswith(("/", "~"))]
    if absolute:
        message = f"claim {claim.id!r}: its command names {absolute[0]!r}, a place of this machine that no replay has"
        stage.note(NAME, message, hint=COMMAND_HINT)
