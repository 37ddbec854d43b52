"""Hyperparameters: the values a person chose, and the seeds; what cannot be saved is listed, never dropped."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterator
from typing import Any

from reprobundle.components.interface import Failure, Site, Source, Stage, attempt
from reprobundle.plain_values import Converted, Unsaved, fields_of, plain
from reprobundle.records import Json, Record
from reprobundle.report import Finding, Status

NAME = "hyperparameters"
SEED_VARIABLES = ("PYTHONHASHSEED", "PL_GLOBAL_SEED")
MAX_SHOWN = 10

_SEED = re.compile(r"[0-9]{1,20}|random")


class Section(Record):
    """What was chosen.

    Attributes:
        values: By name, as JSON.
        converted: Values that stand in another form than they had (a tuple as a list, an enum member as its name).
        unsaved: Values that JSON cannot hold.
        seeds: Seeds in force at capture: ``torch``, ``torch.cuda``, ``PYTHONHASHSEED``, ``PL_GLOBAL_SEED``.
    """

    values: dict[str, Json]
    converted: tuple[Converted, ...] = ()
    unsaved: tuple[Unsaved, ...] = ()
    seeds: dict[str, int | str] = {}


def capture(source: Source, stage: Stage) -> Section:
    """Record the hyperparameters and the seeds."""
    fields = attempt(lambda: {} if source.hyperparameters is None else fields_of(source.hyperparameters))
    if isinstance(fields, Failure) or fields is None:
        _note_type(source.hyperparameters, fields, stage)
        return Section(values={}, seeds=_seeds(source))
    made = attempt(lambda: plain(fields))
    if isinstance(made, Failure):
        stage.note(NAME, f"the hyperparameters cannot be read: {made.why}", hint="give a dict of plain values")
        return Section(values={}, seeds=_seeds(source))
    _note_changes(made.converted, made.unsaved, stage)
    values = made.value if isinstance(made.value, dict) else {}
    return Section(values=values, converted=made.converted, unsaved=made.unsaved, seeds=_seeds(source))


def _note_type(given: Any, fields: Failure | None, stage: Stage) -> None:
    found = type(given).__name__ if fields is None else fields.why
    message = f"expected a mapping, a dataclass, a Namespace or an object with to_dict(), found {found}"
    stage.note(NAME, message, hint="give a dict of plain values")


def _note_changes(converted: tuple[Converted, ...], unsaved: tuple[Unsaved, ...], stage: Stage) -> None:
    for missing in unsaved:
        message = f"{missing.path}: {missing.type} is not saved: {missing.reason}"
        stage.note(NAME, message, hint=missing.hint)
    told = [item for item in converted if item.type != "tuple"]  # every tuple is a list in JSON; the section says it
    if told:
        shown = ", ".join(f"{item.path} ({item.type})" for item in told[:MAX_SHOWN])
        more = f" and {len(told) - MAX_SHOWN} more" if len(told) > MAX_SHOWN else ""
        stage.note(NAME, f"saved in another form: {shown}{more}")


def _seeds(source: Source) -> dict[str, int | str]:
    """The seeds that can be asked for; no generator is touched and nothing is imported."""
    found: dict[str, int | str] = {}
    torch = sys.modules.get("torch") if source.trained_here else None
    if torch is not None:
        found["torch"] = int(torch.initial_seed())
        if torch.cuda.is_initialized():
            found["torch.cuda"] = int(torch.cuda.initial_seed())
    for name in SEED_VARIABLES:
        value = os.environ.get(name, "")
        if _SEED.fullmatch(value):
            found[name] = value
    return found


def check(section: Section, site: Site) -> Iterator[Finding]:
    """Say what is recorded and what is missing: nothing here can be recomputed."""
    del site
    if section.values:
        message = f"{len(section.values)} value{'' if len(section.values) == 1 else 's'} recorded"
        yield Finding(kind=NAME, status=Status.NOTE, message=message)
    for missing in section.unsaved:
        message = f"{missing.path}: {missing.type} was not saved: {missing.reason}"
        yield Finding(kind=NAME, status=Status.NOTE, message=message, hint=missing.hint)
