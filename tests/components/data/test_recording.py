"""What is recorded of data splits, and what a person is told of them at capture."""

from __future__ import annotations

import json
import os

import numpy as np
import pytest
import torch
import xxhash
from splits import new_stage, notes, take

from reprobundle import DataSplit
from reprobundle.components import data
from reprobundle.components.data.listings import lines_of
from reprobundle.components.data.reading import read
from reprobundle.components.data.statistics import Statistics
from reprobundle.components.interface import Begun, Source
from reprobundle.records import from_bytes, to_bytes

PATIENTS = np.array([[34, 0], [71, 1], [52, 0], [34, 0], [80, 1], [66, 1]])


class Noisy(torch.utils.data.Dataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return torch.rand(2)


@pytest.fixture
def stage(tmp_path):
    return new_stage(tmp_path / "bundle")


def bundle_bytes(stage, section):
    """All that goes into the bundle: section, files and notes."""
    files = [path.read_bytes() for path in sorted(stage.root.rglob("*")) if path.is_file()]
    return b"".join([to_bytes(section), *files, *(to_bytes(note) for note in stage.notes)])


def test_a_split_and_its_files(stage):
    """A split is recorded with its digests, its listing and its statistics, under the second definition."""
    x, y = np.arange(12, dtype=np.float32).reshape(6, 2), np.array([0, 1, 0, 1, 0, 0])
    (split,) = take(stage, train=(x, y)).splits
    listing = (stage.root / "data/train.txt").read_bytes()
    statistics = from_bytes(Statistics, (stage.root / "data/train.statistics.json").read_bytes(), name="statistics")

    assert (split.kind, split.count, split.bytes, split.definition) == ("array", 6, 96, 2)
    assert (split.listing, split.statistics, split.parts) == ("data/train.txt", "data/train.statistics.json", None)
    assert listing == b"".join(lines_of(read((x, y)).digests))
    assert split.ordered == xxhash.xxh3_128_hexdigest(bytes.fromhex(listing.decode()))
    assert [(leaf.name, leaf.dtype, leaf.shape) for leaf in split.leaves] == [("0", "F32", (2,)), ("1", "I64", ())]
    assert [(label.label, label.count) for label in split.labels] == [(0, 4), (1, 2)]
    assert [feature.name for feature in statistics.features] == ["0[0]", "0[1]", "1"]
    assert notes(stage) == []


def test_leakage_is_told_once_for_each_pair(stage):
    """The smaller split is named first, with how many of its samples stand in the other, and where."""
    train = np.arange(40.0).reshape(20, 2)
    test = np.concatenate([train[[17, 3, 4, 5]], -np.ones((1, 2))])
    one, other = take(stage, train=train, test=test).splits

    assert notes(stage) == [
        "leakage: 4 of 5 of data split 'test' stand in 'train', too: "
        "row 0 is row 17 of 'train', row 1 is row 3, row 2 is row 4 and 1 more",
    ]
    assert [(overlap.split, overlap.count) for overlap in one.overlaps] == [("test", 4)]
    assert [(place.here, place.there) for place in one.overlaps[0].places] == [(3, 1), (4, 2), (5, 3), (17, 0)]
    assert [(place.here, place.there) for place in other.overlaps[0].places] == [(0, 17), (1, 3), (2, 4), (3, 5)]


def test_files_of_test_that_were_renamed_into_train(stage, tmp_path):
    """A file is found in another split under whatever name it has there; names in places are escaped."""
    for name, content in {"train/a": "1", "train/b\n": "2", "test/z": "2", "test/y": "3"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    train, test = take(stage, train=tmp_path / "train", test=tmp_path / "test").splits

    assert notes(stage) == ["leakage: 1 of 2 of data split 'test' stand in 'train', too: 'z' is 'b\\n' of 'train'"]
    assert test.overlaps[0].places == (data.Place(here="z", there="b\\n"),)
    assert train.overlaps[0].places == (data.Place(here="b\\n", there="z"),)


def test_repeats_are_told_with_their_places(stage):
    """Samples that repeat an earlier one of their split are counted, and the first few are named."""
    (split,) = take(stage, train=np.array([[1.0], [2.0], [1.0], [1.0]])).splits

    assert split.duplicates == 2
    assert split.repeats == (data.Place(here=2, there=0), data.Place(here=3, there=0))
    assert notes(stage) == ["data split 'train': 2 of 4 repeat an earlier one: row 2 is row 0, row 3 is row 0"]


def test_where_leakage_could_not_be_looked_for_is_told(stage, tmp_path):
    """Splits whose samples can never have the same digest are named, so that silence means something."""
    (tmp_path / "a.raw").write_bytes(b"a")
    x = np.arange(4.0)
    take(stage, train=x, test=x.astype(np.float32), valid={"x": x}, files=tmp_path / "a.raw")

    assert notes(stage) == [
        "leakage was not looked for between 'train' and 'test' ('value' is F64 in the one, F32 in the other), "
        "'train' and 'valid' (only 'train' has 'value') and 4 more pairs"
    ]


@pytest.mark.parametrize("splits", [None, [1, 2], "train"])
def test_splits_without_names(stage, splits):
    """Splits that are not given by name are a note."""
    section = data.capture(Source(model=None, splits=splits), stage)

    assert section.splits == ()
    assert notes(stage) == [f"expected splits by name, found {type(splits).__name__}"]


@pytest.mark.parametrize("name", [3, "", "x" * 201, "\ud800"])
def test_names_that_no_document_can_hold(stage, name):
    """A name that is no text of bounded length is refused with a note."""
    section = data.capture(Source(model=None, splits={name: np.zeros(1)}), stage)

    assert section.splits == ()
    assert len(stage.notes) == 1


def test_what_cannot_be_read_is_left_out(stage):
    """What cannot be read becomes a note that says why, and the capture goes on."""
    section = take(stage, train=7, test=np.zeros(1), empty=np.zeros((0, 3)))

    assert [split.name for split in section.splits] == ["test"]
    assert notes(stage) == [
        "data split 'train': is left out: expected a path, a list of paths, an array, equally long arrays, a table, or "
        "samples one by one, found int",
        "data split 'empty': is left out: holds no sample",
    ]
    assert stage.notes[0].hint == "give rows as an array or table, or a list or data set of the samples"


def test_listings_have_legal_names_of_their_own(stage):
    """A split's name need not be a legal file name; no two files of splits collide."""
    names = ["train", "Train", "a/b", "con", "split-3", "ünï", "x" * 150, "..", "train.parts", "train.statistics"]
    section = take(stage, **dict.fromkeys(names, np.zeros(1)))
    paths = [path for split in section.splits for path in (split.listing, split.statistics)]
    expected = ["train", "split-2", "_split-3", "split-4", "split-3", *(f"split-{number}" for number in range(6, 11))]

    assert [split.listing for split in section.splits] == [f"data/{name}.txt" for name in expected]
    assert len({path.lower() for path in paths}) == len(paths)


def test_a_random_data_set_is_recorded_as_such(stage):
    """A data set that gives other samples at each read says so in the record and in a note."""
    split, _ = take(stage, train=Noisy(), test=torch.zeros(3, 2)[:1]).splits

    assert split.random
    assert "it is random" in notes(stage)[0]
    assert notes(stage)[1:] == [
        "leakage was not looked for between 'train' and 'test' ('train' is another at each read)"
    ]


def test_labels_that_are_missing_are_told(stage):
    """A label that is no number is counted; a label that is not there is told with the way out."""
    x, y = np.zeros((3, 2)), np.array([1.0, np.nan, 0.0])
    named = {"x": np.arange(3.0), "y": y}
    section = take(stage, one=DataSplit(named, label="y"), two=DataSplit({"x": x[:1]}, label="z"))

    assert [split.labels_missing for split in section.splits] == [1, 0]
    assert notes(stage)[0].startswith("data split 'two': ")
    assert "'z'" in notes(stage)[0]
    assert "data split 'one': the label 'y' is missing or not a number in 1 sample of 3" in notes(stage)


def test_what_is_wrong_with_a_data_split_is_told(stage):
    """A field of another kind is left out with a note; the split is recorded all the same."""
    given = DataSplit(np.zeros(1), label=3, dtypes={"a": 1}, as_bytes="no", storage_options=[], licence="mit")
    (split,) = take(stage, train=given).splits

    assert split.provenance == data.Provenance(licence="MIT")
    assert notes(stage) == [
        "data split 'train': label is left out: expected the name of a column, found int",
        "data split 'train': as_bytes is left out: expected True or False, found str",
        "data split 'train': dtypes is left out: expected dtypes by the name of the column, both as text",
        "data split 'train': storage_options is left out: expected options by name, found list",
    ]


def test_a_private_split_tells_nothing_of_its_samples(stage, tmp_path):
    """Salted digests, no size, no statistics, no place in a public split, no class that is small."""
    salt = tmp_path / "patients.salt"
    private = DataSplit((PATIENTS[:, 0], PATIENTS[:, 1]), label="1", private=salt)
    section = take(stage, patients=private, open=(PATIENTS[:2, 0], PATIENTS[:2, 1]))
    split = section.splits[0]
    plain = read((PATIENTS[:, 0], PATIENTS[:, 1]), None)
    open_digests = read((PATIENTS[:2, 0], PATIENTS[:2, 1]), None).digests
    told = bundle_bytes(stage, section)

    assert (split.count, split.bytes, split.statistics, split.labels, split.parts) == (6, 0, None, None, None)
    assert (split.duplicates, split.repeats) == (1, (data.Place(here=3, there=0),))
    assert [(overlap.count, overlap.places) for one in section.splits for overlap in one.overlaps] == [(3, ()), (2, ())]
    for start in range(0, len(plain.digests), 16):
        digest = plain.digests[start : start + 16]
        assert digest.hex().encode() not in told or digest in open_digests
    assert plain.ordered.encode() not in told
    assert plain.unordered.encode() not in told
    assert salt.read_text("ascii").split()[-1].encode() not in told
    assert str(tmp_path).encode() not in told
    assert notes(stage) == [
        "data split 'patients': is private: its digests are salted with 'patients.salt'",
        "data split 'patients': its classes are left out: one of them has fewer than five samples",
        "data split 'patients': 1 of 6 repeat an earlier one: row 3 is row 0",
        "leakage: 2 of 2 of data split 'open' stand in 'patients', too; where is not told, because one of the two is private",
    ]


def test_names_and_sizes_of_private_files_are_left_out(stage, tmp_path):
    """Of private files only salted digests are listed, one a line."""
    (tmp_path / "scans").mkdir()
    for name in ("anna.png", "boris.png"):
        (tmp_path / "scans" / name).write_bytes(name.encode() * 100)
    section = take(stage, scans=DataSplit(tmp_path / "scans", private=str(tmp_path / "k.salt")))
    told = bundle_bytes(stage, section)

    assert b"anna" not in told
    assert b"boris" not in told
    assert (section.splits[0].bytes, section.splits[0].count) == (0, 2)
    assert [len(line) for line in (stage.root / "data/scans.txt").read_bytes().splitlines()] == [32, 32]


@pytest.mark.parametrize(
    ("private", "why"),
    [
        (3, "private: expected the path of a file for the salt, found int"),
        ("", "private: expected the path of a file for the salt, found str"),
        ("a\0b", "private: expected the path of a file for the salt, found str"),
        ("full", "private: 'full' holds no salt: expected a file that capture made for private=, or 32 bytes"),
    ],
)
def test_a_private_split_is_never_read_as_a_public_one(stage, tmp_path, monkeypatch, private, why):
    """Where the salt is not to be had the split is left out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "full").write_text("something else")
    section = take(stage, train=DataSplit(np.zeros(1), private=private))

    assert section.splits == ()
    assert notes(stage) == [f"data split 'train': is left out: {why}"]


def test_why_a_private_split_cannot_be_read_is_not_told(stage, tmp_path):
    """An error may name files or hold values, so it stays out of the bundle."""
    take(stage, train=DataSplit(tmp_path / "anna.png", private=tmp_path / "k.salt"))

    assert notes(stage) == [
        "data split 'train': is left out: it is private and cannot be read, for a reason that may name what is in it"
    ]


def test_a_salt_in_the_project(stage, tmp_path):
    """A salt that lies among the code is told."""
    take(stage, train=DataSplit(np.zeros(1), private=tmp_path / "key"), project=tmp_path)

    assert notes(stage)[1:] == ["data split 'train': its salt 'key' lies in the project"]


def test_classes_of_a_private_split(stage, tmp_path):
    """Only those of a label that was named are told: a folder for each class, or a column, may be a patient."""
    for name in ("Ada", "Boris"):
        (tmp_path / "scans" / name).mkdir(parents=True)
        for number in range(5):
            (tmp_path / "scans" / name / f"{number}.txt").write_text(f"{name} {number}")
    frame = {"y": np.array([0, 1] * 5), "x": np.arange(10.0)}
    salt = tmp_path / "k.salt"
    section = take(
        stage,
        scans=DataSplit(tmp_path / "scans", private=salt),
        unnamed=DataSplit(frame, private=salt),
        named=DataSplit(frame, private=salt, label="y"),
    )

    assert b"Boris" not in bundle_bytes(stage, section)
    assert [split.labels and len(split.labels) for split in section.splits] == [None, None, 2]
    assert [note for note in notes(stage) if "classes" in note] == [
        "data split 'scans': its classes are left out: they are names of its folders",
        "data split 'unnamed': its classes are left out: 'y' was not named as its label",
    ]


def test_private_splits_under_different_salts(stage, tmp_path):
    """Rows of splits under different salts are not linked: who has the one salt would learn of the other's."""
    x = np.arange(4.0)
    section = take(
        stage,
        one=DataSplit(x, private=tmp_path / "1.salt"),
        two=DataSplit(x[::-1].copy(), private=tmp_path / "2.salt"),
        same=DataSplit(x[:1], private=tmp_path / "1.salt"),
    )
    told = {(split.name, lap.split): (lap.count, len(lap.places)) for split in section.splits for lap in split.overlaps}

    assert told == {
        ("one", "two"): (4, 0), ("two", "one"): (4, 0), ("one", "same"): (1, 1), ("same", "one"): (1, 1),
        ("two", "same"): (1, 0), ("same", "two"): (1, 0),
    }  # fmt: skip
    assert notes(stage)[3:] == [
        "leakage: 4 of 4 of data split 'two' stand in 'one', too; where is not told, because their salts differ",
        "leakage: 1 of 1 of data split 'same' stand in 'one', too: row 0 is row 0 of 'one'",
        "leakage: 1 of 1 of data split 'same' stand in 'two', too; where is not told, because their salts differ",
    ]


def test_the_start_of_training_is_compared(stage):
    """What changed between the start of training and the capture is told; a generator is not used up at the start."""
    stream = iter([1, 2])
    given = {"train": np.zeros(1), "test": DataSplit(np.ones(1)), "gone": np.ones(2), "stream": stream, "bad": 3}
    then = data.digests(given)
    run = Begun(commit=None, sources={}, splits=then)
    take(stage, run=run, train=np.full(1, 3.0), test=np.ones(1) * 1, stream=stream)
    now = read(np.full(1, 3.0), None).ordered

    assert sorted(then) == ["gone", "test", "train"]
    assert [message for message in notes(stage) if "leakage" not in message] == [
        f"data split 'train': differs from the start of training: {then['train']} then, {now} now",
        "data split 'gone': was there at the start of training and is not given now",
    ]


def test_a_private_split_that_changed_since_the_start(stage, tmp_path):
    """That it changed is told, its plain digests are not."""
    then = data.digests({"train": DataSplit(np.zeros(1), private=tmp_path / "k.salt")})
    run = Begun(commit=None, sources={}, splits=then)
    take(stage, run=run, train=DataSplit(np.ones(1), private=tmp_path / "k.salt"))

    assert notes(stage)[-1] == "data split 'train': differs from the start of training"


def test_two_captures_are_byte_identical(tmp_path):
    """The same splits give the same section and the same files, private ones too."""
    made = []
    for name in ("one", "two"):
        stage = new_stage(tmp_path / name)
        section = take(stage, a=np.arange(8.0), b=DataSplit(np.zeros(3), private=tmp_path / "k.salt"), c=["x", "yy"])
        made.append((to_bytes(section), stage.writer.entries))

    assert made[0] == made[1]


def test_an_empty_section():
    """No splits are a section, too."""
    assert json.loads(to_bytes(data.Section(splits=()))) == {"splits": [], "splitting": None, "left_out": []}


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_what_is_left_out_of_a_folder_is_told(stage, tmp_path):
    """A linked folder is left out and named."""
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a").write_bytes(b"x")
    (folder / "loop").symlink_to(folder)
    (split,) = take(stage, train=folder).splits

    assert split.count == 1
    assert len(notes(stage)) == 1
    assert "'loop'" in notes(stage)[0]


@pytest.mark.parametrize(("value", "used"), [(np.zeros(2), False), ("rows.csv", True), ("rows.npy", False)])
def test_dtypes_that_nothing_reads_are_told(stage, tmp_path, monkeypatch, value, used):
    """An array and a file with dtypes of its own have no use for declared ones, and it is not silent."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rows.csv").write_text("x\n1\n")
    np.save(tmp_path / "rows.npy", np.zeros(2))
    take(stage, train=DataSplit(value, dtypes={"x": "int64"}))
    told = "data split 'train': dtypes is not used: only the columns of a CSV or JSON Lines file can be declared"

    assert (told not in notes(stage)) is used


def test_splits_that_are_left_out_are_named(stage):
    """The section says which splits were given and are not recorded, whatever their names are."""
    section = data.capture(
        Source(model=None, splits={"a": np.zeros(2), "lost": "no-such-file.csv", 3: [1], "\ud800": [1]}), stage
    )

    assert section.left_out == ("lost", "3", "'\\ud800'")
