import datetime
import decimal

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components.data import gathering
from reprobundle.components.data.digesting import digest_block, digest_sample
from reprobundle.components.data.gathering import blocks_of
from reprobundle.errors import UsageError

plain = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(-(2**70), 2**70)
    | st.floats()
    | st.text(st.characters(), max_size=4)
    | st.binary(max_size=4)
    | st.decimals(allow_nan=False, allow_infinity=False, places=2)
    | st.datetimes()
    | st.datetimes(timezones=st.just(datetime.timezone.utc))
    | st.dates()
    | st.times()
    | st.timedeltas(datetime.timedelta(-(10**8)), datetime.timedelta(10**8))
    | st.lists(st.integers(-9, 9), max_size=3)
    | st.lists(st.floats(), max_size=3)
    | st.sampled_from(
        [
            np.zeros((2, 2), np.float16),
            np.zeros((2, 3), np.float16),
            np.array([1, 2], ">i4"),
            np.float32("nan"),
            torch.tensor([[1.5]], dtype=torch.bfloat16),
            torch.arange(4)[::2],
            np.datetime64(7, "s"),
        ]
    )
)
nested = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3)
)


def digests(samples):
    return b"".join(map(digest_block, blocks_of(samples)))


def forms(samples):
    """Of each block, its count and the name, dtype and shape of each column."""
    return [(block[0].count, [(c.name, c.dtype, c.shape) for c in block]) for block in blocks_of(samples)]


@given(st.lists(nested, max_size=8))
def test_blocks_have_the_digests_of_their_samples(samples):
    """Whatever the samples are made of, gathered in blocks they keep order and digests."""
    assert digests(samples) == b"".join(map(digest_sample, samples))


def test_samples_of_one_form_are_one_block():
    """Texts, lists and missing values of any length share a block with others of their kind."""
    samples = [
        {"x": None, "ids": [1, 2, 3], "text": "a"},
        {"x": 1.5, "ids": None, "text": "bcd"},
        {"x": 2.5, "ids": [4], "text": None},
    ]

    assert forms(samples) == [(3, [("x", "F64", ()), ("ids", "I64", (-1,)), ("text", "text", ())])]
    assert digests(samples) == b"".join(map(digest_sample, samples))


def test_another_form_begins_a_block():
    """Samples whose leaves, dtypes or shapes part stand in blocks of their own, in their order."""
    samples = [1, 2, 3.0, np.zeros((2, 2)), np.zeros((3, 3)), {"value": 4}, [], None, (1, 2)]
    found = forms(samples)

    assert [count for count, _ in found] == [2, 1, 1, 1, 1, 1, 1, 1]
    assert found[-3:] == [(1, [("value", "empty", ())]), (1, [("value", "null", ())]), (1, [("0", "I64", ()), ("1", "I64", ())])]  # fmt: skip


def test_lists_of_one_length_are_a_fixed_column():
    """A column is ragged only where its lengths differ."""
    assert forms([[1, 2], [3, 4]]) == [(2, [("value", "I64", (2,))])]


@pytest.mark.parametrize("sample", [None, [None], {"a": None, "b": [1]}])
def test_missing_values_alone(monkeypatch, sample):
    """A column without any value is of dtype null, and the form of a block does not outlive it."""
    monkeypatch.setattr(gathering, "BLOCK_SAMPLES", 2)
    samples = [sample, {"a": [2, 3], "b": [1]}, sample, sample, sample]

    assert digests(samples) == b"".join(map(digest_sample, samples))


def test_blocks_are_bounded(monkeypatch):
    """A block ends where it has enough bytes, or enough samples."""
    monkeypatch.setattr(gathering, "BLOCK_BYTES", 5000)
    monkeypatch.setattr(gathering, "BLOCK_SAMPLES", 4)

    assert [count for count, _ in forms([np.zeros(250)] * 7)] == [3, 3, 1]
    assert [count for count, _ in forms(["x" * 3000] * 5)] == [2, 2, 1]
    assert [count for count, _ in forms(range(9))] == [4, 4, 1]


def test_samples_may_share_their_memory():
    """A stream that gives one buffer again and again, filled anew, has the digests of what it gave."""

    def stream():
        buffer = np.zeros(2)
        for number in range(3):
            buffer[:] = number
            yield buffer

    assert digests(stream()) == b"".join(digest_sample(np.full(2, float(number))) for number in range(3))


def test_blocks_come_while_samples_do():
    """No more samples are read than a block needs, so that a stream is never held as a whole."""
    read = []
    stream = (read.append(number) or number for number in range(100_000))
    next(blocks_of(stream))

    assert len(read) == gathering.BLOCK_SAMPLES


@pytest.mark.parametrize(
    ("sample", "why"),
    [
        ({"a": object()}, "sample 1: at 'a': a object is no tensor or plain value"),
        ({1, 2}, "sample 1: at 'value': a set is no tensor or plain value"),
        ({True: 1}, "sample 1: at 'value': key True is no string or integer"),
        ({"a/b": 1, "a": {"b": 2}}, "sample 1: two leaves are both called 'a/b'"),
        (np.zeros(2, np.complex128), "sample 1: at 'value': arrays of dtype complex128 cannot be kept"),
        (np.datetime64(1, "h"), "sample 1: at 'value': dtype datetime64[h] cannot be kept: expected a unit of s, ms, us or ns"),
        (datetime.time(1, tzinfo=datetime.timezone.utc), "sample 1: at 'value': a time of day with a zone is no instant"),
        (datetime.timedelta.max, "sample 1: at 'value': a duration of 999999999 days is beyond 64 bits of microseconds"),
        (torch.zeros(2, device="meta"), "sample 1: a meta tensor holds no plain values"),
    ],
)  # fmt: skip
def test_what_is_no_sample_is_told_with_its_number(sample, why):
    """The number of the sample and the place in it are told."""
    with pytest.raises(UsageError) as raised:
        list(blocks_of([0, sample]))

    assert str(raised.value) == why


def test_samples_nested_too_deeply():
    """A structure that never ends is refused."""
    sample = []
    sample.append(sample)

    with pytest.raises(UsageError) as raised:
        list(blocks_of([sample]))

    assert str(raised.value) == f"sample 0: at '{'/'.join('0' * 17)}': nested deeper than 16 levels"


def test_an_integer_of_any_size_has_its_digits():
    """Python's limit on the digits of an integer as text is none here."""
    assert digest_sample(10**5000) == digest_sample(10**4999 * 10)
    assert next(blocks_of([10**5000]))[0].values.tobytes() == b"1" + b"0" * 5000
    assert digest_sample(decimal.Decimal("-0.00")) != digest_sample(decimal.Decimal("0.00"))
