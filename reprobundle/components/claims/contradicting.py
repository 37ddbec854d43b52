"""A stated number beside the numbers of its own samples or groups: can all of them be so?"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from reprobundle.components.claims.numbers import agrees, decimals_of, rule_of
from reprobundle.components.claims.section import Claim, GroupValue
from reprobundle.phrases import counted, printed, shortest

SHARE = Fraction(5, 100)  # how far a share may lie from a bare 0 or 1: YAML and Python print 1.0 for 1.00, too
PER_CENT = 100.0
CORRECT = "correct the number, or what was given beside it; leave value out, and it is their mean"
UNITS = "give both in one unit: the number and those of its samples as shares, or all of them in per cent"
NO_MEAN = "correct the number; where it is no mean over samples, such as an AUC, leave the groups' count out"
GROUPS = "correct the groups, or leave them out: they are computed from per_sample and group"
EMPTY = "leave the group out, or correct its name or its count"
ENDS = "correct low and high, or the number: the interval must hold it"
ROWS = "give one number for each sample of the split, or name the split that they were computed on"

ALL_GROUPS = (
    "correct the counts, or name the split that the groups were counted on; none may be left out or counted twice"
)


@dataclass(frozen=True)
class Contradiction:
    """A claim whose parts cannot all be so.

    Attributes:
        stated: The number that is claimed.
        found: The number that its samples or groups give: their mean, or the group nearest to it.
        words: Both in one sentence, without the claim's name.
        sure: Whether nothing but a mistake explains it; else the number may be no mean, or the groups not all of them.
        hint: The way out.
        whole: Whether it is the claim's own number that something else speaks against, and not one of its parts.
        told: What speaks against it, in words, where `found` was computed by nothing and is only the nearest of its groups;
            None: `found` was computed.
    """

    stated: float
    found: float
    words: str
    sure: bool
    hint: str
    whole: bool = True
    told: str | None = None


@dataclass(frozen=True)
class Rows:
    """How many samples a split was recorded with.

    Attributes:
        split: The split's name.
        count: How many.
        of: What is counted, as one of them is called: ``sample``, else such as ``file``, which says less of the claim.
    """

    split: str
    count: int
    of: str = "sample"


def contradictions(claim: Claim, rows: Rows | None = None) -> tuple[Contradiction, ...]:
    """All that in a claim contradicts another part of it, its own number first.

    Args:
        claim: The claim.
        rows: What is recorded of its split; None: nothing that could be compared.
    """
    own = contradiction(claim)
    return (
        *(() if own is None else (own,)),
        *_of_each_group(claim),
        *_of_intervals(claim),
        *(() if rows is None else _of_rows(claim, rows)),
    )


def contradiction(claim: Claim) -> Contradiction | None:
    """What in a claim contradicts its own number; None where nothing does.

    Its samples' mean must be the number, as `numbers.agrees` compares them: within the claim's tolerance, else to the decimals
    it is printed with, so that 0.79 agrees with 0.7928. Groups as a person states them must have it between them, and
    where each has its count also as their mean.
    """
    if claim.measured is not None:
        return _of_samples(claim, claim.measured)
    return _of_groups(claim) if claim.groups else None


def _of_samples(claim: Claim, measured: float) -> Contradiction | None:
    if _agree(claim, measured):
        return None
    whose = "its samples" if claim.count is None else f"its {counted(claim.count, 'sample')}"
    words = f"{printed(claim.value)} is stated, {whose} give {_shown(measured, claim)}, not the same {_rule(claim, measured)}"
    return Contradiction(claim.value, measured, words, sure=True, hint=_hint(claim, measured))


def _of_groups(claim: Claim) -> Contradiction | None:
    values = [one.value for one in claim.groups]
    nearest = min(max(claim.value, min(values)), max(values))
    mean = _mean_of_groups(claim)
    shown = counted(len(values), "group")
    if not _agree(claim, nearest):
        told = (
            f"lie between {printed(min(values))} and {printed(max(values))}"
            if len(values) > 1
            else f"gives {printed(values[0])}"
        )
        words = f"{printed(claim.value)} is stated, its {shown} {told}"
        found = nearest if mean is None else mean
        hint = UNITS if _is_per_cent(claim, found) else NO_MEAN if mean is not None else CORRECT
        near = f"its {shown} {told}" if mean is None else None
        return Contradiction(claim.value, found, words, sure=mean is not None, hint=hint, told=near)
    if mean is None or _agree(claim, mean):
        return None
    words = f"{printed(claim.value)} is stated, the mean of its {shown} is {_shown(mean, claim)}"
    return Contradiction(claim.value, mean, words, sure=False, hint=NO_MEAN)


def _mean_of_groups(claim: Claim) -> float | None:
    """The mean over all samples of all groups; None where a group does not say how many it has."""
    counts = [one.count for one in claim.groups]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts) or not sum(known):
        return None
    return math.fsum(one.value * count for one, count in zip(claim.groups, known, strict=True)) / sum(known)


def _of_each_group(claim: Claim) -> Iterator[Contradiction]:
    """A group is held against its own samples as the whole is: within the tolerance, else to the decimals it is printed with."""
    for group in claim.groups:
        name = f"group {group.name!r:.80}: {printed(group.value)} is stated"
        as_whole = _as_claim(claim, group)
        if group.count == 0:
            yield Contradiction(group.value, 0.0, f"{name}, and it has no sample", sure=True, hint=EMPTY, whole=False)
        elif group.measured is not None and not _agree(as_whole, group.measured):
            told = "its samples" if group.count is None else f"its {counted(group.count, 'sample')}"
            give = "gives" if group.count == 1 else "give"
            shown, rule = _shown(group.measured, as_whole), _rule(as_whole, group.measured)
            words = f"{name}, {told} {give} {shown}, not the same {rule}"
            hint = UNITS if _is_per_cent(as_whole, group.measured) else GROUPS
            yield Contradiction(group.value, group.measured, words, sure=True, hint=hint, whole=False)


def _as_claim(claim: Claim, group: GroupValue) -> Claim:
    return claim.model_copy(update={"value": group.value, "low": group.low, "high": group.high, "method": group.method})


def _of_intervals(claim: Claim) -> Iterator[Contradiction]:
    """The interval that a person states must hold the number; one that was worked out is that of the samples' mean."""
    whole = [("", claim)] if contradiction(claim) is None else []  # one mistake in a number is told once
    parts = [*whole, *((f"group {one.name!r:.80}: ", _as_claim(claim, one)) for one in claim.groups)]
    for name, one in parts:
        if one.method is not None:
            continue
        low, high = (-math.inf if one.low is None else one.low), (math.inf if one.high is None else one.high)
        nearest = min(max(one.value, low), high)
        if low > high:
            words = f"{name}its interval begins at {printed(low)} and ends at {printed(high)}"
        elif not _agree(one.model_copy(update={"tolerance": None}), nearest):
            words = f"{name}{printed(one.value)} is stated, its own interval {_ends(one)}"
        else:
            continue
        yield Contradiction(one.value, nearest, words, sure=True, hint=ENDS, whole=False)


def _ends(claim: Claim) -> str:
    if claim.low is None:
        return "has no ends" if claim.high is None else f"ends at {printed(claim.high)}"
    if claim.high is None:
        return f"begins at {printed(claim.low)}"
    return f"goes from {printed(claim.low)} to {printed(claim.high)}"


def _of_rows(claim: Claim, rows: Rows) -> Iterator[Contradiction]:
    """One number a sample: there must be as many as the split has samples; groups that are stated may leave some out."""
    if claim.measured is None:
        yield from _of_groups_rows(claim, rows)
        return
    if claim.count is None or claim.count == rows.count:
        return
    words = f"{counted(claim.count, 'number')} of samples {'was' if claim.count == 1 else 'were'} given"
    words += f", split {rows.split!r} has {counted(rows.count, rows.of)}"
    sure = rows.of == "sample" and not claim.split_guessed
    yield Contradiction(float(claim.count), float(rows.count), words, sure=sure, hint=ROWS, whole=False)


def _of_groups_rows(claim: Claim, rows: Rows) -> Iterator[Contradiction]:
    """Never sure: a sample may be in no group, or in two."""
    counts = [one.count for one in claim.groups if one.count is not None]
    if not sum(counts) or len(counts) < len(claim.groups) or sum(counts) == rows.count:
        return
    words = (
        f"its {counted(len(counts), 'group')} {'has' if len(counts) == 1 else 'have'} {counted(sum(counts), 'sample')}"
    )
    words += f" in all, split {rows.split!r} has {counted(rows.count, rows.of)}"
    yield Contradiction(float(sum(counts)), float(rows.count), words, sure=False, hint=ALL_GROUPS, whole=False)


def _agree(claim: Claim, found: float) -> bool:
    if _is_bare_share(claim, found):
        return abs(Fraction(found) - Fraction(claim.value)) <= SHARE
    return agrees(claim, found)


def _is_bare_share(claim: Claim, found: float) -> bool:
    """Whether a share is stated as 0 or 1 and nothing says how exactly: to a whole number nearly any share would agree."""
    return claim.tolerance is None and claim.decimals is None and claim.value in {0.0, 1.0} and 0.0 <= found <= 1.0


def _rule(claim: Claim, found: float) -> str:
    return f"within {float(SHARE):g}" if _is_bare_share(claim, found) else rule_of(claim)


def _shown(number: float, claim: Claim) -> str:
    """A number with six digits, or as many as tell it from the stated one."""
    texts = (printed(number, digits) for digits in (max(6, (decimals_of(claim) or 0) + 1), 17))
    return next((text for text in texts if float(text) != shortest(claim.value)), repr(number))


def _is_per_cent(claim: Claim, found: float) -> bool:
    """Whether one of the two is in per cent and the other is not."""
    larger, smaller = max(claim.value, found), min(claim.value, found)
    return smaller > 0 and larger > 1 and abs(larger - PER_CENT * smaller) <= 0.01 * larger


def _hint(claim: Claim, found: float) -> str:
    return UNITS if _is_per_cent(claim, found) else CORRECT
