"""The card's tables of claims: each number with its bar and the rule it is compared by, and its value in each group."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobundle.components.claims import Claim
from reprobundle.components.claims.numbers import rule_of
from reprobundle.components.documentation.card import Result
from reprobundle.rendering.markdown import cell, code, inline, table
from reprobundle.rendering.text_bars import text_bar

SHOWN = 50
SHOWN_GROUPS = 50


def lines(claims: Sequence[Claim], results: Sequence[Result]) -> Iterator[str]:
    """Tables; nothing without claims and results.

    Args:
        claims: Of the manifest.
        results: What a person wrote of further tasks and data.
    """
    if claims:
        yield table(
            ("claim", "value", "", "agrees", "split", "computed by"), [_claim(claim) for claim in claims[:SHOWN]]
        )
    if len(claims) > SHOWN:
        yield f"And {len(claims) - SHOWN} more in `manifest.json`."
    for claim in claims[:SHOWN]:
        yield from _groups(claim)
    if results:
        header = ("data", "split", "task", "metric", "value", "", "uncertainty", "runs", "note")
        yield table(header, [_result(result) for result in results[:SHOWN]])
    if len(results) > SHOWN:
        yield f"And {len(results) - SHOWN} more in `documentation/card.yaml`."


def _claim(claim: Claim) -> tuple[str, ...]:
    how = (
        code(claim.entry)
        if claim.entry
        else code(" ".join(claim.command))
        if claim.command
        else "nothing: it is stated"
    )
    split = code(claim.split) if claim.split else "not named"
    return cell(claim.text), f"{claim.value:.6g}", _bar(claim.value), _rule(claim), split, how


def _rule(claim: Claim) -> str:
    """How a computed number is compared with it; the rule for one without tolerance and decimals is no number of the bundle."""
    said = claim.tolerance is not None or claim.decimals is not None
    return rule_of(claim) if said else "as printed" if claim.entry or claim.command else "not said"


def _bar(value: float) -> str:
    """A number between 0 and 1 as a bar; others have no full length to be a part of."""
    return text_bar(value) if 0 <= value <= 1 else ""


def _groups(claim: Claim) -> Iterator[str]:
    if not claim.groups:
        return
    column = f" by {code(claim.group)}" if claim.group else ""
    yield f"**{inline(claim.text)}**{column}:"
    rows = [
        (
            code(one.name, limit=60),
            f"{one.value:.6g}",
            _bar(one.value),
            "not said" if one.low is None or one.high is None else f"{one.low:.3g} to {one.high:.3g}",
            "not said" if one.count is None else f"{one.count:,}",
        )
        for one in claim.groups[:SHOWN_GROUPS]
    ]
    methods = {"wilson": "intervals of Wilson", "bootstrap": "bootstrap intervals"}
    named = [methods[one.method] for one in claim.groups if one.method is not None]
    yield table(("group", "value", "", f"95 %, {named[0]}" if named else "95 %", "samples"), rows)
    if len(claim.groups) > SHOWN_GROUPS:
        yield f"And {len(claim.groups) - SHOWN_GROUPS} more groups in `manifest.json`."


def _result(result: Result) -> tuple[str, ...]:
    reach = "not said" if result.uncertainty is None else f"± {result.uncertainty:.3g}"
    return (
        cell(result.dataset),
        cell(result.split or ""),
        cell(result.task or ""),
        cell(result.metric),
        f"{result.value:.6g}",
        _bar(result.value),
        reach,
        "not said" if result.runs is None else str(result.runs),
        cell(result.note or ""),
    )
