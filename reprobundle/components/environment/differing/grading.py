"""How much a difference between two environments can change a model's numbers, and why, looked up in `grades`."""

from __future__ import annotations

from collections.abc import Sequence
from fnmatch import fnmatchcase

from packaging.version import InvalidVersion, Version

from reprobundle.components.environment.differing.grades import (
    DISTRIBUTIONS,
    FACTS,
    IDLE_HERE,
    IMPORTED_AS,
    LOADED_UNSEEN,
    MORE_HERE,
    NOT_IMPORTED,
    NOT_KNOWN,
    ON_ACCELERATORS,
    OTHER_BUILD,
    OTHER_BYTES,
    OTHER_CODE,
    OTHER_DEVICE,
    OTHER_MODEL,
    OTHER_PYTHON,
    USED_WHERE_FOUND,
    VARIABLE_KINDS,
    VARIABLES,
    VARIABLES_ON_ACCELERATORS,
    Judgement,
    Rule,
)
from reprobundle.report import Grade

__all__ = [
    "CPU",
    "NOT_IMPORTED",
    "NOT_KNOWN",
    "OTHER_BUILD",
    "OTHER_BYTES",
    "OTHER_CODE",
    "OTHER_DEVICE",
    "OTHER_MODEL",
    "Judgement",
    "distribution_of",
    "is_same_release",
    "most_first",
    "of_distribution",
    "of_extra",
    "of_fact",
    "of_python",
]

CPU = "cpu"


def distribution_of(fact: str) -> str | None:
    """The distribution whose version a fact is, so that one difference is told once; None where it is none's."""
    kind, _, rest = fact.partition(".")
    if kind == "library" and rest and "." not in rest:
        return IMPORTED_AS.get(rest, rest.replace("_", "-").lower())
    return {"torch.version": "torch", "torch.commit": "torch", "numpy.version": "numpy", "numpy.simd": "numpy"}.get(
        fact
    )


def of_distribution(name: str, *, imported: bool = True) -> Judgement:
    """What another version of a distribution weighs.

    Args:
        name: Its normalised name.
        imported: Whether the process had imported it when it was captured; what was not imported had no say, unless it
            is a library that other libraries load.
    """
    if not imported and not _fits(name, LOADED_UNSEEN):
        return NOT_IMPORTED
    return _look_up(DISTRIBUTIONS, name, on_cpu=True)


def of_extra(name: str) -> Judgement | None:
    """What a distribution weighs that is there though it was not recorded; None where nothing uses it unasked."""
    if not _fits(name, USED_WHERE_FOUND):
        return None
    return Judgement(_look_up(DISTRIBUTIONS, name, on_cpu=True).grade, MORE_HERE)


def of_fact(name: str, *, devices: frozenset[str]) -> Judgement:
    """What another value of a numerics fact weighs.

    Args:
        name: Its dotted name, as in ``Section.numerics``; a variable is ``variables.NAME`` or ``process.NAME``.
        devices: The kinds of device that the model ran on, at capture and at replay.
    """
    kind, _, rest = name.partition(".")
    on_cpu, alone = CPU in devices, devices == {CPU}
    if kind in VARIABLE_KINDS and rest:
        idle = alone and _fits(rest, VARIABLES_ON_ACCELERATORS)
        return IDLE_HERE if idle else _look_up(VARIABLES, rest, on_cpu=on_cpu)
    if kind == "library" and rest:
        library = rest.partition(".")[0]
        return _look_up(DISTRIBUTIONS, IMPORTED_AS.get(library, library.replace("_", "-").lower()), on_cpu=on_cpu)
    return IDLE_HERE if alone and _fits(name, ON_ACCELERATORS) else _look_up(FACTS, name, on_cpu=on_cpu)


def of_python(recorded: str, found: str) -> Judgement:
    """What another version of the interpreter weighs: a patch release little, another minor one more."""
    same_minor = recorded.split(".")[:2] == found.split(".")[:2]
    return Judgement(Grade.LOW if same_minor else Grade.MEDIUM, OTHER_PYTHON)


def is_same_release(first: str, second: str) -> bool:
    """Whether two versions differ in their local label alone: ``2.13.0+cpu`` and ``2.13.0+cu128``."""
    try:
        return Version(first).public == Version(second).public
    except InvalidVersion:
        return False


def most_first(grade: Grade | None) -> int:
    """A key to sort by: critical first, what has no grade last."""
    return len(Grade) if grade is None else list(Grade).index(grade)


def _look_up(rules: Sequence[Rule], name: str, *, on_cpu: bool) -> Judgement:
    for rule in rules:
        if rule.fits(name):
            return Judgement(rule.grade if on_cpu or rule.elsewhere is None else rule.elsewhere, rule.why)
    return NOT_KNOWN


def _fits(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)
