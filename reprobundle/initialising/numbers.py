"""Numbers that a training left in a file: what may be claimed, for a person to check and to say of which split and groups."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle.errors import RefusedInputError
from reprobundle.initialising.places import SPLITS
from reprobundle.initialising.project import Tell, files_of, read_whole, tell_nobody
from reprobundle.records import Json, strict_json

FILES = (
    "metrics.json", "test_results.json", "eval_results.json", "all_results.json", "results.json", "scores.json",
    "evaluation.json", "trainer_state.json",
)  # fmt: skip
"""As trainers and people call them, the likelier one first."""

MOST_FILES = 20_000  # that are looked at
MOST_NUMBERS = 20
MOST_DEPTH = 4
LONGEST_ID = 100
_METRIC = re.compile(
    r"(^|[^a-z])(acc|accuracy|precision|recall|sensitivity|specificity|f1|auroc|auc|roc|rmse|mse|mae|r2|perplexity|bleu|rouge\w*|wer|cer"
    r"|iou|miou|dice|loss|mcc|map|score|error|kappa|exact_match|em|brier|ece|logloss|correlation|pearson|spearman)(\d*)($|[^a-z])",
    re.IGNORECASE,
)
_NONE = re.compile(r"runtime|per_second|steps?$|epoch|samples$|learning_rate|grad_norm|flos|train_", re.IGNORECASE)
_NO_NUMBER = re.compile(rb"(?<=[:,\[\s])(?:NaN|-?Infinity)(?=[,\]}\s])")  # as Python writes what is none
_EVALUATED = re.compile(r"^(eval|test|valid|validation|val|train)[_/.-]", re.IGNORECASE)


@dataclass(frozen=True)
class Number:
    """A number that a file gives.

    Attributes:
        name: Its key, those around it before it, joined by blanks.
        value: The number.
        split: The split that its name, or its file's, tells; None where neither does.
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
        found: Its numbers, in the order of the file.
    """

    file: str
    found: tuple[Number, ...]


def numbers_in(folder: Path, tell: Tell = tell_nobody) -> Numbers | None:
    """The numbers of the likeliest file of a project; None where no file has any.

    Args:
        folder: The project.
        tell: Told of each likelier file that could not be read.
    """
    near = [place for _, place in zip(range(MOST_FILES), files_of(folder), strict=False) if place.name in FILES]
    ranked = sorted(
        near, key=lambda place: (len(place.relative_to(folder).parts), FILES.index(place.name), place.as_posix())
    )
    for place in ranked:
        name = place.relative_to(folder).as_posix()
        found = _read(place, name, tell)
        if found:
            return Numbers(name, found)
    return None


def _read(place: Path, name: str, tell: Tell) -> tuple[Number, ...]:
    try:
        value = strict_json(_NO_NUMBER.sub(b"null", read_whole(place)), name=name)
    except OSError as error:
        tell(f"{name}: {error.strerror}")
        return ()
    except RefusedInputError as error:
        tell(str(error))
        return ()
    value = _last_of_trainer(value) if place.name == "trainer_state.json" else value
    split = _split_of(place.stem)
    made: dict[str, Number] = {}
    for keys, number in _flat(value, ()):
        name = " ".join(keys)
        if _METRIC.search(keys[-1]) and not _NONE.search(name):
            one = Number(name, number, _split_of(name) or split)
            made.setdefault(one.id, one)
    return tuple(made.values())[:MOST_NUMBERS]


def _last_of_trainer(state: Json) -> Json:
    """The last evaluation in the log of a transformers trainer."""
    log = state.get("log_history") if isinstance(state, dict) else None
    evaluated = [
        step
        for step in (log if isinstance(log, list) else ())
        if isinstance(step, dict) and any("eval_" in key for key in step)
    ]
    return evaluated[-1] if evaluated else {}


def _flat(value: Json, keys: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], float]]:
    if isinstance(value, dict) and len(keys) < MOST_DEPTH:
        for key, inner in value.items():
            yield from _flat(inner, (*keys, key))
    elif keys and isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        yield keys, float(value)


def _split_of(name: str) -> str | None:
    """The split that a name begins with; ``eval_`` is what trainers call whatever they were given to evaluate on."""
    begins = _EVALUATED.match(f"{name.replace(' ', '_')}_")
    word = begins[1].lower() if begins else ""
    return (
        None
        if word in {"", "eval"}
        else next((split for split, pattern in SPLITS.items() if pattern.match(word)), None)
    )


ASKED_NUMBERS = "which numbers did it reach, on which split, told apart by which groups, e.g. sex or site? take the # away from what is so"
ASKED_GROUPS = (
    "by which column should they be told apart, e.g. sex, site, language? it shows whom the model serves worse"
)
EXAMPLE = Numbers("", (Number("accuracy", 0.9, "test"),))


def text_of_numbers(found: Numbers | None, splits: Sequence[str]) -> str:
    """Commented lines of ``claims:`` with the numbers that were found, and with what a number by groups needs.

    Args:
        found: The numbers; None: one as an example.
        splits: Names of the project's splits.
    """
    shown = found or EXAMPLE
    lines = [
        f"# {ASKED_NUMBERS}",
        *([f"# found in {json.dumps(found.file, ensure_ascii=False)}:"] if found else []),
        "# claims:",
    ]
    for place, one in enumerate(shown.found):
        split = one.split or ("test" if "test" in splits or not splits else splits[-1])
        lines.append(f"#   - id: {json.dumps(one.id)}")
        lines.append(f"#     text: {json.dumps(one.name.replace('_', ' '))}")
        lines.append(f"#     value: {_plain(one.value)}")
        lines.append(f"#     split: {json.dumps(split)}")
        if place == 0:
            lines.append(
                '#     # entry: "evaluate:accuracy"  # what computes it again: a function, or command: "python evaluate.py …"'
            )
            lines.append(f"#     # {ASKED_GROUPS}")
            lines.append(
                "#     # per_sample: right.npy  # one number a sample, e.g. 1 where the model was right, else 0"
            )
            lines.append("#     # group: {sex: sex.npy}  # the column with its name: docs/claims.md")
    return "\n".join(lines) + "\n"


def _plain(value: float) -> str:
    """A value as YAML 1.1 reads it: ``1.0e-07`` where Python would write ``1e-07``, which is text there."""
    mantissa, e, exponent = repr(value).partition("e")
    return f"{mantissa}.0e{exponent}" if e and "." not in mantissa else repr(value)
