"""What the claims tell, as answers to the card's questions on the evaluation."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from reprobundle.components.documentation.figures import figure, interval
from reprobundle.components.documentation.filling import Fact
from reprobundle.phrases import counted, told_apart

MISSING = "(missing)"  # as claims call the group of samples without one
METHODS = {"wilson": "of Wilson", "bootstrap": "by a bootstrap"}


def evaluation_facts(
    claims: Mapping[str, Any], hyperparameters: Mapping[str, Any], data: Mapping[str, Any]
) -> Iterator[Fact]:
    """Answers on metrics, their uncertainty, the number of runs and the groups that were compared."""
    found = claims.get("claims", ())
    if not found:
        return
    names = _names(found)
    metrics = "; ".join(f"{names[claim['id']]}: {_metric(claim)}" for claim in found)
    yield Fact("evaluation.metrics", metrics, ("claims.claims[].text", "claims.claims[].value"))
    yield from _uncertainty(found)
    yield from _by_group(found, {(split["name"], split.get("label")) for split in data.get("splits", ())})
    seeds = ", ".join(f"{name} {seed}" for name, seed in hyperparameters.get("seeds", {}).items())
    if seeds and all(_is_of_this_model(claim) for claim in found):  # a typed number may be a mean over trainings
        told = f"1: the training that is recorded here, seeded with {seeds}"
        yield Fact("evaluation.runs", told, ("claims.claims[]", "hyperparameters.seeds"))


def _is_of_this_model(claim: Mapping[str, Any]) -> bool:
    """Whether something in the bundle computes the number, or its samples do."""
    return bool(claim.get("entry") or claim.get("command")) or claim.get("measured") is not None


def _names(claims: Sequence[Mapping[str, Any]]) -> Mapping[str, str]:
    return told_apart([(claim["id"], claim["text"]) for claim in claims])


def _metric(claim: Mapping[str, Any]) -> str:
    """A number, and beside it that of its samples where the two are not printed alike."""
    shown, measured = figure(claim["value"], decimals=claim.get("decimals")), claim.get("measured")
    other = None if measured is None else figure(measured, decimals=claim.get("decimals"))
    return shown + (
        f" (its samples give {other})" if other is not None and not _is_printed(claim["value"], other) else ""
    )


def _is_printed(value: float, shown: str) -> bool:
    """Whether a number, printed with as many digits as another, is that one."""
    return f"{value:.{len(shown.partition('.')[2])}f}" == shown or figure(value) == shown


def _uncertainty(claims: tuple[Mapping[str, Any], ...]) -> Iterator[Fact]:
    """How far a number may be from the true one by the number of its samples alone, where these were there."""
    told = [claim for claim in claims if claim.get("method") in METHODS and claim.get("low") is not None]
    if not told:
        return
    names = _names(claims)
    words = "; ".join(f"{names[claim['id']]}: {_reach(claim)}" for claim in told)
    methods = " and ".join(dict.fromkeys(METHODS[claim["method"]] for claim in told))
    told_of = f"{words}. 95 % intervals {methods}, which tell the chance in the samples, not in the training."
    yield Fact("evaluation.uncertainty", told_of, ("claims.claims[].low", "claims.claims[].high"))


def _by_group(claims: Sequence[Mapping[str, Any]], labels: Collection[tuple[str, str | None]]) -> Iterator[Fact]:
    """In which groups of samples a number was looked at, and how far these lie apart; classes to tell apart are no groups."""
    grouped = [claim for claim in claims if len(claim.get("groups") or ()) > 1]
    told = [claim for claim in grouped if (claim.get("split"), claim.get("group")) not in labels]
    if told:
        names = _names(claims)
        words = "; ".join(f"{names[claim['id']]} by {claim.get('group') or 'group'}: {_range(claim)}" for claim in told)
        source = ("claims.claims[].groups", "claims.claims[].group")
        yield Fact("ethics.bias", f"{words}. No other groups are recorded.", source)


def _range(claim: Mapping[str, Any]) -> str:
    """The lowest and the highest number of its groups, each with the largest group that has it; of samples without any none."""
    named = [group for group in claim["groups"] if group["name"] != MISSING] or claim["groups"]
    low = min(named, key=lambda group: (float(group["value"]), -(group.get("count") or 0)))
    high = max(named, key=lambda group: (float(group["value"]), group.get("count") or 0))
    return " to ".join(_end(group) for group in ([low] if low is high else [low, high]))


def _end(group: Mapping[str, Any]) -> str:
    """One group's number, with what a reader needs to weigh it."""
    count, low, high = group.get("count"), group.get("low"), group.get("high")
    told = [group["name"], *([] if count is None else [counted(count, "sample")])]
    told += [] if low is None or high is None else [interval(low, high)]
    return f"{figure(group['value'], low=low, high=high)} ({', '.join(told)})"


def _reach(claim: Mapping[str, Any]) -> str:
    """The interval that stands in the claim; none is made of a number that was typed and the size of a split."""
    count = claim.get("count")
    return interval(claim["low"], claim["high"]) + (f" for {counted(count, 'sample')}" if count is not None else "")
