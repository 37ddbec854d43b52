"""The column of a table, a Parquet file or a data set as what a claim is grouped by, also from a ``reprobundle.yaml``."""

from __future__ import annotations

import numpy as np
import pytest
import support

support.require("pandas")
support.require("pyarrow")
support.require("datasets")
support.require("polars")

import datasets
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from reprobundle.components import claims, data
from reprobundle.components.interface import Source, Stage
from reprobundle.specification.resolving import Resolving
from reprobundle.store import Writer

COLUMNS = {"site": ["a", None, "b"], "n": [1, 2, 3]}
EXPECTED = [("(missing)", 0.0, 1), ("a", 1.0, 1), ("b", 1.0, 1)]


def _parquet(folder):
    place = folder / "test.parquet"
    pq.write_table(pa.table(COLUMNS), place)
    return str(place)


SPLITS = {
    "pandas": lambda _: pd.DataFrame(COLUMNS),
    "polars": lambda _: pl.DataFrame(COLUMNS),
    "arrow": lambda _: pa.table(COLUMNS),
    "datasets": lambda _: datasets.Dataset.from_dict(COLUMNS),
    "parquet": _parquet,
}


def _groups(folder, split, given):
    stage = Stage(Writer(folder))
    source = Source(model=None, claims=(given,), splits={"test": split}, column_of=data.column_of)
    (claim,) = claims.capture(source, stage).claims
    assert stage.notes == []
    return [(one.name, one.value, one.count) for one in claim.groups]


@pytest.mark.parametrize("kind", SPLITS)
def test_a_column_by_its_name(tmp_path, kind):
    """Whatever library holds the split, its column gives each sample's group."""
    given = {"text": "accuracy", "per_sample": [1, 0, 1], "group": "site", "split": "test"}

    assert _groups(tmp_path, SPLITS[kind](tmp_path), given) == EXPECTED


def test_a_file_that_a_specification_names(tmp_path):
    """``group: site`` beside ``split: test`` is the column of that file; dates and whole numbers are told as such."""
    np.save(tmp_path / "right.npy", np.array([1, 0, 1]))
    frame = pd.DataFrame({**COLUMNS, "day": pd.to_datetime(["2026-01-02", None, "2026-01-02"]), "k": [1, None, 2]})
    frame.to_parquet(tmp_path / "test.parquet")
    given = {"text": "accuracy", "per_sample": "right.npy", "group": "site", "split": "test"}
    resolved = Resolving(tmp_path).claim("claims.0", given)
    split = data.given.DataSplit(str(tmp_path / "test.parquet"))
    days = _groups(tmp_path, split, {**resolved, "group": "day"})

    assert _groups(tmp_path, split, resolved) == EXPECTED
    assert [(name[:10], value, count) for name, value, count in days] == [("(missing)", 0.0, 1), ("2026-01-02", 1.0, 2)]
    assert [name for name, *_ in _groups(tmp_path, split, {**resolved, "group": "k"})] == ["(missing)", "1", "2"]
