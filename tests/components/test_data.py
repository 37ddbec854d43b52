import json
import os
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import xxhash
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from reprobundle.components import data
from reprobundle.components.data.files import escaped
from reprobundle.components.data.reading import Reading, read
from reprobundle.components.data.samples import digest_rows, sample_digest
from reprobundle.components.interface import Begun, Failure, Site, Source, Stage
from reprobundle.records import from_bytes, to_bytes
from reprobundle.report import Status
from reprobundle.store import Writer

HINT = "give a path, an array, or a Dataset that can be read"


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return Stage(Writer(folder))


def take(stage, run=None, **splits):
    return data.capture(Source(model=None, splits=splits, run=run), stage)


def notes(stage):
    return [note.message for note in stage.notes]


def checked(section, stage, **given):
    found = list(data.check(section, Site(root=stage.root, data=given)))
    return [(finding.status, finding.message) for finding in found]


class Squares(torch.utils.data.Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index >= self.count:
            raise IndexError(index)
        return torch.full((2, 2), float(index)), index % 3


class Noisy(Squares):
    def __getitem__(self, index):
        return torch.rand(2)


class Broken(Squares):
    def __getitem__(self, index):
        raise FileNotFoundError(2, "No such file or directory", "/secret/place")


class Streamed(torch.utils.data.IterableDataset):
    def __iter__(self):
        return iter([(torch.zeros(2), 0), (torch.ones(2), 1)])


def test_the_sample_digest_is_the_documented_one():
    """A sample's digest is XXH3-128 over heads, bytes and plain nodes in the order of the structure."""
    sample = {"image": np.arange(6, dtype=np.float32).reshape(2, 3), "label": 7}
    head = b'["image","F32",[2,3]]\n'
    plain = b'{"kind":"plain","value":7}\n'

    assert sample_digest(sample) == xxhash.xxh3_128_digest(head + sample["image"].tobytes() + plain)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.zeros(2, np.float32), np.zeros(1, np.float64)),
        (np.array(0.0), np.array(-0.0)),
        (np.array(1, np.int64), 1),
        (1, True),
        ("1", 1),
        (None, "null"),
        ((1, 2), (2, 1)),
    ],
)
def test_samples_that_only_look_alike_have_other_digests(one, other):
    """Shape, dtype, sign of zero, type and order of values are part of a sample's digest."""
    assert sample_digest(one) != sample_digest(other)


def test_numpy_and_torch_give_one_digest():
    """The library a tensor came from, its memory layout and its byte order are not part of the digest."""
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    digest = sample_digest(array)
    alike = [
        torch.from_numpy(array),
        np.asfortranarray(array),
        array.astype(">f4"),
        torch.from_numpy(array).T.clone().T,
    ]

    assert {sample_digest(value) for value in alike} == {digest}


def test_bfloat16_has_a_digest():
    """A dtype that numpy lacks is digested by its own name and bits."""
    value = torch.tensor([1.0, -2.0], dtype=torch.bfloat16)

    assert sample_digest(value) == xxhash.xxh3_128_digest(b'["value","BF16",[2]]\n' + b"\x80\x3f\x00\xc0")


dtypes = st.sampled_from(["float32", "float64", "float16", "int64", "uint8", "bool", ">i4", "complex64"])
shapes = numpy_strategies.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4)


@given(st.data(), st.integers(1, 40), st.integers(1, 3))
def test_the_fast_path_gives_the_digests_of_the_samples(drawn, count, columns):
    """Digesting whole columns is the same as digesting the samples one by one."""
    arrays = []
    for _ in range(columns):
        shape, dtype = (count, *drawn.draw(shapes)), drawn.draw(dtypes)
        content = np.random.default_rng(0).integers(0, 200, size=shape)
        arrays.append(content.astype(dtype))
    slow = b"".join(sample_digest(tuple(array[row] for array in arrays)) for row in range(count))

    assert digest_rows([(str(index), array) for index, array in enumerate(arrays)]) == slow


def test_rows_larger_than_a_block_are_digested_right():
    """A sample may be larger than the buffer of the fast path."""
    array = np.arange(3 * 1_100_000, dtype=np.float32).reshape(3, -1)

    assert digest_rows([("value", array)]) == b"".join(map(sample_digest, array))


def test_a_dataset_and_its_columns_agree():
    """Samples of a Dataset, of a TensorDataset and of arrays by column have one digest."""
    x, y = torch.rand(5, 3), torch.arange(5)
    dataset = torch.utils.data.TensorDataset(x, y)
    subset = torch.utils.data.Subset(dataset, range(5))
    loader = torch.utils.data.DataLoader(dataset, batch_size=2, shuffle=True)
    readings = [read(value) for value in (dataset, subset, loader, (x, y), [x.numpy(), y.numpy()], {0: x, 1: y})]

    assert len({reading.ordered for reading in readings}) == 1
    assert [reading.kind for reading in readings] == ["array", "dataset", "array", "array", "array", "array"]


def test_reading_draws_from_no_generator():
    """Reading a split leaves the generators' states as they were."""
    dataset = torch.utils.data.TensorDataset(torch.zeros(5, 3))
    before = (torch.random.get_rng_state(), np.random.get_state()[2])
    read(torch.utils.data.DataLoader(dataset, shuffle=True))
    read(Streamed())

    assert torch.equal(torch.random.get_rng_state(), before[0])
    assert np.random.get_state()[2] == before[1]


def test_a_pair_of_arrays(stage):
    """Two arrays are the columns of (x, y) samples: counts, leaves, labels, both digests and a listing are recorded."""
    x, y = np.arange(8, dtype=np.float32).reshape(4, 2), np.array([1, 0, 1, 1])
    (split,) = take(stage, train=(x, y)).splits

    listing = (stage.root / "data/train.txt").read_text("ascii").splitlines()
    assert (split.kind, split.count, split.bytes) == ("array", 4, 4 * (8 + 8))
    assert [(leaf.name, leaf.dtype, leaf.shape) for leaf in split.leaves] == [("0", "F32", (2,)), ("1", "I64", ())]
    assert [(label.label, label.count) for label in split.labels] == [(0, 1), (1, 3)]
    assert listing == [sample_digest((row, label)).hex() for row, label in zip(x, y, strict=True)]
    assert split.ordered == xxhash.xxh3_128_hexdigest(bytes.fromhex("".join(listing)))
    assert split.unordered == xxhash.xxh3_128_hexdigest(bytes.fromhex("".join(sorted(listing))))
    assert stage.notes == []


def test_a_map_style_dataset(stage):
    """Samples of a Dataset are described leaf by leaf, plain labels counted."""
    (split,) = take(stage, train=Squares(5)).splits

    leaves = [(leaf.name, leaf.dtype, leaf.shape) for leaf in split.leaves]
    assert (split.kind, split.count) == ("dataset", 5)
    assert leaves == [("0", "F32", (2, 2)), ("1", "integer", ())]
    assert [(label.label, label.count) for label in split.labels] == [(0, 2), (1, 2), (2, 1)]


def test_samples_of_many_shapes(stage):
    """A length that varies is -1, a rank that varies leaves no shape."""
    samples = [(np.zeros((2, 3)), np.zeros(1)), (np.zeros((4, 3)), np.zeros((1, 1)))]
    (split,) = take(stage, train=samples).splits

    assert [leaf.shape for leaf in split.leaves] == [(-1, 3), None]


def test_text_columns(stage):
    """Lists of plain values may be columns beside arrays."""
    (split,) = take(stage, train={"text": ["a", "b"], "label": np.array([0, 1])}).splits

    assert [(leaf.name, leaf.dtype) for leaf in split.leaves] == [("text", "text"), ("label", "I64")]
    assert split.ordered == read([{"text": "a", "label": np.int64(0)}, {"text": "b", "label": np.int64(1)}]).ordered


def test_an_array_of_texts_is_a_column():
    """What safetensors cannot hold is read as plain values."""
    assert read(np.array(["a", "b"])).ordered == read(iter(["a", "b"])).ordered


def test_labels_beyond_a_thousand_are_not_counted(stage):
    """A histogram of more than 1,000 classes is left out."""
    few, many = np.arange(1000), np.arange(1001)
    splits = take(stage, few=(few, few), many=(many, many)).splits

    assert [split.labels and len(split.labels) for split in splits] == [1000, None]


def test_a_file(stage, tmp_path):
    """A file's digests are those of its bytes, its listing names it without its folder."""
    (tmp_path / "train.csv").write_bytes(b"a,b\n1,2\n")
    (split,) = take(stage, train=str(tmp_path / "train.csv")).splits

    digest = xxhash.xxh3_128_hexdigest(b"a,b\n1,2\n")
    assert (split.kind, split.count, split.bytes, split.ordered, split.unordered) == ("file", 1, 8, digest, digest)
    assert (stage.root / split.listing).read_text("ascii") == f"8 {digest} train.csv\n"


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_a_folder_with_odd_names(stage, tmp_path):
    """Names in a listing are data: sorted, escaped, not bound by the grammar of paths."""
    folder = tmp_path / "images"
    (folder / "sub").mkdir(parents=True)
    for name in ("b.png", "a\nb", "caf\u00e9", "back\\slash", "sub/con", os.fsdecode(b"\xff")):
        (folder / name).write_bytes(name.encode("utf-8", "surrogateescape"))
    (split,) = take(stage, train=folder).splits

    listing = (stage.root / split.listing).read_bytes()
    names = [line.split(b" ", 2)[2] for line in listing.splitlines()]
    assert names == [b"a\\nb", b"b.png", b"back\\\\slash", b"caf\\xe9", b"sub/con", b"\\udcff"]
    assert split.ordered == xxhash.xxh3_128_hexdigest(listing)
    assert split.count == 6


@pytest.mark.skipif(os.name == "nt", reason="links need rights on Windows")
def test_links_in_a_folder(stage, tmp_path):
    """A linked file is read, a linked folder is left out and named."""
    folder = tmp_path / "images"
    folder.mkdir()
    (tmp_path / "elsewhere").write_bytes(b"x")
    (folder / "a").symlink_to(tmp_path / "elsewhere")
    (folder / "loop").symlink_to(folder)
    (split,) = take(stage, train=folder).splits

    assert split.count == 1
    assert notes(stage) == ["data split 'train': left out 1 linked folders or special files: 'loop'"]


def test_a_list_of_files(stage, tmp_path):
    """A list of files keeps its order and names them relative to the folder they share."""
    for name in ("x/1.png", "y/2.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(name.encode())
    (split,) = take(stage, train=[tmp_path / "y/2.png", tmp_path / "x/1.png"]).splits

    names = [line.split()[2] for line in (stage.root / split.listing).read_text("ascii").splitlines()]
    assert (split.kind, names) == ("files", ["y/2.png", "x/1.png"])


def test_overlaps_within_and_across_splits(stage):
    """Samples that stand twice in a split, or in two splits, are counted and told."""
    train = np.array([[1.0], [2.0], [3.0], [2.0]])
    test = np.array([[2.0], [9.0]])
    first, second = take(stage, train=train, test=test).splits

    assert (first.duplicates, second.duplicates) == (1, 0)
    assert [(overlap.split, overlap.count) for overlap in first.overlaps] == [("test", 2)]
    assert [(overlap.split, overlap.count) for overlap in second.overlaps] == [("train", 1)]
    assert notes(stage) == [
        "data split 'train': 1 of 4 repeat an earlier one",
        "leakage: 2 of 4 of data split 'train' stand in 'test', too",
        "leakage: 1 of 2 of data split 'test' stand in 'train', too",
    ]


def test_a_random_dataset_is_told(stage):
    """Two reads of one sample that differ are a note, not an error."""
    take(stage, train=Noisy(2))

    expected = "two reads of its first sample differ: it is random, so its digests hold for one read only"
    assert notes(stage) == [f"data split 'train': {expected}"]


@pytest.mark.parametrize(
    ("value", "why"),
    [
        (7, "expected a path, a list of paths, an array, equally long arrays, or samples one by one, found int"),
        ({}, "expected a path, a list of paths, an array, equally long arrays, or samples one by one, found dict"),
        (np.zeros((0, 3)), "holds no sample"),
        ((np.zeros(2), np.zeros(3)), "its columns are not equally long: {'0': 2, '1': 3}"),
        ("absent.csv", "no file or folder 'absent.csv'"),
        (Broken(2), "FileNotFoundError: No such file or directory"),
        ([object()], "UnknownLeaf: at 'value': a object is no tensor or plain value"),
        (torch.zeros(2, device="meta"), "TypeError: a meta tensor holds no plain values"),
        ({1: np.zeros(1), "1": np.zeros(1)}, "two columns have the same name as text"),
    ],
)
def test_a_split_that_cannot_be_read_is_left_out(stage, value, why):
    """What cannot be read becomes a note that says why; the capture goes on and no path of the machine is told."""
    section = take(stage, train=value, test=np.zeros(1))

    assert [split.name for split in section.splits] == ["test"]
    assert notes(stage) == [f"data split 'train': is left out: {why}"]
    assert stage.notes[0].hint == HINT


def test_an_endless_stream_is_left_out(stage, monkeypatch):
    """An iterable without an end is given up after a bounded number of samples."""
    monkeypatch.setattr(sys.modules[read.__module__], "MAX_STREAMED", 100)
    take(stage, train=iter(int, 1))

    assert notes(stage) == ["data split 'train': is left out: gives more than 100 samples"]


@pytest.mark.parametrize("splits", [None, [1, 2], "train"])
def test_splits_without_names(stage, splits):
    """Splits that are not given by name are a note."""
    section = data.capture(Source(model=None, splits=splits), stage)

    assert section.splits == ()
    assert notes(stage) == [f"expected splits by name, found {type(splits).__name__}"]


def test_listings_have_legal_names_of_their_own(stage):
    """A split's name need not be a legal file name; no two listings collide."""
    names = ["train", "Train", "a/b", "con", "split-3", "ünï", "x" * 150, ".."]
    section = take(stage, **dict.fromkeys(names, np.zeros(1)))

    listings = [split.listing for split in section.splits]
    expected = ["train", "split-2", "_split-3", "split-4", "split-3", "split-6", "split-7", "split-8"]
    assert listings == [f"data/{name}.txt" for name in expected]


@pytest.mark.parametrize("name", [3, "", "x" * 201, "\ud800"])
def test_names_that_no_document_can_hold(stage, name):
    """A name that is no text of bounded length is refused with a note."""
    section = data.capture(Source(model=None, splits={name: np.zeros(1)}), stage)

    assert section.splits == ()
    assert len(stage.notes) == 1


def test_the_start_of_training_is_compared(stage):
    """What changed between the start of training and the capture is told; a generator is not used up at the start."""
    stream = iter([1, 2])
    then = data.digests({"train": np.zeros(1), "test": np.ones(1), "gone": np.ones(2), "stream": stream, "bad": 3})
    run = Begun(commit=None, sources={}, splits=then)
    take(stage, run=run, train=np.ones(1), test=np.ones(1) * 1, stream=stream)

    assert sorted(then) == ["gone", "test", "train"]
    told = [message for message in notes(stage) if "leakage" not in message]
    now = read(np.ones(1)).ordered
    assert told == [
        f"data split 'train': differs from the start of training: {then['train']} then, {now} now",
        "data split 'gone': was there at the start of training and is not given now",
    ]


def test_two_captures_are_byte_identical(tmp_path):
    """The same splits give the same section and the same files."""
    made = []
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        stage = Stage(Writer(tmp_path / name))
        made.append((to_bytes(take(stage, a=Squares(4), b=np.zeros(3))), stage.writer.entries))

    assert made[0] == made[1]
    assert from_bytes(data.Section, made[0][0], name="section").splits[0].name == "a"


@pytest.mark.parametrize("suffix", [".npy", ".npz", ".safetensors"])
def test_an_array_is_checked_from_a_file(stage, tmp_path, suffix):
    """A reviewer's arrays are compared with the recorded digests."""
    from safetensors.numpy import save_file

    array = np.arange(6, dtype=np.float32).reshape(3, 2)
    section = take(stage, test=array)
    place = tmp_path / f"copy{suffix}"
    write = {".npy": np.save, ".npz": np.savez, ".safetensors": lambda path, value: save_file({"x": value}, path)}
    write[suffix](place, array)

    assert checked(section, stage, test=place) == [(Status.SAME, "data split 'test': 3 samples, all as recorded")]


def test_columns_are_checked_from_a_file(stage, tmp_path):
    """Columns are found by the names of the sample's leaves."""
    x, y = np.zeros((2, 2)), np.array([0, 1])
    section = take(stage, test={"y": y, "x": x}, other=(x, y))
    np.savez(tmp_path / "named.npz", x=x, y=y)
    np.savez(tmp_path / "plain.npz", x, y)

    assert checked(section, stage, test=tmp_path / "named.npz", other=tmp_path / "plain.npz") == [
        (Status.SAME, "data split 'test': 2 samples, all as recorded"),
        (Status.NOT_RUN, "data split 'other': not compared: plain.npz: expected arrays named ['0', '1'], "
                         "found ['arr_0', 'arr_1']"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda a: a.__setitem__(slice(3, 6), 99), "digest differs (20 samples, recorded 20): rows 3 to 5"),
        (
            lambda a: a.__setitem__(slice(0, 20, 2), 99),
            "digest differs (20 samples, recorded 20): row 0, row 2, row 4, row 6, row 8 and 5 more",
        ),
        (lambda a: a.__setitem__(slice(None), a[::-1].copy()), "the same samples in another order"),
    ],
)
def test_rows_that_differ_are_named(stage, tmp_path, change, words):
    """A difference names up to five ranges of rows, a mere change of order says so."""
    array = np.arange(20, dtype=np.float64)
    section = take(stage, test=array.copy())
    change(array)
    np.save(tmp_path / "copy.npy", array)

    assert checked(section, stage, test=tmp_path / "copy.npy") == [(Status.DIFFERS, f"data split 'test': {words}")]


def test_missing_rows_are_a_difference(stage, tmp_path):
    """Fewer samples than recorded differ, with both counts."""
    section = take(stage, test=np.arange(5.0))
    np.save(tmp_path / "copy.npy", np.arange(4.0))

    message = "data split 'test': digest differs (4 samples, recorded 5)"
    assert checked(section, stage, test=tmp_path / "copy.npy") == [(Status.DIFFERS, message)]


@pytest.mark.parametrize("kind", ["folder", "files"])
def test_files_that_differ_are_named(stage, tmp_path, kind):
    """Missing, changed and new files are named."""
    folder = tmp_path / "images"
    folder.mkdir()
    for name in "abc":
        (folder / name).write_text(name)
    section = take(stage, test=folder if kind == "folder" else [folder / name for name in "abc"])
    before = checked(section, stage, test=folder)
    (folder / "a").unlink()
    (folder / "b").write_text("x")
    (folder / "d").write_text("d")
    after = checked(section, stage, test=folder)

    words = "'a' is missing, 'b' differs" + (", 'd' is new" if kind == "folder" else "")
    count = 3 if kind == "folder" else 2
    assert before == [(Status.SAME, "data split 'test': 3 files, all as recorded")]
    assert after == [(Status.DIFFERS, f"data split 'test': digest differs ({count} files, recorded 3): {words}")]


def test_a_file_is_checked(stage, tmp_path):
    """One changed byte of a file is a difference."""
    (tmp_path / "a.csv").write_text("1")
    section = take(stage, test=tmp_path / "a.csv")
    before = checked(section, stage, test=tmp_path / "a.csv")
    (tmp_path / "a.csv").write_text("2")

    message = "data split 'test': digest differs (1 file, recorded 1)"
    assert before == [(Status.SAME, "data split 'test': 1 file, all as recorded")]
    assert checked(section, stage, test=tmp_path / "a.csv") == [(Status.DIFFERS, message)]


@pytest.mark.parametrize(
    ("value", "given", "why"),
    [
        (np.zeros(1), "absent.npy", "expected a file, found no file at 'absent.npy'"),
        (np.zeros(1), "here.txt", "here.txt: expected a .npy, .npz or .safetensors file"),
        (Squares(2), "here.txt", "it holds plain values, which no file of arrays gives back"),
        ("folder", "here.txt", "expected a folder, found no folder at 'here.txt'"),
        (np.zeros(1), "pickled.npy", "ValueError: Array can't be memory-mapped: Python objects in dtype."),
    ],
)
def test_what_cannot_be_compared_is_not_run(stage, tmp_path, value, given, why):
    """Data of another form than recorded is not compared, with the reason; pickles are never loaded."""
    (tmp_path / "here.txt").write_text("x")
    np.save(tmp_path / "pickled.npy", np.array([{}], dtype=object), allow_pickle=True)
    section = take(stage, test=tmp_path if isinstance(value, str) else value)

    expected = (Status.NOT_RUN, f"data split 'test': not compared: {why}")
    assert checked(section, stage, test=tmp_path / given) == [expected]


def test_no_data_is_not_run(stage):
    """A split without a copy is not run, with the way out; a copy without a split too."""
    section = take(stage, test=np.zeros(1))
    findings = list(data.check(section, Site(root=stage.root, data={"tset": Path("x")})))

    assert [(f.status, f.message, f.hint) for f in findings] == [
        (Status.NOT_RUN, "data split 'test': not compared: no data was given", "--data test=PATH"),
        (Status.NOT_RUN, "data split 'tset': not compared: the bundle records no split of this name", None),
    ]


@pytest.mark.parametrize("listing", [b"", b"zz\n", b"\xff\xfe", b"9" * 40 + b" x y\n"])
@pytest.mark.parametrize("kind", ["array", "folder"])
def test_a_lying_listing_changes_no_verdict(stage, tmp_path, listing, kind):
    """A listing of another form costs detail, nothing else."""
    folder = tmp_path / "images"
    folder.mkdir()
    (folder / "a").write_text("a")
    np.save(tmp_path / "copy.npy", np.ones(1))
    section = take(stage, test=np.zeros(1) if kind == "array" else folder)
    (stage.root / section.splits[0].listing).write_bytes(listing)
    (folder / "a").write_text("b")

    ((status, message),) = checked(section, stage, test=tmp_path / "copy.npy" if kind == "array" else folder)
    assert status is Status.DIFFERS
    assert message.startswith("data split 'test': digest differs")


@given(st.text(st.characters(), min_size=1))
def test_escaped_names_are_printable_ascii_and_distinct(name):
    """No name can forge a line of a listing, and its escape gives it back."""
    text = escaped(name)

    assert text.isascii()
    assert text.isprintable()
    assert text.encode("ascii").decode("unicode_escape") == name


def test_reading_needs_no_torch(tmp_path):
    """Arrays are digested without importing torch."""
    import subprocess

    script = "import sys, numpy; from reprobundle.components import data; " \
             "print(data.digests({'a': numpy.zeros(2)})['a'], 'torch' in sys.modules)"  # fmt: skip
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert done.stdout.split() == [read(np.zeros(2)).ordered, "False"]


def test_failures_and_readings_are_told_apart():
    """Reading gives a reading or a failure, never an exception."""
    assert isinstance(read(np.zeros(2)), Reading)
    assert isinstance(read(3), Failure)
    assert json.loads(to_bytes(data.Section(splits=()))) == {"splits": [], "splitting": None}
