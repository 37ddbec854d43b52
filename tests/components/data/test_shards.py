"""Files of one form in one folder are one table: read row by row, whichever file a row stands in."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from splits import checked, new_stage, notes, take

from reprobundle.components.data.given import DataSplit, How
from reprobundle.components.data.reading import Reading, read
from reprobundle.components.interface import Failure
from reprobundle.report import Status

NOT_SEEN = "digested by bytes: a row that stands in another split is not found, and nothing is described"
ALIKE = "only files of one form in one folder, with nothing beside them, are read as one table"


def _csv(place: Path, *rows: str) -> Path:
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text("\n".join(["x,y", *rows]) + "\n")
    return place


def _reading(value: object, **how: object) -> Reading:
    found = read(value, How(**how))
    assert not isinstance(found, Failure), found
    return found


@pytest.fixture
def shards(tmp_path: Path) -> Path:
    """Two files whose first column is of integers in the one and of fractions in the other."""
    _csv(tmp_path / "shards/0.csv", "1,a", "2,b")
    _csv(tmp_path / "shards/1.csv", "1.5,c", ",d")
    return tmp_path / "shards"


def test_shards_have_the_digest_of_one_file(shards: Path, tmp_path: Path) -> None:
    """A folder, a pattern and a list give what all rows in one file give; dtypes are those of all rows together."""
    whole = _csv(tmp_path / "whole.csv", "1,a", "2,b", "1.5,c", ",d")
    found = [_reading(value) for value in (shards, f"{shards}/*.csv", [shards / "0.csv", shards / "1.csv"])]

    assert {(one.kind, one.count, one.ordered) for one in found} == {("table", 4, _reading(whole).ordered)}
    assert found[0].leaves == _reading(whole).leaves
    assert found[0].statistics == _reading(whole).statistics
    assert found[0].remarks == (
        "its 2 files are read as one table, one after another; with as_bytes each is a sample by itself",
    )


def test_a_list_keeps_its_order(shards: Path) -> None:
    """The files of a list are read as they stand in it."""
    turned = _reading([shards / "1.csv", shards / "0.csv"])

    assert turned.ordered != _reading(shards).ordered
    assert turned.unordered == _reading(shards).unordered


def test_arrays_in_shards(tmp_path: Path) -> None:
    """Arrays of one dtype and shape follow one another; of several they stay files."""
    x = np.arange(24.0).reshape(6, 4)
    for number in range(3):
        np.save(tmp_path / f"{number}.npy", x[2 * number : 2 * number + 2])

    assert (_reading(tmp_path).kind, _reading(tmp_path).ordered) == ("array", _reading(x).ordered)
    np.save(tmp_path / "3.npy", x[:2].astype(np.float32))
    assert _reading(tmp_path).kind == "folder"
    assert _reading(tmp_path).remarks == (
        f"4 files of rows (.npy) {NOT_SEEN}: their columns, dtypes or shapes are not the same",
    )


def test_json_lines_in_shards(tmp_path: Path) -> None:
    """Rows of JSON name their own cells, in each file."""
    (tmp_path / "0.jsonl").write_text('{"a": 1}\n')
    (tmp_path / "1.jsonl").write_text('{"b": 2}\n')

    assert (_reading(tmp_path).kind, _reading(tmp_path).count) == ("table", 2)


@pytest.mark.parametrize("beside", ["README", ".hidden.csv", "_SUCCESS", "more/2.csv", "other.jsonl"])
def test_what_is_not_of_one_form_is_digested_by_bytes(shards: Path, beside: str) -> None:
    """Anything else in the folder makes it one of files, and it is told that rows were not looked at."""
    place = shards / beside
    place.parent.mkdir(exist_ok=True)
    place.write_text("x,y\n1,a\n")
    found = _reading(shards)

    assert (found.kind, found.count) == ("folder", 3)
    assert found.remarks[-1].endswith(f"{NOT_SEEN}: {ALIKE}")


def test_other_columns_are_no_shards(shards: Path) -> None:
    """Tables with other columns stay files; who asks for bytes gets them without a word."""
    (shards / "2.csv").write_text("x,z\n1,a\n")

    assert _reading(shards).remarks[-1] == (
        f"3 files of rows (.csv) {NOT_SEEN}: their columns, dtypes or shapes are not the same"
    )
    assert (_reading(shards, as_bytes=True).kind, _reading(shards, as_bytes=True).remarks) == ("folder", ())


def test_a_broken_shard_leaves_files(shards: Path) -> None:
    """A file that is no table does not lose the split, and the reason is told."""
    (shards / "2.csv").write_text("")

    assert _reading(shards).kind == "folder"
    assert _reading(shards).remarks[-1] == (
        f"3 files of rows (.csv) {NOT_SEEN}: '2.csv' is empty: expected a line with the columns' names"
    )


def test_leakage_between_shards_is_found(tmp_path: Path) -> None:
    """A row that stands in two sharded splits is found, whatever file it is in."""
    _csv(tmp_path / "train/0.csv", "1,a", "2,b")
    _csv(tmp_path / "train/1.csv", "3,c")
    _csv(tmp_path / "test/0.csv", "3,c")
    stage = new_stage(tmp_path / "bundle")
    take(stage, train=tmp_path / "train", test=tmp_path / "test")

    assert "leakage: 1 of 1 of data split 'test' stand in 'train', too: row 0 is row 2 of 'train'" in notes(stage)


def test_a_copy_in_shards_is_compared_by_rows(shards: Path, tmp_path: Path) -> None:
    """One file and its shards are copies of each other; what was recorded as files stays files."""
    whole = _csv(tmp_path / "whole.csv", "1,a", "2,b", "1.5,c", ",d")
    stage = new_stage(tmp_path / "bundle")
    section = take(stage, one=whole, many=shards, files=DataSplit(shards, as_bytes=True))
    same = [("one", shards), ("many", whole), ("files", shards)]
    told = [checked(section, stage, **{name: given}) for name, given in same]

    assert told == [
        [(Status.SAME, "data split 'one': 4 samples, all as recorded")],
        [(Status.SAME, "data split 'many': 4 samples, all as recorded")],
        [(Status.SAME, "data split 'files': 2 files, all as recorded")],
    ]


def test_splits_in_another_order_or_shape_are_told(tmp_path: Path) -> None:
    """Where the order of columns or the shape rules out a sample in both, silence would say too much."""
    stage = new_stage(tmp_path / "bundle")
    x, y = np.arange(4.0), np.arange(4)
    take(stage, a={"x": x, "y": y}, b={"y": y, "x": x}, c=np.ones((3, 4)), d=np.ones((3, 2, 2)))
    told = next(note for note in notes(stage) if "not looked for" in note)

    assert "'a' and 'b' (in another order: 'x' stands in the one where 'y' stands in the other)" in told


def test_another_shape_is_told(tmp_path: Path) -> None:
    """Samples of two shapes are never the same."""
    stage = new_stage(tmp_path / "bundle")
    take(stage, c=np.arange(12.0).reshape(3, 4), d=np.arange(12.0).reshape(3, 2, 2))

    assert notes(stage) == [
        "leakage was not looked for between 'c' and 'd' ('value' has shape (4,) in the one, (2, 2) in the other)"
    ]
