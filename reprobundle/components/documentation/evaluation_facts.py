"""What the claims tell, as answers to the card's questions on the evaluation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle.components.documentation.figures import figure, interval
from reprobundle.components.documentation.filling import Fact
from reprobundle.intervals import wilson
from reprobundle.phrases import counted

METHODS = {"wilson": "of Wilson", "bootstrap": "by a bootstrap"}


def evaluation_facts(
    claims: Mapping[str, Any], data: Mapping[str, Any], hyperparameters: Mapping[str, Any]
) -> Iterator[Fact]:
    """Answers on metrics, their uncertainty and the number of runs."""
    found = claims.get("claims", ())
    if not found:
        return
    metrics = "; ".join(map(_metric, found))
    yield Fact("evaluation.metrics", metrics, ("claims.claims[].text", "claims.claims[].value"))
    yield from _uncertainty(found, {split["name"]: split for split in data.get("splits", ())})
    seeds = ", ".join(f"{name} {seed}" for name, seed in hyperparameters.get("seeds", {}).items())
    told = "1: the training that is recorded here" + (f", seeded with {seeds}" if seeds else "")
    yield Fact("evaluation.runs", told, ("hyperparameters.seeds",))


def _metric(claim: Mapping[str, Any]) -> str:
    """A number, and beside it that of its samples where the two are not printed alike."""
    shown, measured = figure(claim["value"], decimals=claim.get("decimals")), claim.get("measured")
    other = None if measured is None else figure(measured, decimals=claim.get("decimals"))
    return f"{claim['text']}: {shown}" + (f" (its samples give {other})" if other not in {None, shown} else "")


def _uncertainty(claims: tuple[Mapping[str, Any], ...], splits: Mapping[str, Mapping[str, Any]]) -> Iterator[Fact]:
    """How far a number may be from the true one by the number of its samples alone."""
    told = [(claim, reach) for claim in claims if (reach := _reach(claim, splits)) is not None]
    if not told:
        return
    words = "; ".join(f"{claim['text']}: {reach.words}" for claim, reach in told)
    methods = " and ".join(dict.fromkeys(METHODS[reach.method] for _, reach in told))
    told_of = f"{words}. 95 % intervals {methods}, which tell the chance in the samples, not in the training."
    places = dict.fromkeys(place for _, reach in told for place in reach.source)
    yield Fact("evaluation.uncertainty", told_of, tuple(places))


@dataclass(frozen=True)
class _Reach:
    """An interval in words, how it was made, and from what."""

    words: str
    method: str
    source: tuple[str, ...]


def _reach(claim: Mapping[str, Any], splits: Mapping[str, Mapping[str, Any]]) -> _Reach | None:
    """The interval that stands in the claim, else that of an accuracy on a split whose size is known."""
    low, high, method = claim.get("low"), claim.get("high"), claim.get("method")
    if low is not None and high is not None and method in METHODS:
        count = claim.get("count")
        on = f" for {counted(count, 'sample')}" if count is not None else ""
        return _Reach(f"{interval(low, high)}{on}", str(method), ("claims.claims[].low", "claims.claims[].high"))
    split = splits.get(claim["split"] or split_named(claim["text"], splits) or "")
    if split is None or not split["count"] or not is_accuracy(claim["text"], claim["value"]):
        return None
    reach = wilson(claim["value"], split["count"])
    words = f"{interval(reach.low, reach.high)} for {counted(split['count'], 'sample')} of {split['name']}"
    return _Reach(words, "wilson", ("claims.claims[].value", "data.splits[].count"))


def split_named(text: str, splits: Iterable[str]) -> str | None:
    """The split that the words of a metric name, as ``test accuracy`` does."""
    words = text.lower().replace("_", " ").split()
    named = [name for name in splits if name.lower() in words]
    return named[0] if len(named) == 1 else None


def is_accuracy(text: str, value: float) -> bool:
    """Whether a number is a share of rights among samples: it calls itself an accuracy, and weighs all samples alike."""
    return 0 <= value <= 1 and "accuracy" in text.lower() and "balanced" not in text.lower()
