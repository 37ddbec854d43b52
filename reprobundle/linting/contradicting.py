"""Numbers in people's own sentences beside the recorded ones: a metric, the number of parameters, a hyperparameter.

Nothing is told unless none of the numbers that a text gives for a thing agrees: a baseline beside it is no contradiction.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from reprobundle.components.claims import Claim
from reprobundle.linting.lints import Lint
from reprobundle.linting.rules import in_card
from reprobundle.linting.subject import Subject
from reprobundle.phrases import some

METRICS = (
    "balanced accuracy", "accuracy", "precision", "recall", "sensitivity", "specificity", "f1", "auroc", "roc auc", "auc", "rmse",
    "mse", "mae", "r2", "perplexity", "bleu", "rouge", "wer", "cer", "iou", "dice", "loss", "mcc", "map",
)  # fmt: skip
PROSE = ("description", "evaluation.metrics", "evaluation.uncertainty")
SIZES = {"": 1, "k": 10**3, "thousand": 10**3, "m": 10**6, "million": 10**6, "b": 10**9, "bn": 10**9, "billion": 10**9}
MOST_CHARACTERS, MOST_VALUES = 10_000, 1_000
NEAR = 40  # characters between the name of a metric and its number

_NUMBER = r"[-+]?\d[\d,_]*(?:\.\d+)?(?:[eE][-+]?\d+)?"
_FIRST = re.compile(rf"({_NUMBER})\s*(%|percent|per cent)?")
_METRIC = re.compile("|".join(rf"\b{re.escape(name)}\b" for name in METRICS), re.IGNORECASE)
_PARAMETERS = re.compile(
    r"(?P<kind>trainable\s+)?(?<![\d.,_])(?P<number>\d[\d,_]*(?:\.\d+)?)\s*(?P<size>k|thousand|m|million|b|bn|billion)?[\s-]+"
    r"(?P<trainable>trainable\s+)?(?:parameters?|params?|weights)\b",
    re.IGNORECASE,
)
_SAME_SIZE = 0.06  # "about 1.2 million" may be off by its last digit, and a little more


def contradictions(subject: Subject) -> Iterator[Lint]:
    """Everything that a text says otherwise than it was recorded."""
    if subject.manifest is None:
        return
    known = subject.captured
    for path in PROSE:
        if path not in known:
            yield from _metrics(subject, path, subject.manifest.claims.claims)
    for path in ("description", "training.architecture"):
        if path not in known:
            yield from _parameters(subject, path, subject.manifest.model.parameters)
    for path in ("training.hyperparameters", "training.procedure", "training.regularisation"):
        if path not in known:
            yield from _hyperparameters(subject, path)


def _prose(subject: Subject, path: str) -> str:
    """A field's text on one line, as far as it is read: a card may be hostile."""
    return " ".join(subject.text(path)[:MOST_CHARACTERS].split())


def _metrics(subject: Subject, path: str, claims: tuple[Claim, ...]) -> Iterator[Lint]:
    text = _prose(subject, path)
    for metric in dict.fromkeys(found[0].casefold() for found in _METRIC.finditer(text)):
        recorded = [claim for claim in claims if metric in _words_of(claim)]
        said = list(_numbers_after(text, metric))
        if recorded and said and not any(_agrees(number, claim) for number in said for claim in recorded):
            told = some([f"{claim.id} {claim.value:.6g}" for claim in recorded])
            message = f"{path} says {metric} {said[0]}, recorded is {told}"
            yield in_card(
                subject, "metrics-differ", path, message, hint="correct the text, or leave the numbers to the claims"
            )


def _words_of(claim: Claim) -> set[str]:
    return {
        found[0].casefold()
        for found in _METRIC.finditer(f"{claim.id} {claim.text}".replace("_", " ").replace("-", " "))
    }


def _numbers_after(text: str, metric: str) -> Iterator[str]:
    """The first number after each mention of the metric, up to the next metric or the end of the sentence."""
    for mention in re.finditer(rf"\b{re.escape(metric)}\b", text, re.IGNORECASE):
        rest = re.split(r"[;!?]|\.(?!\d)", text[mention.end() : mention.end() + NEAR])[0]
        following = _METRIC.search(rest)
        found = _FIRST.search(rest[: following.start()] if following else rest)
        if found is not None:
            yield found[0].strip()


def _agrees(said: str, claim: Claim) -> bool:
    found = _FIRST.fullmatch(said)
    if found is None:
        return True
    digits = found[1].replace(",", "").replace("_", "")
    places = len(digits.partition(".")[2]) if "e" not in digits.casefold() else 6
    for value, scale in ((claim.value, 1.0), (100 * claim.value, 100.0)):
        if abs(float(digits) - value) <= 0.5000001 * 10**-places + (claim.tolerance or 0.0) * scale:
            return True
    return False


def _parameters(subject: Subject, path: str, recorded: int) -> Iterator[Lint]:
    found = list(_PARAMETERS.finditer(_prose(subject, path)))
    said = [(match[0], _sized(match), bool(match["kind"] or match["trainable"])) for match in found]
    if recorded and said and not any(_is_size(size, recorded, part=part) for _, size, part in said):
        message = f"{path} says {said[0][0]!r}, the model has {recorded:,}"
        yield in_card(subject, "parameters-differ", path, message, hint="correct the text, or leave the number out")


def _sized(match: re.Match[str]) -> float:
    return float(match["number"].replace(",", "").replace("_", "")) * SIZES[(match["size"] or "").casefold()]


def _is_size(said: float, recorded: int, *, part: bool) -> bool:
    return abs(said - recorded) <= _SAME_SIZE * recorded or (part and said < recorded)


def _hyperparameters(subject: Subject, path: str) -> Iterator[Lint]:
    text = _prose(subject, path)
    values = subject.manifest.hyperparameters.values if subject.manifest is not None else {}
    for name, value in list(values.items())[:MOST_VALUES]:
        if isinstance(value, bool) or not isinstance(value, int | float):
            continue
        spelled = re.escape(name).replace("_", r"[\s_-]")
        said = [found[1] for found in re.finditer(rf"(?<![\w.]){spelled}\s*(?:=|:|\bof\b|\bis\b)?\s*({_NUMBER})", text)]
        if said and not any(_is_value(number, value) for number in said):
            message = f"{path} says {name} {said[0]}, recorded is {value}"
            yield in_card(
                subject, "hyperparameters-differ", path, message, hint="correct the text, or leave the value out"
            )


def _is_value(said: str, value: float) -> bool:
    return abs(float(said.replace(",", "").replace("_", "")) - value) <= 1e-9 * max(abs(value), 1e-9) + 1e-15
