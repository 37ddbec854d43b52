"""What a person or program decides by an output: the largest score, a mask, the words of a sequence.

What kind an output is follows from the *recorded* array by rules of this program; its name, which the bundle chooses, can
only keep decisions from being judged. So nothing in a bundle makes it easier to reach ``same decisions``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from reprobundle.comparison import labels, scores, sequences
from reprobundle.comparison.decided import Decided, Reach
from reprobundle.comparison.policy import Thresholds

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Kind = Literal["scores", "class map", "on or off", "labels", "tokens"]

SCORES = frozenset({"float64", "float32", "float16", "bfloat16"})
MOST_CLASSES = 100_000  # along the last axis: a vocabulary, and no more
MOST_LABELS = 64  # in a map of integers: more are no classes but quantities
LARGEST_LABEL = 1000
NO_DECISION = re.compile(
    r"hidden|embed|feature|attention|pool|latent|state|cache|past|box|point|coord|loc|depth|image|noise|recon"
)  # names of what is computed with further, or measured: nobody decides by the largest of it


@dataclass(frozen=True, kw_only=True)
class Basis:
    """What decisions are judged by.

    Attributes:
        reach: How far a score may lie from its record, so that what is decided by less is a tie.
        apart: Relative L2 distance of the two outputs.
        thresholds: How much must agree.
    """

    reach: Reach
    apart: float
    thresholds: Thresholds


def kind_of(name: str, recorded: Array) -> Kind | None:
    """What would be decided by an output, judged by its record; None where nothing would.

    Args:
        name: Path of the output in the nested structure.
        recorded: The recorded array, finite, with at least one element.
    """
    if recorded.dtype.name in SCORES:
        return None if NO_DECISION.search(name.lower()) else _of_floats(recorded.shape)
    if recorded.dtype.kind == "b" and recorded.ndim >= 2:
        return "labels"
    if recorded.dtype.kind not in "iu" or recorded.ndim < 2:
        return None
    if recorded.ndim == 2:
        return "tokens"
    return "labels" if _are_labels(recorded) else None


def _of_floats(shape: tuple[int, ...]) -> Kind | None:
    """``(N, C, H, W)`` with a class for each pixel, ``(N, 1, H, W)`` with on or off, or scores along the last axis."""
    if len(shape) >= 4 and 1 in {shape[1], shape[-1]}:
        return "on or off"
    if len(shape) >= 4 and shape[1] < shape[-1]:
        return "class map"
    return "scores" if len(shape) >= 1 and 2 <= shape[-1] <= MOST_CLASSES else None


def _are_labels(recorded: Array) -> bool:
    import numpy as np

    if recorded.min() < 0 or recorded.max() > LARGEST_LABEL:
        return False
    return int(np.count_nonzero(np.bincount(recorded.ravel().astype(np.int64)))) <= MOST_LABELS


def of_floats(name: str, expected: Array, produced: Array, basis: Basis) -> Decided | None:
    """Compare what is decided by finite floats of one dtype and shape; None where nothing is."""
    import numpy as np

    kind = kind_of(name, expected)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # what float64 cannot hold is far apart
        if kind == "scores":
            return scores.decide(expected, produced, basis.reach, basis.thresholds)
        if kind == "class map":
            return labels.decide_class_map(expected, produced, basis.reach, basis.apart, basis.thresholds)
        if kind == "on or off":
            return labels.decide_threshold(expected, produced, basis.reach, basis.apart, basis.thresholds)
    return None


def of_integers(name: str, expected: Array, produced: Array, thresholds: Thresholds) -> Decided | None:
    """Compare what is decided by Booleans or integers of one dtype; sequences may differ in length."""
    kind = kind_of(name, expected)
    if kind == "tokens" and produced.ndim == 2 and len(expected) == len(produced):
        return sequences.decide(expected, produced, thresholds)
    if kind == "labels" and expected.shape == produced.shape:
        return labels.decide_labels(expected, produced, thresholds)
    return None
