"""A stated number beside the numbers of its own samples or groups: can all of them be so?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from reprobundle.components.claims.numbers import agrees, decimals_of, rule_of
from reprobundle.components.claims.section import Claim
from reprobundle.phrases import counted

SHARE = Fraction(5, 100)  # how far a share may lie from a bare 0 or 1: YAML and Python print 1.0 for 1.00, too
PER_CENT = 100.0
CORRECT = "correct the number, or what was given beside it; leave value out, and it is their mean"
UNITS = "give both in one unit: the number and those of its samples as shares, or all of them in per cent"
NO_MEAN = "correct the number; where it is no mean over samples, such as an AUC, leave the groups' count out"


@dataclass(frozen=True)
class Contradiction:
    """A claim whose parts cannot all be so.

    Attributes:
        stated: The number that is claimed.
        found: The number that its samples or groups give: their mean, or the group nearest to it.
        words: Both in one sentence, without the claim's name.
        sure: Whether nothing but a mistake explains it; else the number may be no mean, or the groups not all of them.
        hint: The way out.
    """

    stated: float
    found: float
    words: str
    sure: bool
    hint: str


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
    words = (
        f"{claim.value:.6g} is stated, {whose} give {_shown(measured, claim)}, not the same {_rule(claim, measured)}"
    )
    return Contradiction(claim.value, measured, words, sure=True, hint=_hint(claim, measured))


def _of_groups(claim: Claim) -> Contradiction | None:
    values = [one.value for one in claim.groups]
    nearest = min(max(claim.value, min(values)), max(values))
    mean = _mean_of_groups(claim)
    shown = counted(len(values), "group")
    if not _agree(claim, nearest):
        told = f"lie between {min(values):.6g} and {max(values):.6g}" if len(values) > 1 else f"gives {values[0]:.6g}"
        words = f"{claim.value:.6g} is stated, its {shown} {told}"
        found = nearest if mean is None else mean
        hint = UNITS if _is_per_cent(claim, found) else NO_MEAN if mean is not None else CORRECT
        return Contradiction(claim.value, found, words, sure=mean is not None, hint=hint)
    if mean is None or _agree(claim, mean):
        return None
    words = f"{claim.value:.6g} is stated, the mean of its {shown} is {_shown(mean, claim)}"
    return Contradiction(claim.value, mean, words, sure=False, hint=NO_MEAN)


def _mean_of_groups(claim: Claim) -> float | None:
    """The mean over all samples of all groups; None where a group does not say how many it has."""
    counts = [one.count for one in claim.groups]
    known = [count for count in counts if count is not None]
    if len(known) < len(counts) or not sum(known):
        return None
    return math.fsum(one.value * count for one, count in zip(claim.groups, known, strict=True)) / sum(known)


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
    texts = (f"{number:.{digits}g}" for digits in (max(6, (decimals_of(claim) or 0) + 1), 17))
    return next((text for text in texts if float(text) != claim.value), repr(number))


def _is_per_cent(claim: Claim, found: float) -> bool:
    """Whether one of the two is in per cent and the other is not."""
    larger, smaller = max(claim.value, found), min(claim.value, found)
    return smaller > 0 and larger > 1 and abs(larger - PER_CENT * smaller) <= 0.01 * larger


def _hint(claim: Claim, found: float) -> str:
    return UNITS if _is_per_cent(claim, found) else CORRECT
