"""Which features of a split look otherwise in a reviewer's copy: what tells a changed column from changed rows."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.data.sides import RECORDED, Words
from reprobundle.components.data.statistics.form import Feature, Statistics

TOLD = ("mean", "std", "minimum", "maximum", "missing", "nan", "infinite", "distinct", "count")
FEWEST_DIGITS = 6
MOST_DIGITS = 17  # as many as tell any two float64 apart
SAMPLED = frozenset({"quantiles", "sampled"})


def moved(recorded: Statistics, found: Statistics, words: Words = RECORDED) -> Iterator[str]:
    """The features whose statistics are others than recorded, in words, such as ``'age' (mean 3.5, recorded 3)``."""
    theirs = {(feature.name, feature.of): feature for feature in found.features}
    for feature in recorded.features:
        other = theirs.get((feature.name, feature.of))
        if other is not None and _facts(feature) != _facts(other):
            yield f"{_name(feature)} ({_change(feature, other, words)})"


def _facts(feature: Feature) -> dict[str, object]:
    return feature.model_dump(exclude=set(SAMPLED))


def _name(feature: Feature) -> str:
    return repr(feature.name) if feature.of == "value" else f"{feature.of} of {feature.name!r}"


def _change(recorded: Feature, found: Feature, words: Words) -> str:
    """The first fact that differs, in words."""
    for fact in TOLD:
        was, now = getattr(recorded, fact), getattr(found, fact)
        if was != now:
            new, old = _apart(now, was)
            return f"{fact} {new}, {words.was.format(old)}"
    return "other values"


def _apart(one: float | None, other: float | None) -> tuple[str, str]:
    """Two different numbers with as many digits as it takes to see it."""
    for digits in range(FEWEST_DIGITS, MOST_DIGITS):
        shown = _number(one, digits), _number(other, digits)
        if shown[0] != shown[1]:
            return shown
    return _number(one, MOST_DIGITS), _number(other, MOST_DIGITS)


def _number(value: float | None, digits: int) -> str:
    return "none" if value is None else f"{value:.{digits}g}"
