"""Claims: the numbers a person says the model reaches, each with what is needed to hold it against a computed one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import pydantic

from reprobundle import arrays, entries
from reprobundle.components.interface import Failure, Site, Source, Stage, attempt, not_run
from reprobundle.errors import ReproBundleError
from reprobundle.plain_values import fields_of
from reprobundle.records import Record
from reprobundle.report import Finding

NAME = "claims"
MAX_ID = 100
FIELDS = "id, text, value, tolerance, decimals, split, entry, command"

Id = Annotated[
    str, pydantic.Field(pattern=rf"^[a-z0-9][a-z0-9._-]{{0,{MAX_ID - 1}}}$", description="unique in a bundle")
]


class Claim(Record):
    """One number.

    Attributes:
        id: Short name, unique in the bundle.
        text: What the number says, in words.
        value: The number.
        tolerance: How far a computed value may lie from it, absolute, in its own unit; None: not said.
        split: The data split it was measured on.
        entry: Function that computes it, as ``module:name``: called with the model and the path of the split.
        decimals: Digits after the point with which the number is printed, which it must agree with; None: not said.
        command: Program and arguments that compute it instead, without a shell; empty: there is none.
    """

    id: Id
    text: Annotated[str, pydantic.Field(min_length=1, max_length=10_000)]
    value: float
    tolerance: Annotated[float, pydantic.Field(ge=0)] | None = None
    split: str | None = None
    entry: str | None = None
    decimals: Annotated[int, pydantic.Field(ge=0, le=17)] | None = None
    command: Annotated[tuple[str, ...], pydantic.Field(max_length=100)] = ()


class Section(Record):
    """What the person claims.

    Attributes:
        claims: Metrics first, then further claims, in the order given.
    """

    claims: tuple[Claim, ...]


def capture(source: Source, stage: Stage) -> Section:
    """Make a claim of every metric and every further claim; a wrong one becomes a note."""
    kept: dict[str, Claim] = {}
    for given in _given(source, stage):
        claim = _claim(given, set(kept), stage)
        if claim is not None:
            _note_split(claim, source, stage)
            kept[claim.id] = claim
    return Section(claims=tuple(kept.values()))


def _given(source: Source, stage: Stage) -> Iterator[Mapping[str, Any]]:
    """Metrics and claims alike as the fields of a claim."""
    for name, value in _metrics(source.metrics, stage).items():
        yield {"text": str(name), "value": value}
    for index, given in enumerate(source.claims):
        fields = attempt(lambda given=given: given.model_dump() if isinstance(given, Claim) else fields_of(given))  # type: ignore[misc]
        if isinstance(fields, Mapping):
            yield fields
        else:
            found = type(given).__name__
            stage.note(NAME, f"claim {index}: expected a mapping, found {found}", hint=f"its fields are {FIELDS}")


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


def _claim(given: Mapping[str, Any], taken: set[str], stage: Stage) -> Claim | None:
    label = str(given.get("id") or given.get("text") or "without a name")
    name = "claim " + repr(label[:80])
    if given.get("id") in taken:
        stage.note(NAME, f"{name}: another claim has this id; the second is left out", hint="give each its own id")
        return None
    made = attempt(lambda: {key: _plain(key, value) for key, value in given.items()})
    if isinstance(made, Failure):
        stage.note(NAME, f"{name}: is left out: {made.why}", hint="give one finite number")
        return None
    fields = {
        "id": _new_id(label, taken),
        "text": label,
        **{key: value for key, value in made.items() if value is not None},
    }
    try:
        return Claim.model_validate_json(json.dumps(fields))
    except pydantic.ValidationError as error:
        faults = error.errors(include_url=False, include_context=False)
        words = "; ".join(f"{fault['loc'][0]}: {fault['msg']}, found {fault['input']!r:.80}" for fault in faults)
        stage.note(NAME, f"{name}: is left out: {words}", hint=f"the fields of a claim are {FIELDS}")
        return None


def _plain(key: str, value: Any) -> Any:
    """A field of a claim as JSON holds it.

    Raises:
        ValueError: A number is no single finite one, or the entry cannot be named.
    """
    if key == "entry" and value is not None:
        return _entry(value)
    if arrays.is_array(value):
        array = arrays.to_array(value)
        if array.size != 1:
            raise ValueError(f"{key}: expected one number, found {array.size}")
        value = array.reshape(()).item()
    if isinstance(value, float) and value - value != 0:
        raise ValueError(f"{key}: expected a finite number, found {value}")
    return value


def _entry(value: Any) -> str:
    try:
        return str(entries.parse_entry(value)) if isinstance(value, str) else entries.entry_of(value)
    except ReproBundleError as error:
        raise ValueError(f"entry: {error}") from error


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


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Say for each claim why it was not held against a computed value."""
    del site
    for claim in section.claims:
        why = (
            "no function that computes it is recorded"
            if claim.entry is None
            else f"{claim.entry} was not run: this version of reprobundle does not compute claims"
        )
        yield not_run(NAME, f"claim {claim.id!r}: claimed {claim.value:.6g}, not computed: {why}")
