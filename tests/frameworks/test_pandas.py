"""Samples and splits that hold what pandas gives, read sample by sample or beside other parts."""

from __future__ import annotations

import csv
import datetime
import decimal
import io

import numpy as np
import pytest
import support
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

support.require("pandas")
support.require("pyarrow")

import pandas as pd
import pyarrow as pa

from reprobundle.components.data.cells import cells_of
from reprobundle.components.data.reading import read
from reprobundle.components.data.statistics.form import Statistics
from reprobundle.components.interface import Failure
from reprobundle.drifting.soundness import refuse_unsound


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


INTEGERS = ["1", "-7", "007", "+3", " 4", "5 ", "9223372036854775807", "-9223372036854775808"]
FLOATS = [
    "1.5",
    ".5",
    "2.",
    "1e5",
    "-1E-3",
    "0.1",
    "inf",
    "-Infinity",
    "1e400",
    "5e-324",
    "123456789012345678901.5",
    "nan",
]
TEXTS = [
    "x",
    "1_0",
    "0x10",
    "1,5",
    "NAN",
    " ",
    " inf",
    "1 2",
    'a "b"',
    "a\nb",
    "é",
    "1e",
    ".",
    "+",
    "2020-01-01",
    "\uff11",
    "1\xa0",
]
POOLS = [
    INTEGERS,
    ["1", "18446744073709551615", "9223372036854775808"],
    ["18446744073709551615", "-1", ""],
    ["", "NA", "1", "2"],
    FLOATS,
    [*FLOATS, *INTEGERS, ""],
    ["True", "FALSE", "true", ""],
    ["", "NA", "<NA>", "null"],
    [*TEXTS, ""],
    [*TEXTS, *INTEGERS, *FLOATS, "True", "None", "-nan"],
]
COLUMN = st.sampled_from(POOLS).flatmap(lambda pool: st.lists(st.sampled_from(pool), min_size=5, max_size=5))
DOUBLES = st.lists(st.floats(allow_nan=False).map(repr), min_size=5, max_size=5)
HERE = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@HERE
@given(
    columns=st.lists(COLUMN | DOUBLES, min_size=2, max_size=3),
    quoting=st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
@pytest.mark.filterwarnings("ignore:The 'float_precision' argument")
def test_a_csv_file_is_what_pandas_reads(tmp_path, columns, quoting):
    """A CSV file and the DataFrame that `read_csv` makes of it have one digest."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, quoting=quoting)
    writer.writerows([["a", "", "c"][: len(columns)], *zip(*columns, strict=True)])
    place = tmp_path / "rows.csv"
    place.write_bytes(text.getvalue().encode("utf-8"))
    frame = pd.read_csv(place, float_precision="round_trip", low_memory=False)

    assert read(place).ordered == read(frame).ordered


ODD = st.sampled_from(
    ["x", "y", 1, 2.5, True, None, float("nan"), b"z", 2**70, [1, 2], [1, 2, 3], ["t"], decimal.Decimal("1.5")]
)


@HERE
@given(st.lists(st.tuples(ODD, ODD), min_size=1, max_size=12))
def test_the_values_of_any_frame_can_be_described(rows):
    """Whatever stands in columns of objects, no two features describe the same under one name, and the document is sound."""
    frame = pd.DataFrame(
        {"a": pd.Series([a for a, _ in rows], dtype=object), "b": pd.Series([b for _, b in rows], dtype=object)}
    )
    found = read(frame.to_numpy()).statistics
    names = [(feature.name, feature.of) for feature in found.features]
    refuse_unsound(Statistics.model_validate_json(found.model_dump_json()), name="it")

    assert len(names) == len({*names})
