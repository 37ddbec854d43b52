"""Which numbers are shares of a whole, so that a bar from 0 to 1 tells something: an accuracy, and no cross-entropy."""

from __future__ import annotations

import re

from reprobundle.components.claims import Claim
from reprobundle.components.claims.section import GroupValue

SHARES = frozenset(
    """
    acc accuracy ap auc auprc auroc bleu coverage cer dice error exact f1 f2 fnr fpr fscore fraction hit hits iou
    jaccard kappa map meteor miou mrr ndcg npv percentage ppv pr precision proportion purity r2 rate recall roc rouge
    sensitivity share specificity ter tnr tpr wer
    """.split()  # noqa: SIM905  a column of quotes would hide the names
)
NO_SHARES = frozenset(
    """
    absolute bits brier calibration cost deviance deviation distance divergence entropy hausdorff hinge latency
    likelihood log logarithmic loss losses mae mape milliseconds mse nats nll perplexity rmse rms seconds
    squared standard std time variance
    """.split()  # noqa: SIM905  as above
)
_WORD = re.compile(r"[a-z0-9]+")


def names_share(text: str) -> bool:
    """Whether the words of a number name a share, such as an accuracy or a rate of errors, and nothing of another scale.

    Args:
        text: What the number says, such as ``test accuracy``.
    """
    words = frozenset(_WORD.findall(text.lower().replace("_", " ")))
    return bool(words & SHARES) and not words & NO_SHARES


def is_share(claim: Claim) -> bool:
    """Whether a claim is a share: rights and wrongs were counted, or its words say so, and no number of it lies beyond 0 or 1."""
    parts: list[Claim | GroupValue] = [claim, *claim.groups]
    numbers = [number for one in parts for number in (one.value, one.low, one.high, one.measured)]
    within = all(0 <= number <= 1 for number in numbers if number is not None)
    return within and (any(one.method == "wilson" for one in parts) or names_share(claim.text))
