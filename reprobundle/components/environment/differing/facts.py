"""Two sets of numerics facts side by side: each that differs is a finding with its grade and reason."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from reprobundle.components.environment.differing import grading
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.components.environment.lock import pin
from reprobundle.components.environment.section import NAME
from reprobundle.records import Json
from reprobundle.report import Finding, Status
from reprobundle.worker.numerics import TOLD_WHERE_LOADED, VARIABLES

NOT_THERE = "not there"
SHOWN_VALUE = 200
PYTHON_VERSION = "python.version"
SET_OR_NOT = (f"{VARIABLES}.", "process.", "gpu.")  # facts that are absent because nobody set them, or nothing is there


def flat(facts: Mapping[str, Json]) -> dict[str, Json]:
    """The facts with each variable under a name of its own, ``variables.NAME``."""
    found = {name: value for name, value in facts.items() if name != VARIABLES}
    variables = facts.get(VARIABLES)
    if isinstance(variables, dict):
        found.update({f"{VARIABLES}.{name}": value for name, value in variables.items()})
    return found


def compare_facts(
    before: Mapping[str, Json], here: Mapping[str, Json], *, devices: frozenset[str]
) -> Iterator[Finding]:
    """One finding for each fact, by its flat name, that the two sides do not share, sorted by name.

    What the first side does not hold is no difference unless absence means something: an earlier version of this program
    recorded fewer facts.

    Args:
        before: The recorded facts, flat.
        here: The facts of the other side, flat.
        devices: The kinds of device that the model ran on.
    """
    for name in sorted({*before, *here}.difference(facts_of_one(here, before))):
        expected, now = before.get(name, NOT_THERE), here.get(name, NOT_THERE)
        if (expected == now and type(expected) is type(now)) or _may_be_absent(name, here):
            continue
        weight = grading.of_fact(name, devices=devices)
        if name == PYTHON_VERSION:
            weight = grading.of_python(str(expected), str(now))
        yield graded(f"{name} differs", weight, expected=_text(expected), found=_text(now))


def facts_of_one(one: Mapping[str, Json], other: Mapping[str, Json]) -> list[str]:
    """Names that the other side does not speak of, though it might not have been asked; sorted."""
    return sorted(name for name in one if name not in other and not name.startswith(SET_OR_NOT))


def graded(message: str, weight: Judgement, *, expected: str | None = None, found: str | None = None) -> Finding:
    """A difference between two environments, with its grade and the reason for it."""
    return Finding(
        kind=NAME, status=Status.DIFFERS, message=message, expected=expected, found=found, grade=weight.grade, why=weight.why
    )  # fmt: skip


def unseen(before: Mapping[str, Json], here: Mapping[str, Json]) -> list[str]:
    """Recorded names that the other side does not speak of because it did not load what they are of; sorted."""
    return sorted(name for name in before if _may_be_absent(name, here))


def spelt(name: str, version: str) -> str:
    """The version as a lock would spell it; as it stands where no lock can."""
    try:
        return pin(name, version).version
    except ValueError:
        return version


def _may_be_absent(name: str, here: Mapping[str, Json]) -> bool:
    """A worker loads less than a process that trained: what is told only of a loaded library may be missing."""
    return name not in here and name.startswith(TOLD_WHERE_LOADED)


def _text(value: Json) -> str:
    """A value as a person writes it: words as they are, true and false in small letters, lists with commas."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return ", ".join(_text(item) for item in value)[:SHOWN_VALUE] or "none"
    return str(value)[:SHOWN_VALUE]
