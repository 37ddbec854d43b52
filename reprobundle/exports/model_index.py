"""The part of the front matter that the Hub's leader boards read: what was measured on which data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

from reprobundle.components.claims import Claim
from reprobundle.components.documentation.card import Card, Result
from reprobundle.components.documentation.figures import figure
from reprobundle.exports.doubts import doubts
from reprobundle.exports.hub_names import on_hub, slug
from reprobundle.exports.leakage import leaks_of
from reprobundle.manifest import Manifest
from reprobundle.phrases import told_apart
from reprobundle.rendering.escaping import escape, prose

METRICS = {  # words for a metric, and its name on the Hub
    "accuracy": "accuracy", "acc": "accuracy", "f1": "f1", "precision": "precision", "recall": "recall",
    "roc auc": "roc_auc", "auroc": "roc_auc", "mse": "mse", "mean squared error": "mse", "mae": "mae",
    "mean absolute error": "mae", "r2": "r_squared", "r squared": "r_squared", "bleu": "bleu", "sacrebleu": "sacrebleu",
    "rouge": "rouge", "meteor": "meteor", "wer": "wer", "word error rate": "wer", "cer": "cer",
    "character error rate": "cer", "perplexity": "perplexity", "exact match": "exact_match", "mean iou": "mean_iou",
    "miou": "mean_iou", "mcc": "matthews_correlation", "matthews correlation": "matthews_correlation",
    "pearson": "pearsonr", "spearman": "spearmanr", "brier": "brier_score", "chrf": "chrf", "ter": "ter",
}  # fmt: skip
SMALL = frozenset({"a", "in", "of", "on", "over", "score", "set", "split", "the", "data"})
SETS = frozenset({"train", "training", "valid", "validation", "val", "dev", "test", "testing", "eval", "evaluation"})
_WORD = re.compile(r"[a-z0-9]+")


def results(manifest: Manifest, card: Card, task: str) -> list[dict[str, Any]]:
    """The claims that nothing speaks against, and what a person wrote of further data, in the Hub's form."""
    found = [*_claimed(manifest, card, task), *_written(card.evaluation.results, task)]
    return [{"name": prose(card.title or manifest.name), "results": found}] if found else []


def left_out(manifest: Manifest) -> frozenset[str]:
    """Ids of the claims that no leader board should read: false or in doubt, or measured on training data."""
    leaking = (
        claim.id for claim in manifest.claims.claims if any(leak.grave for leak in leaks_of(claim, manifest.data))
    )
    return frozenset(doubts(manifest)) | frozenset(leaking)


def _claimed(manifest: Manifest, card: Card, task: str) -> Iterator[dict[str, Any]]:
    """One result for each split that claims name."""
    hidden = left_out(manifest)
    splits = [split.name for split in manifest.data.splits]
    told: dict[str | None, list[Claim]] = {}
    names = told_apart([(claim.id, claim.text) for claim in manifest.claims.claims])
    for claim in manifest.claims.claims:
        if claim.id not in hidden:
            told.setdefault(claim.split, []).append(claim)
    for split, claims in told.items():
        shown = {"split": escape(split)} if split else {}
        metrics = [_metric(claim, names[claim.id], splits) for claim in claims]
        yield {"task": {"type": task}, "dataset": {**_dataset(manifest, card, split), **shown}, "metrics": metrics}


def _dataset(manifest: Manifest, card: Card, split: str | None) -> dict[str, str]:
    """The data set that a split is of: what its own provenance names, else the only one that the card does."""
    origins = {one.name: one.provenance.source for one in manifest.data.splits if one.provenance is not None}
    name = origins.get(split or "") or (card.datasets[0] if len(card.datasets) == 1 else None)
    if name is None:
        return {"type": "unknown", "name": "not named"}
    return {"type": name if on_hub([name]) else slug(name), "name": prose(name)}


def _written(found: Sequence[Result], task: str) -> Iterator[dict[str, Any]]:
    for result in found:
        split = {"split": escape(result.split)} if result.split else {}
        kind = result.dataset if on_hub([result.dataset]) and "/" in result.dataset else slug(result.dataset)
        yield {
            "task": {"type": result.task or task},
            "dataset": {"type": kind, "name": prose(result.dataset), **split},
            "metrics": [{"type": metric_of(result.metric), "name": prose(result.metric), "value": result.value}],
        }


def _metric(claim: Claim, name: str, splits: Sequence[str]) -> dict[str, Any]:
    shown = float(figure(claim.value, decimals=claim.decimals).replace(",", ""))
    return {"type": metric_of(claim.text, splits), "name": prose(name), "value": shown}


def metric_of(text: str, splits: Sequence[str] = ()) -> str:
    """A metric by its name on the Hub, where its words say no more than the metric and the split; else its words in one.

    Args:
        text: How a person calls it, such as ``test accuracy``.
        splits: Names of splits, which say nothing of the metric.
    """
    known = SMALL | SETS | {split.lower() for split in splits}
    words = [word for word in _WORD.findall(text.lower().replace("-", " ").replace("_", " ")) if word not in known]
    return METRICS.get(" ".join(words), slug(text))
