from __future__ import annotations

import numpy as np
import pytest
from drift_bundles import bundle_of

import reprobundle
from reprobundle.components.data.given import How

RANDOM = np.random.default_rng(3)
X, Y = RANDOM.normal(size=200), RANDOM.integers(0, 3, 200)


@pytest.fixture(scope="module")
def bundle(tmp_path_factory):
    """A bundle whose split has the label ``species``."""
    place = tmp_path_factory.mktemp("renaming") / "model"
    return bundle_of(place, {"x": X, "species": Y}, how=How(label="species"))


def test_a_label_of_another_name_is_compared(bundle):
    """``label=`` says what the recorded label is called in the new data: its classes are compared, and nothing is new."""
    like = reprobundle.drift(bundle, "test", {"x": X[::2], "kind": Y[::2]}, label="kind")
    other = reprobundle.drift(bundle, "test", {"x": X[::2], "kind": np.minimum(Y[::2], 1)}, label="kind")

    assert (like.answer, like.structure) == ("no drift", ())
    assert like.notes == ("the label 'species' is called 'kind' in the new data",)
    assert [(one.name, one.is_label) for one in like.features if one.is_label] == [("species", True)]
    assert [one.name for one in other.drifted] == ["species"]


def test_a_renamed_label_in_a_csv_file_has_the_recorded_dtype(bundle, tmp_path):
    """A file without dtypes of its own is read with those of the recorded label, whatever it is called now."""
    file = tmp_path / "new.csv"
    file.write_text("x,kind\n" + "".join(f"{x!r},{y}\n" for x, y in zip(X.tolist(), Y.tolist(), strict=True)), "utf-8")

    assert reprobundle.drift(bundle, "test", file, label="kind").answer == "no drift"


def test_the_caller_says_which_of_two_is_the_label(bundle):
    """Where the new data has the recorded name as well, the one that the caller names counts, and it is said."""
    found = reprobundle.drift(bundle, "test", {"x": X, "species": Y + 7, "kind": Y}, label="kind")

    assert found.answer == "no drift"
    assert found.notes[-1] == "'species' of the new data: not compared: 'kind' is its label"


def test_a_split_without_a_label_has_none_to_compare(tmp_path):
    """A label that is named for nothing is noted."""
    place = bundle_of(tmp_path / "model", {"x": X, "z": X})
    found = reprobundle.drift(place, "test", {"x": X, "z": X}, label="z")

    assert found.notes == ("the captured split has no label: 'z' is compared like any other part of a sample",)
