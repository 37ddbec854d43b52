from __future__ import annotations

import numpy as np
import pytest
from drift_bundles import STATISTICS, bundle_of, reading_of, sealed, split_of, statistics_of

import reprobundle
from reprobundle import records
from reprobundle.components.data.given import How
from reprobundle.drifts import DriftReport
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError

RANDOM = np.random.default_rng(11)
X, Y = RANDOM.normal(size=(200, 3)), RANDOM.integers(0, 4, 200)
OTHER_X, OTHER_Y = RANDOM.normal(size=(150, 3)), RANDOM.integers(0, 4, 150)
SALT = "0" * 32


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle with the statistics of arrays with labels."""
    return bundle_of(tmp_path_factory.mktemp("drifting") / "model", (X, Y))


def test_like_data_has_not_drifted(bundle):
    """The answer, its line, the counts and the exit code say so."""
    found = reprobundle.drift(bundle, "test", (OTHER_X, OTHER_Y))

    assert (found.answer, found.exit_code) == ("no drift", 0)
    assert found.sentence == "no drift in 4 features"
    assert (found.recorded_samples, found.new_samples, found.alpha) == (200, 150, 0.01)
    assert found.tests == sum(len(feature.tests) for feature in found.features) == 11
    assert found.structure == ()
    assert found.notes == ()


def test_a_feature_that_drifts_is_named(bundle):
    """A column of an array is a feature of its own."""
    found = reprobundle.drift(bundle, "test", (OTHER_X + np.array([0, 0.9, 0]), OTHER_Y))

    assert (found.answer, found.exit_code) == ("drift", 1)
    assert found.sentence == "drift in 1 of 4 features"
    assert [feature.name for feature in found.drifted] == ["0[1]"]


def test_another_form_of_the_samples_is_drift(bundle):
    """Another dtype is told, its leaf is not compared, and the rest is."""
    found = reprobundle.drift(bundle, "test", (OTHER_X.astype(np.float32), OTHER_Y))

    assert found.sentence == "drift in the form of 1 leaf"
    assert [(one.name, one.change, one.recorded, one.found) for one in found.structure] == [
        ("0", "dtype", "F64", "F32")
    ]
    assert [feature.name for feature in found.features] == ["1"]
    assert found.exit_code == 1


def test_what_drifted_holds_the_form_as_well(bundle):
    """Whoever goes through ``drifted`` sees a leaf of another form first, and words for each."""
    found = reprobundle.drift(bundle, "test", (OTHER_X + 3, OTHER_Y.astype(np.int32)))

    assert found.drifted[0].name == "1"
    assert sorted(one.name for one in found.drifted[1:]) == ["0[0]", "0[1]", "0[2]"]
    assert found.drifted[0].words == "has another dtype: I64 → I32"
    assert all(one.words for one in found.drifted)


def test_the_parts_of_a_table_are_columns(tmp_path):
    """Of a captured table the sentence says columns."""
    place = bundle_of(tmp_path / "model", {"x": X[:, 0], "z": X[:, 1]}, kind="table")

    assert reprobundle.drift(place, "test", {"x": OTHER_X[:, 0]}).sentence == "drift in the form of 1 column"


def test_new_data_needs_no_label(tmp_path):
    """A label that nobody has given yet is noted, and is no drift; one that the caller names must be there."""
    place = bundle_of(tmp_path / "model", {"x": X[:, 0], "y": Y}, how=How(label="y"))
    found = reprobundle.drift(place, "test", {"x": OTHER_X[:, 0]})

    assert found.answer == "no drift"
    assert found.notes == ("the label 'y' is not in the new data: its shares were not compared",)
    with pytest.raises(UsageError, match="the new data: label 'z' is not there: found 'x'"):
        reprobundle.drift(place, "test", {"x": OTHER_X[:, 0]}, label="z")


def test_a_csv_file_takes_the_recorded_dtypes(tmp_path):
    """New data in a CSV file is read as the split was recorded, and what a `DataSplit` says of it counts."""
    place = bundle_of(tmp_path / "model", {"x": X[:, 0], "y": Y})
    file = tmp_path / "new.csv"
    rows = "".join(f"{x!r},{y}\n" for x, y in zip(OTHER_X[:, 0].tolist(), OTHER_Y.tolist(), strict=True))
    file.write_text("x,y\n" + rows, "utf-8")

    assert reprobundle.drift(place, "test", file).answer == "no drift"
    declared = reprobundle.DataSplit(file, dtypes={"x": "float64", "y": "int32"})
    assert [one.found for one in reprobundle.drift(place, "test", declared).structure] == ["I32"]


def test_a_generator_is_read_once(bundle):
    """Samples that come one by one are compared like any other."""
    found = reprobundle.drift(bundle, "test", ((x, y) for x, y in zip(OTHER_X, OTHER_Y, strict=True)))

    assert found.answer == "no drift"


def test_too_few_samples_cannot_be_compared(bundle):
    """With fewer than 20 samples of the recorded form there is no answer."""
    found = reprobundle.drift(bundle, "test", (OTHER_X[:12], OTHER_Y[:12]))

    assert (found.answer, found.exit_code) == ("not comparable", 3)
    assert found.sentence == "12 samples: too few to tell, at least 20 are needed"


def test_the_report_is_kept_where_it_is_wanted(bundle, tmp_path):
    """Document, page and text; the document is the report that was returned."""
    folder = tmp_path / "report"
    found = reprobundle.drift(bundle, "test", (OTHER_X, OTHER_Y), report=folder)

    assert sorted(place.name for place in folder.iterdir()) == ["drift.html", "drift.json", "drift.txt"]
    assert records.from_bytes(DriftReport, (folder / "drift.json").read_bytes(), name="drift.json") == found
    with pytest.raises(UsageError, match="exists"):
        reprobundle.drift(bundle, "test", (OTHER_X, OTHER_Y), report=folder)
    with pytest.raises(UsageError, match="lies inside the bundle"):
        reprobundle.drift(bundle, "test", (OTHER_X, OTHER_Y), report=bundle / "report")


@pytest.mark.parametrize("alpha", [0.0, 1.0, -0.1, float("nan")])
def test_alpha_is_a_chance(bundle, alpha):
    """It lies between 0 and 1."""
    with pytest.raises(UsageError) as caught:
        reprobundle.drift(bundle, "test", (X, Y), alpha=alpha)

    assert str(caught.value) == f"alpha: expected a number between 0 and 1, found {alpha!r}"


def test_a_split_that_is_not_there_is_named(bundle):
    """The hint says which there are."""
    with pytest.raises(UsageError) as caught:
        reprobundle.drift(bundle, "train", (X, Y))

    assert str(caught.value) == "there is no data split 'train'"
    assert caught.value.hint == "the bundle records 'test'"


@pytest.mark.parametrize(("changed", "message"), [
    ({"statistics": None}, "data split 'test': no statistics were recorded, so nothing can be compared"),
    ({"statistics": None, "salt": SALT}, "data split 'test': is private: no statistics were recorded"),
])  # fmt: skip
def test_a_split_without_statistics_cannot_be_compared(tmp_path, changed, message):
    """It is said whether the split is private or was captured by an older program."""
    reading = reading_of((X, Y))
    place = sealed(tmp_path / "model", split_of(reading).model_copy(update=changed), None)

    with pytest.raises(UnavailableError) as caught:
        reprobundle.drift(place, "test", (X, Y))

    assert str(caught.value) == message
    assert caught.value.exit_code == 3


def test_new_data_that_cannot_be_read_is_said(bundle, tmp_path):
    """The reason is that of the reading."""
    with pytest.raises(UnavailableError, match="the new data cannot be read: "):
        reprobundle.drift(bundle, "test", tmp_path / "missing.npz")


def test_statistics_that_no_data_has_are_refused(tmp_path):
    """A stranger's bundle may hold anything: what contradicts itself is refused, what breaks the form as well."""
    reading = reading_of((X, Y))
    statistics = statistics_of((X, Y))
    first = statistics.features[0].model_copy(update={"missing": 10**6})
    absurd = statistics.model_copy(update={"features": (first, *statistics.features[1:])})

    place = sealed(tmp_path / "absurd", split_of(reading), records.to_bytes(absurd))
    with pytest.raises(RefusedInputError, match=r"data/test.statistics.json: feature '0\[0\]', value: 1000000 values"):
        reprobundle.drift(place, "test", (X, Y))

    place = sealed(tmp_path / "broken", split_of(reading), b'{"samples": NaN}\n')
    with pytest.raises(RefusedInputError, match="data/test.statistics.json: holds NaN"):
        reprobundle.drift(place, "test", (X, Y))


def test_a_bundle_that_was_changed_is_refused(tmp_path):
    """It is verified before anything of it is used."""
    place = bundle_of(tmp_path / "model", (X, Y))
    (place / STATISTICS).write_bytes(b"{}")

    with pytest.raises(RefusedInputError, match="size differs"):
        reprobundle.drift(place, "test", (X, Y))


def test_the_same_comparison_gives_the_same_report(bundle):
    """But for the time, two reports are byte for byte the same."""
    first, second = (reprobundle.drift(bundle, "test", (OTHER_X + 1, OTHER_Y)) for _ in range(2))

    assert records.to_bytes(first.model_copy(update={"started": ""})) == records.to_bytes(
        second.model_copy(update={"started": ""})
    )
