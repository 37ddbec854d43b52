"""A reviewer's own copy of a split is compared with the record, and where it differs is named."""

from __future__ import annotations

import json
import os
from pathlib import Path

import numpy as np
import pytest
import torch
from splits import checked, new_stage, take

from reprobundle import DataSplit
from reprobundle.components import data
from reprobundle.components.data.files import PART_BYTES
from reprobundle.components.interface import Site
from reprobundle.errors import UsageError
from reprobundle.report import Status
from reprobundle.store import digest_file

SUBJECT = "data split 'test':"


@pytest.fixture
def stage(tmp_path):
    return new_stage(tmp_path / "bundle")


def same(unit):
    return [(Status.SAME, f"{SUBJECT} {unit}, all as recorded")]


def differs(words):
    return [(Status.DIFFERS, f"{SUBJECT} {words}")]


def not_run(why):
    return [(Status.NOT_RUN, f"{SUBJECT} not compared: {why}")]


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors"])
def test_an_array_is_checked_from_a_file(stage, tmp_path, suffix):
    """Arrays are compared by content, whatever file holds them and whatever the one array is called there."""
    from safetensors.numpy import save_file

    array = np.arange(6, dtype=np.float32).reshape(3, 2)
    section = take(stage, test=array)
    place = tmp_path / f"copy{suffix}"
    write = {".npy": np.save, ".npz": np.savez, ".safetensors": lambda path, value: save_file({"x": value}, path)}
    write[suffix](place, array)

    assert checked(section, stage, test=place) == same("3 samples")
    assert checked(section, stage, test=str(place)) == same("3 samples")
    assert checked(section, stage, test=torch.from_numpy(array)) == same("3 samples")


def test_columns_are_checked_from_a_file(stage, tmp_path):
    """Columns are found by the names of the sample's leaves, in whatever order the file has them."""
    x, y = np.arange(4.0).reshape(2, 2), np.array([0, 1])
    section = take(stage, test={"y": y, "x": x})
    np.savez(tmp_path / "named.npz", x=x, y=y)
    pair = take(new_stage(tmp_path / "other"), test=(x, y))
    np.savez(tmp_path / "numbered.npz", **{"0": x, "1": y})

    assert checked(section, stage, test=tmp_path / "named.npz") == same("2 samples")
    assert checked(pair, stage, test=tmp_path / "numbered.npz") == same("2 samples")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: np.concatenate([a[:3], a[3:6] + 99, a[6:]]),
         "digest differs (20 samples, recorded 20): rows 3 to 5 differ"),
        (lambda a: a[::-1], "the same samples in another order"),
        (lambda a: a[:-1], "digest differs (19 samples, recorded 20): row 19 is missing"),
        (lambda a: np.delete(np.insert(a, 4, [7, 8], axis=0), 12, axis=0),
         "digest differs (21 samples, recorded 20): row 10 is missing, rows 4 to 5 of the copy are new"),
        (lambda a: a + 0.5, "digest differs (20 samples, recorded 20): every row differs"),
        (lambda a: a.astype(np.float32), "digest differs (20 samples, recorded 20): 'value' is F32, recorded F64"),
        (lambda a: a.reshape(20, 1), "digest differs (20 samples, recorded 20): 'value' has shape (1,), recorded ()"),
        (lambda a: {"x": a}, "digest differs (20 samples, recorded 20): 'value' is called 'x'"),
        (lambda a: {"value": a, "y": a},
         "digest differs (20 samples, recorded 20): 'y' is new"),
    ],
)  # fmt: skip
def test_where_samples_differ_is_named(stage, change, words):
    """Rows as a diff tells them; a part of the samples with another name, dtype or shape before any row."""
    array = np.arange(20, dtype=np.float64) * np.arange(20)
    section = take(stage, test=array)

    assert checked(section, stage, test=change(array)) == differs(words)


def test_the_columns_that_were_touched_are_named(stage):
    """Where rows changed in place, the features whose statistics moved say which column it was."""
    table = {"age": np.arange(10.0), "height": np.arange(10.0) ** 2}
    section = take(stage, test=table)
    table["age"] = table["age"] + np.where(np.arange(10) == 7, 10.0, 0.0)

    assert checked(section, stage, test=table) == differs(
        "digest differs (10 samples, recorded 10): row 7 differs, "
        "with other statistics of 'age' (mean 5.5, recorded 4.5) only"
    )


def test_statistics_that_differ_little_are_told_with_all_their_digits(stage):
    """Two means are never told as one."""
    table = {"mass": np.full(10, 4178.35), "height": np.arange(10.0)}
    section = take(stage, test=table)
    table["mass"] = table["mass"] + np.where(np.arange(10) == 7, 1e-5, 0.0)

    assert checked(section, stage, test=table) == differs(
        "digest differs (10 samples, recorded 10): row 7 differs, "
        "with other statistics of 'mass' (mean 4178.350001, recorded 4178.35) only"
    )


def test_a_table_has_columns(stage, tmp_path):
    """What is called a part of any other sample is called a column of a table."""
    (tmp_path / "a.csv").write_text("a,b\n1,2\n")
    (tmp_path / "b.csv").write_text("b,a\n2,1\n")
    table = take(stage, test=tmp_path / "a.csv")
    columns = {"a": np.zeros(1), "b": np.zeros(1)}
    arrays = take(new_stage(tmp_path / "arrays"), test=columns)
    turned = dict(reversed(columns.items()))

    assert checked(table, stage, test=tmp_path / "b.csv")[0][1].endswith("the columns stand in another order")
    assert checked(arrays, stage, test=turned)[0][1].endswith("the parts stand in another order")


def test_a_difference_says_what_it_means(stage):
    """The verdict does not rest on the copy, and the finding says so."""
    section = take(stage, test=np.zeros(2))
    (finding,) = data.check(section, Site(root=stage.root, data={"test": np.ones(2)}))

    assert (finding.expected, len(finding.found)) == (section.splits[0].ordered, 32)
    assert finding.hint == (
        "the verdict is on the model's outputs and does not rest on this; numbers computed on this copy may be others"
    )


def folder_of(place: Path, count: int) -> Path:
    place.mkdir()
    for number in range(count):
        (place / f"{number:04}.txt").write_text(str(number))
    return place


def test_files_that_differ_are_named(stage, tmp_path):
    """Files that are missing, renamed, changed and new are told apart."""
    folder = folder_of(tmp_path / "images", 9)
    section = take(stage, test=folder)
    before = checked(section, stage, test=folder)
    (folder / "0000.txt").unlink()
    (folder / "0001.txt").rename(folder / "renamed.txt")
    (folder / "0002.txt").write_text("longer")
    (folder / "0003.txt").write_text("X")
    (folder / "new\n").write_text("n")

    assert before == same("9 files")
    assert checked(section, stage, test=folder) == differs(
        "digest differs (9 files, recorded 9): '0000.txt' is missing, '0001.txt' is called 'renamed.txt', "
        "'0002.txt' differs (6 bytes, recorded 1), '0003.txt' differs, 'new\\n' is new"
    )


def test_a_list_of_files_is_found_in_a_folder(stage, tmp_path):
    """Of a folder only the listed files count, in the recorded order; a list is compared as it is."""
    folder = folder_of(tmp_path / "images", 4)
    listed = [folder / "0002.txt", folder / "0000.txt"]
    section = take(stage, test=listed)
    before = checked(section, stage, test=folder), checked(section, stage, test=listed)
    (folder / "0002.txt").write_text("X")

    assert before == (same("2 files"), same("2 files"))
    assert checked(section, stage, test=folder) == differs("digest differs (2 files, recorded 2): '0002.txt' differs")
    assert checked(section, stage, test=listed[::-1]) == differs(
        "digest differs (2 files, recorded 2): '0002.txt' differs"
    )


def test_a_list_of_files_is_found_a_folder_below_or_above(stage, tmp_path):
    """A list is named relative to the folder its files share, which the reviewer's folder need not be."""
    folder = tmp_path / "data" / "img" / "two"
    folder.parent.mkdir(parents=True)
    folder_of(folder, 4)
    (tmp_path / "data" / "0000.txt.orig").write_text("0")
    below = take(stage, test=sorted(folder.iterdir()))
    (folder.parent / "one.txt").write_text("1")
    other = new_stage(tmp_path / "above")
    above = take(other, test=[folder / "0001.txt", folder.parent / "one.txt"])

    assert checked(below, stage, test=tmp_path / "data") == same("4 files")
    assert checked(above, other, test=tmp_path / "data") == same("2 files")
    (folder / "0002.txt").write_text("X")
    assert checked(below, stage, test=tmp_path / "data") == differs(
        "digest differs (4 files, recorded 4): '0002.txt' differs"
    )


def test_a_listed_folder_may_be_left_out(stage, tmp_path):
    """Recorded as ``cat/0.txt``, given as the folder ``cat`` itself; what stands beside it is missing."""
    for name in ("cat", "dog"):
        folder_of(tmp_path / name, 2)
    section = take(
        stage, test=[tmp_path / "cat" / "0000.txt", tmp_path / "cat" / "0001.txt", tmp_path / "dog" / "0000.txt"]
    )

    assert checked(section, stage, test=tmp_path / "cat") == differs(
        "digest differs (2 files, recorded 3): 'dog/0000.txt' is missing"
    )


def test_a_folder_is_checked_from_an_archive(stage, tmp_path):
    """An archive holds what the folder held that it was packed from."""
    import shutil

    folder = folder_of(tmp_path / "images", 3)
    section = take(stage, test=folder)
    packed = shutil.make_archive(str(tmp_path / "images"), "zip", folder)

    assert checked(section, stage, test=packed) == same("3 files")


def test_a_file_is_checked_by_its_bytes(stage, tmp_path):
    """What was taken by its bytes is compared by its bytes, whatever is in it and whatever it is called."""
    (tmp_path / "a.csv").write_text("x\n1\n")
    section = take(stage, test=DataSplit(tmp_path / "a.csv", as_bytes=True))
    (tmp_path / "b.csv").write_text("x\n1\n")
    (tmp_path / "c.csv").write_text("x\n2\n")

    assert checked(section, stage, test=tmp_path / "b.csv") == same("1 file")
    assert checked(section, stage, test=tmp_path / "c.csv") == differs("digest differs (1 file, recorded 1)")


def test_the_bytes_of_a_large_file_that_differ_are_named(stage, tmp_path):
    """A file beyond 64 MiB is compared part by part."""
    place = tmp_path / "large.bin"
    with place.open("wb") as file:
        file.truncate(3 * PART_BYTES + 2**20)
    section = take(stage, test=place)
    with place.open("r+b") as file:
        for offset in (PART_BYTES, 2 * PART_BYTES + 5, 3 * PART_BYTES + 7):
            file.seek(offset)
            file.write(b"x")

    assert checked(section, stage, test=place) == differs(
        "digest differs (1 file, recorded 1): bytes 64 to 193 MiB differ"
    )


def test_one_of_many_files_is_named(stage, tmp_path):
    """One byte changed in one of 2,000 files is found and named."""
    folder = folder_of(tmp_path / "images", 2000)
    section = take(stage, test=folder)
    (folder / "1234.txt").write_text("1235")

    assert checked(section, stage, test=folder) == differs(
        "digest differs (2000 files, recorded 2,000): '1234.txt' differs".replace("2000 files", "2,000 files")
    )


@pytest.mark.parametrize(
    ("value", "given", "why"),
    [
        (np.zeros(1), "absent.npy", "no file or folder '{folder}/absent.npy'"),
        (np.zeros(1), "here.txt", "expected samples, found a file of another form"),
        (np.zeros(1), "folder", "expected samples, found a folder of files"),
        ("folder", "here.txt", "expected a folder or an archive, found a file"),
        ("folder", "some.npy", "expected files, found samples"),
        ("here.txt", "folder", "expected a file, found several"),
    ],
)
def test_what_cannot_be_compared_is_not_run(stage, tmp_path, value, given, why):
    """Data of another form than recorded is not compared, with the reason."""
    (tmp_path / "here.txt").write_text("x")
    folder_of(tmp_path / "folder", 2)
    np.save(tmp_path / "some.npy", np.zeros(1))
    section = take(stage, test=tmp_path / value if isinstance(value, str) else value)

    assert checked(section, stage, test=tmp_path / given) == not_run(why.format(folder=tmp_path))


def test_pickles_are_never_loaded(stage, tmp_path):
    """A file that only pickle could read is not compared."""
    section = take(stage, test=np.zeros(1))
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    ((status, message),) = checked(section, stage, test=tmp_path / "pickled.npy")

    assert status is Status.NOT_RUN
    assert message.startswith(f"{SUBJECT} not compared: ")


def test_no_data_is_not_run(stage, tmp_path):
    """All splits without a copy stand in one line, with the way out."""
    section = take(stage, test=DataSplit(np.zeros(1), private=tmp_path / "k.salt"), own=np.ones(1), mine=np.ones(1))

    def told(**given):
        found = list(data.check(section, Site(root=stage.root, data=given)))[len(given) :]
        return [(finding.status, finding.message, finding.hint) for finding in found]

    assert told() == [
        (
            Status.NOT_RUN,
            "3 data splits were not compared: no data was given (test, own, mine)",
            "--data test=PATH --salt test=FILE",
        )
    ]
    assert told(test=1, own=np.ones(1)) == [
        (Status.NOT_RUN, "1 data split was not compared: no data was given (mine)", "--data mine=PATH")
    ]
    assert told(test=1, own=np.ones(1), mine=np.ones(1)) == []


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("trian", "did you mean 'train'? it records 'train', 'test'"),
        ("zzz", "it records 'train', 'test'"),
    ],
)
def test_an_unknown_name_is_wrong_usage(stage, name, hint):
    """A copy of a split that is not recorded is a slip, and is refused with the names there are."""
    section = take(stage, train=np.zeros(1), test=np.ones(1))
    with pytest.raises(UsageError) as caught:
        data.refuse_unknown(section, ["test", name], "data")

    assert (str(caught.value), caught.value.hint) == (f"data: the bundle records no data split {name!r}", hint)


def test_an_unknown_name_where_nothing_is_recorded():
    """That there are no splits is said."""
    with pytest.raises(UsageError) as caught:
        data.refuse_unknown(data.Section(splits=()), ["train"], "salts")

    assert (str(caught.value), caught.value.hint) == (
        "salts: the bundle records no data split 'train'",
        "it records none",
    )


def test_a_private_split_is_checked_with_its_salt(stage, tmp_path):
    """Its holder can check it; without the salt, or with another, nothing is said of the data."""
    x = np.arange(10.0)
    section = take(stage, test=DataSplit(x, private=tmp_path / "k.salt"))
    take(new_stage(tmp_path / "other"), test=DataSplit(x, private=tmp_path / "other.salt"))
    mine, other = {"test": tmp_path / "k.salt"}, {"test": tmp_path / "other.salt"}
    wrong = np.delete(x, 4)

    assert checked(section, stage, mine, test=x) == same("10 samples")
    assert checked(section, stage, mine, test=x[::-1]) == differs("the same samples in another order")
    assert checked(section, stage, mine, test=wrong) == differs(
        "digest differs (9 samples, recorded 10): row 4 is missing"
    )
    assert checked(section, stage, test=x) == not_run("it is private, and its salt was not given")
    assert checked(section, stage, other, test=x) == not_run(
        "the salt in 'other.salt' is not the one that it was captured with"
    )
    assert checked(section, stage, {"test": tmp_path / "none"}, test=x) == not_run("no file 'none' with a salt")


def test_private_files_are_named_by_number(stage, tmp_path):
    """Where names are not recorded, the place in the order of the files is told."""
    folder = folder_of(tmp_path / "images", 5)
    section = take(stage, test=DataSplit(folder, private=tmp_path / "k.salt"))
    (folder / "0003.txt").write_text("X")

    assert checked(section, stage, {"test": tmp_path / "k.salt"}, test=folder) == differs(
        "digest differs (5 files, recorded 5): file 3 differs"
    )


class Noisy(torch.utils.data.Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        return torch.rand(2)


def test_random_samples_are_compared_by_number_and_form(stage):
    """What is drawn anew at each read can only be counted, and that is said."""
    section = take(stage, test=Noisy(4))

    assert checked(section, stage, test=Noisy(4)) == [
        (Status.NOT_RUN, f"{SUBJECT} contents not compared: its samples were random, another at each read; 4 samples of "
                         "the recorded form are there"),
    ]  # fmt: skip
    assert checked(section, stage, test=Noisy(5)) == differs("differs (5 samples, recorded 4)")
    assert checked(section, stage, test=torch.zeros(4, 3)) == differs(
        "differs (4 samples, recorded 4): 'value' has shape (3,), recorded (2,)"
    )


@pytest.mark.parametrize("listing", [b"", b"zz\n", b"\xff\xfe", b"9" * 40 + b" x y\n", b"ab" * 10])
@pytest.mark.parametrize("kind", ["array", "folder"])
def test_a_lying_listing_changes_no_verdict(stage, tmp_path, listing, kind):
    """A listing of another form costs detail, nothing else."""
    folder = folder_of(tmp_path / "images", 1)
    section = take(stage, test=np.zeros(1) if kind == "array" else folder)
    (stage.root / section.splits[0].listing).write_bytes(listing)
    (folder / "0000.txt").write_text("b")

    ((status, message),) = checked(section, stage, test=np.ones(1) if kind == "array" else folder)
    assert status is Status.DIFFERS
    assert message.startswith(f"{SUBJECT} digest differs")


@pytest.mark.parametrize("content", [b"", b"{}", b'{"samples": 1}', b"\xff"])
def test_statistics_that_are_none_change_no_verdict(stage, content):
    """A document of another form costs detail, nothing else."""
    section = take(stage, test={"a": np.zeros(3), "b": np.zeros(3)})
    (stage.root / section.splits[0].statistics).write_bytes(content)

    assert checked(section, stage, test={"a": np.ones(3), "b": np.zeros(3)}) == differs(
        "digest differs (3 samples, recorded 3): every row differs"
    )


def of_first_definition(section, **changes):
    """The section as bundles before the second definition have it."""
    (split,) = section.splits
    old = split.model_copy(update={"definition": 1, "part_size": None, "parts": None, **changes})
    return section.model_copy(update={"splits": (old,)})


def test_tensors_of_an_older_bundle_are_compared_as_ever(stage):
    """Tensors went into the digest in the first definition as they do now."""
    section = of_first_definition(take(stage, test=np.arange(3.0)))

    assert checked(section, stage, test=np.arange(3.0)) == same("3 samples")


def test_plain_values_of_an_older_bundle_are_not_compared(stage):
    """Plain values went in otherwise, so that nothing can be said of them, and that is said."""
    leaf = data.Leaf(name="value", dtype="integer", shape=())
    section = of_first_definition(take(stage, test=np.arange(3)), leaves=(leaf,))

    assert checked(section, stage, test=np.arange(3)) == not_run(
        "its digests follow the first definition, in which plain values went in without their names"
    )


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_large_files_of_an_older_bundle_are_digested_in_one_piece(stage, tmp_path, kind):
    """As they were then."""
    folder = folder_of(tmp_path / "images", 1)
    with (folder / "l\u00e4rge.bin").open("wb") as file:
        file.truncate(PART_BYTES + 1)
    whole = digest_file(folder / "l\u00e4rge.bin")[1]
    name = "l\\xe4rge.bin"
    listing = f"{PART_BYTES + 1} {whole} {name}\n"
    if kind == "folder":
        size, digest = digest_file(folder / "0000.txt")
        listing = f"{size} {digest} 0000.txt\n{listing}"
    import xxhash

    given = folder if kind == "folder" else folder / "l\u00e4rge.bin"
    ordered = xxhash.xxh3_128_hexdigest(listing.encode()) if kind == "folder" else whole
    taken = take(stage, test=given)
    (stage.root / taken.splits[0].listing).write_text(listing)
    section = of_first_definition(taken, ordered=ordered)

    assert checked(section, stage, test=given) == same("2 files" if kind == "folder" else "1 file")


def test_a_csv_is_read_as_it_was_declared(stage, tmp_path):
    """A copy without dtypes of its own is read with the recorded ones."""
    (tmp_path / "a.csv").write_text("age,name\n1,x\n2,y\n")
    section = take(stage, test=DataSplit(tmp_path / "a.csv", dtypes={"age": "int32"}))
    (tmp_path / "b.csv").write_text("age,name\r\n1,x\r\n2,y\r\n")
    (tmp_path / "c.csv").write_text("age,name\n1,x\n3,y\n")

    assert checked(section, stage, test=tmp_path / "b.csv") == same("2 samples")
    ((status, message),) = checked(section, stage, test=tmp_path / "c.csv")
    assert (status, message[:70]) == (
        Status.DIFFERS, f"{SUBJECT} digest differs (2 samples, recorded 2): row 1 differ"[:70]
    )  # fmt: skip


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_names_are_data(stage, tmp_path):
    """A name in a listing that leads out of the folder is compared and never opened."""
    folder = folder_of(tmp_path / "images", 1)
    section = take(stage, test=[folder / "0000.txt"])
    (tmp_path / "outside").write_text("0")
    listing = stage.root / section.splits[0].listing
    listing.write_text(listing.read_text().replace("0000.txt", "../outside"))

    assert checked(section, stage, test=folder) == differs(
        "digest differs (0 files, recorded 1): '../outside' is missing"
    )
    assert json.loads(json.dumps(listing.read_text())).endswith("../outside\n")
