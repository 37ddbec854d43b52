"""Samples and splits that hold what pandas gives, read sample by sample or beside other parts."""

from __future__ import annotations

import datetime
import decimal

import numpy as np
import pytest
import support

support.require("pandas")
support.require("pyarrow")

import pandas as pd
import pyarrow as pa

from reprobundle.components.data.cells import cells_of
from reprobundle.components.data.reading import read
from reprobundle.components.interface import Failure


@pytest.mark.parametrize(
    ("value", "dtype"),
    [
        (pd.NA, "null"),
        (pd.NaT, "null"),
        (pd.Timestamp("2020-01-01").as_unit("s"), "timestamp[s]"),
        (pd.Timestamp("2020-01-01", tz="Europe/Berlin").as_unit("ms"), "timestamp[ms, UTC]"),
        (pd.Timestamp("2020-01-01 00:00:00.000000001"), "timestamp[ns]"),
        (pd.Timedelta(1, "ns"), "duration[ns]"),
    ],
)
def test_scalars_of_pandas_are_leaves(value, dtype):
    """Missing values and times of pandas are what they mean, in their own unit; a zone makes an instant."""
    (cell,) = cells_of(value)

    assert cell.dtype == dtype


def test_an_instant_has_no_zone():
    """The same instant in two zones is one value."""
    instant = pd.Timestamp("2020-01-01", tz="UTC")

    assert cells_of(instant) == cells_of(instant.tz_convert("Asia/Tokyo"))


def test_rows_one_by_one_equal_the_table():
    """A list of a table's rows, as Python's mappings, has the digests and leaves of the table."""
    table = pd.DataFrame(
        {
            "integer": pd.array([1, None, 3], dtype="Int64"),
            "float": [1.5, float("nan"), -0.0],
            "instant": pd.to_datetime(["2020-01-01", None, "2021-01-01"]).tz_localize("UTC"),
            "Boolean": [True, False, True],
            "category": pd.Categorical(["x", "y", "x"]),
            "duration": pd.to_timedelta([1, 2, None], unit="s"),
            "list": [[1, 2], [3], [4, 5]],
            "decimal": [decimal.Decimal("1.50"), None, decimal.Decimal("2.25")],
            "binary": [b"a", b"", None],
            "day": [datetime.date(2020, 1, 1)] * 3,
        }
    )
    by_table, by_rows = read(table), read(table.to_dict("records"))

    assert (by_table.ordered, by_table.leaves, by_table.size) == (by_rows.ordered, by_rows.leaves, by_rows.size)


@pytest.mark.parametrize("kind", [pd.Series, np.array, list])
def test_a_table_and_its_labels_are_pairs(kind):
    """A DataFrame beside labels of any kind is one split, whose second part is the label."""
    table = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})
    reading = read((table, kind([0, 1, 0])))
    pairs = [({"a": 1, "b": "x"}, 0), ({"a": 2, "b": None}, 1), ({"a": 3, "b": "z"}, 0)]

    assert reading.ordered == read(pairs).ordered
    assert (reading.kind, reading.label, [count.count for count in reading.labels]) == ("table", "1", [2, 1])


def test_parts_whose_length_shows_at_the_end_only():
    """A stream of batches beside fewer labels is refused when the labels end."""
    batches = pa.table({"a": [1, 2, 3]}).to_reader(max_chunksize=2)

    assert read((batches, [0, 1])) == Failure("its parts are not equally long")


def test_series_by_name_are_a_table():
    """A mapping of Series has the digest of the DataFrame of the same columns."""
    table = pd.DataFrame({"a": [1, 2, 3], "b": ["x", None, "z"]})

    assert read({"a": table["a"], "b": table["b"]}).ordered == read(table).ordered
