"""The card's tables of claims: each number with its bar and the rule it is compared by, and its value in each group.

A claim that capture found false stands there as what it is, with the number that was found instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from reprobundle.components.claims import Claim
from reprobundle.components.claims.numbers import rule_of
from reprobundle.components.documentation.card import Result
from reprobundle.components.documentation.figures import figure, interval
from reprobundle.exports.data_section import noun_of
from reprobundle.exports.doubts import Doubt, doubts
from reprobundle.exports.leakage import leaks_of
from reprobundle.exports.model_index import left_out
from reprobundle.exports.shares import is_share, names_share
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, some, told_apart
from reprobundle.rendering.markdown import cell, code, inline, table
from reprobundle.rendering.text_bars import text_bar

SHOWN = 50
NOT_SAID = "not said"
NOT_COMPARED = "not compared"
SHOWN_GROUPS = 50
OF_CLAIMS = ("claim", "value", "", "95 % interval", "must agree", "split", "computed by")
OF_RESULTS = ("data", "split", "task", "metric", "value", "", "uncertainty", "runs", "note")
FALSE = "Found false at capture"
IN_DOUBT = "In doubt"
OF_INTERVALS = "The intervals tell the chance in the samples, not in the training."
METHODS = {"wilson": "intervals of Wilson", "bootstrap": "bootstrap intervals"}


def lines(manifest: Manifest, results: Sequence[Result]) -> Iterator[str]:
    """Tables; nothing without claims and results.

    Args:
        manifest: What was captured.
        results: What a person wrote of further tasks and data.
    """
    claims = manifest.claims.claims
    against = doubts(manifest)
    names = told_apart([(claim.id, claim.text) for claim in claims])
    yield from _found_false(claims, against, names)
    yield from _leaking(manifest)
    hidden = left_out(manifest)
    if hidden:
        told = some([inline(names[claim.id]) for claim in claims if claim.id in hidden])
        yield f"Left out of the metadata at the top of this file, which the Hub reads: {told}."
    if claims:
        known = any(claim.low is not None for claim in claims[:SHOWN] if claim.id not in against)
        yield _table(OF_CLAIMS, [_claim(claim, names[claim.id], against.get(claim.id)) for claim in claims[:SHOWN]])
        yield OF_INTERVALS if known else ""
    if len(claims) > SHOWN:
        yield f"And {len(claims) - SHOWN} more in `manifest.json`."
    for claim in claims[:SHOWN]:
        yield from _groups(claim, names[claim.id])
    if results:
        yield "Further results, as a person states them:"
        yield _table(OF_RESULTS, [_result(result) for result in results[:SHOWN]])
    if len(results) > SHOWN:
        yield f"And {len(results) - SHOWN} more in `documentation/card.yaml`."


def _table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table without the columns in which no row says anything."""
    told = [
        number for number in range(len(header)) if any(row[number] not in {"", NOT_SAID, NOT_COMPARED} for row in rows)
    ]
    return table([header[number] for number in told], [[row[number] for number in told] for row in rows])


def _found_false(claims: Sequence[Claim], against: Mapping[str, Doubt], names: Mapping[str, str]) -> Iterator[str]:
    """What must be read before the table: which of its numbers are not so, and which may not be."""
    spoken = [(claim, against[claim.id]) for claim in claims if claim.id in against]
    for claim, doubt in spoken[:SHOWN]:
        mark = FALSE if doubt.sure else IN_DOUBT
        stated = f"{figure(claim.value, decimals=claim.decimals)} claimed, {inline(doubt.got)} computed"
        said = [] if doubt.by is None else [stated, doubt.by]
        more = [inline(words) for words in doubt.more[:SHOWN]]
        rest = [f"and {counted(len(doubt.more) - SHOWN, 'more contradiction')}"] if len(doubt.more) > SHOWN else []
        yield f"**{mark}: {inline(names[claim.id])}**: {'; '.join([*said, *more, *rest])}."


def _leaking(manifest: Manifest) -> Iterator[str]:
    """What must be read beside the numbers: their samples stand in a training split, too; each two splits once."""
    leaks = [leak for claim in manifest.claims.claims for leak in leaks_of(claim, manifest.data)]
    told = {
        f"**Measured on data that also stands in {code(leak.overlap.split)}**: {leak.overlap.count:,} of "
        f"{counted(leak.split.count, noun_of(leak.split))} of {code(leak.split.name)}.": None
        for leak in leaks
    }
    yield "\n\n".join(told)


def _claim(claim: Claim, name: str, doubt: Doubt | None) -> tuple[str, ...]:
    low, high = (claim.low, claim.high) if doubt is None else (None, None)
    shown = figure(claim.value, decimals=claim.decimals, low=low, high=high)
    value = (
        shown if doubt is None else f"{shown} (**{(FALSE if doubt.sure else IN_DOUBT).lower()}: {inline(doubt.got)}**)"
    )
    bar = text_bar(claim.value) if is_share(claim) and (doubt is None or not doubt.sure) else ""
    return (
        cell(name),
        value,
        bar,
        _told(claim) if doubt is None else NOT_SAID,
        rule_of(claim) if claim.entry or claim.command else NOT_COMPARED,
        code(claim.split) if claim.split else "not named",
        _how(claim),
    )


def _how(claim: Claim) -> str:
    """What computes a number, and whether that gave it already."""
    by = claim.entry or " ".join(claim.command)
    if not by:
        return "nothing: its samples give it" if claim.measured is not None else "nothing: it is stated"
    return code(by) + (", which gave it at capture" if claim.reloaded == "agrees" else "")


def _told(claim: Claim) -> str:
    """The interval that stands in the claim; none is made of a number that was typed and the size of a split."""
    if claim.low is None or claim.high is None:
        return NOT_SAID
    return interval(claim.low, claim.high) + ("" if claim.count is None else f", {counted(claim.count, 'sample')}")


def _groups(claim: Claim, name: str) -> Iterator[str]:
    if not claim.groups:
        return
    shares = is_share(claim)  # other numbers have no full length to be a part of
    column = f" by {code(claim.group)}" if claim.group else ""
    yield f"**{inline(name)}**{column}:"
    rows = [
        (
            code(one.name, limit=60),
            figure(one.value, low=one.low, high=one.high),
            text_bar(one.value) if shares else "",
            NOT_SAID if one.low is None or one.high is None else interval(one.low, one.high),
            NOT_SAID if one.count is None else f"{one.count:,}",
        )
        for one in claim.groups[:SHOWN_GROUPS]
    ]
    named = [METHODS[one.method] for one in claim.groups if one.method is not None]
    yield _table(("group", "value", "", f"95 %, {named[0]}" if named else "95 %", "samples"), rows)
    if len(claim.groups) > SHOWN_GROUPS:
        yield f"And {len(claim.groups) - SHOWN_GROUPS} more groups in `manifest.json`."


def _result(result: Result) -> tuple[str, ...]:
    reach = NOT_SAID if result.uncertainty is None else f"± {figure(result.uncertainty)}"
    return (
        cell(result.dataset),
        cell(result.split or ""),
        cell(result.task or ""),
        cell(result.metric),
        figure(result.value),
        text_bar(result.value) if 0 <= result.value <= 1 and names_share(result.metric) else "",
        reach,
        NOT_SAID if result.runs is None else str(result.runs),
        cell(result.note or ""),
    )
