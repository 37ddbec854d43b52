"""Which features of a split look otherwise in a reviewer's copy: what tells a changed column from changed rows."""

from __future__ import annotations

from collections.abc import Iterator

from reprobundle.components.data.statistics.form import Feature, Statistics

TOLD = ("mean", "std", "minimum", "maximum", "missing", "nan", "infinite", "distinct", "count")
SAMPLED = frozenset({"quantiles", "sampled"})


def moved(recorded: Statistics, found: Statistics) -> Iterator[str]:
    """The features whose statistics are others than recorded, in words, such as ``'age' (mean 3.5, recorded 3)``."""
    theirs = {(feature.name, feature.of): feature for feature in found.features}
    for feature in recorded.features:
        other = theirs.get((feature.name, feature.of))
        if other is not None and _facts(feature) != _facts(other):
            yield f"{_name(feature)} ({_change(feature, other)})"


def _facts(feature: Feature) -> dict[str, object]:
    return feature.model_dump(exclude=set(SAMPLED))


def _name(feature: Feature) -> str:
    return repr(feature.name) if feature.of == "value" else f"{feature.of} of {feature.name!r}"


def _change(recorded: Feature, found: Feature) -> str:
    """The first fact that differs, in words."""
    for fact in TOLD:
        was, now = getattr(recorded, fact), getattr(found, fact)
        if was != now:
            return f"{fact} {_number(now)}, recorded {_number(was)}"
    return "other values"


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.6g}"
