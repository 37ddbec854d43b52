from __future__ import annotations

import numpy as np
import pytest
from drift_bundles import statistics_of
from hypothesis import given, settings
from hypothesis import strategies as st

from reprobundle.components.data.given import How
from reprobundle.components.data.reading import read
from reprobundle.components.data.statistics.fitting import coarser
from reprobundle.components.data.statistics.form import Feature, Statistics, ValueCount
from reprobundle.components.interface import Failure
from reprobundle.drifting.judging import judge
from reprobundle.drifting.soundness import refuse_unsound

N = 400


def _table(seed, count=N):
    random = np.random.default_rng(seed)
    return {
        "age": random.normal(40, 12, count),
        "income": random.lognormal(8, 0.5, count),
        "rooms": random.integers(1, 7, count),
        "town": ["Aden", "Bonn", "Cork"] * (count // 3) + ["Aden"] * (count % 3),
        "y": random.integers(0, 3, count),
    }


def _judge(recorded, new, alpha=0.01):
    return judge(*(statistics_of(side, how=How(label="y")) for side in (recorded, new)), alpha=alpha)


def _by_name(recorded, new, **options):
    return {feature.name: feature for feature in _judge(recorded, new, **options).features}


def test_like_data_does_not_drift():
    """Another sample of the same source gives no alarm, and nothing is said of any feature."""
    found = _by_name(_table(1), _table(2))

    assert {feature.judgement for feature in found.values()} == {"same"}
    assert {feature.words for feature in found.values()} == {""}
    assert all(feature.drawing is None for feature in found.values())


def _changed(name):
    new = _table(2)
    if name == "age":
        new["age"] = new["age"] + 6.0
    elif name == "income":
        new["income"] = new["income"] * 1000
    elif name == "rooms":
        new["rooms"] = np.full(N, 3)
    elif name == "town":
        new["town"] = ["Dijon" if number % 10 == 0 else town for number, town in enumerate(new["town"])]
    else:
        new["y"] = np.where(np.arange(N) < N // 3, 2, new["y"])
    return new


@pytest.mark.parametrize(("name", "words"), [
    ("age", "higher by 0.61 standard deviations"),
    ("income", "988 times as large: perhaps another unit"),
    ("rooms", "always 3"),
    ("town", "never seen: 'Dijon' 10%; 'Aden' 34% → 30%, 'Bonn' 33% → 30%"),
    ("y", "2 32% → 55%, 1 36% → 21%"),
])  # fmt: skip
def test_the_one_feature_that_changed_is_named(name, words):
    """Half a standard deviation, another unit, a constant, a new category, other classes: that feature and no other."""
    found = _by_name(_table(1), _changed(name))

    assert [feature.name for feature in found.values() if feature.judgement != "same"] == [name]
    assert found[name].judgement == "drift"
    assert found[name].words == words
    assert found[name].p is not None
    assert found[name].p < 0.01
    assert found[name].drawing is not None


def test_the_label_comes_first():
    """Whatever drifts, classes are looked at first; then what is surest."""
    found = _judge(_table(1), {**_changed("age"), "income": np.full(N, 3.0)})

    assert [feature.name for feature in found.features[:3]] == ["y", "income", "age"]
    assert found.features[0].is_label


def test_columns_that_were_swapped_are_told():
    """Two columns that look each like the other's record are called swapped."""
    new = _table(2)
    new["age"], new["income"] = new["income"], new["age"]
    found = _by_name(_table(1), new)

    assert found["age"].words == "looks like the recorded 'income': perhaps swapped"
    assert found["income"].words == "looks like the recorded 'age': perhaps swapped"


def test_missing_values_alone_are_drift():
    """One sample in eight without a number is drift of that feature, though the numbers are distributed alike."""
    new = _table(2)
    new["age"] = np.where(np.arange(N) % 8 == 0, np.nan, new["age"])
    found = _by_name(_table(1), new)["age"]

    assert (found.judgement, found.words) == ("drift", "12% NaN, was 0%")
    assert found.new.nan == N // 8


def test_a_significant_change_that_is_small_is_no_alarm():
    """Of twenty thousand samples a tenth of a tenth of a deviation can be seen; it is told, and is no drift."""
    random = np.random.default_rng(3)
    recorded, new = {"x": random.normal(0, 1, 20_000)}, {"x": random.normal(0.08, 1, 20_000)}

    found = _by_name(recorded, new)["x"]

    assert found.judgement == "shifted slightly"
    assert found.p is not None
    assert found.p < 0.01


def test_too_few_samples_are_said_to_be_too_few():
    """With fewer than 20 values on a side nothing is tested."""
    found = _judge(_table(1), _table(2, count=19))

    assert {feature.judgement for feature in found.features} == {"too few to tell"}
    assert {feature.words for feature in found.features} == {"fewer than 20 values to tell"}
    assert found.tests == 0


def test_a_vocabulary_is_judged_by_texts_not_by_words():
    """Twenty thousand words of one hundred texts tell as much as one hundred: another language is drift, a rare word is not."""
    random = np.random.default_rng(4)
    words = ["the", "cat", "sat", "on", "a", "mat", "and", "so", "did", "dogs"]
    german = ["die", "katze", "lag", "auf", "dem", "bett", "und", "auch", "ein", "hund"]
    texts = [[" ".join(random.choice(pool, 200)) for _ in range(100)] for pool in (words, words, german)]
    repeated = [f"{text} {'rare ' * 8}" if number == 0 else text for number, text in enumerate(texts[1])]
    features = [{one.of: one for one in _judge({"t": texts[0]}, {"t": new}).features} for new in (repeated, texts[2])]

    assert [found["vocabulary"].judgement for found in features] == ["same", "drift"]
    assert features[1]["vocabulary"].words.startswith("never seen: ")


def test_features_of_a_leaf_of_another_form_are_not_compared():
    """What is told of the form is not told again of each entry."""
    side = statistics_of(np.random.default_rng(0).normal(size=(50, 3)))

    assert len(judge(side, side, alpha=0.01).features) == 3
    assert judge(side, side, alpha=0.01, apart=frozenset({"value"})).features == ()


def test_a_feature_without_its_distribution_is_not_compared():
    """Where a document had no room for a distribution, it is said so, not that the feature is the same."""
    side = statistics_of({"x": np.arange(300.0)})
    bare = Statistics(
        samples=300, features=(side.features[0].model_copy(update={"quantiles": None, "values": None, "sampled": 0}),)
    )

    assert [feature.judgement for feature in judge(bare, side, alpha=0.01).features] == ["not compared"]


def test_what_one_side_counts_and_the_other_orders_is_a_note():
    """Categories beside more than 256 different numbers: not compared, and noted."""
    values = (ValueCount(value="a", count=300),)
    counted = Feature(name="x", kind="category", dtype="text", count=300, values=values)
    ordered = statistics_of({"x": np.arange(300.0)})

    found = judge(Statistics(samples=300, features=(counted,)), ordered, alpha=0.01)

    assert found.features == ()
    assert found.notes == ("'x': not compared: its values are counted on one side and ordered on the other",)


def test_the_figures_told_are_those_of_the_test_that_told():
    """Where missing values tell most the row rests on their rate; where numbers moved, on the numbers."""
    new = _table(2)
    new["age"] = np.where(np.arange(N) % 3 == 0, np.nan, new["age"])
    new["income"] = new["income"] * 1000
    new["rooms"] = np.where(np.arange(N) == 0, 6, new["rooms"])
    found = _by_name(_table(1), new)

    assert found["age"].telling == "rate of NaN"
    assert found["income"].telling == "Kolmogorov-Smirnov"
    assert found["rooms"].telling in {"chi-square", "rank sum"}


def test_a_shift_of_one_deviation_is_told_in_the_singular():
    """1 standard deviation, not 1 standard deviations."""
    x = np.linspace(-1, 1, 300)
    std = float(np.std(x, ddof=1))

    assert _by_name({"x": x}, {"x": x + std})["x"].words == "higher by 1 standard deviation"


def test_no_test_is_made_of_too_few_samples():
    """With fewer than 20 samples the rates of missing values are not tested either."""
    new = _table(2, count=19)
    new["age"][:4] = np.nan

    assert _judge(_table(1), new).tests == 0


def test_texts_that_hardly_ever_repeat_are_too_few_to_tell():
    """Where every value is nearly unique no test can see a change, and it is not called the same."""
    sides = ({"x": [f"{side}{number % 200}" for number in range(240)]} for side in "ab")
    found = _by_name(*sides)["x"]

    assert (found.judgement, found.words) == ("too few to tell", "too many different values to tell")


def test_a_rare_category_is_no_reason_not_to_tell():
    """One other value among three hundred alike ones leaves the feature the same."""
    found = _by_name({"x": ["a"] * 299 + ["b"]}, {"x": ["a"] * 300})["x"]

    assert found.judgement == "same"


@pytest.mark.parametrize("side", ["the captured split", "the new data"])
def test_a_feature_with_several_forms_is_not_compared(side):
    """Samples of several forms give a feature two descriptions, of which neither tells of all: it is noted."""
    one = statistics_of({"x": np.arange(300.0), "y": np.arange(300.0)})
    two = one.model_copy(update={"features": (*one.features, one.features[0])})
    found = judge(*((two, one) if side == "the captured split" else (one, two)), alpha=0.01)

    assert [feature.name for feature in found.features] == ["y"]
    assert found.notes == (f"'x', value: not compared: in {side} it has several forms",)


def test_fewer_quantiles_find_the_same_shift():
    """A wide split with 101 quantiles a feature is compared with data that has 201, without an alarm of its own."""
    random = np.random.default_rng(7)
    sides = [statistics_of({"x": random.normal(shift, 1, 2000)}) for shift in (0, 0, 0.3)]
    for points in (101, 51):
        recorded = Statistics(samples=2000, features=(coarser(sides[0].features[0], points),))

        assert len(recorded.features[0].quantiles or ()) == points
        assert [judge(recorded, new, alpha=0.01).features[0].judgement for new in sides[1:]] == ["same", "drift"]


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=3), st.binary(max_size=2),
    st.lists(st.floats(), max_size=2), st.lists(st.text(max_size=2), max_size=2), st.dictionaries(st.text(max_size=1), st.integers(), max_size=2),
)  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.lists(ODD, min_size=1, max_size=40))
def test_whatever_a_capture_writes_is_taken(column):
    """Samples of any mixture of forms have statistics that are not refused, and data is like itself."""
    found = read([{"x": value} for value in column], How())
    if isinstance(found, Failure) or found.statistics is None:
        return
    refuse_unsound(found.statistics, name="it")

    assert not any(one.judgement == "drift" for one in judge(found.statistics, found.statistics, alpha=0.01).features)


@pytest.mark.slow
def test_false_alarms_are_as_rare_as_promised():
    """Of two hundred pairs of samples of one source no more than one in fifty gives an alarm at a limit of one in a hundred."""
    alarms = [
        any(feature.judgement == "drift" for feature in _judge(_table(seed, 150), _table(seed + 1000, 80)).features)
        for seed in range(200)
    ]

    assert sum(alarms) <= 4
