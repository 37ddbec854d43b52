"""Counts in people's own sentences beside the recorded ones: samples of splits, classes, features, parameters of the model.

As with other numbers nothing is told unless none that a text gives agrees, and a mention of a part is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import combinations
from math import prod

from reprobundle.components.data.roles import is_held_back
from reprobundle.components.data.section import FILE_KINDS, Split
from reprobundle.linting.lints import Lint
from reprobundle.linting.prose import COUNT, HEDGED, NUMBER, SIZE, SIZES, readings, sentences
from reprobundle.linting.rules import in_card
from reprobundle.linting.subject import Subject
from reprobundle.manifest import Manifest
from reprobundle.phrases import some

STATISTICS = "training_data.statistics"
OF_SPLITS = ("description", STATISTICS, "training_data.collection", "data_preparation.splitting", "evaluation.metrics")
OF_CLASSES = ("description", STATISTICS, "training.architecture")
OF_PARAMETERS = ("description", "training.architecture")
MOST_SPLITS = 8  # whose sums are tried
SHOWN = 4
ABOUT = 0.1  # of a number that is said to be about right
ROUNDED = 0.06  # of one that is said in thousands or millions
FEW = 0.2  # of a split: fewer are some of it
SMALL, LARGE = (
    100,
    1000,
)  # fewer parameters than the first are hyperparameters, where the model has more than the second
HINT = "correct the text, or leave the number out"

_NOUN = r"(?:samples?|examples?|instances?|observations?|data[\s-]points?|rows?|records?|images?|pictures?|photos?)"
_GENERIC = r"(?:samples|examples|instances|observations|data[\s-]points|rows)"
_TRAIN, _TEST, _VALID = r"train(?:ing)?", r"test(?:ing)?|held[\s-]?out", r"valid(?:ation)?|val|dev(?:elopment)?"
_SPLIT = rf"(?P<split>{_TRAIN}|{_TEST}|{_VALID})"


def _ignoring_case(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.IGNORECASE)


_OF_SPLIT = (
    _ignoring_case(rf"(?P<number>{COUNT}){SIZE}\s+(?:\w+\s+)?{_SPLIT}[\s-]+{_NOUN}\b"),
    _ignoring_case(
        rf"\b{_SPLIT}[\s-]*(?:set|split|data)\s+(?:of|has|with|contains|holds)\s+(?P<number>{COUNT}){SIZE}\s+(?:\w+\s+)?{_NOUN}\b"
    ),
    _ignoring_case(rf"(?P<number>{COUNT}){SIZE}\s+(?:\w+\s+)?{_NOUN}\s+(?:for|in the)\s+{_SPLIT}(?:ing)?\b"),
    _ignoring_case(rf"\b(?P<split>train|test|validat)(?:ed)\s+on\s+(?P<number>{COUNT}){SIZE}\s+(?:\w+\s+)?{_NOUN}\b"),
)
_SAMPLES = _ignoring_case(rf"(?P<number>{COUNT}){SIZE}\s+(?:\w+\s+)?{_GENERIC}\b")
_CLASSES = _ignoring_case(
    rf"\b(?:of|into|in|has|have|over|among|between|distinguishes|separates|recognises|recognizes|:|,|\()\s*(?:the\s+)?(?P<number>{COUNT})"
    r"(?:[\s-]+(?:different|distinct|target|output|balanced))?[\s-]+class(?:es)?\b"
)
_FEATURES = _ignoring_case(
    rf"\b(?:of|with|from|has|have|on|takes?|uses|reads|:|,|\()\s*(?:the\s+)?(?P<number>{NUMBER})\s+(?:input\s+)?features\b"
)
_ALONE = _ignoring_case(
    r"\s*(?:(?:are|were|is|was|had|have|has|that|which|being|make|hold|with fewer|with less|each|per|a|an|at a time|of which|left out"
    r"|removed|dropped|excluded|only)\b|\()"
)
_FOR_SOMETHING = _ignoring_case(
    r"[^.;]*\b(tun(ed|ing)|search\w*|wrong\w*|mis\w+|confus\w*|removed|dropped|excluded|left out|shown|drawn|inspected|checked|looked at)\b"
)
_PART = _ignoring_case(
    r"\b(drop\w*|remov\w*|exclud\w*|discard\w*|left out|delet\w*|without|ignor\w*|duplicat\w*|minus|every|each|per|first|last|other|another"
    r"|further|additional|extra|subset|random|checked|looked|inspect\w*|relabel\w*|correct\w*|mislabel\w*|batch\w*|of them|at least|at most"
    r"|more than|fewer than|less than|than|baseline|original\w*|synthetic|augment\w*|only|pre-?train\w*|merg\w*|rare\w*|least|most|best|worst"
    r"|fold\w*|bootstrap\w*|raw|before|from the|down to|out of|errors?|mistakes?|wrong\w*|misclassif\w*|misread|fail\w*)\b[^.;]*$"
)
_PARAMETERS = _ignoring_case(
    rf"(?P<kind>trainable\s+)?(?P<number>{NUMBER}|(?<![\w.,^])\d+(?:[.,_]\d+)*(?=[kKmMbB]n?\b)){SIZE}[\s-]+(?P<trainable>trainable\s+)?"
    r"(?:parameters?|params?|weights)\b"
)
_OTHER_MODEL = _ignoring_case(
    r"\b(than|from|distill?\w*|teacher|base model|baseline|compar\w*|unlike|versus|vs\.?|instead of|fine-?tuned from|adapt\w* from|from an?|of an?"
    r"|against|original|replac\w*|pre-?trained|backbone|frozen|adds?|added|up to|any|per|each|first|second|head|embedding\w*|merg\w*)\b[^.;:]*$"
)
_OURS = _ignoring_case(r".{0,40}\b(ours|smaller|larger|bigger|times|fewer|instead|while|whereas|frozen|not trained)\b")
_TUNED = _ignoring_case(
    r"\s*(?:(?:were|was|are|is|to be|to|that|which|of the (?:loss|sampler|optimi\w+))\b|tuned|chosen|searched)"
)


def counts(subject: Subject, manifest: Manifest) -> Iterator[Lint]:
    """Everything that a text counts otherwise."""
    splits = manifest.data.splits
    if splits and not any(split.kind in FILE_KINDS for split in splits):
        for path in OF_SPLITS:
            yield from _of_splits(subject, path, manifest)
        yield from _of_all(subject, manifest)
    classes, features = _classes(manifest), _features(splits)
    for path in OF_CLASSES:
        yield from _of_kind(subject, path, _CLASSES, classes, "classes")
        yield from _of_kind(subject, path, _FEATURES, features, "features")
    for path in OF_PARAMETERS:
        yield from _of_parameters(subject, path, manifest.model.parameters)


def _differs(subject: Subject, path: str, said: str, recorded: str, rule: str = "counts-differ") -> Lint:
    message = f"{path} says {said.strip(' ,:(')!r}, {recorded}"
    return in_card(subject, rule, path, message, hint=HINT)


def _of_splits(subject: Subject, path: str, manifest: Manifest) -> Iterator[Lint]:
    """Numbers of samples that are said of one split by its name."""
    text = sentences(subject, path)
    everything = _sums(manifest)
    for held in (False, True):
        splits = [split for split in manifest.data.splits if is_held_back(split.name) == held]
        said = [
            found
            for pattern in _OF_SPLIT
            for found in pattern.finditer(text)
            if _is_of(found["split"], splits) and not _is_part(text, found, min(split.count for split in splits))
        ]
        wrong = [found for found in said if not _agrees(text, found, everything)]
        if splits and wrong and len(wrong) == len(said):
            told = some([f"{split.name} {split.count:,}" for split in splits], SHOWN)
            yield _differs(subject, path, wrong[0][0], f"recorded is {told}")


def _is_part(text: str, found: re.Match[str], whole: int) -> bool:
    """Whether some of a split's samples are counted, for some purpose, and not all of them."""
    if _PART.search(_before(text, found)) or _FOR_SOMETHING.match(text[found.end() :]):
        return True
    return max(_values(found), default=0.0) < FEW * whole


def _is_of(said: str, splits: Sequence[Split]) -> bool:
    """Whether a split is meant that was recorded, by the same word."""
    word = said.casefold()
    family = next(pattern for pattern in ("train", "test|held|holdout", "val|dev") if re.match(pattern, word))
    return any(re.search(family, split.name.casefold()) for split in splits)


def _of_all(subject: Subject, manifest: Manifest) -> Iterator[Lint]:
    """The number of samples where the card is asked for it, where both what was learned from and what was held back is recorded."""
    splits = manifest.data.splits
    if not {True, False} <= {is_held_back(split.name) for split in splits}:
        return
    text = sentences(subject, STATISTICS)
    said = [found for found in _SAMPLES.finditer(text) if not _PART.search(_before(text, found))]
    known = _sums(manifest)
    behind = [(found, text[found.end() :]) for found in said]
    said = [found for found, rest in behind if not _ALONE.match(rest) and not _FOR_SOMETHING.match(rest)]
    if said and not any(_agrees(text, found, known) for found in _SAMPLES.finditer(text)):
        told = some([f"{split.name} {split.count:,}" for split in splits], SHOWN)
        yield _differs(subject, STATISTICS, said[0][0], f"recorded is {told}")


def _sums(manifest: Manifest) -> tuple[float, ...]:
    """Every number of samples that a person may mean: of splits, of some together, of all before they were split, of a class."""
    splits, splitting = manifest.data.splits[:MOST_SPLITS], manifest.data.splitting
    counts_ = [split.count for split in splits]
    sums = {sum(some_) for size in range(1, len(counts_) + 1) for some_ in combinations(counts_, size)}
    sums |= {splitting.count} if splitting is not None else set()
    sums |= {split.count - split.duplicates for split in splits}
    sums |= {label.count for split in splits for label in split.labels or ()}
    return tuple(map(float, sorted(sums)))


def _of_kind(
    subject: Subject, path: str, pattern: re.Pattern[str], known: tuple[float, ...], noun: str
) -> Iterator[Lint]:
    text = sentences(subject, path)
    said = [found for found in pattern.finditer(text) if known]
    alone = [
        found for found in said if not _ALONE.match(text[found.end() :]) and not _PART.search(_before(text, found))
    ]
    if alone and not any(_agrees(text, found, known) for found in said):
        told = some([f"{value:,.0f}" for value in known], SHOWN)
        yield _differs(subject, path, alone[0][0].partition(" ")[2] or alone[0][0], f"recorded is {noun} {told}")


def _classes(manifest: Manifest) -> tuple[float, ...]:
    """How many classes there are, as the labels of all splits or a hyperparameter tell it."""
    labels = [{label.label for label in split.labels} for split in manifest.data.splits if split.labels]
    found = {len(some_) for some_ in labels} | ({len(set().union(*labels))} if labels else set())
    values = manifest.hyperparameters.values
    named = [value for name, value in values.items() if re.fullmatch(r"(n|num)_?(classes|labels)", name.casefold())]
    found |= {value for value in named if isinstance(value, int)}
    return tuple(map(float, sorted(found)))


def _features(splits: Sequence[Split]) -> tuple[float, ...]:
    """How many features a sample has, counted in each of the ways that people count them."""
    found: set[int] = set()
    for split in splits:
        leaves = [leaf for leaf in split.leaves if leaf.name != split.label]
        if any(leaf.shape is None or -1 in leaf.shape for leaf in leaves):
            return ()
        shapes = [leaf.shape for leaf in leaves if leaf.shape is not None]
        found |= {len(split.leaves), len(leaves), sum(map(prod, shapes))}
        found |= {number for shape in shapes for number in (*shape, prod(shape))}
    return tuple(map(float, sorted(found)))


def _of_parameters(subject: Subject, path: str, recorded: int) -> Iterator[Lint]:
    text = sentences(subject, path)
    said = [found for found in _PARAMETERS.finditer(text) if recorded and _is_of_model(text, found, recorded)]
    if said and not any(_is_size(text, found, recorded) for found in said):
        yield _differs(subject, path, said[0][0], f"the model has {recorded:,}", "parameters-differ")


def _is_of_model(text: str, found: re.Match[str], recorded: int) -> bool:
    """Whether a number of parameters is said of this model, and not of another, a part of it or a search."""
    sized = max(_values(found), default=0.0)
    if not found["size"] and sized < SMALL and (recorded >= LARGE or _TUNED.match(text[found.end() :])):
        return False
    return sized > 0 and not _OTHER_MODEL.search(_before(text, found)) and not _OURS.match(text[found.end() :])


def _is_size(text: str, found: re.Match[str], recorded: int) -> bool:
    part = bool(found["kind"] or found["trainable"])
    return _agrees(text, found, (float(recorded),)) or (part and min(_values(found)) < recorded)


def _before(text: str, found: re.Match[str]) -> str:
    return re.split(r"[.;!?](?!\d)", text[max(found.start() - 60, 0) : found.start("number")])[-1]


def _values(found: re.Match[str]) -> list[float]:
    """What the number may be, its thousands or millions told."""
    size = SIZES[(found.groupdict().get("size") or "").casefold()]
    return [value * size for value in readings(found["number"])]


def _agrees(text: str, found: re.Match[str], known: Sequence[float]) -> bool:
    """Whether a number may be one that was recorded; a rounded one near enough. What is no number says nothing."""
    values = _values(found)
    if not values:
        return True
    hedged = HEDGED.search(text[max(found.start("number") - 20, 0) : found.start("number")]) is not None
    exact = not found.groupdict().get("size") and not _is_round(values[0])
    margin = ABOUT if hedged else 0.0 if exact else ROUNDED
    return any(abs(value - one) <= margin * one + 1e-9 for value in values for one in known)


def _is_round(value: float) -> bool:
    """Whether a number ends in zeros where others have digits, as 12,000 does."""
    return value >= 1000 and value % 1000 == 0
