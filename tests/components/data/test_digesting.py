import collections
import dataclasses
import datetime
import decimal
import itertools
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch
import xxhash
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as numpy_strategies

from reprobundle.components.data import digesting
from reprobundle.components.data.blocks import Column
from reprobundle.components.data.digesting import digest_block, digest_of_sorted, digest_sample, rows_of
from reprobundle.tensors import numpy_dtype

NANS = {"F16": "007e", "BF16": "c07f", "F32": "0000c07f", "F64": "000000000000f87f"}
TENSORS = ["BOOL", "U8", "I8", "I16", "U16", "F16", "BF16", "I32", "U32", "F32", "F64", "I64", "U64", "C64", "F8_E4M3"]
TIMES = ["timestamp[ns]", "timestamp[us, UTC]", "duration[ms]", "time[us]", "date[day]"]


def digest_of(*leaves):
    """The documented digest, from pairs of a head's JSON text and a content."""
    return xxhash.xxh3_128_digest(b"".join(head.encode() + b"\n" + content for head, content in leaves))


def test_the_sample_digest_is_the_documented_one():
    """A sample's digest is XXH3-128 over the heads and contents of its leaves in the order of the structure."""
    sample = {"image": np.arange(6, dtype=np.float32).reshape(2, 3), "label": 7, "note": "né"}
    image = sample["image"].tobytes()

    assert digest_sample(sample) == digest_of(
        ('["image","F32",[2,3]]', image),
        ('["label","I64",[]]', (7).to_bytes(8, "little")),
        ('["note","text",[3]]', "né".encode()),
    )


@pytest.mark.parametrize(
    ("value", "head", "content"),
    [
        (True, '["value","BOOL",[]]', b"\x01"),
        (-2, '["value","I64",[]]', b"\xfe" + b"\xff" * 7),
        (2**64, '["value","integer",[20]]', b"18446744073709551616"),
        (-(2**63) - 1, '["value","integer",[20]]', b"-9223372036854775809"),
        (-0.0, '["value","F64",[]]', b"\0" * 7 + b"\x80"),
        (b"\0a", '["value","binary",[2]]', b"\0a"),
        ("\ud800", '["value","text",[3]]', b"\xed\xa0\x80"),
        ("", '["value","text",[0]]', b""),
        (decimal.Decimal("1.50"), '["value","decimal",[4]]', b"1.50"),
        (decimal.Decimal("1E+3"), '["value","decimal",[4]]', b"1000"),
        (None, '["value","null",[]]', b""),
        ({}, '["value","empty",[]]', b""),
        ([1, 2], '["value","I64",[2]]', b"\1" + b"\0" * 7 + b"\2" + b"\0" * 7),
        ([0.5], '["value","F64",[1]]', b"\0" * 6 + b"\xe0\x3f"),
        (
            datetime.datetime.fromisoformat("1970-01-01T00:00:01"),
            '["value","timestamp[us]",[]]',
            (10**6).to_bytes(8, "little"),
        ),
        (
            datetime.datetime(1970, 1, 1, 2, tzinfo=datetime.timezone(datetime.timedelta(hours=2))),
            '["value","timestamp[us, UTC]",[]]',
            b"\0" * 8,
        ),
        (datetime.date(1969, 12, 31), '["value","date[day]",[]]', b"\xff" * 8),
        (datetime.timedelta(microseconds=1), '["value","duration[us]",[]]', b"\1" + b"\0" * 7),
        (datetime.time(0, 0, 1), '["value","time[us]",[]]', (10**6).to_bytes(8, "little")),
        (np.datetime64(5, "ns"), '["value","timestamp[ns]",[]]', b"\5" + b"\0" * 7),
        (np.timedelta64(5, "s"), '["value","duration[s]",[]]', b"\5" + b"\0" * 7),
        (np.datetime64("NaT"), '["value","null",[]]', b""),
    ],
)
def test_a_plain_value_is_a_leaf_with_its_name(value, head, content):
    """Each plain value has the dtype, shape and bytes that docs/format.md gives it."""
    assert digest_sample(value) == digest_of((head, content))


Point = collections.namedtuple("Point", ["x", "y"])


@dataclasses.dataclass
class Line:
    start: Point
    end: list


class Numbers(list):
    pass


class Picture:
    """What a library of pictures gives: memory that numpy can look at."""

    def __init__(self):
        self.pixels = np.zeros((2, 2, 3), np.uint8)
        self.__array_interface__ = self.pixels.__array_interface__


@pytest.mark.parametrize(
    ("value", "names"),
    [
        ((1, 2), ["0", "1"]),
        ([1, 2.0], ["0", "1"]),
        ([True, False], ["0", "1"]),
        ({"a": {"b": 1, 3: 2}}, ["a/b", "a/3"]),
        ([[1], "x"], ["0", "1"]),
        ({"a": (), "b": []}, ["a", "b"]),
        (np.array([(1, 2)], [("x", int), ("y", int)])[0], ["x", "y"]),
        (np.array(["a", "b"]), ["0", "1"]),
        (np.array({"a": 1}, object), ["a"]),
        (Point(1, "x"), ["x", "y"]),
        (Line(Point(1, "x"), []), ["start/x", "start/y", "end"]),
        (Numbers([1, 2]), ["value"]),
        (Picture(), ["value"]),
    ],
)
def test_the_leaves_of_containers(value, names):
    """A container's leaves are named by their path in it; an empty one is a leaf itself."""
    assert [cell.name for cell in digesting.cells_of(value)] == names


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (np.zeros((2, 3)), np.zeros((3, 2))),
        (np.zeros(2, np.float32), np.zeros(1, np.float64)),
        (np.array(0.0), np.array(-0.0)),
        (1, True),
        (1, 1.0),
        ("1", 1),
        ("1", b"1"),
        (None, "null"),
        (None, float("nan")),
        ((1, 2), (2, 1)),
        ((1, 2), [1, 2]),
        ({"a": 1}, {"b": 1}),
        ((), None),
        (decimal.Decimal("1.5"), decimal.Decimal("1.50")),
        (np.datetime64(1, "ms"), np.datetime64(1000, "us")),
        (("ab", "c"), ("a", "bc")),
    ],
)
def test_samples_that_only_look_alike_have_other_digests(one, other):
    """Name, shape, dtype, unit, sign of zero, type and order of values are part of a sample's digest."""
    assert digest_sample(one) != digest_sample(other)


def test_numpy_torch_and_python_give_one_digest():
    """The library a value came from, its memory layout and its byte order are not part of the digest."""
    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    alike = [
        torch.from_numpy(array),
        np.asfortranarray(array),
        array.astype(">f4"),
        torch.from_numpy(array).T.clone().T,
    ]

    assert {digest_sample(value) for value in alike} == {digest_sample(array)}
    assert digest_sample((array, 7)) == digest_sample((array, np.int64(7))) == digest_sample((array, torch.tensor(7)))


def test_bfloat16_has_a_digest():
    """A dtype that numpy lacks is digested by its own name and bits."""
    value = torch.tensor([1.0, -2.0], dtype=torch.bfloat16)

    assert digest_sample(value) == digest_of(('["value","BF16",[2]]', b"\x80\x3f\x00\xc0"))


@pytest.mark.parametrize("dtype", NANS)
def test_every_nan_counts_as_the_quiet_one(dtype):
    """Sign and payload of a NaN are no part of the digest; infinity is not touched."""
    bits = np.dtype(f"<u{numpy_dtype(dtype).itemsize}")
    quiet = np.frombuffer(bytes.fromhex(NANS[dtype]), bits)[0]
    top = np.array(1, bits) << np.array(bits.itemsize * 8 - 1, bits)
    odd = np.array([quiet, quiet | top, quiet + 1], bits).view(numpy_dtype(dtype))
    infinite = np.array([np.inf], numpy_dtype(dtype))

    assert digest_sample(odd) == digest_of((f'["value","{dtype}",[3]]', bytes.fromhex(NANS[dtype]) * 3))
    assert digest_sample(infinite) == digest_of((f'["value","{dtype}",[1]]', infinite.tobytes()))


def test_halves_of_complex_numbers_have_one_nan_each():
    """A NaN in one half of a complex number is made quiet, the other half kept."""
    value = np.array([np.nan, -0.0], np.float32)
    value.view(np.uint32)[0] = 0xFFC00001
    expected = bytes.fromhex("0000c07f") + b"\0\0\0\x80"

    assert digest_sample(value.view(np.complex64)) == digest_of(('["value","C64",[1]]', expected))


@st.composite
def columns(draw, count):
    """A column of any dtype, fixed or ragged, perhaps with missing cells, and the documented bytes of each cell."""
    name = draw(st.text(max_size=3))
    dtype = draw(st.sampled_from([*TENSORS, *TIMES, "text", "binary", "integer", "decimal", "null", "empty"]))
    missing = draw(st.none() | st.lists(st.booleans(), min_size=count, max_size=count).map(np.array))
    if dtype in {"null", "empty"}:
        return Column(name=name, dtype=dtype, values=np.zeros(count, np.uint8)), [([], b"")] * count
    kind = numpy_dtype(dtype) if dtype in TENSORS else np.dtype("<i8" if dtype in TIMES else "u1")
    random = np.random.default_rng(draw(st.integers(0, 2**32)))

    def numbers(*shape):
        found = np.frombuffer(random.bytes(int(np.prod(shape)) * kind.itemsize), kind).reshape(shape)
        return found if dtype != "BOOL" else (found.view(np.uint8) % 2).astype(bool)

    if dtype in {*TENSORS, *TIMES} and draw(st.booleans()):
        shape = draw(numpy_strategies.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=4))
        values = numbers(count, *shape)
        cells = [(list(shape), plain(values[row : row + 1], dtype)) for row in range(count)]
        order = draw(st.sampled_from(["as it is", "strided", "other bytes"]))
        if order == "strided":
            values = np.repeat(values, 2, axis=0)[::2]
        if order == "other bytes" and kind.isbuiltin == 1:
            values = values.astype(kind.newbyteorder(">"))
        return Column(name=name, dtype=dtype, values=values, missing=missing), cells
    lengths = draw(st.lists(st.integers(0, 5), min_size=count, max_size=count))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    values = numbers(int(offsets[-1]))
    cells = [([end - start], plain(values[start:end], dtype)) for start, end in itertools.pairwise(offsets)]
    return Column(name=name, dtype=dtype, values=values, offsets=offsets, missing=missing), cells


def plain(values, dtype):
    """The documented content of some values, number by number."""
    if dtype == "C64":
        return plain(values.reshape(-1).view("<f4"), "F32")
    return b"".join(
        bytes.fromhex(NANS[dtype]) if dtype in NANS and value != value else value.tobytes()
        for value in values.reshape(-1)
    )


@given(st.data(), st.integers(1, 12), st.integers(1, 4))
def test_a_block_has_the_documented_digests(drawn, count, width):
    """The digests of a block are the documented ones of its rows: all dtypes, ragged, missing, any memory layout."""
    found = [drawn.draw(columns(count)) for _ in range(width)]
    expected = []
    for row in range(count):
        state = xxhash.xxh3_128()
        for column, cells in found:
            shape, content = cells[row]
            dtype = column.dtype
            if column.missing is not None and column.missing[row]:
                shape, content, dtype = [], b"", "null"
            head = json.dumps([column.name, dtype, list(map(int, shape))], separators=(",", ":"), ensure_ascii=False)
            state.update(head.encode("utf-8", "surrogatepass") + b"\n" + content)
        expected.append(state.digest())

    assert digest_block(tuple(column for column, _ in found)) == b"".join(expected)


def test_how_a_split_is_cut_into_blocks_changes_nothing(monkeypatch):
    """Digests of runs of rows, one after another, are those of the whole, also where the buffer holds a few rows only."""
    texts = ["a" * (row % 7) for row in range(50)]
    offsets = np.concatenate([[0], np.cumsum([len(text) for text in texts])])
    block = (
        Column(name="x", dtype="F32", values=np.arange(100, dtype=np.float32).reshape(50, 2)),
        Column(name="t", dtype="text", values=np.frombuffer("".join(texts).encode(), np.uint8), offsets=offsets),
    )
    whole = digest_block(block)
    cuts = [tuple(rows_of(column, start, stop) for column in block) for start, stop in [(0, 1), (1, 33), (33, 50)]]
    monkeypatch.setattr(digesting, "BUFFER_BYTES", 300)

    assert b"".join(map(digest_block, cuts)) == digest_block(block) == whole


def test_rows_larger_than_a_buffer_are_digested_right():
    """A sample may be larger than the buffer."""
    array = np.arange(3 * 1_100_000, dtype=np.float32).reshape(3, -1)

    assert digest_block((Column(name="value", dtype="F32", values=array),)) == b"".join(map(digest_sample, array))


def test_values_of_a_missing_cell_say_nothing():
    """What stands in the memory of a missing cell is no part of the digest."""
    missing = np.array([False, True])
    blocks = [
        (Column(name="x", dtype="I64", values=np.array([1, value]), missing=missing),) for value in (0, 5)
    ]  # fmt: skip

    assert digest_block(blocks[0]) == digest_block(blocks[1]) == digest_sample({"x": 1}) + digest_sample({"x": None})


@given(
    st.lists(st.sampled_from([b"\0" * 16, b"\0" * 8 + b"\1" * 8, b"\1" * 16, b"\0" * 8 + b"\xff" * 8, b"\xff" * 16]))
)
def test_sorted_digests_have_one_digest(digests):
    """The unordered digest is over the digests in the order of their bytes, also where half of the bytes agree."""
    expected = xxhash.xxh3_128_hexdigest(b"".join(sorted(digests)))

    assert digest_of_sorted(b"".join(digests)) == expected


def test_the_examples_of_the_format_are_right():
    """Every digest that docs/format.md gives for a sample is the one of that sample, and its example runs."""
    page = (Path(__file__).parents[3] / "docs" / "format.md").read_text("utf-8")
    section = page.partition("## Samples of a data split")[2].partition("\n## ")[0]
    (example,) = re.findall(r"```python\n(.*?)```", section, re.DOTALL)
    told = re.findall(r"^\| `(.*)` \| `([0-9a-f]{32})` \|$", section, re.MULTILINE)
    exec(example, {})

    assert len(told) == 11
    assert {sample: digest_sample(eval(sample)).hex() for sample, _ in told} == dict(told)
    assert digest_sample({"age": 41, "name": "Zoë", "height": None}).hex() in example
