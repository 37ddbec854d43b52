import random
import subprocess
import sys

import numpy as np
import pytest
import torch
import xxhash
from torch.utils.data import Dataset, IterableDataset

from reprobundle import rng
from reprobundle.components.data import gathering
from reprobundle.components.data.digesting import digest_of_sorted, digest_sample
from reprobundle.components.data.given import How
from reprobundle.components.data.reading import Reading, is_consumed_by_reading, read
from reprobundle.components.data.section import LabelCount, Leaf
from reprobundle.components.interface import Failure


class Squares(Dataset):
    def __len__(self):
        return 7

    def __getitem__(self, index):
        if index >= 7:
            raise IndexError(index)
        return torch.full((2, 2), float(index)), index % 3


class Noisy(Squares):
    """Draws from the generator it is given."""

    def __init__(self, draw, only=None):
        self.draw = draw
        self.only = only

    def __getitem__(self, index):
        return self.draw() if self.only in {None, index} else 0.0


class Once(IterableDataset):
    def __init__(self):
        self.samples = iter(range(5))

    def __iter__(self):
        return self.samples


def test_what_is_found_in_samples():
    """Count, bytes, both digests, leaves and labels of a split of samples, and its listing."""
    reading = read(Squares())
    digests = [digest_sample(Squares()[index]) for index in range(7)]

    assert (reading.kind, reading.count, reading.size) == ("dataset", 7, 7 * (16 + 8))
    assert reading.digests == b"".join(digests)
    assert reading.ordered == xxhash.xxh3_128_hexdigest(b"".join(digests))
    assert reading.unordered == xxhash.xxh3_128_hexdigest(b"".join(sorted(digests)))
    assert b"".join(reading.lines()) == b"".join(digest.hex().encode() + b"\n" for digest in digests)
    assert reading.leaves == (Leaf(name="0", dtype="F32", shape=(2, 2)), Leaf(name="1", dtype="I64", shape=()))
    assert reading.labels == tuple(LabelCount(label=label, count=count) for label, count in [(0, 3), (1, 2), (2, 2)])
    assert (reading.label, reading.labels_missing, reading.faults, reading.random) == ("1", 0, (), False)
    assert (reading.statistics.samples, reading.remarks, reading.rows) == (7, (), ())


def test_order_changes_one_of_the_digests():
    """The unordered digest is the same for the same samples in another order, the ordered one is not."""
    array = np.arange(10.0)
    one, other = read(array), read(array[::-1])

    assert (one.unordered, one.size) == (other.unordered, other.size)
    assert one.ordered != other.ordered


@pytest.mark.parametrize(
    ("samples", "leaves"),
    [
        ([1, None], [("value", "I64", ())]),
        ([None, 1, None], [("value", "I64", ())]),
        ([None, None], [("value", "null", ())]),
        ([1, "a"], [("value", "mixed", ())]),
        ([np.zeros(2), np.zeros(3)], [("value", "F64", (-1,))]),
        ([np.zeros((2, 3)), np.zeros((2, 4))], [("value", "F64", (2, -1))]),
        ([np.zeros((2, 3)), np.zeros(2)], [("value", "F64", None)]),
        ([np.zeros((2, 3)), np.zeros(2), np.zeros((2, 3))], [("value", "F64", None)]),
        ([[1, 2], []], [("value", "I64", (-1,))]),
        ([[], [1, 2]], [("value", "I64", (-1,))]),
        ([[], "a"], [("value", "mixed", ())]),
        ([{"a": 1}, {"b": "x", "a": 2}], [("a", "I64", ()), ("b", "text", ())]),
    ],
)
@pytest.mark.parametrize("at_once", [1, 4096])
def test_leaves_of_samples_that_part(monkeypatch, samples, leaves, at_once):
    """A leaf says what its samples have in common, however they come in blocks; a missing value says nothing."""
    monkeypatch.setattr(gathering, "BLOCK_SAMPLES", at_once)
    assert [(leaf.name, leaf.dtype, leaf.shape) for leaf in read(iter(samples)).leaves] == leaves


def test_missing_values_have_no_bytes():
    """The size counts the content of what is there."""
    assert read([{"x": 1, "t": "ab"}, {"x": None, "t": None}, {"x": 2, "t": "c"}]).size == 2 * 8 + 3


@pytest.mark.parametrize("draw", [random.random, np.random.random, lambda: torch.rand(2)])
def test_a_random_data_set_is_told(draw):
    """A data set whose samples are drawn anew is found out by reading some twice."""
    reading = read(Noisy(draw))
    remark = "two reads of its sample 0 differ: it is random, so its digests hold for one read only"

    assert (reading.random, reading.remarks) == (True, (remark,))


def test_randomness_beyond_the_first_sample_is_told():
    """The middle and the last sample are read twice, too."""
    assert read(Noisy(random.random, only=3)).remarks[0].startswith("two reads of its sample 3 differ")
    assert read(Noisy(random.random, only=6)).remarks[0].startswith("two reads of its sample 6 differ")


def test_a_data_set_that_draws_beside_the_generator_is_random():
    """Draws that leave the generator where it was are found out, because the generators stand elsewhere the second time."""

    def draw():
        with torch.random.fork_rng(devices=[]):
            return torch.rand(2)

    assert read(Noisy(draw)).random


def test_a_data_set_that_seeds_itself_is_not_random():
    """Samples that are drawn by the index alone are the same whenever they are read."""

    class Seeded(Squares):
        def __getitem__(self, index):
            return torch.rand(2, generator=torch.Generator().manual_seed(index))

    assert not read(Seeded()).random


def test_a_stream_that_cannot_be_read_twice_is_told():
    """An iterable that is used up by reading is recorded, with a remark."""
    reading = read(Once())
    remark = "it gives its samples only once: whether they are random is not known"

    assert (reading.count, reading.random, reading.remarks) == (5, False, (remark,))


def test_a_data_set_that_cannot_be_read_twice_is_told():
    """A data set that refuses a second read of a sample is recorded, with a remark."""

    class Strict(Squares):
        def __init__(self):
            self.seen = set()

        def __getitem__(self, index):
            if index in self.seen:
                raise ValueError("once only")
            self.seen.add(index)
            return index

    reading = read(Strict())
    why = "it cannot be read a second time, so whether it is random is not known: sample 0: ValueError: once only"

    assert (reading.count, reading.random, reading.remarks) == (7, False, (why,))


@pytest.mark.parametrize("value", [Noisy(lambda: torch.rand(2)), [random.random()], (torch.zeros(5), [0] * 5)])
def test_reading_leaves_the_generators_as_they_are(value):
    """Reading a split moves no global generator, even where the data set draws from one."""
    before = rng.states()
    read(value)

    assert rng.states() == before


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ([], "holds no sample"),
        (iter([]), "holds no sample"),
        (np.zeros((0, 3)), "holds no sample"),
        ({}, "expected a path, a list of paths, an array, equally long arrays, a table, or samples one by one, found dict"),
        ({"x": np.zeros(2), "about": "text", "n": 2}, "expected arrays, tables or lists by name, found others: 'about' is a str, 'n' is a int"),
        (3, "expected a path, a list of paths, an array, equally long arrays, a table, or samples one by one, found int"),
        ([object()], "sample 0: at 'value': a object is no tensor or plain value"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_a_failure_in_plain_words(value, why):
    """A failure says what is wrong in words, without an exception's name."""
    assert read(value).why == why


def test_a_label_that_is_not_there_is_a_fault():
    """A label that no leaf is called by is told, and the samples are read all the same."""
    reading = read({"x": np.arange(3), "y": np.arange(3)}, How(label="z"))

    assert (reading.count, len(reading.faults)) == (3, 1)
    assert "'z'" in reading.faults[0][0]


def test_statistics_are_taken_only_where_wanted():
    """At the start of training digests are enough."""
    reading = read((np.arange(3.0), np.arange(3)), How(statistics=False))

    assert (reading.statistics, reading.labels, reading.ordered) == (None, None, read((np.arange(3.0), np.arange(3))).ordered)  # fmt: skip


def test_progress_is_told_in_bytes():
    """Whoever watches is told the bytes read so far and those in all, where these are known."""
    told = []
    read(np.zeros((3, 2**19)), How(progress=lambda done, total: told.append((done, total))))
    read([1, 2], How(progress=lambda done, total: told.append((done, total))))

    assert told == [(2**22, 3 * 2**22), (2 * 2**22, 3 * 2**22), (3 * 2**22, 3 * 2**22)]


def test_what_is_consumed_by_reading():
    """Iterators are used up by reading, what gives them anew is not."""
    assert [is_consumed_by_reading(value) for value in (iter([]), (one for one in ()), [], range(3))] == [True, True, False, False]  # fmt: skip


def test_reading_needs_no_torch():
    """A person without torch can digest arrays, texts and lists, and none of the libraries that tables come from is loaded."""
    code = (
        "import sys; sys.modules.update(dict.fromkeys(['torch', 'pandas', 'pyarrow', 'datasets', 'polars']))\n"
        "import numpy as np\n"
        "from reprobundle.components.data.reading import read\n"
        "print(read((np.arange(4.0), ['a', 'b', None, 'd'])).count, read([1, 'x']).count)\n"
    )
    found = subprocess.run([sys.executable, "-c", code], check=False, capture_output=True, text=True)

    assert (found.stdout, found.stderr) == ("4 2\n", "")


def test_a_file_of_samples_is_read_by_its_content(tmp_path):
    """The end of a file's name says that it holds samples, wherever it lies; unless its bytes are wanted."""
    import fsspec

    place = tmp_path / "x.npy"
    np.save(place, np.arange(6.0).reshape(3, 2))
    with fsspec.open("memory://reading/x.npy", "wb") as file:
        file.write(place.read_bytes())
    expected = read(np.arange(6.0).reshape(3, 2)).ordered

    assert {read(where).ordered for where in (place, str(place), f"file://{place}", "memory://reading/x.npy")} == {
        expected
    }
    assert read(place, How(as_bytes=True)).ordered == xxhash.xxh3_128_hexdigest(place.read_bytes())
    assert read("memory://reading/x.npy", How(as_bytes=True)).kind == "file"


def test_files_are_read_by_their_bytes(tmp_path):
    """A folder, a pattern and a list of files have the digest of their listing; one file that of its bytes."""
    for name in "ab":
        (tmp_path / f"{name}.txt").write_text(name)
    rows = [f"1 {xxhash.xxh3_128_hexdigest(name.encode())} {name}.txt\n" for name in "ab"]
    folder, pattern = read(tmp_path), read(tmp_path / "*.txt")
    backwards, single = read([tmp_path / "b.txt", tmp_path / "a.txt"]), read(tmp_path / "a.txt")

    assert folder.ordered == pattern.ordered == xxhash.xxh3_128_hexdigest("".join(rows).encode())
    assert backwards.ordered == xxhash.xxh3_128_hexdigest("".join(reversed(rows)).encode())
    assert folder.unordered == backwards.unordered == digest_of_sorted(folder.digests)
    assert (folder.kind, folder.count, folder.size, [row.name for row in folder.rows]) == (
        "folder",
        2,
        2,
        ["a.txt", "b.txt"],
    )
    assert (single.ordered, single.unordered, single.kind) == (xxhash.xxh3_128_hexdigest(b"a"), single.ordered, "file")
    assert b"".join(folder.lines()).decode() == "".join(rows)


def test_an_empty_folder_is_a_failure(tmp_path):
    """A folder without a file is no split."""
    hint = "give the folder or archive that the files lie in, or leave the split out"

    assert read(tmp_path) == Failure("holds no file", hint)


@pytest.mark.parametrize("as_bytes", [False, True])
def test_data_that_is_not_opened_is_told(as_bytes, tmp_path):
    """A file whose name says that it holds data, but which is known by its bytes alone, is remarked on unless that was asked."""
    (tmp_path / "x.pkl").write_bytes(b"1")
    told = "'x.pkl' is digested by its bytes: what is in it was not looked at"

    assert read(tmp_path / "x.pkl", How(as_bytes=as_bytes)).remarks == (() if as_bytes else (told,))


def test_data_among_files_is_told_once(tmp_path):
    """Of several such files one is named."""
    for name in ("a.pkl", "b.h5", "c.png"):
        (tmp_path / name).write_bytes(b"1")
    told = "files of data are digested, such as 'a.pkl', by their bytes: what is in them was not looked at"

    assert read(tmp_path).remarks == (told,)


def test_failures_and_readings_are_told_apart():
    """Reading gives one of two types."""
    assert isinstance(read(np.zeros(2)), Reading)
    assert isinstance(read(object()), Failure)
