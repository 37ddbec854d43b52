"""Names of features: no two alike, whatever the samples hold."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from reprobundle.components.data.statistics.form import Feature


def with_names_apart(features: Sequence[Feature]) -> list[Feature]:
    """The features, each with a name of its own among those that describe the same of a leaf.

    Two have one where a leaf holds texts in some samples and numbers in others, or lists of several lengths, or where a leaf
    is called like the entry of another. Numbers keep the name, then what stands first; texts become ``NAME (text)``, others
    ``NAME (2)``.
    """
    taken: set[tuple[str, str]] = set()
    named: dict[int, Feature] = {}
    for index in sorted(range(len(features)), key=lambda index: features[index].kind == "category"):
        named[index] = _apart(features[index], taken)
        taken.add((named[index].name, named[index].of))
    return [named[index] for index in range(len(features))]


def _apart(feature: Feature, taken: set[tuple[str, str]]) -> Feature:
    words = ["text"] if feature.kind == "category" and feature.of == "value" else []
    names = (f"{feature.name} ({word})" for word in itertools.chain(words, itertools.count(2)))
    name = next(name for name in itertools.chain([feature.name], names) if (name, feature.of) not in taken)
    return feature if name == feature.name else feature.model_copy(update={"name": name})


def without_nan_among_texts(features: Sequence[Feature], nulls: int) -> list[Feature]:
    """The features of one leaf; where it holds texts, and NaN but no number, NaN is how a text is missing.

    Args:
        features: The features.
        nulls: Samples without a value that are counted in each of them.
    """
    texts = [feature for feature in features if feature.dtype == "text" and feature.of != "vocabulary"]
    nans = [feature for feature in features if feature.of == "value" and feature.nan and _is_all_nan(feature)]
    if not texts or not nans:
        return [*features]
    more = sum(feature.count - nulls for feature in nans)
    return [
        feature.model_copy(update={"count": feature.count + more, "missing": feature.missing + more})
        if feature in texts
        else feature
        for feature in features
        if feature not in nans
    ]


def _is_all_nan(feature: Feature) -> bool:
    return feature.kind == "number" and feature.count == feature.nan + feature.missing
