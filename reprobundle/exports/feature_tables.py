"""The statistics of one split as tables of Markdown: numbers, categories and words, and what is missing."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence

from reprobundle.components.data.statistics import Feature, Statistics
from reprobundle.phrases import counted, percent, some
from reprobundle.rendering.markdown import code, table

SHOWN_FEATURES = 20
SHOWN_VALUES = 5
SHOWN_VALUE = 40

_OF_NUMBERS = ("feature", "what", "mean", "std", "min", "median", "max", "missing")
_OF_CATEGORIES = ("feature", "what", "different", "most common", "missing")
_FOLLOWING = frozenset({"vocabulary", "words", "height", "channel mean", "channel std"})
_TIME = re.compile(r"(?:timestamp|date)\[(s|ms|us|ns|day)(?:, UTC)?\]")
_SECONDS = {"day": 86_400.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9}


def lines(found: Statistics, *, noun: str, label: str | None = None) -> Iterator[str]:
    """Paragraphs and tables; an empty text where there is nothing to tell.

    Args:
        found: The statistics.
        noun: What one sample is called.
        label: A leaf whose classes are told elsewhere.
    """
    told = [feature for feature in found.features if feature.name != label]
    numbers = [feature for feature in told if feature.kind == "number"]
    categories = [feature for feature in told if feature.kind == "category"]
    if numbers:
        yield table(_OF_NUMBERS, [_number(feature) for feature in numbers[:SHOWN_FEATURES]])
        yield _more(numbers, "features")
    if categories:
        yield table(_OF_CATEGORIES, [_category(feature) for feature in categories[:SHOWN_FEATURES]])
        yield _more(categories, "features")
    if found.left_out:
        yield f"Not described, beyond the limit: {counted(found.left_out, 'feature')}."
    if found.features:
        yield _missing(found, noun)


def _number(feature: Feature) -> tuple[str, ...]:
    middle = feature.quantiles[len(feature.quantiles) // 2] if feature.quantiles else None
    shown = [_shown(value, feature) for value in (feature.mean, feature.minimum, middle, feature.maximum)]
    std = "" if feature.std is None else _spread(feature.std, feature)
    return (code(feature.name), feature.of, shown[0], std, *shown[1:], _lost(feature))


def _category(feature: Feature) -> tuple[str, ...]:
    counts = feature.common or sorted(feature.values or (), key=lambda entry: -entry.count)
    most = [f"{code(entry.value, limit=SHOWN_VALUE)} {entry.count:,}" for entry in counts[:SHOWN_VALUES]]
    of = "words" if feature.of == "vocabulary" else feature.of
    different = "" if feature.distinct is None else f"{feature.distinct:,}"
    return (code(feature.name), of, different, ", ".join(most), _lost(feature))


def _lost(feature: Feature) -> str:
    """Samples without a value, and those whose value is NaN or infinite."""
    lost = feature.missing + feature.nan
    shown = [f"{lost:,} ({percent(lost / feature.count)})"] if lost and feature.count >= lost else [f"{lost:,}"]
    if feature.infinite:
        shown.append(f"{feature.infinite:,} infinite")
    return ", ".join(shown)


def _missing(found: Statistics, noun: str) -> str:
    """Which leaves have gaps; of a text or an image, whose figures share theirs, one of them speaks for all."""
    told = [feature for feature in found.features if feature.of not in _FOLLOWING]
    gaps = [f"{code(feature.name)} in {_lost(feature)}" for feature in told if feature.missing + feature.nan]
    total = counted(found.samples, noun)
    return f"Missing values, of {total}: {some(gaps)}." if gaps else f"No value is missing in {total}."


def _shown(value: float | None, feature: Feature) -> str:
    if value is None:
        return ""
    return _time(value, feature.dtype) or f"{value:.4g}"


def _time(value: float, dtype: str) -> str | None:
    """A time as people write it, where the number counts from 1970 and a calendar has it."""
    match = _TIME.fullmatch(dtype)
    if match is None:
        return None
    try:
        moment = datetime.datetime(1970, 1, 1) + datetime.timedelta(seconds=value * _SECONDS[match[1]])  # noqa: DTZ001
    except OverflowError:
        return None
    return f"{moment:%Y-%m-%d}" if match[1] == "day" else f"{moment:%Y-%m-%d %H:%M:%S}"


def _spread(value: float, feature: Feature) -> str:
    """A standard deviation; of times in days or seconds."""
    match = _TIME.fullmatch(feature.dtype)
    if match is None:
        return f"{value:.4g}"
    seconds = value * _SECONDS[match[1]]
    days = f"{seconds / 86_400:.4g}"
    return f"{seconds:.4g} s" if seconds < 86_400 else f"{days} day" if days == "1" else f"{days} days"


def _more(features: Sequence[Feature], what: str) -> str:
    rest = len(features) - SHOWN_FEATURES
    return f"And {rest:,} more {what}." if rest > 0 else ""
