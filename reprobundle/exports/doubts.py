"""Claims that capture found false: their samples or groups, or the reloaded model, give another number, or none at all."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from reprobundle.components.claims import Claim, contradictions, differing, failure, rows_of
from reprobundle.components.claims.numbers import decimals_of
from reprobundle.components.documentation.figures import figure
from reprobundle.manifest import Manifest
from reprobundle.phrases import printed, shortest

SAMPLES = "its own samples give it"
GROUPS = "its own groups give it"
MODEL = "the reloaded model gives it"
UNCOMPUTED = "what computes it failed"
PARTS = "its parts contradict each other"
OF_GROUPS = "its groups are others"
MOST_DIGITS = 17


@dataclass(frozen=True)
class Doubt:
    """What speaks against a claim.

    Attributes:
        got: The number that was found instead, as it is printed: with enough digits to differ from the claimed one; where
            the number itself stands, in words what else does not.
        by: What gives that number, in words; None where the claimed number itself stands.
        sure: Whether the claim is false; else it may be no mean over samples, and the two may both be so.
        more: All else that contradicts the claim or a part of it, each in words.
    """

    got: str
    by: str | None
    sure: bool = True
    more: tuple[str, ...] = ()


def doubts(manifest: Manifest) -> Mapping[str, Doubt]:
    """What was found at capture against each claim, by the claim's id; claims without any are not there."""
    found = ((claim.id, _doubt(claim, manifest)) for claim in manifest.claims.claims)
    return {name: doubt for name, doubt in found if doubt is not None}


def _doubt(claim: Claim, manifest: Manifest) -> Doubt | None:
    """What speaks against a claim: the reloaded model before its own samples, these before its parts."""
    against = contradictions(claim, rows_of(claim, manifest.data))
    apart = differing(claim)
    if claim.gave is not None:
        more = (*apart[1:], *(one.words for one in against))
        return Doubt(_apart(claim, claim.gave), MODEL, more=more)
    words = (*apart, *(one.words for one in against))
    whole = next((one for one in against if one.whole), None)
    sure = bool(apart) or any(one.sure for one in against)
    if whole is not None and whole.sure == sure:
        by = SAMPLES if claim.measured is not None else GROUPS
        if whole.told is not None:  # the groups' range, which is no number to print
            return Doubt(whole.told, None, sure, words)
        return Doubt(_apart(claim, whole.found), by, sure, tuple(one for one in words if one != whole.words))
    if words:
        return Doubt(OF_GROUPS if apart else PARTS, None, sure, words)
    failed = failure(claim)
    return None if failed is None else Doubt(UNCOMPUTED, None, sure=False, more=(failed,))


def _apart(claim: Claim, got: float) -> str:
    """The number as the claimed one is printed, or with as many digits as it takes to tell the two apart."""
    decimals = decimals_of(claim)
    shown = figure(got) if decimals is None else f"{shortest(got):.{decimals}f}"
    digits = 4
    while float(shown.replace(",", "")) == shortest(claim.value) and digits < MOST_DIGITS:
        digits += 1
        shown = printed(got, digits)
    return shown
