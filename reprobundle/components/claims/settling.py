"""Before the seal: what the functions of claims gave goes into the record, numbers of samples, groups and what differs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from reprobundle.answers import Computed
from reprobundle.components.claims import members
from reprobundle.components.claims.comparing import ONE_NUMBER
from reprobundle.components.claims.grouping import EACH, Awaited, by_group, ends_of, interval_of
from reprobundle.components.claims.numbers import agrees, rule_of
from reprobundle.components.claims.section import NAME, Claim, GroupValue, Section
from reprobundle.components.claims.stating import overridden
from reprobundle.components.interface import Stage
from reprobundle.phrases import counted, printed
from reprobundle.report import ClaimResult

GIVES = "the reloaded model gives"
NOT_CALLED = "its function was not called before the bundle was sealed"
FAILED = "its function failed"
FAILED_TO_COMPUTE = "what computes it failed with the reloaded model, before the bundle was sealed"
CALLED = (
    "per_sample=[…], one number a sample; a function is called where the bundle is proven, with a budget, and where its "
    "split is a file or folder"
)
ONE_EACH = "let the function return one number a sample, or give them: per_sample=[…]"
MEND = "mend the function, or give the numbers of its samples: per_sample=[…]"


def settle(section: Section, computed: Mapping[str, Computed], stage: Stage) -> Section:
    """Give each claim that awaits them its interval and groups, from the numbers that its function gave of its samples.

    Args:
        section: What is claimed.
        computed: What functions gave, by claim id.
        stage: Has what is awaited, of which what is settled is taken out; takes the groups of samples, and notes.
    """
    kept: list[Claim] = []
    of_samples: dict[str, Sequence[int]] = {}
    for claim in section.claims:
        awaited: Awaited | None = stage.awaited.get(claim.id)
        given = computed.get(claim.id)
        if awaited is None or given is None:
            kept.append(claim)
            continue
        del stage.awaited[claim.id]
        made, places = _settled(claim, awaited, given, stage)
        kept.append(made)
        if places and awaited.told:
            of_samples[claim.id] = places
    return Section(claims=tuple(kept), members=members.add(section, of_samples, stage))


def note_awaited(stage: Stage) -> None:
    """Note of each claim that still awaits numbers of samples that none came, and what to give in their place."""
    for name, awaited in sorted(stage.awaited.items()):
        stage.note(NAME, f"claim {name!r}: {_lost(awaited)}: {NOT_CALLED}", hint=CALLED)
    stage.awaited.clear()


def leave_awaited(called: Iterable[str], stage: Stage) -> None:
    """Leave to the capture itself, in a trial, what claims await of functions that it will call.

    Args:
        called: Ids of claims whose functions it will call, whether they await anything or not.
        stage: Has what is awaited, of which what is left is taken out.
    """
    for name in called:
        if name in stage.awaited:
            awaited: Awaited = stage.awaited.pop(name)
            what = "the interval" if awaited.column is None else "the groups"
            stage.left.append(f"{what} of claim {name!r}")


def with_results(section: Section, results: Sequence[ClaimResult]) -> Section:
    """The section with what the reloaded model gave for its claims.

    Args:
        section: What is claimed.
        results: What was computed, in any order; claims that were not run stay as they are.
    """
    found = {one.id: one for one in results}
    return section.model_copy(update={"claims": tuple(_with_result(one, found.get(one.id)) for one in section.claims)})


def differing(claim: Claim) -> tuple[str, ...]:
    """In words, what the reloaded model gave otherwise: of the claim first, then of its groups; empty where nothing did."""
    return tuple(_differing(claim))


def failure(claim: Claim) -> str | None:
    """In words, that a claim could not be computed with the reloaded model; None where it could, or was not tried."""
    return FAILED_TO_COMPUTE if claim.reloaded == "failed" else None


def _differing(claim: Claim) -> Iterator[str]:
    if claim.gave is not None:
        yield f"claimed {printed(claim.value)}, {GIVES} {printed(claim.gave)}, not the same {rule_of(claim)}"
    for group in claim.groups:
        if group.gave is not None:
            told = f"group {group.name!r:.80}: claimed {printed(group.value)}"
            yield f"{told}, {GIVES} {printed(group.gave)}, not the same {rule_of(claim)}"


def _settled(claim: Claim, awaited: Awaited, given: Computed, stage: Stage) -> tuple[Claim, tuple[int, ...]]:
    """The claim with what its samples give, and each sample's place among its groups; a note where they give nothing."""
    why = _why_not(awaited, given)
    if why is not None or given.samples is None:
        message, hint = why or (ONE_NUMBER, ONE_EACH)
        stage.note(NAME, f"claim {claim.id!r}: {_lost(awaited)}: {message}", hint=hint)
        return claim, ()
    numbers: list[float] = given.samples.tolist()
    made: dict[str, Any] = {"count": len(numbers), **ends_of(interval_of(numbers))}
    for message, hint in overridden(claim.model_dump(), made):
        stage.note(NAME, f"claim {claim.id!r}: {message}", hint=hint)
    if awaited.column is None:
        return claim.model_copy(update=made), ()
    groups, places = by_group(numbers, awaited.column)
    return claim.model_copy(update={**made, "groups": tuple(GroupValue(**one) for one in groups)}), places


def _why_not(awaited: Awaited, given: Computed) -> tuple[str, str] | None:
    """Why the numbers cannot be taken, and the way out; None where they can."""
    if given.value is None:
        return FAILED, MEND
    if given.samples is None:
        return ONE_NUMBER, ONE_EACH
    if awaited.column is not None and len(given.samples) != len(awaited.column):
        gave = f"its function gave {counted(len(given.samples), 'number')}"
        return f"{gave}, and {counted(len(awaited.column), 'sample')} have a group", EACH
    return None


def _lost(awaited: Awaited) -> str:
    return "the interval of its samples is left out" if awaited.column is None else "its groups are left out"


def _with_result(claim: Claim, result: ClaimResult | None) -> Claim:
    if result is None or result.verdict == "not run":
        return claim
    changed: dict[str, Any] = {"reloaded": result.verdict}
    if result.verdict == "differs":
        if result.got is not None and not agrees(claim, result.got):
            changed["gave"] = result.got
        apart = {one.name: one.got for one in result.groups if one.verdict == "differs"}
        changed["groups"] = tuple(
            one.model_copy(update={"gave": apart[one.name]}) if one.name in apart else one for one in claim.groups
        )
    return claim.model_copy(update=changed)
