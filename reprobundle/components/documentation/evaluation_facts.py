"""What the claims tell, as answers to the card's questions on the evaluation."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reprobundle.components.documentation.filling import Fact
from reprobundle.intervals import wilson
from reprobundle.phrases import counted


def evaluation_facts(
    claims: Mapping[str, Any], data: Mapping[str, Any], hyperparameters: Mapping[str, Any]
) -> Iterator[Fact]:
    """Answers on metrics, their uncertainty and the number of runs."""
    found = claims.get("claims", ())
    if not found:
        return
    metrics = "; ".join(f"{claim['text']}: {claim['value']:.6g}" for claim in found)
    yield Fact("evaluation.metrics", metrics, ("claims.claims[].text", "claims.claims[].value"))
    yield from _uncertainty(found, {split["name"]: split for split in data.get("splits", ())})
    seeds = ", ".join(f"{name} {seed}" for name, seed in hyperparameters.get("seeds", {}).items())
    told = "1: the training that is recorded here" + (f", seeded with {seeds}" if seeds else "")
    yield Fact("evaluation.runs", told, ("hyperparameters.seeds",))


def _uncertainty(claims: tuple[Mapping[str, Any], ...], splits: Mapping[str, Mapping[str, Any]]) -> Iterator[Fact]:
    """How far an accuracy may be from the true one by the number of its samples alone."""
    words = []
    for claim in claims:
        split = splits.get(claim["split"] or _named(claim["text"], splits) or "")
        if split is None or not split["count"] or not _is_share(claim):
            continue
        reach = wilson(claim["value"], split["count"])
        words.append(
            f"{claim['text']}: {reach.low:.3f} to {reach.high:.3f} for {counted(split['count'], 'sample')} of {split['name']}"
        )
    if words:
        told = (
            "; ".join(words) + ". 95 % intervals of Wilson, which tell the chance in the samples, not in the training."
        )
        yield Fact("evaluation.uncertainty", told, ("claims.claims[].value", "data.splits[].count"))


def _named(text: str, splits: Mapping[str, Any]) -> str | None:
    """The split that the words of a metric name, as ``test accuracy`` does."""
    words = text.lower().replace("_", " ").split()
    named = [name for name in splits if name.lower() in words]
    return named[0] if len(named) == 1 else None


def _is_share(claim: Mapping[str, Any]) -> bool:
    return 0 <= claim["value"] <= 1 and "accuracy" in claim["text"].lower()
