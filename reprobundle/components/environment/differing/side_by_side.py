"""Two recorded environments, graded as a replay's is: what of their difference can change numbers, and how much."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.environment.differing import grading
from reprobundle.components.environment.differing.checking import some, without_versions
from reprobundle.components.environment.differing.facts import (
    NOT_THERE,
    compare_facts,
    facts_of_one,
    flat,
    graded,
    spelt,
)
from reprobundle.components.environment.differing.grading import Judgement
from reprobundle.components.environment.section import Distribution, Section
from reprobundle.phrases import counted
from reprobundle.records import Json
from reprobundle.report import Finding, Grade

RECORDED = Judgement(Grade.LOW, "what was recorded, not what was there")
FIELDS = frozenset({"interpreter", "platform", "distributions", "numerics", "conda"})  # what is compared here


def compare_environments(first: Section, second: Section, *, devices: frozenset[str]) -> Iterator[Finding]:
    """One finding for each difference, those that change numbers most first.

    Args:
        first: Its values are called expected.
        second: Its values are called found.
        devices: The kinds of device that the two models were captured on.
    """
    versions = list(_distributions(first, second))
    before, now = _facts(first), _facts(second)
    ours, theirs = facts_of_one(before, now), facts_of_one(now, before)
    shared = {name: value for name, value in before.items() if name not in ours}
    facts = without_versions(compare_facts(shared, now, devices=devices), versions)
    found = [*versions, *facts, *_one_sided(ours, theirs), *_conda(first, second)]
    yield from sorted(found, key=lambda finding: grading.most_first(finding.grade))


def _distributions(first: Section, second: Section) -> Iterator[Finding]:
    ours, theirs = ({one.name: one for one in section.distributions} for section in (first, second))
    for name in sorted({*ours, *theirs}):
        one, other = ours.get(name), theirs.get(name)
        if one is not None and other is not None:
            yield from _versions(one, other)
            continue
        only = one or other
        assert only is not None  # the name stands in one of them
        weight = grading.of_distribution(name, imported=only.imported)
        before, now = (part.version if part else NOT_THERE for part in (one, other))
        yield graded(f"{name} is not in both", weight, expected=before, found=now)


def _versions(one: Distribution, other: Distribution) -> Iterator[Finding]:
    weight = grading.of_distribution(one.name, imported=one.imported or other.imported)
    before, now = (spelt(part.name, part.version) for part in (one, other))
    if before != now:
        build = grading.is_same_release(before, now)
        message = f"{one.name} is another build" if build else f"{one.name} has another version"
        why = grading.OTHER_BUILD if build and weight != grading.NOT_IMPORTED else weight.why
        yield graded(message, Judgement(weight.grade, why), expected=before, found=now)
    elif _source(one) != _source(other):
        sources = Judgement(weight.grade, grading.OTHER_BYTES)
        message = f"{one.name} was edited" if one.origin == other.origin else f"{one.name} comes from elsewhere"
        yield graded(message, sources, expected=_source(one), found=_source(other))


def _source(one: Distribution) -> str:
    """Where it came from and whether it was changed since, in words."""
    exact = one.origin.commit or one.origin.sha256
    edited = ""
    if one.edited is not None:
        edited = f", {counted(one.edited.count, 'file')} changed since"
    return one.origin.kind + (f" {exact}" if exact else "") + edited


def _facts(section: Section) -> dict[str, Json]:
    """The numerics facts, and under names of the same kind what the section says of interpreter and system."""
    interpreter, platform = section.interpreter, section.platform
    around: dict[str, Json | None] = {
        "python.implementation": interpreter.implementation,
        "python.version": interpreter.version,
        "python.build": interpreter.build,
        "python.abi": interpreter.abi,
        "system.name": platform.system,
        "system.machine": platform.machine,
        "system.libc": platform.libc,
        "system.distribution": platform.distribution,
        "container": platform.container,
    }
    if platform.slurm is not None:
        around |= {f"slurm.{name}": value for name, value in platform.slurm.model_dump().items()}
    return {**{name: value for name, value in around.items() if value is not None}, **flat(section.numerics)}


def _one_sided(ours: list[str], theirs: list[str]) -> Iterator[Finding]:
    """Facts that one record holds and the other does not, as records of two versions of this program do."""
    if ours or theirs:
        before, now = (f"{len(names)} more: {some(names)}" if names else "none more" for names in (ours, theirs))
        yield graded("the records hold not the same facts", RECORDED, expected=before, found=now)


def _conda(first: Section, second: Section) -> Iterator[Finding]:
    ours, theirs = ({one.name: f"{one.version} {one.build}" for one in section.conda} for section in (first, second))
    if bool(ours) != bool(theirs):
        before, now = (counted(len(side), "package") if side else "none" for side in (ours, theirs))
        yield graded("the conda environment differs", grading.NOT_KNOWN, expected=before, found=now)
        return
    for name in sorted({*ours, *theirs}):
        before, now = ours.get(name, NOT_THERE), theirs.get(name, NOT_THERE)
        if before != now:
            weight = grading.of_distribution(name.lower())
            yield graded(f"conda package {name} differs", weight, expected=before, found=now)
