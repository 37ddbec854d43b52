from __future__ import annotations

import numpy as np
import pytest
import support
from drift_bundles import bundle_of, statistics_of

import reprobundle
from reprobundle.components.data.given import How
from reprobundle.drifting.judging import judge

for library in ("pandas", "palmerpenguins"):
    support.require(library)

import pandas as pd
from palmerpenguins import load_penguins
from sklearn.datasets import load_digits

PENGUINS = load_penguins()
DIGITS, CLASSES = load_digits(return_X_y=True)


def _statistics(samples):
    return statistics_of(samples, how=How(label="species") if isinstance(samples, pd.DataFrame) else None)


def _drifted(recorded, new):
    return [one.name for one in judge(recorded, _statistics(new), alpha=0.01).features if one.judgement == "drift"]


def _rows(table, rows):
    return table.iloc[rows].reset_index(drop=True)


@pytest.mark.slow
def test_half_of_the_test_set_of_digits_is_no_drift():
    """Of one hundred random halves of the captured test set, at least 95 give no alarm."""
    random = np.random.default_rng(0)
    rows = random.permutation(len(CLASSES))[:450]
    recorded = _statistics((DIGITS[rows], CLASSES[rows]))
    halves = (random.permutation(rows)[:225] for _ in range(100))

    assert sum(bool(_drifted(recorded, (DIGITS[half], CLASSES[half]))) for half in halves) <= 5


@pytest.mark.slow
def test_half_of_the_penguins_is_no_drift():
    """Of one hundred random halves of the captured table, at least 95 give no alarm."""
    random = np.random.default_rng(0)
    recorded = _statistics(PENGUINS)
    halves = (_rows(PENGUINS, random.permutation(len(PENGUINS))[:172]) for _ in range(100))

    assert sum(bool(_drifted(recorded, half)) for half in halves) <= 5


@pytest.mark.parametrize("pixel", [10, 20, 28, 36, 43])
def test_a_shift_of_one_pixel_is_named(pixel):
    """Half a standard deviation in one of 64 features of half a test set: that feature and no other."""
    random = np.random.default_rng(pixel)
    rows = random.permutation(len(CLASSES))[:450]
    half = random.permutation(rows)[:225]
    shifted = DIGITS[half].copy()
    shifted[:, pixel] += 0.5 * DIGITS[rows, pixel].std(ddof=1)

    assert _drifted(_statistics((DIGITS[rows], CLASSES[rows])), (shifted, CLASSES[half])) == [f"0[{pixel}]"]


@pytest.mark.parametrize("column", ["bill_length_mm", "bill_depth_mm", "flipper_length_mm", "body_mass_g"])
def test_a_shift_of_one_column_is_named(column):
    """Half a standard deviation in one column of half of the penguins: that column and no other."""
    half = _rows(PENGUINS, np.random.default_rng(1).permutation(len(PENGUINS))[:172])
    half[column] = half[column] + 0.5 * PENGUINS[column].std()

    assert _drifted(_statistics(PENGUINS), half) == [column]


def _damaged(what):
    half = _rows(PENGUINS, np.random.default_rng(2).permutation(len(PENGUINS))[:172])
    if what == "another unit":
        half["body_mass_g"] /= 1000
    elif what == "swapped":
        half[["bill_length_mm", "bill_depth_mm"]] = half[["bill_depth_mm", "bill_length_mm"]].to_numpy()
    elif what == "missing":
        half.loc[half.index % 6 == 0, "body_mass_g"] = np.nan
    elif what == "a new island":
        half.loc[half.index % 10 == 0, "island"] = "Ross"
    else:
        half["bill_length_mm"] = PENGUINS["bill_length_mm"].median()
    return half


@pytest.mark.parametrize(("what", "names"), [
    ("another unit", ["body_mass_g"]),
    ("swapped", ["bill_depth_mm", "bill_length_mm"]),
    ("missing", ["body_mass_g"]),
    ("a new island", ["island"]),
    ("constant", ["bill_length_mm"]),
])  # fmt: skip
def test_what_goes_wrong_in_tables_is_named(what, names):
    """Another unit, two columns swapped, missing values, a new category, a constant: those columns and no other."""
    assert sorted(_drifted(_statistics(PENGUINS), _damaged(what))) == names


def test_a_table_from_a_bundle_is_compared(tmp_path):
    """The whole way, from a bundle with a captured table to a report on a new one, whatever form the new one has."""
    place = bundle_of(tmp_path / "penguins", PENGUINS, how=How(label="species"))
    file = tmp_path / "new.parquet"
    _damaged("swapped").to_parquet(file)

    found = reprobundle.drift(place, "test", file, report=tmp_path / "report")

    assert found.answer == "drift"
    assert {feature.words for feature in found.drifted} == {
        "looks like the recorded 'bill_length_mm': perhaps swapped",
        "looks like the recorded 'bill_depth_mm': perhaps swapped",
    }
    assert reprobundle.drift(place, "test", PENGUINS.drop(columns="species")).answer == "no drift"
