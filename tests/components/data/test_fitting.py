from __future__ import annotations

import pytest

from reprobundle.components.data.documents import to_document
from reprobundle.components.data.statistics.fitting import within_a_document
from reprobundle.components.data.statistics.form import MAX_FEATURES, Feature, Statistics, ValueCount
from reprobundle.records import from_bytes

pytestmark = pytest.mark.slow
POINTS = tuple(-1.0 / (number + 3) * 1e-200 for number in range(201))
PLAIN = Feature(name="x", kind="number", dtype="F64", count=900, quantiles=POINTS, sampled=900)


def _features(number, values, start=0):
    """So many features, each with so many counted values."""
    counts = tuple(ValueCount(value=value / 7, count=3) for value in range(values)) or None
    return [PLAIN.model_copy(update={"name": f"v[{start + one}]", "values": counts}) for one in range(number)]


def _fitted(features):
    made = Statistics(samples=900, features=within_a_document(features))
    assert from_bytes(Statistics, to_document(made), name="it") == made
    return made.features


def _points(features):
    return {len(feature.quantiles or ()) for feature in features}


def test_a_wide_document_tells_fewer_quantiles():
    """Thousands of features with all their quantiles would be more than a reader takes: each keeps every second one."""
    assert _points(_fitted(_features(300, 0))) == {201}

    found = _fitted(_features(MAX_FEATURES, 0))
    assert len(found) == MAX_FEATURES
    assert {feature.quantiles for feature in found} == {POINTS[::2]}


def test_counts_are_kept_before_fine_quantiles():
    """Where each of a few values is counted the quantiles say nothing more: they are the first to be told at fewer levels."""
    found = _fitted([*_features(2400, 9), *_features(1500, 0, 2400)])

    assert _points(found[:2400]) == {21}
    assert _points(found[2400:]) == {201}
    assert all(feature.values for feature in found[:2400])


def test_the_shortest_counts_are_kept_where_not_all_find_room():
    """All features keep quantiles, and those of few values their counts."""
    found = _fitted([*_features(2500, 200), *_features(1000, 2, 2500)])

    assert _points(found) == {101}
    assert all(feature.values for feature in found[2500:])
    assert 0 < sum(feature.values is not None for feature in found[:2500]) < 2500


def test_names_that_fill_a_document_leave_it_valid():
    """However long the names are, what is written can be read."""
    features = [feature.model_copy(update={"name": f"{number}{'n' * 3900}"}) for number, feature in
                enumerate(_features(MAX_FEATURES, 0))]  # fmt: skip
    made = Statistics(samples=900, features=within_a_document(features))

    assert from_bytes(Statistics, to_document(made), name="it").samples == 900
