"""What is done to samples before the model sees them: told of, hinted at or seen in the numbers, and not packed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.documents import read_statistics
from reprobundle.components.data.section import FILE_KINDS, Split
from reprobundle.components.preprocessing.section import Section
from reprobundle.linting.lints import Lint
from reprobundle.linting.questions import PARTS, Question
from reprobundle.linting.rules import in_card, in_manifest
from reprobundle.linting.subject import Subject
from reprobundle.linting.weighing import weigh
from reprobundle.manifest import Manifest
from reprobundle.store import inside

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np

FIELD = "data_preparation.standardisation"
INSIDE = frozenset({"for_skops", "for_callable", "for_onnx", "for_torchscript"})  # loaders whose model may hold it
MOST_BYTES = 64 * 2**20  # of inputs that are read to be compared
LEAST_VALUES = 8
FRACTIONS = 0.02  # of the inputs that are no whole numbers, where all samples are
OUTSIDE = 0.25  # of the inputs that no sample reaches
BYTES, FLOATS = frozenset({"U8"}), frozenset({"float16", "float32", "float64", "bfloat16"})
HINT = "give it to capture as preprocessing=, so that a reader can begin with raw samples: docs/capturing.md"
_HINTING = re.compile(
    r"(^|_)(tokenizer|tokenizer_name|scaler|standard_?scaler|normali[sz]er|vectori[sz]er|preprocessor|preprocessing|image_processor"
    r"|feature_extractor|input_mean|input_std|image_mean|image_std|pixel_mean|pixel_std|normali[sz]e|standardi[sz]e)$"
)
_NOT_DONE = re.compile(
    r"\bn\s?/\s?a\b|\b(no|not|none|nothing|never|without|unscaled|unchanged|raw values|as (it|they) (is|are)|as[- ]is)\b",
    re.IGNORECASE,
)
_IN_MODEL = re.compile(
    r"\b(in(side)?|within|part of|by) (the |its )?(model|network|module|pipeline|forward\w*|first (layer|module|step))\b",
    re.IGNORECASE,
)
_SAID = re.compile(
    r"\b(tokeni[sz]ed|standardi[sz]ed|z-scored|rescaled|(?<!batch[ -])(?<!layer[ -])normali[sz]ed) (with|by|to|using|before|first)\b",
    re.IGNORECASE,
)


def preparation(subject: Subject) -> Iterator[Lint]:
    """Say once that what prepares the samples is not in the bundle, by the plainest sign of it."""
    manifest = subject.manifest
    if manifest is None or _is_packed(manifest.preprocessing) or manifest.model.loader in INSIDE:
        return
    yield from next((found for found in _signs(subject, manifest) if found), [])


def _signs(subject: Subject, manifest: Manifest) -> Iterator[list[Lint]]:
    for path in (FIELD, "description"):
        if _tells(subject, path):
            message = f"{path} tells how samples are prepared, and no preprocessing is packed"
            yield [in_card(subject, "preprocessing-missing", path, message, hint=HINT)]
    names = [
        name for name, value in manifest.hyperparameters.values.items() if value and _HINTING.search(name.casefold())
    ]
    if names:
        message = f"the hyperparameter {names[0]!r} tells of a preprocessing, and none is packed"
        yield [in_manifest("preprocessing-missing", "hyperparameters.values", message, hint=HINT)]
    seen = _seen(manifest, subject.root)
    if seen is not None:
        yield [
            in_manifest("preprocessing-missing", "preprocessing", f"{seen}, and no preprocessing is packed", hint=HINT)
        ]


def _is_packed(section: Section) -> bool:
    return section.can_run or bool(section.configuration or section.transform or section.steps or section.files)


def _tells(subject: Subject, path: str) -> bool:
    """Whether a field says that something is done to the samples, and not that it is not, nor that the model does it."""
    text = subject.text(path)
    if not text or path in subject.captured or _IN_MODEL.search(text):
        return False
    if path != FIELD:
        found = _SAID.search(text)
        return found is not None and not _NOT_DONE.search(text[max(found.start() - 40, 0) : found.start()])
    question = _QUESTIONS[path]
    return not _NOT_DONE.search(text) and weigh(text, path=path, asks=question.asks, least=question.words) is None


_QUESTIONS: dict[str, Question] = {question.path: question for part in PARTS for question in part.questions}


def _seen(manifest: Manifest, root: Path | None) -> str | None:
    """How the recorded inputs differ from the samples of the splits; None where they do not, or cannot be told to."""
    inputs = manifest.outputs.inputs
    splits = [split for split in manifest.data.splits if split.kind not in FILE_KINDS and split.leaves]
    if root is None or inputs is None or not splits:
        return None
    if all(_is_text(split) for split in splits) and not _has_text(inputs.structure):
        return f"the samples of {splits[0].name!r} are text, the model's inputs are tensors"
    return _changed(splits, inside(root, inputs.file), root)


def _is_text(split: Split) -> bool:
    """Whether all that a sample has besides its label is text."""
    leaves = [leaf for leaf in split.leaves if leaf.name != split.label]
    return bool(leaves) and all(leaf.dtype == "text" for leaf in leaves)


def _has_text(structure: object) -> bool:
    """Whether texts stand among the inputs themselves, as they do for a model that reads raw ones."""
    if isinstance(structure, dict):
        is_text = structure.get("kind") == "plain" and isinstance(structure.get("value"), str)
        return is_text or any(map(_has_text, structure.values()))
    return isinstance(structure, list) and any(map(_has_text, structure))


def _changed(splits: list[Split], inputs: Path, root: Path) -> str | None:
    """What shows that the inputs are no samples as they stand: whole numbers that have become others, or a range they leave."""
    values = _input_values(inputs)
    raw = [found for found in (_raw(split, root) for split in splits) if found is not None]
    if values is None or len(raw) != len(splits):
        return None
    whole = all(found.whole for found in raw)
    if whole and float((values != values.round()).mean()) > FRACTIONS:
        return f"the samples of {splits[0].name!r} are whole numbers, the model's inputs are not"
    low, high = min(found.low for found in raw), max(found.high for found in raw)
    if float(((values < low) | (values > high)).mean()) > OUTSIDE:
        return f"the samples of {splits[0].name!r} lie from {low:.6g} to {high:.6g}, the model's inputs elsewhere"
    return None


@dataclass(frozen=True)
class Raw:
    """What the samples of a split are, labels aside.

    Attributes:
        low: The least number in them.
        high: The largest.
        whole: Whether all are whole numbers.
    """

    low: float
    high: float
    whole: bool


def _raw(split: Split, root: Path) -> Raw | None:
    """What a split's samples are; None where not all of it is known, or they are more than numbers."""
    leaves = [leaf for leaf in split.leaves if leaf.name != split.label and not (leaf.name == "1" and leaf.shape == ())]
    if leaves and all(leaf.dtype in BYTES for leaf in leaves):
        return Raw(0.0, 255.0, whole=True)
    statistics = read_statistics(split, root)
    if statistics is None or statistics.left_out:
        return None
    names = {leaf.name for leaf in leaves}
    found = [one for one in statistics.features if one.name.partition("[")[0] in names]
    bounds = [(one.minimum, one.maximum) for one in found if one.of == "value" and one.kind == "number"]
    lows, highs = [low for low, _ in bounds if low is not None], [high for _, high in bounds if high is not None]
    if not found or len(bounds) != len(found) or not lows or not highs:
        return None
    whole = all(one.values is not None and all(_is_whole(each.value) for each in one.values) for one in found)
    return Raw(min(lows), max(highs), whole)


def _is_whole(value: float | str) -> bool:
    return not isinstance(value, str) and float(value).is_integer()


def _input_values(place: Path) -> np.ndarray[Any, Any] | None:
    """The recorded inputs as numbers; None where they are several, too few, too many or no numbers with a point."""
    import numpy as np

    from reprobundle.tensors import read_arrays

    if place.stat().st_size > MOST_BYTES:
        return None
    arrays = [*read_arrays(place).values()]
    if len(arrays) != 1 or arrays[0].dtype.name not in FLOATS or arrays[0].size < LEAST_VALUES:
        return None
    values: np.ndarray[Any, Any] = arrays[0].astype("float64")
    return values if bool(np.isfinite(values).all()) else None
