"""Private splits whose salt is found in the bundle."""

from __future__ import annotations

import numpy as np
import pytest
from planted import drawn
from splits import new_stage, notes, take

from reprobundle import DataSplit, Splitting
from reprobundle.components import data
from reprobundle.components.data.documents import read_statistics
from reprobundle.components.data.salting import open_salt
from reprobundle.components.interface import Source
from reprobundle.report import Finding, Status

HINT = (
    "take it out of there and name another file in private=, which makes a new salt: "
    "who has the old one can try samples against every bundle recorded under it"
)


@pytest.fixture
def stage(tmp_path):
    return new_stage(tmp_path / "bundle")


@pytest.fixture
def splits(tmp_path):
    """One private split under each of two salts, and a public one that holds a sample of the first."""
    return {
        "a": DataSplit(np.arange(4), private=tmp_path / "a.salt"),
        "b": DataSplit(np.arange(10, 14), private=tmp_path / "b.salt"),
        "open": np.arange(3, 6),
    }


def withdrawn(stage, splits):
    """What is left of the splits when everything is written."""
    stage.sections["data"] = take(stage, **splits)
    del stage.notes[:]
    return data.without_told_salts(stage.sections["data"], Source(model=None, splits=splits), stage)


def test_nothing_is_told(stage, splits):
    """Where no salt stands in the bundle all splits stay."""
    stage.writer.write("code/source/a.py", b"print(1)\n")

    assert withdrawn(stage, splits) == stage.sections["data"]
    assert stage.notes == []


@pytest.mark.parametrize("spelt", [str.lower, str.upper, lambda text: bytes.fromhex(text).decode("latin-1")])
def test_a_salt_in_a_file(stage, splits, tmp_path, spelt):
    """The splits under that salt are taken out, with their files and what others share with them, and it is told where."""
    salt = open_salt(tmp_path / "a.salt")
    stage.writer.write("code/uncommitted.patch", b"-" + spelt(salt.hex()).encode("latin-1") + b"\r\n")
    left = withdrawn(stage, splits)

    assert [(split.name, split.overlaps) for split in left.splits] == [("b", ()), ("open", ())]
    assert left.left_out == ("a",)
    assert sorted(entry.path for entry in stage.writer.entries) == [
        "code/uncommitted.patch", "data/b.txt", "data/open.statistics.json", "data/open.txt",
    ]  # fmt: skip
    assert stage.notes == [
        Finding(
            kind="data",
            status=Status.NOTE,
            message=(
                "data split 'a': is left out: private: its salt stands in the bundle, in 'code/uncommitted.patch'"
            ),
            hint=HINT,
        )
    ]


def test_a_salt_in_the_manifest(stage, splits, tmp_path):
    """What a person says, such as the source of the data, is searched, too."""
    salt = open_salt(tmp_path / "b.salt").hex()
    left = withdrawn(stage, {**splits, "open": DataSplit(np.arange(3), source=f"salted with {salt}")})

    assert [split.name for split in left.splits] == ["a", "open"]
    assert notes(stage) == [
        "data split 'b': is left out: private: its salt stands in the bundle, in the manifest's section 'data'"
    ]


def test_salts_that_are_there(tmp_path):
    """Salts are read where there are any, of splits and of the whole; none is made, and what is none is passed over."""
    salts = [open_salt(tmp_path / name) for name in ("a.salt", "b.salt")]
    (tmp_path / "wrong").write_text("no salt")
    names = ("a.salt", "a.salt", "wrong", "new.salt", "", 3)
    splits = {str(number): DataSplit([1], private=name and tmp_path / str(name)) for number, name in enumerate(names)}
    whole = Splitting("a:b", DataSplit([1], private=str(tmp_path / "b.salt")))
    found = data.salts_of(Source(model=None, splits={**splits, "none": [1]}, splitting=whole))

    assert found == tuple(sorted(salts))
    assert not (tmp_path / "new.salt").exists()
    assert data.salts_of(Source(model=None, splits=3)) == ()


def test_no_file_is_named_after_a_split_whose_name_is_a_secret(stage):
    """Its files have its number, also where the secret is a part of the name only, so that they are found by the record."""
    token = drawn("split")["hub-token"]
    section = take(stage, **{token: np.arange(4), f"of-{token}": np.arange(5), "plain": np.arange(6)})

    assert [split.listing for split in section.splits] == ["data/split-1.txt", "data/split-2.txt", "data/plain.txt"]


def test_what_names_no_file_is_left_out(stage):
    """Statistics cost only themselves, a listing its split, and both are told."""
    section = take(stage, a=np.arange(4), b=np.arange(10, 14))
    one, two = section.splits
    changed = (one.model_copy(update={"statistics": "data/x.json"}), two.model_copy(update={"listing": "data/y.txt"}))
    left = data.without_lost(section.model_copy(update={"splits": changed}), stage)

    assert [(split.name, split.statistics) for split in left.splits] == [("a", None)]
    assert (left.left_out, read_statistics(changed[0], stage.root)) == (("b",), None)
    assert notes(stage)[-2:] == [
        "data split 'b': is left out: its listing has another name than is recorded",
        "data split 'a': its statistics are left out: their file has another name than is recorded",
    ]
    assert data.without_lost(section, stage).splits[0] == one
