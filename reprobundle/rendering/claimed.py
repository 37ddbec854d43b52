"""What capture says of the claims: what came of computing them, what speaks against them, and which hold groups."""

from __future__ import annotations

from collections.abc import Sequence

from reprobundle.components import claims
from reprobundle.components.claims import Claim
from reprobundle.phrases import counted, some
from reprobundle.records import Record
from reprobundle.rendering.escaping import escape
from reprobundle.report import ClaimResult

SHOWN_GROUPED = 3


def claim_words(results: Sequence[ClaimResult], section: claims.Section, data: Record | None = None) -> tuple[str, ...]:
    """What came of the claims before the bundle was sealed, and which hold the number of each group; none without claims.

    Args:
        results: The claims that were computed.
        section: All of them, as the manifest has them.
        data: The section of the data splits, which tells how many samples each has; None: not known.
    """
    against = [one for one in section.claims if claims.contradictions(one, claims.rows_of(one, data))]
    done = {one.id for one in results} | {one.id for one in against}
    words = [
        *_computed(results),
        *([f"CONTRADICTED BY ITS OWN PARTS: {_names([one.id for one in against])}"] if against else []),
        *_idle([one for one in section.claims if one.id not in done]),
    ]
    grouped = [_grouped(one) for one in section.claims if one.groups]
    lines = ["; ".join(words)] if words else []
    return (*lines, *([f"by group: {some(grouped, SHOWN_GROUPED)}"] if grouped else []))


def _computed(results: Sequence[ClaimResult]) -> list[str]:
    """The claims that were computed, or could not be."""
    found = {verdict: [one.id for one in results if one.verdict == verdict] for verdict in ("agrees", "differs")}
    rest = [one.id for one in results if one.verdict not in found]
    words = [f"{counted(len(found['agrees']), 'claim')} as claimed, by a fresh process"] if found["agrees"] else []
    words += [f"NOT AS CLAIMED: {_names(found['differs'])}"] if found["differs"] else []
    return words + ([f"COULD NOT BE COMPUTED: {_names(rest)}"] if rest else [])


def _idle(rest: Sequence[Claim]) -> list[str]:
    """The others: those that a replay will compute, those whose samples stand beside them, and those that were typed."""
    later = [one for one in rest if one.entry or one.command]
    sampled = [one for one in rest if one not in later and one.measured is not None]
    stated = [one for one in rest if one not in later and one not in sampled]
    told = (
        (later, "left to a replay to compute"),
        (sampled, "with the numbers of its samples" if len(sampled) == 1 else "with the numbers of their samples"),
        (stated, "taken as stated, which nothing computes"),
    )
    return [f"{counted(len(kind), 'claim')} {words}" for kind, words in told if kind]


def _grouped(claim: Claim) -> str:
    column = f" of {escape(repr(claim.group))}" if claim.group else ""
    return f"{escape(repr(claim.id))} ({counted(len(claim.groups), 'group')}{column})"


def _names(ids: Sequence[str]) -> str:
    return some([escape(repr(one)) for one in ids])
