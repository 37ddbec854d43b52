from __future__ import annotations

import pytest

from reprobundle.components.data.section import Leaf
from reprobundle.drifting.structure import changes
from reprobundle.drifts import StructureChange

AGE, NAME, LABEL = (
    Leaf(name="age", dtype="I64", shape=()),
    Leaf(name="name", dtype="text", shape=()),
    Leaf(name="label", dtype="I64", shape=()),
)


def test_the_same_leaves_in_another_order_are_no_change():
    """Which leaf comes first says nothing of the data."""
    assert list(changes((AGE, NAME), (NAME, AGE), label=None)) == []


def test_a_missing_label_is_no_change():
    """New data seldom has a label; any other leaf that is missing is told."""
    assert list(changes((AGE, LABEL), (AGE,), label="label")) == []
    assert [one.change for one in changes((AGE, LABEL), (AGE,), label=None)] == ["missing"]


def test_a_renamed_leaf_is_suspected():
    """The only new leaf of the form of the only missing one is named; where there are two, nothing is guessed."""
    renamed = Leaf(name="Age", dtype="I64", shape=())
    other = Leaf(name="years", dtype="I64", shape=())

    found = list(changes((AGE, NAME), (NAME, renamed), label=None))

    assert found == [
        StructureChange(name="age", change="missing", recorded="I64", hint="perhaps it is called 'Age' now"),
        StructureChange(name="Age", change="new", found="I64"),
    ]
    assert next(changes((AGE,), (renamed, other), label=None)).hint is None


@pytest.mark.parametrize(("then", "now", "expected"), [
    ((8, 8), (8, 9), ("(8, 8)", "(8, 9)")),
    ((8,), (8, 8), ("(8,)", "(8, 8)")),
    ((-1,), (7,), None),
    (None, (7,), None),
    ((7,), (-1,), ("(7,)", "(any,)")),
    ((7,), None, ("(7,)", "of any rank")),
])  # fmt: skip
def test_a_shape_may_vary_as_recorded(then, now, expected):
    """Another shape is told, unless the recorded one had left open what differs."""
    found = [
        (one.recorded, one.found)
        for one in changes(
            (Leaf(name="x", dtype="F32", shape=then),), (Leaf(name="x", dtype="F32", shape=now),), label=None
        )
    ]

    assert found == ([] if expected is None else [expected])


def test_another_dtype_is_told_once():
    """Where the dtype differs nothing is said of the shape."""
    found = list(
        changes((Leaf(name="x", dtype="F32", shape=(3,)),), (Leaf(name="x", dtype="F64", shape=(4,)),), label=None)
    )

    assert found == [StructureChange(name="x", change="dtype", recorded="F32", found="F64")]


@pytest.mark.parametrize("name", ["", "Unnamed: 0", "__index_level_0__"])
def test_a_new_index_column_is_suspected(name):
    """A column without a name is most often the index of a table that was written along."""
    (found,) = changes((AGE,), (Leaf(name=name, dtype="I64", shape=()), AGE), label=None)

    assert found.change == "new"
    assert found.hint == "a table's index? to_csv(index=False) leaves it out"


@pytest.mark.parametrize(("then", "now", "hint"), [
    ("text", "F64", "captured as text: capture the split again, with dtypes, to have its values compared"),
    ("F64", "text", "a cell of it is no number: in a CSV file, --dtypes x=F64 says which"),
    ("I64", "F64", "a missing value makes floats of whole numbers: in a CSV file, --dtypes x=Int64 reads them"),
    ("F64", "F32", None),
])  # fmt: skip
def test_what_may_have_happened_to_a_dtype_is_told(then, now, hint):
    """Text for numbers, numbers for text, and floats for whole numbers each have their usual reason and a way out."""
    (found,) = changes(*((Leaf(name="x", dtype=dtype, shape=()),) for dtype in (then, now)), label=None)

    assert found.hint == hint
    assert found.words == f"has another dtype: {then} → {now}" + (f"; {hint}" if hint else "")
