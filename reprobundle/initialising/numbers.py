"""Numbers that a training left in a file: what may be claimed, for a person to check and to say of which split and groups."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprobundle.errors import RefusedInputError
from reprobundle.initialising.places import SPLITS
from reprobundle.initialising.project import Tell, files_of, read_whole, tell_nobody
from reprobundle.initialising.yaml_text import is_writable
from reprobundle.records import Json, strict_json

FILES = (
    "metrics.json", "test_results.json", "eval_results.json", "all_results.json", "results.json", "scores.json",
    "evaluation.json", "trainer_state.json",
)  # fmt: skip
"""As trainers and people call them, the likelier one first."""

MOST_FILES = 20_000  # that are looked at
MOST_DEPTH = 4
LONGEST_ID = 100
_METRIC = re.compile(
    r"(^|[^a-z])(acc|accuracy|precision|recall|sensitivity|specificity|f1|auroc|auc|roc|rmse|mse|mae|r2|perplexity|bleu|rouge\w*|wer|cer"
    r"|iou|miou|dice|loss|mcc|map|score|error|kappa|exact_match|em|brier|ece|logloss|correlation|pearson|spearman)(\d*)($|[^a-z])",
    re.IGNORECASE,
)
_NONE = re.compile(
    r"runtime|per_second|steps?$|epoch|samples$|learning_rate|grad_norm|flos|^train_loss$"
    r"|(^|[^a-z])(std|stdev|std_dev|stderr|var|variance)($|[^a-z])",
    re.IGNORECASE,
)
_NO_NUMBER = re.compile(rb"(?<=[:,\[\s])(?:NaN|-?Infinity)(?=[,\]}\s])")  # as Python writes what is none
_OF_EVERYTHING = frozenset({"eval"})  # what trainers call whatever they were given to evaluate on


@dataclass(frozen=True)
class Number:
    """A number that a file gives.

    Attributes:
        name: Its key, those around it before it, joined by blanks.
        value: The number.
        split: The split that its name, or its file's, tells: ``train``, ``valid`` or ``test``; None where neither does.
    """

    name: str
    value: float
    split: str | None

    @property
    def id(self) -> str:
        """As a claim is called."""
        return re.sub(r"[^a-z0-9._]+", "-", self.name.lower()).strip("-._")[:LONGEST_ID] or "number"


@dataclass(frozen=True)
class Numbers:
    """What one file gives.

    Attributes:
        file: The file, relative to the project.
        found: Its numbers that may be claimed, the outer ones first, else in the order of the file.
        passed_over: Keys of its other numbers, which are no claims, such as times, counts and epochs.
    """

    file: str
    found: tuple[Number, ...]
    passed_over: tuple[str, ...] = ()


def numbers_in(folder: Path, tell: Tell = tell_nobody) -> Numbers | None:
    """The numbers of the likeliest file of a project that has any to claim, else of the likeliest one; None where none has any.

    Args:
        folder: The project.
        tell: Told of each likelier file that could not be read.
    """
    listed = [place for _, place in zip(range(MOST_FILES), files_of(folder), strict=False)]
    near = [place for place in listed if place.name in FILES and is_writable(place.as_posix())]
    ranked = sorted(
        near, key=lambda place: (len(place.relative_to(folder).parts), FILES.index(place.name), place.as_posix())
    )
    without_claims = None
    for place in ranked:
        numbers = _read(place, place.relative_to(folder).as_posix(), tell)
        if numbers.found:
            return numbers
        without_claims = without_claims or (numbers if numbers.passed_over else None)
    return without_claims


def _read(place: Path, name: str, tell: Tell) -> Numbers:
    try:
        value = strict_json(_NO_NUMBER.sub(b"null", read_whole(place)), name=name)
    except OSError as error:
        tell(f"{name}: {error.strerror}")
        return Numbers(name, ())
    except RefusedInputError as error:
        tell(str(error))
        return Numbers(name, ())
    value = _last_of_trainer(value) if place.name == "trainer_state.json" else value
    return _sorted_out(sorted(_flat(value, ()), key=lambda one: len(one[0])), name, _split_of((place.stem,)))


def _sorted_out(flat: list[tuple[tuple[str, ...], float | None]], file: str, split: str | None) -> Numbers:
    """What may be claimed, and the keys of what may not, each once."""
    made: list[Number] = []
    passed: dict[str, None] = {}
    for keys, value in flat:
        name = " ".join(keys)
        if value is not None and _is_metric(keys) and not _NONE.search(name):
            made.append(Number(name, value, _split_of(keys) or split))
        else:
            passed[name if _is_split(keys[-1]) else keys[-1]] = None
    return Numbers(file, tuple(made), tuple(passed))


def _is_metric(keys: tuple[str, ...]) -> bool:
    """Whether a number's own key is the name of a metric, or that of a split within a metric."""
    return any(_METRIC.search(key) for key in (keys[-2:] if _is_split(keys[-1]) else keys[-1:]))


def _last_of_trainer(state: Json) -> Json:
    """The last evaluation in the log of a transformers trainer."""
    log = state.get("log_history") if isinstance(state, dict) else None
    evaluated = [
        step
        for step in (log if isinstance(log, list) else ())
        if isinstance(step, dict) and any("eval_" in key for key in step)
    ]
    return evaluated[-1] if evaluated else {}


def _flat(value: Json, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float | None]]:
    """Numbers with their keys, from the outermost; of a list of them the keys alone."""
    if isinstance(value, dict) and len(keys) < MOST_DEPTH:
        for key, inner in value.items():
            yield from _flat(inner, (*keys, key))
    elif keys and isinstance(value, list) and any(map(_is_number, value)):
        yield keys, None
    elif keys and isinstance(value, int | float) and _is_number(value):
        yield keys, float(value)


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def _split_of(keys: tuple[str, ...]) -> str | None:
    """The one split that the words of some keys tell; None where they tell none, or several."""
    told = {split for key in keys for split in _splits_in(key)}
    return told.pop() if len(told) == 1 else None


def _is_split(key: str) -> bool:
    """Whether a key is the name of a split and no more."""
    return key.isalnum() and bool(_splits_in(key))


def _splits_in(key: str) -> tuple[str, ...]:
    """The splits that the words of a key tell."""
    words = {*re.split(r"[^a-z0-9]+", key.lower())} - _OF_EVERYTHING
    return tuple(split for split, pattern in SPLITS.items() if any(map(pattern.fullmatch, words)))
