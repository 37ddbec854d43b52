"""Metrics as people call them, and when a number that a text gives is a recorded one."""

from __future__ import annotations

import re

from reprobundle.components.claims import Claim
from reprobundle.linting.prose import places_of, readings

METRICS = (
    "balanced accuracy", "accuracy", "precision", "recall", "sensitivity", "specificity", "f1", "auroc", "roc auc", "auc", "rmse",
    "mse", "mae", "r2", "perplexity", "bleu", "rouge", "wer", "cer", "iou", "dice", "loss", "mcc", "map",
)  # fmt: skip
METRIC = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in METRICS), re.IGNORECASE)


def words_of(claim: Claim) -> set[str]:
    """The metrics that a claim's own words name."""
    words = f"{claim.id} {claim.text}".replace("_", " ").replace("-", " ")
    return {found[0].casefold() for found in METRIC.finditer(words)}


def agrees_with(said: str, percent: str, claim: Claim) -> bool:
    """Whether a number is the claim's as a whole, as far as its digits go and within the claim's own tolerance."""
    margin = 0.5000001 * 10 ** -(6 if "e" in said.casefold() else places_of(said))
    scales = (1.0, 100.0) if not percent else (100.0, 1.0)
    return any(
        abs(value - scale * claim.value) <= margin + scale * (claim.tolerance or 0.0)
        for value in readings(said)
        for scale in scales
    )
