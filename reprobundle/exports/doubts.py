"""Claims that capture found false: their samples or groups, or the reloaded model, give another number than is claimed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from reprobundle.components import claims
from reprobundle.components.claims import Claim, Contradiction, contradictions, rows_of
from reprobundle.components.claims.numbers import decimals_of
from reprobundle.components.documentation.figures import figure
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted

SAMPLES = "its own samples give"
GROUPS = "its own groups give"
ITSELF = "a part of it contradicts"
MODEL = "the reloaded model gives"
_NOTE = re.compile(
    r"claim '([^']+)': claimed \S+, the reloaded model gives (-?[0-9][0-9.]*(?:e[+-]?[0-9]+)?), not the same"
)
MOST_DIGITS = 17


@dataclass(frozen=True)
class Doubt:
    """What speaks against a claim.

    Attributes:
        got: The number that was found instead, as it is printed: with enough digits to differ from the claimed one.
        by: What gives it, in words.
        parts: Where the number itself stands, what in the claim contradicts it or another part of it, in words.
        sure: Whether the claim is false; else it may be no mean over samples, and the two may both be so.
    """

    got: str
    by: str
    sure: bool = True
    parts: str | None = None


def doubts(manifest: Manifest) -> Mapping[str, Doubt]:
    """What was found at capture against each claim, by the claim's id; claims without any are not there."""
    found: dict[str, Doubt] = {}
    computed = dict(filter(None, (_noted(note.message) for note in manifest.notes if note.kind == claims.NAME)))
    for claim in manifest.claims.claims:
        against = contradictions(claim, rows_of(claim, manifest.data))
        if claim.id in computed:
            found[claim.id] = Doubt(_apart(claim, computed[claim.id]), MODEL)
        elif against:
            found[claim.id] = _doubt(claim, max(against, key=lambda one: (one.sure, one.whole)), len(against) - 1)
    return found


def _doubt(claim: Claim, against: Contradiction, more: int) -> Doubt:
    if against.whole:
        by = SAMPLES if claim.measured is not None else GROUPS
        return Doubt(_apart(claim, against.found), by, against.sure)
    words = against.words + (f", and {counted(more, 'more contradiction')}" if more else "")
    return Doubt("its parts contradict each other", ITSELF, against.sure, words)


def _noted(message: str) -> tuple[str, float] | None:
    match = _NOTE.match(message)
    return (match[1], float(match[2])) if match else None


def _apart(claim: Claim, got: float) -> str:
    """The number as the claimed one is printed, or with as many digits as it takes to tell the two apart."""
    decimals = decimals_of(claim)
    shown = figure(got) if decimals is None else f"{got:.{decimals}f}"
    digits = 4
    while float(shown.replace(",", "")) == claim.value and digits < MOST_DIGITS:
        digits += 1
        shown = f"{got:.{digits}g}"
    return shown
