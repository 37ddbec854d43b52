import numpy as np
import pytest
import torch

from reprobundle.components.data.digesting import digest_sample
from reprobundle.components.data.given import How
from reprobundle.components.data.reading import read
from reprobundle.components.data.sources import joined, open_samples
from reprobundle.errors import UsageError

TABLE = np.array([(1, 2.5, "a"), (2, np.nan, "b"), (3, 4.5, "")], [("n", "i8"), ("x", "f4"), ("t", "U2")])
ROWS = [{"n": int(row["n"]), "x": row["x"], "t": str(row["t"])} for row in TABLE]


@pytest.mark.parametrize("labels", [np.array([0, 1, 0]), torch.tensor([0, 1, 0]), [0, 1, 0]])
def test_a_table_and_its_labels(labels):
    """A table beside labels is a split of pairs: a row, and its label."""
    reading = read((TABLE, labels))

    assert (reading.kind, reading.label, reading.count) == ("table", "1", 3)
    assert reading.digests == b"".join(digest_sample(pair) for pair in zip(ROWS, [0, 1, 0], strict=True))
    assert [leaf.name for leaf in reading.leaves] == ["0/n", "0/x", "0/t", "1"]


def test_parts_by_name():
    """A mapping's parts are named by its keys, and need not come in blocks of one length."""
    rows = np.repeat(TABLE, 5000)
    reading = read({"row": rows, "list": [[1], [2, 3], None] * 5000})
    expected = [digest_sample({"row": ROWS[index // 5000], "list": [[1], [2, 3], None][index % 3]}) for index in range(15_000)]  # fmt: skip

    assert reading.digests == b"".join(expected)
    assert not open_samples({"row": TABLE}, How()).pair


@pytest.mark.parametrize("value", [(TABLE, 3), (TABLE,), 3, "text", (np.zeros(3), np.zeros(3)), [1, 2], {"a": [1]}])
def test_what_is_not_joined(value):
    """One thing alone, and parts of which one is no source or none a table, are for others."""
    assert joined.samples_of(value, How()) is None


def test_parts_that_do_not_fit():
    """Parts of other lengths or of one name are refused."""
    with pytest.raises(UsageError) as lengths:
        joined.samples_of((TABLE, [1]), How())
    with pytest.raises(UsageError) as names:
        joined.samples_of({1: TABLE, "1": TABLE}, How())

    assert str(lengths.value) == "its parts are not equally long: {'0': 3, '1': 1}"
    assert str(names.value) == "two parts have the same name as text"
