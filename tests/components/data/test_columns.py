"""A column of a split by its name, whatever holds the split."""

from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from torch.utils.data import Dataset, TensorDataset

from reprobundle.components.data import column_of
from reprobundle.components.data.given import DataSplit
from reprobundle.errors import UsageError

ROWS = "who,n\na,1\n,2\nb,3\n"
LINES = '{"who": "a", "n": 1}\n{"who": null, "n": 2}\n{"who": "b", "n": 3}\n'
WHO = ["a", None, "b"]


class Rows(Dataset):
    """Samples that draw from the global generator when they are read."""

    def __len__(self):
        return 3

    def __getitem__(self, index):
        return {"who": "abc"[index], "n": torch.tensor(index), "noise": random.random()}


@pytest.mark.parametrize(
    ("name", "content"), [("rows.csv", ROWS), ("rows.tsv", ROWS.replace(",", "\t")), ("rows.jsonl", LINES)]
)
def test_files_of_rows(tmp_path, name, content):
    """Texts come as they are, what is missing as None, numbers as numbers; said about a split or not."""
    (tmp_path / name).write_text(content)

    assert list(column_of(tmp_path / name, "who")) == WHO
    assert list(column_of(DataSplit(str(tmp_path / name)), "n")) == [1, 2, 3]


def test_files_that_are_one_table(tmp_path):
    """The shards of a folder are read one after another."""
    (tmp_path / "0.csv").write_text("who\na\n")
    (tmp_path / "1.csv").write_text("who\nb\nc\n")

    assert list(column_of(tmp_path, "who")) == ["a", "b", "c"]


def test_what_lies_in_memory(tmp_path):
    """Arrays by name, tensors by place, structured arrays, samples one by one; the generators stay as they were."""
    np.savez(tmp_path / "x.npz", x=np.zeros((2, 3)), label=np.array([7, 8]))
    table = np.array([("a", 1), ("b", 2)], dtype=[("who", "U1"), ("n", "i4")])
    state = random.getstate()

    assert list(column_of(tmp_path / "x.npz", "label")) == [7, 8]
    assert list(column_of({"x": np.zeros((2, 3)), "who": ["a", "b"]}, "who")) == ["a", "b"]
    assert list(column_of(TensorDataset(torch.zeros(2, 3), torch.tensor([1, 0])), "1")) == [1, 0]
    assert list(column_of(table, "who")) == ["a", "b"]
    assert list(column_of(Rows(), "who")) == ["a", "b", "c"]
    assert list(column_of({"day": np.array(["2026-01-02", "NaT"], "M8[D]")}, "day")) == ["2026-01-02", None]
    assert random.getstate() == state


REFUSED = [
    ({"x": np.zeros(2)}, "there is no such column, there are 'x'"),
    ({"who": np.zeros((2, 3))}, "it does not hold one value a sample"),
    (iter([1, 2]), "the split is a generator, which gives its samples only once"),
    (
        DataSplit({"who": ["a"]}, private="salt"),
        "the split is private, and the names of its groups would tell of its samples",
    ),
    (3, "it is not read by rows, and so has no columns"),
]


@pytest.mark.parametrize(("split", "why"), REFUSED)
def test_what_has_no_such_column(split, why):
    """The reason is told in plain words; a private split is not even read."""
    with pytest.raises(UsageError) as raised:
        column_of(split, "who")

    assert str(raised.value) == why


def test_files_without_rows(tmp_path):
    """A folder of pictures has no columns."""
    (tmp_path / "1.png").write_bytes(b"x")

    with pytest.raises(UsageError, match="it is not read by rows, and so has no columns"):
        column_of(tmp_path, "who")
