import numpy as np
import pytest
import torch
from torch.utils.data import ConcatDataset, DataLoader, Dataset, IterableDataset, Subset, TensorDataset

from reprobundle.components.data.digesting import digest_block, digest_sample
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import datasets, open_samples
from reprobundle.errors import UsageError


class Squares(Dataset):
    def __init__(self, count):
        self.count = count

    def __len__(self):
        return self.count

    def __getitem__(self, index):
        if index >= self.count:
            raise IndexError(index)
        return torch.full((2, 2), float(index)), index % 3


class Streamed(IterableDataset):
    def __iter__(self):
        return iter([Squares(5)[index] for index in range(5)])


class Endless(IterableDataset):
    def __iter__(self):
        while True:
            yield torch.zeros(2)


class Failing(Squares):
    def __init__(self, error):
        super().__init__(5)
        self.error = error

    def __getitem__(self, index):
        if index == 3:
            raise self.error
        return index


def digests(value):
    return b"".join(map(digest_block, open_samples(value, How()).blocks()))


X = torch.stack([Squares(5)[index][0] for index in range(5)])
Y = torch.tensor([0, 1, 2, 0, 1])


@pytest.mark.parametrize(
    "value",
    [
        Squares(5),
        Subset(Squares(9), range(5)),
        Subset(Subset(Squares(9), range(8)), [0, 1, 2, 3, 4]),
        ConcatDataset([Squares(3), Subset(Squares(5), [3, 4])]),
        Streamed(),
        DataLoader(Squares(5), batch_size=2, shuffle=True),
        DataLoader(Streamed(), batch_size=2),
        DataLoader(TensorDataset(X, Y), batch_size=2, shuffle=True),
        [(x, int(y)) for x, y in zip(X, Y, strict=True)],
        tuple((x.numpy(), np.int64(y)) for x, y in zip(X, Y, strict=True)),
        (Squares(5)[index] for index in range(5)),
        (X, Y),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_same_samples_have_one_digest_whatever_gives_them(value):
    """Data sets, parts of them, streams, loaders, lists and arrays of the same samples agree."""
    expected = b"".join(digest_sample(Squares(5)[index]) for index in range(5))

    assert digests(value) == expected


def test_a_subset_equals_the_rows_given_as_arrays():
    """An index list over a parent, repeats and all, is the same as its rows."""
    indices = [4, 0, 0, 3]

    assert digests(Subset(TensorDataset(X, Y), indices)) == digests((X[indices], Y[indices]))


def test_only_what_can_be_read_again_is():
    """A generator is used up by reading; the first, middle and last sample of a data set are read a second time."""
    stream, dataset = open_samples(iter([1, 2]), How()), open_samples(Squares(5), How())

    assert (stream.once, stream.again, stream.count) == (True, None, None)
    assert (dataset.once, dataset.count, [index for index, _ in dataset.again([0, 2, 4])]) == (False, 5, [0, 2, 4])
    assert [index for index, _ in open_samples(Streamed(), How()).again([0, 2, 4])] == [0, 1, 2]


def test_an_endless_stream_is_refused():
    """An iterable may give a bounded number of samples."""
    samples = datasets.samples_of(Endless(), How(), limit=10)

    with pytest.raises(UsageError) as raised:
        list(samples.blocks())

    assert str(raised.value) == "gives more than 10 samples, and may never end"
    assert raised.value.hint == "give a part of it that ends, such as a list or a Subset"
    assert len(list(datasets.samples_of(range(10), How(), limit=10).blocks())) == 1


@pytest.mark.parametrize(
    ("error", "why"),
    [
        (ValueError("no  such\nindex"), "sample 3: ValueError: no such index"),
        (FileNotFoundError(2, "No such file or directory", "/secret/place"), "sample 3: FileNotFoundError: No such file or directory"),
        (SystemExit(3), "sample 3: SystemExit: 3 (it would have ended the program)"),
        (IndexError(3), "sample 3: IndexError: 3"),
    ],
)  # fmt: skip
def test_a_sample_that_cannot_be_read_is_told_by_its_number(error, why):
    """What a data set's own code raises is told with the number of the sample, and no path of this machine."""
    with pytest.raises(UsageError) as raised:
        digests(Failing(error))

    assert str(raised.value) == why


def test_a_stream_that_breaks_off_is_told():
    """An error in an iterator is told with the number of the sample it should have given."""

    def stream():
        yield 1
        raise ValueError("broken")

    with pytest.raises(UsageError) as raised:
        digests(stream())

    assert str(raised.value) == "sample 1: ValueError: broken"


@pytest.mark.parametrize("value", [3, "text", b"bytes", {"a": 1}, {1, 2}, None])
def test_what_is_no_data_set(value):
    """Values that give no samples are of no source."""
    assert open_samples(value, How()) is None


def test_too_many_samples(monkeypatch):
    """A data set of more samples than a listing holds is refused before it is read."""
    monkeypatch.setattr(datasets, "MAX_SAMPLES", 4)

    with pytest.raises(UsageError) as raised:
        open_samples(Squares(5), How())

    assert str(raised.value) == "holds 5 samples, at most 4 are listed"
