from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components.data.digesting import digest_block, digest_sample
from reprobundle.components.data.given import How
from reprobundle.components.data.reading import read
from reprobundle.components.data.sources import arrays, open_samples
from reprobundle.errors import UsageError


def blocks(value):
    return list(arrays.samples_of(value, How()).blocks())


def digests(value):
    return b"".join(map(digest_block, arrays.samples_of(value, How()).blocks()))


COLUMNS = [
    np.arange(12.0).reshape(6, 2),
    np.arange(6, dtype=">i2"),
    np.array(["a", "", "ccc", "d", "\N{BUG}", "f"]),
    np.array(["a", None, 3, "d", [1, 2], {"x": 1}], object),
    np.array(["2020-01-01", "NaT", "2021-01-01", "2022-01-01", "2023-01-01", "2024-01-01"], "datetime64[ms]"),
    np.arange(12).reshape(6, 2).astype("datetime64[D]"),
    np.array([b"a", b"b\0c", b"", b"d", b"e", b"f"]),
    np.array([["a", "b"]] * 6),
    np.array(["a", None, "", "longer than others", "e", "f"], np.dtypes.StringDType(na_object=None)),
    torch.arange(6.0).requires_grad_(),
    torch.zeros(6, 2, 0),
    torch.ones(6, 2, dtype=torch.bfloat16).T.contiguous().T,
    [1, 2, 3, 4, 5, None],
    [[1, 2], [3], [], [4], [5], [6]],
    ["a", 2, None, 4.0, True, b"x"],
    range(6),
    ((1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e"), (6, "f")),
]


def rows(column):
    """The samples that a column stands for, one by one."""
    if isinstance(column, torch.Tensor) or (
        isinstance(column, np.ndarray) and (column.ndim > 1 or column.dtype.kind == "M")
    ):
        return [column[index] for index in range(len(column))]  # fmt: skip
    return column.tolist() if isinstance(column, np.ndarray) and column.dtype.kind != "i" else list(column)


@given(st.lists(st.sampled_from(range(len(COLUMNS))), min_size=1, max_size=3), st.sampled_from([1, 2, 100]))
def test_columns_have_the_digests_of_their_rows(chosen, step):
    """Sample number i of a tuple of columns is the tuple of their i-th rows, whatever they hold and however they are cut."""
    columns = (np.arange(6), *(COLUMNS[index] for index in chosen))
    expected = b"".join(digest_sample(row) for row in zip(*map(rows, columns), strict=True))
    rows_before = arrays.LIST_ROWS
    arrays.LIST_ROWS = arrays.MAX_ROWS = step

    try:
        assert digests(columns) == expected
    finally:
        arrays.LIST_ROWS, arrays.MAX_ROWS = rows_before, 65_536


@pytest.mark.parametrize("column", [one for one in COLUMNS if not isinstance(one, list | tuple | range)], ids=repr)
def test_a_bare_array_is_one_column(column):
    """The samples of one array are its rows."""
    assert digests(column) == b"".join(map(digest_sample, rows(column)))


def test_the_container_gives_the_names():
    """A mapping's columns are named by its keys, a tuple's and a TensorDataset's by their numbers."""
    x, y = torch.rand(5, 3), torch.arange(5)
    dataset = torch.utils.data.TensorDataset(x, y)

    assert digests({"x": x, "y": y}) == b"".join(digest_sample({"x": a, "y": b}) for a, b in zip(x, y, strict=True))
    assert digests((x, y)) == digests([x.numpy(), y.numpy()]) == digests({0: x, 1: y}) == digests(dataset)
    assert [arrays.samples_of(value, How()).pair for value in ((x, y), dataset, {0: x, 1: y}, x)] == [True, True, False, False]  # fmt: skip


def test_lists_of_one_form_are_columns_beside_arrays():
    """Texts beside an array come as one block, not row by row."""
    found = blocks({"x": np.arange(3), "text": ["a", "bc", None]})

    assert [[(column.name, column.dtype) for column in block] for block in found] == [[("x", "I64"), ("text", "text")]]


def test_an_array_in_a_file_is_streamed(tmp_path):
    """A memory map is read slice by slice, never as a whole."""
    array = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (10_000, 1000))
    array[::100] = 1
    samples = arrays.samples_of(array, How())
    sizes = [block[0].values.nbytes for block in samples.blocks()]

    assert max(sizes) <= 4 * 2**20
    assert sum(sizes) == samples.size == array.nbytes
    assert all(np.shares_memory(block[0].values, array) for block in samples.blocks())


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what of a file is in memory")
def test_an_array_in_a_file_does_not_stay_in_memory(tmp_path):
    """While a memory map is read, what was read of it is let go of; what was changed in it is not lost."""
    array = np.lib.format.open_memmap(tmp_path / "x.npy", "w+", np.float32, (64, 2**20))
    array[:] = 1
    before = _of_files()
    digests(array)
    read_only = np.load(tmp_path / "x.npy", mmap_mode="r")
    private = np.load(tmp_path / "x.npy", mmap_mode="c")
    private[0, 0] = 2

    assert before - _of_files() > 200 * 2**10
    assert digests(array) == digests(read_only)
    assert digests(private) != digests(read_only)
    assert private[0, 0] == 2
    assert array[63, 2**20 - 1] == 1


def _of_files():
    """KiB of files that this process has in memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("RssFile", "RssShmem")))  # of tmpfs, too


@pytest.mark.parametrize(
    "value", [3, "text", [], [1, 2], {"a": 1}, np.float32(1), np.zeros(()), np.zeros(2, "i4,i4"), {}]
)
def test_what_is_not_given_by_columns(value):
    """Other sources are asked about anything else."""
    assert arrays.samples_of(value, How()) is None


class Sparse:
    __module__ = "scipy.sparse._csr"


@pytest.mark.parametrize(
    ("value", "why"),
    [
        ((np.zeros(3), np.zeros(2)), "its columns are not equally long: {'0': 3, '1': 2}"),
        ({1: np.zeros(3), "1": np.zeros(3)}, "two columns have the same name as text"),
        (np.ma.array([1, 2]), "a masked array is not taken as a split"),
        (torch.eye(2).to_sparse(), "a sparse tensor is not taken as a split"),
        ((Sparse(), np.zeros(2)), "a sparse array (Sparse) is not taken as a split"),
        (np.zeros(2, np.complex128), "column 'value': arrays of dtype complex128 cannot be kept"),
        ({"x": np.zeros(2, "m8[h]")}, "column 'x': dtype timedelta64[h] cannot be kept: expected a unit of s, ms, us or ns"),
        ((np.zeros(2), [1, object()]), "sample 1: at '1': a object is no tensor or plain value"),
        ({"a": [{"b": 1}], "a/b": np.zeros(1)}, "two leaves have one name: ['a/b']"),
    ],
)  # fmt: skip
def test_columns_that_cannot_be_kept(value, why):
    """What is wrong with the columns is told by name."""
    with pytest.raises(UsageError) as raised:
        digests(value)

    assert str(raised.value) == why


def test_a_list_of_arrays_may_have_been_meant_as_samples():
    """A list of arrays is taken by columns, and where that looks like a mistake it is said."""
    told = "a list of 3 arrays is taken as 3 columns of 28 samples: give np.stack of it if each is a sample"

    assert arrays.samples_of([np.zeros((28, 28))] * 3, How()).remarks == (told,)
    assert arrays.samples_of((np.zeros((28, 28)),) * 3, How()).remarks == ()
    assert arrays.samples_of([np.zeros((28, 28)), np.zeros(28)], How()).remarks == ()


def test_the_number_of_a_row_is_its_number_in_the_split():
    """A row that cannot be kept is told by its number in the whole column."""
    values = [0] * 5000 + [object()]

    with pytest.raises(UsageError) as raised:
        digests((np.zeros(5001), values))

    assert str(raised.value) == "sample 5000: at '1': a object is no tensor or plain value"


@pytest.mark.parametrize(
    ("value", "count", "remarks"),
    [
        ((["a", "b", "c"], [0, 1, 0]), 3, 0),
        ([["a", "b", "c"], [0, 1, 0]], 3, 0),
        (([1.0, 2.0, 3.0], [0, 1, 0]), 3, 1),
        (([[1, 2], [3]], [0, 1]), 2, 1),
        ([[1, 2, 3], [4, 5, 6]], 2, 0),
        ([["a", 1], ["b", 2], ["c", 3]], 3, 0),
        ([("a", 1), ("b", 2), ("c", 3)], 3, 0),
        ((["a"], [1, 2]), 2, 1),
    ],
)
def test_lists_side_by_side_are_columns(value, count, remarks):
    """A tuple of equally long lists is taken by columns; a list of lists only where a row of them could be no list."""
    samples = open_samples(value, How())

    assert (samples.count, len(samples.remarks)) == (count, remarks)


def test_lists_side_by_side_are_pairs():
    """Texts and labels have the digests of their pairs, and the second is the label."""
    columns, pairs = (["a", "b", "c"], [0, 1, 0]), [("a", 0), ("b", 1), ("c", 0)]
    found = read(columns)

    assert found.ordered == read(pairs).ordered
    assert [(label.label, label.count) for label in found.labels] == [(0, 2), (1, 1)]
