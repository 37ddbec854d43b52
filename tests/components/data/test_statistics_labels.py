from __future__ import annotations

import numpy as np
import pytest

from reprobundle.components.data.blocks import Column
from reprobundle.components.data.statistics import Gathering


def _column(name, values, dtype):
    return Column(name=name, dtype=dtype, values=np.asarray(values))


def _texts(name, cells):
    ends = np.cumsum([0, *(len(cell) for cell in cells)])
    return Column(name=name, dtype="text", values=np.frombuffer("".join(cells).encode(), np.uint8), offsets=ends)


def _gathered(*blocks, label=None, pair=False):
    gathering = Gathering(label=label, pair=pair)
    for block in blocks:
        gathering.add(block, bytes(16 * block[0].count))
    return gathering


def _counts(gathering):
    return None if gathering.labels is None else [(entry.label, entry.count) for entry in gathering.labels]


X = _column("0", np.zeros((3, 2)), "F64")


def test_the_second_part_of_a_pair_is_its_label():
    """Integers beside a sample are labels, counted ascending."""
    gathering = _gathered((X, _column("1", [7, -2, 7], "I64")), pair=True)

    assert (gathering.label, _counts(gathering)) == ("1", [(-2, 1), (7, 2)])
    assert gathering.result().label == "1"


@pytest.mark.parametrize(
    ("column", "pair"),
    [
        (_column("1", [0.5, 1.5, 2.0], "F64"), True),
        (_column("1", np.zeros((3, 2), np.int64), "I64"), True),
        (_column("other", [1, 2, 3], "I64"), False),
        (_column("y", [0.5, 1.0, 2.0], "F64"), False),
        (_texts("label", ["all", "of", "them differ"]), False),
    ],
)
def test_what_is_no_class_is_no_label(column, pair):
    """Numbers with fractions, tensors, columns of other names and texts that never repeat are not taken for labels."""
    gathering = _gathered((X, column), pair=pair)

    assert (gathering.label, gathering.labels, gathering.labels_missing, gathering.faults) == (None, None, 0, ())


@pytest.mark.parametrize("name", ["label", "labels", "target", "class", "y"])
def test_a_column_with_the_name_of_a_label_is_one(name):
    """Without a word from the person, the usual names are looked for, of texts as well."""
    gathering = _gathered((X, _texts(name, ["b", "a", "b"])))

    assert (gathering.label, _counts(gathering)) == (name, [("a", 1), ("b", 2)])


def test_whole_numbers_are_integers_and_nan_is_a_missing_label():
    """Labels that a table holds as floats, because some are NaN, count as the integers they are."""
    gathering = _gathered((_column("label", [1.0, np.nan, 2.0, 1.0], "F64"),))

    assert (_counts(gathering), gathering.labels_missing) == ([(1, 2), (2, 1)], 1)


def test_missing_labels_are_counted():
    """Missing cells, null columns and samples without the leaf have no label."""
    masked = Column(name="label", dtype="I64", values=np.array([1, 0]), missing=np.array([False, True]))
    null = Column(name="label", dtype="null", values=np.zeros(2, np.uint8), missing=np.ones(2, bool))
    gathering = _gathered((masked,), (null,), (X,))

    assert (_counts(gathering), gathering.labels_missing) == ([(1, 1)], 6)


def test_booleans_and_long_integers_are_labels():
    """A Boolean counts as 0 or 1; an integer beyond 64 bits is itself."""
    digits = _texts("y", ["1" * 30, "1" * 30])
    long = Column(name="y", dtype="integer", values=digits.values, offsets=digits.offsets)

    assert _counts(_gathered((_column("y", [True, False, True], "BOOL"),))) == [(0, 1), (1, 2)]
    assert _counts(_gathered((long,))) == [(int("1" * 30), 2)]


def test_more_than_a_thousand_labels_are_none():
    """What has more than 1,000 different values is no class; a leaf that was named stays the label."""
    column = _column("y", np.arange(1001), "I64")

    assert (_gathered((column,)).label, _gathered((column,)).labels) == (None, None)
    assert (_gathered((column,), label="y").label, _gathered((column,), label="y").labels) == ("y", None)


def test_a_label_that_is_not_there_is_a_fault_with_the_names_there_are():
    """The message names the columns, so that the person can choose."""
    gathering = _gathered((X, _column("species", [1, 2, 3], "I64")), label="specie")

    assert gathering.faults == (
        ("label 'specie' is not there: found '0', 'species'", "name one of these as its label"),
    )
    assert (gathering.label, gathering.labels_missing) == (None, 0)


def test_a_label_that_is_no_class_is_a_fault():
    """A tensor that was named as the label is told with its form."""
    message = "label '0': expected one number or text a sample, found F64 of shape (2,)"

    assert _gathered((X,), label="0").faults == ((message, "name a leaf with one class a sample as the label"),)


def test_labels_of_two_kinds_are_not_counted():
    """Numbers in one sample and text in another are no classes of one kind."""
    gathering = _gathered((_column("y", [1, 2], "I64"),), (_texts("y", ["a", "a"]),), label="y")

    assert (gathering.labels, gathering.faults) == (None, ())
