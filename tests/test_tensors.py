"""safetensors files: written byte for byte as the library does, read as hostile bytes."""

from __future__ import annotations

import json
import math
import os
import random
import struct

import hypothesis.strategies as st
import ml_dtypes
import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings

from reprobundle import tensors
from reprobundle.errors import RefusedInputError
from reprobundle.store import Writer, digest_file
from reprobundle.tensors import (
    TensorBytes,
    TensorPlace,
    dtype_name,
    numpy_dtype,
    of_array,
    places,
    read_arrays,
    read_places,
)

NUMPY = {
    "BOOL": np.bool_,
    "U8": np.uint8,
    "I8": np.int8,
    "F8_E5M2": ml_dtypes.float8_e5m2,
    "F8_E4M3": ml_dtypes.float8_e4m3fn,
    "F8_E8M0": ml_dtypes.float8_e8m0fnu,
    "F8_E4M3FNUZ": ml_dtypes.float8_e4m3fnuz,
    "F8_E5M2FNUZ": ml_dtypes.float8_e5m2fnuz,
    "I16": np.int16,
    "U16": np.uint16,
    "F16": np.float16,
    "BF16": ml_dtypes.bfloat16,
    "I32": np.int32,
    "U32": np.uint32,
    "F32": np.float32,
    "C64": np.complex64,
    "F64": np.float64,
    "I64": np.int64,
    "U64": np.uint64,
}
NAMES = (
    "a",
    "weight",
    "ß/ü",
    "数据",
    "\U0001f600",
    'quote"back\\slash',
    "tab\tnewline\n",
    "\x00\x1b[2J",
    "",
    "..",
    "../../x",
)
SHAPES = ((), (1,), (3,), (0,), (2, 3), (2, 0, 4), (1, 2, 3, 4))


def array_of(dtype: str, shape: tuple[int, ...], seed: int = 0) -> np.ndarray:
    """An array of any bits that its dtype allows."""
    size = tensors.size_of(dtype, shape)
    content = random.Random(f"{dtype}{shape}{seed}").randbytes(size)
    if dtype == "BOOL":
        content = bytes(byte % 2 for byte in content)
    return np.frombuffer(content, NUMPY[dtype]).reshape(shape)


def torch_of(array: np.ndarray):
    """The same bits as a torch tensor."""
    import torch

    dtype = getattr(torch, array.dtype.name)
    content = np.frombuffer(array.tobytes(), np.uint8).copy()
    return (
        torch.from_numpy(content).view(dtype).reshape(array.shape)
        if content.size
        else torch.empty(array.shape, dtype=dtype)
    )


def written(folder, arrays) -> bytes:
    """What our writer makes of some arrays."""
    writer = Writer(folder)
    entry = tensors.write(writer, "ours.safetensors", {name: of_array(array) for name, array in arrays.items()}).entry
    place = folder / "ours.safetensors"

    assert digest_file(place) == (entry.size, entry.xxh3_128)
    return place.read_bytes()


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    """Whether two arrays agree in dtype, shape and every bit."""
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def library_writes(folder, arrays) -> bytes:
    """What the safetensors library makes of the same arrays."""
    from safetensors.torch import save_file

    save_file({name: torch_of(array) for name, array in arrays.items()}, folder / "theirs", metadata={"format": "pt"})
    return (folder / "theirs").read_bytes()


@pytest.mark.parametrize("dtype", NUMPY)
def test_every_dtype_is_written_as_the_library_does(tmp_path, dtype):
    """For every dtype, 0-d and empty shapes too, the file is the library's byte for byte, and read back bit for bit."""
    arrays = {f"t{number}": array_of(dtype, shape) for number, shape in enumerate(SHAPES)}

    assert written(tmp_path, arrays) == library_writes(tmp_path, arrays)
    read = read_arrays(tmp_path / "ours.safetensors")
    assert all(same_bits(read[name], array) for name, array in arrays.items())
    assert set(read) == set(arrays)


def test_mixed_dtypes_and_names_are_written_as_the_library_does(tmp_path):
    """The order of dtypes and names, and the escaping of names, are the library's."""
    arrays = {
        f"{name}{number}": array_of(dtype, SHAPES[number % len(SHAPES)], number)
        for number, dtype in enumerate(NUMPY)
        for name in NAMES
    }

    assert written(tmp_path, arrays) == library_writes(tmp_path, arrays)
    assert set(read_arrays(tmp_path / "ours.safetensors")) == set(arrays)


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_hostile_name_is_data(tmp_path, name):
    """A tensor's name is never a path: any name is written as the library does and read back."""
    arrays = {name: array_of("F32", (2,))}

    assert written(tmp_path, arrays) == library_writes(tmp_path, arrays)
    assert [place.name for place in read_places(tmp_path / "ours.safetensors")] == [name]
    assert [path.name for path in tmp_path.iterdir() if path.name not in {"ours.safetensors", "theirs"}] == []


def test_ten_thousand_tiny_tensors(tmp_path):
    """Ten thousand tensors of mixed dtypes are written as the library does, and read back."""
    dtypes = list(NUMPY)
    arrays = {f"block.{n}.w": array_of(dtypes[n % len(dtypes)], (n % 3,), n) for n in range(10_000)}

    assert written(tmp_path, arrays) == library_writes(tmp_path, arrays)
    read = read_arrays(tmp_path / "ours.safetensors")
    assert len(read) == 10_000
    assert all(same_bits(read[name], array) for name, array in arrays.items())


@pytest.mark.parametrize("shape", [(0,), (2,), (6,), (3, 4), (2, 0, 2), (2, 1, 8)])
def test_four_bit_floats_lie_two_in_a_byte(tmp_path, shape):
    """The file is the library's; numpy, which has a byte for each, gets every value back."""
    import torch
    from safetensors.torch import save_file

    count = math.prod(shape)
    array = np.array([random.Random(count).randrange(16) for _ in range(count)], np.uint8).reshape(shape)
    array = array.view(ml_dtypes.float4_e2m1fn)
    raw = array.view(np.uint8)
    packed = torch.from_numpy((raw[..., 0::2] | raw[..., 1::2] << 4).copy()).view(torch.float4_e2m1fn_x2)
    save_file({"x": packed}, tmp_path / "theirs", metadata={"format": "pt"})

    assert written(tmp_path, {"x": array}) == (tmp_path / "theirs").read_bytes()
    assert same_bits(read_arrays(tmp_path / "ours.safetensors")["x"], array)
    (place,) = read_places(tmp_path / "ours.safetensors")
    assert (place.dtype, place.shape, place.stop - place.start) == ("F4", shape, count // 2)


@pytest.mark.parametrize("shape", [(), (3,), (2, 3)])
def test_an_odd_number_of_four_bit_floats_has_no_form(shape):
    """A tensor that ends within a byte is refused."""
    with pytest.raises(TypeError) as caught:
        list(of_array(np.zeros(shape, ml_dtypes.float4_e2m1fn)).pieces())

    assert str(caught.value) == f"an odd number of 4-bit floats cannot be stored in safetensors: shape {shape}"


def test_every_tensor_is_digested_as_it_is_written(tmp_path):
    """The digests that come of writing are the canonical ones, under every name a tensor has."""
    from reprobundle.worker import tensor_bytes

    arrays = {f"t.{dtype}": array_of(dtype, (3, 5)) for dtype in NUMPY}
    given_ = {name: of_array(array) for name, array in arrays.items()}
    told: list[int] = []
    made = tensors.write(Writer(tmp_path), "x", given_, aliases={"again": "t.F32"}, told=told.append)
    expected = {name: tensor_bytes.digest(name, torch_of(array)) for name, array in arrays.items()}

    assert made.digests == {**expected, "again": tensor_bytes.digest("again", torch_of(arrays["t.F32"]))}
    assert sum(told) == sum(array.nbytes for array in arrays.values())
    assert tensors.file_size(given_) == made.entry.size


def test_no_tensor_at_all(tmp_path):
    """A file without tensors is written as the library does and read as empty."""
    assert written(tmp_path, {}) == library_writes(tmp_path, {})
    assert read_places(tmp_path / "ours.safetensors") == ()


@pytest.mark.parametrize(
    "array",
    [
        np.arange(12, dtype=">f4").reshape(3, 4),
        np.asfortranarray(np.arange(12, dtype=np.float32).reshape(3, 4)),
        np.arange(24, dtype=np.int64)[::2],
        np.arange(24, dtype=np.int16).reshape(4, 6).T,
        np.broadcast_to(np.float64(2.5), (2, 3)),
        np.array(7, dtype=">i8"),
    ],
    ids=["big-endian", "fortran", "strided", "transposed", "broadcast", "0-d"],
)
def test_other_layouts_are_written_as_plain(tmp_path, array):
    """Byte order and strides do not matter: the file holds C order, little-endian."""
    written(tmp_path, {"x": array})
    read = read_arrays(tmp_path / "ours.safetensors")["x"]

    assert read.shape == array.shape
    assert (read == array).all()
    assert read.dtype == array.dtype.newbyteorder("<")


def test_content_is_made_when_its_turn_comes(tmp_path):
    """No more than one tensor's bytes are asked for at a time, in the order of the file."""
    asked: list[str] = []

    def lazy(name):
        def content():
            asked.append(name)
            return [memoryview(bytes(4))]

        return content

    given_ = {name: TensorBytes("F32", (1,), lazy(name)) for name in ("c", "a", "b")}
    tensors.write(Writer(tmp_path), "x.safetensors", given_)

    assert asked == ["a", "b", "c"]


def test_tensor_with_other_bytes_than_its_shape_is_refused(tmp_path):
    """A tensor that gives fewer bytes than its shape needs makes no file."""
    liar = TensorBytes("F32", (3,), lambda: [memoryview(bytes(8))])
    with pytest.raises(RefusedInputError) as caught:
        tensors.write(Writer(tmp_path), "x.safetensors", {"a": liar})

    assert str(caught.value).startswith("x.safetensors: changed while it was written: expected ")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("dtype", NUMPY)
def test_dtype_names_go_both_ways(dtype):
    """safetensors' name of a dtype leads to numpy's and back, in either byte order."""
    assert dtype_name(numpy_dtype(dtype)) == dtype
    assert dtype_name(np.dtype(NUMPY[dtype]).newbyteorder(">")) == dtype
    assert numpy_dtype(dtype).itemsize == max(tensors.size_of(dtype, (2,)) // 2, 1)


@pytest.mark.parametrize("dtype", ["U5", "O", "M8[s]", "V3", "c16", "S3"])
def test_dtype_that_safetensors_cannot_hold(dtype):
    """Texts, objects, dates, structures and wide complex numbers have no name."""
    with pytest.raises(KeyError):
        dtype_name(np.dtype(dtype))


def raw(header: object, payload: bytes = b"", *, length: int | None = None) -> bytes:
    """A file made by hand."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return struct.pack("<Q", len(text) if length is None else length) + text + payload


def one(**changes: object) -> dict[str, object]:
    """A header of one tensor of two floats, with changes."""
    return {"a": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8], **changes}}


def two(first: tuple[int, int], second: tuple[int, int]) -> dict[str, object]:
    """A header of two byte tensors at the places given."""
    places = {"a": first, "b": second}
    return {
        name: {"dtype": "U8", "shape": [max(stop - start, 0)], "data_offsets": [start, stop]}
        for name, (start, stop) in places.items()
    }


NATURAL = "x: tensor 'a': shape or data_offsets is not a list of natural numbers"
FIELDS = "x: tensor 'a': expected dtype, shape and data_offsets"
TWICE = b'{"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]},"a":{"dtype":"U8","shape":[1],"data_offsets":[0,1]}}'
LIES = {
    "half a byte": (
        raw({"a": {"dtype": "F4", "shape": [3], "data_offsets": [0, 1]}}, b"x"),
        "x: tensor 'a': 1 bytes do not hold shape [3] of F4",
    ),
    "empty file": (b"", "x: is truncated: 0 bytes cannot hold its header"),
    "seven bytes": (b"\0" * 7, "x: is truncated: 7 bytes cannot hold its header"),
    "header of nothing": (struct.pack("<Q", 0), "x: is not a safetensors file"),
    "header beyond the file": (raw(b"{}", length=3), "x: is truncated: 10 bytes cannot hold its header"),
    "header of 2^63": (raw(b"{}", length=2**63), "x: is truncated: 10 bytes cannot hold its header"),
    "header of 2^64-1": (raw(b"{}", length=2**64 - 1), "x: is truncated: 10 bytes cannot hold its header"),
    "header too large": (raw(b"{" + b" " * 2**25), "x: header of 33554433 bytes, at most 33554432"),
    "a zip archive": (b"PK\3\4" + bytes(4) + b"{}", "x: is truncated: 10 bytes cannot hold its header"),
    "a pickle": (raw(b"\x80\x04K\x01."), "x: is not a safetensors file"),
    "a list": (raw([]), "x: is not a safetensors file"),
    "blanks first": (raw(b" {}"), "x: is not a safetensors file"),
    "not json": (raw(b"{a}"), "x (header): is not strict JSON: "),
    "not utf-8": (raw(b'{"\xff": 1}'), "x (header): is not strict JSON: "),
    "two documents": (raw(b"{}{}"), "x (header): is not strict JSON: "),
    "deep": (raw(b'{"a":' * 70), "x (header): is nested deeper than 64 levels"),
    "duplicate names": (raw(TWICE, b"\0"), "x (header): the key 'a' stands twice in one object"),
    "half a character": (raw(rb'{"\ud800": {}}'), "x (header): is not strict JSON: "),
    "metadata is a number": (raw({"__metadata__": 1}), "x: __metadata__ is not an object of texts"),
    "metadata is null": (raw({"__metadata__": None}), "x: __metadata__ is not an object of texts"),
    "metadata holds a number": (raw({"__metadata__": {"a": 1}}), "x: __metadata__ is not an object of texts"),
    "tensor is a list": (raw({"a": []}), FIELDS),
    "tensor is null": (raw({"a": None}), FIELDS),
    "field missing": (raw({"a": {"dtype": "F32", "shape": [2]}}, bytes(8)), FIELDS),
    "field too many": (raw(one(more=1), bytes(8)), FIELDS),
    "unknown dtype": (raw(one(dtype="F128"), bytes(8)), "x: tensor 'a': unknown dtype 'F128'"),
    "dtype in lower case": (raw(one(dtype="f32"), bytes(8)), "x: tensor 'a': unknown dtype 'f32'"),
    "dtype is a list": (raw(one(dtype=[]), bytes(8)), "x: tensor 'a': unknown dtype []"),
    "dtype is null": (raw(one(dtype=None), bytes(8)), "x: tensor 'a': unknown dtype None"),
    "shape is a number": (raw(one(shape=2), bytes(8)), NATURAL),
    "negative extent": (raw(one(shape=[-2]), bytes(8)), NATURAL),
    "two negative extents": (raw(one(shape=[-1, -2]), bytes(8)), NATURAL),
    "fractional extent": (raw(one(shape=[2.0]), bytes(8)), NATURAL),
    "true as extent": (raw(one(shape=[True, 2]), bytes(8)), NATURAL),
    "text as extent": (raw(one(shape=["2"]), bytes(8)), NATURAL),
    "extent of 2^63": (raw(one(shape=[2**63]), bytes(8)), NATURAL),
    "rank of 33": (raw(one(shape=[2] + [1] * 32), bytes(8)), NATURAL),
    "one offset": (raw(one(data_offsets=[0]), bytes(8)), NATURAL),
    "three offsets": (raw(one(data_offsets=[0, 8, 8]), bytes(8)), NATURAL),
    "negative offset": (raw(one(data_offsets=[-8, 0]), bytes(8)), NATURAL),
    "offsets as texts": (raw(one(data_offsets=["0", "8"]), bytes(8)), NATURAL),
    "backwards": (raw(one(data_offsets=[8, 0]), bytes(8)), "x: tensor 'a': -8 bytes do not hold shape [2] of F32"),
    "too few bytes": (raw(one(data_offsets=[0, 7]), bytes(7)), "x: tensor 'a': 7 bytes do not hold shape [2] of F32"),
    "too many bytes": (raw(one(data_offsets=[0, 9]), bytes(9)), "x: tensor 'a': 9 bytes do not hold shape [2] of F32"),
    "product overflows": (
        raw(one(shape=[2**32, 2**32, 0], data_offsets=[0, 0])),
        "x: tensor 'a': shape [4294967296, 4294967296, 0] is beyond what a machine can address",
    ),
    "product wraps to the size": (
        raw(one(shape=[2**32, 2**30], data_offsets=[0, 0])),
        "x: tensor 'a': shape [4294967296, 1073741824] is beyond what a machine can address",
    ),
    "starts late": (raw(one(data_offsets=[1, 9]), bytes(9)), "x: tensor 'a' overlaps another or leaves a hole"),
    "overlap": (raw(two((0, 4), (2, 6)), bytes(6)), "x: tensor 'b' overlaps another or leaves a hole"),
    "same place": (raw(two((0, 4), (0, 4)), bytes(4)), "x: tensor 'b' overlaps another or leaves a hole"),
    "hole": (raw(two((0, 4), (5, 6)), bytes(6)), "x: tensor 'b' overlaps another or leaves a hole"),
    "empty tensor in a hole": (raw(two((0, 4), (5, 5)), bytes(5)), "x: tensor 'b' overlaps another or leaves a hole"),
    "truncated": (raw(one(), bytes(7)), "x: the tensors need 8 bytes, the file holds 7"),
    "one byte more": (raw(one(), bytes(9)), "x: the tensors need 8 bytes, the file holds 9"),
    "an archive behind": (raw(one(), bytes(8) + b"PK\3\4"), "x: the tensors need 8 bytes, the file holds 12"),
    "payload without tensors": (raw({}, bytes(8)), "x: the tensors need 0 bytes, the file holds 8"),
    "long name": (
        raw({"n" * 1025: {"dtype": "U8", "shape": [0], "data_offsets": [0, 0]}}),
        f"x: tensor '{'n' * 200}': name longer than 1024 bytes",
    ),
    "name of escapes": (raw({"\x1b]8;;": 1}), "x: tensor '\\x1b]8;;': expected dtype, shape and data_offsets"),
}


@pytest.mark.parametrize(("content", "message"), LIES.values(), ids=LIES)
def test_lying_header_is_refused(tmp_path, content, message):
    """Every lie of a header is refused by our own check, before any library sees the file."""
    (tmp_path / "x").write_bytes(content)
    for read in (read_places, read_arrays):
        with pytest.raises(RefusedInputError) as caught:
            read(tmp_path / "x")

        assert str(caught.value).startswith(message)


def nothing(name: str = "a", **changes: object) -> dict[str, object]:
    """A header of one tensor without elements."""
    return {name: {"dtype": "F32", "shape": [0], "data_offsets": [0, 0], **changes}}


EDGES = {
    "longest name": nothing("n" * 1024),
    "longest name in bytes": nothing("é" * 512),
    "highest rank": nothing(shape=[0] + [1] * 31),
    "largest extents": nothing(shape=[2**31, 2**29, 0]),
    "largest extent": nothing(dtype="U8", shape=[2**62, 0]),
}


@pytest.mark.parametrize("header", EDGES.values(), ids=EDGES)
def test_edge_of_a_limit_is_read(tmp_path, header):
    """What just keeps a limit is read, by our check and by the library."""
    from safetensors.numpy import load_file

    (tmp_path / "x").write_bytes(raw(header))
    ours, theirs = read_arrays(tmp_path / "x"), load_file(tmp_path / "x")

    assert {name: array.shape for name, array in ours.items()} == {name: array.shape for name, array in theirs.items()}
    assert set(ours) == set(header)


def test_extents_of_two_to_the_63_bytes_are_refused(tmp_path):
    """One step beyond the largest extents is refused, although there is no element."""
    (tmp_path / "x").write_bytes(raw(nothing(shape=[2**31, 2**30, 0])))
    with pytest.raises(RefusedInputError) as caught:
        read_arrays(tmp_path / "x")

    assert str(caught.value) == "x: tensor 'a': shape [2147483648, 1073741824, 0] is beyond what a machine can address"


def test_largest_header_is_read(tmp_path, monkeypatch):
    """A header of exactly the limit is read, one byte more is refused."""
    content = raw(one(), bytes(8))
    (tmp_path / "x").write_bytes(content)
    monkeypatch.setattr(places, "MAX_HEADER_BYTES", len(content) - 16)
    assert len(read_places(tmp_path / "x")) == 1
    monkeypatch.setattr(places, "MAX_HEADER_BYTES", len(content) - 17)
    with pytest.raises(RefusedInputError):
        read_places(tmp_path / "x")


def test_every_truncation_is_refused(tmp_path):
    """A file cut anywhere is refused."""
    whole = written(tmp_path, {"a": array_of("F32", (2,)), "b": array_of("U8", (3,))})
    for length in range(len(whole)):
        (tmp_path / "cut").write_bytes(whole[:length])
        with pytest.raises(RefusedInputError):
            read_places(tmp_path / "cut")


def test_too_many_tensors_are_refused(tmp_path, monkeypatch):
    """The number of tensors has a limit."""
    written(tmp_path, {name: array_of("U8", (1,)) for name in "abc"})
    monkeypatch.setattr(places, "MAX_TENSORS", 3)
    assert len(read_places(tmp_path / "ours.safetensors")) == 3
    monkeypatch.setattr(places, "MAX_TENSORS", 2)
    with pytest.raises(RefusedInputError) as caught:
        read_places(tmp_path / "ours.safetensors")

    assert str(caught.value) == "ours.safetensors: holds more than 2 tensors"


@pytest.mark.parametrize("byte", [2, 255])
def test_boolean_of_another_byte_is_refused(tmp_path, byte):
    """A Boolean that is neither 0 nor 1, of which numpy contradicts itself, is refused."""
    header = {"a": {"dtype": "BOOL", "shape": [3], "data_offsets": [0, 3]}}
    (tmp_path / "x").write_bytes(raw(header, bytes([1, byte, 0])))
    with pytest.raises(RefusedInputError) as caught:
        read_arrays(tmp_path / "x")

    assert str(caught.value) == "x: tensor 'a': a Boolean is neither 0 nor 1"


@pytest.mark.timeout(10)
@pytest.mark.parametrize("kind", ["link", "endless link", "pipe", "folder"])
def test_only_regular_files_are_read(tmp_path, kind):
    """A link, a pipe or a folder in place of a file is refused before a byte is read."""
    place = tmp_path / "x"
    if kind == "pipe":
        os.mkfifo(place)
    elif kind == "folder":
        place.mkdir()
    else:
        written(tmp_path, {})
        place.symlink_to("/dev/zero" if kind == "endless link" else "ours.safetensors")
    for read in (read_places, read_arrays):
        with pytest.raises(RefusedInputError) as caught:
            read(place)

        assert str(caught.value).startswith("x: is ")


def test_places_are_counted_from_the_start_of_the_file(tmp_path):
    """A place gives name, dtype, shape and the bytes' position in the file."""
    content = raw({**one(), "__metadata__": {"k": "v"}}, struct.pack("<2f", 1.5, -2.0))
    (tmp_path / "x").write_bytes(content)
    (place,) = read_places(tmp_path / "x")

    assert place == TensorPlace("a", "F32", (2,), len(content) - 8, len(content))
    assert read_arrays(tmp_path / "x")["a"].tolist() == [1.5, -2.0]


def test_unaligned_file_is_read(tmp_path):
    """A file of another writer, its bytes not aligned, is read all the same."""
    (tmp_path / "x").write_bytes(raw(json.dumps(one()).encode() + b" ", struct.pack("<2f", 1.5, -2.0)))

    assert read_arrays(tmp_path / "x")["a"].tolist() == [1.5, -2.0]


extents = st.lists(st.integers(0, 4) | st.sampled_from([2**31, 2**62]), max_size=4)


@st.composite
def headers(draw):
    """Headers that are nearly always honest, with a payload."""
    header: dict[str, object] = {}
    offset = 0
    for name in draw(st.lists(st.text(max_size=4), unique=True, max_size=4)):
        dtype = draw(st.sampled_from(list(NUMPY)))
        shape = draw(extents)
        size = tensors.size_of(dtype, shape) + draw(st.sampled_from([0] * 30 + [1, -1]))
        start = offset + draw(st.sampled_from([0] * 30 + [1, -1]))
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [start, start + size]}
        offset = start + size
    if draw(st.booleans()):
        header["__metadata__"] = draw(
            st.dictionaries(st.text(max_size=3), st.text(max_size=3) | st.integers(), max_size=2)
        )
    payload = bytes(min(max(offset, 0), 10_000))
    blanks = draw(st.sampled_from([b"", b" ", b"       "]))
    return raw(json.dumps(header, ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass") + blanks, payload)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=400)
@given(content=headers())
@example(content=raw(one(), bytes(8)))
@example(content=raw({}))
def test_accepted_header_means_the_same_to_the_library(tmp_path, content):
    """What our check accepts the library accepts, with the same names, dtypes and shapes."""
    from safetensors import deserialize

    (tmp_path / "x").write_bytes(content)
    try:
        places = read_places(tmp_path / "x")
    except RefusedInputError:
        return
    theirs = {
        name: (found["dtype"], tuple(found["shape"]), bytes(found["data"])) for name, found in deserialize(content)
    }

    assert {place.name: (place.dtype, place.shape, content[place.start : place.stop]) for place in places} == theirs


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=300)
@given(position=st.integers(0, 10_000), value=st.integers(0, 255))
def test_changed_byte_never_crashes_the_reader(tmp_path, position, value):
    """A file with any byte changed is read or refused, nothing else."""
    whole = bytearray(written_once(tmp_path))
    whole[position % len(whole)] = value
    (tmp_path / "x").write_bytes(whole)
    try:
        read_arrays(tmp_path / "x")
    except RefusedInputError as error:
        assert str(error).startswith("x")


def written_once(folder) -> bytes:
    """A small file, made at the first call."""
    place = folder / "ours.safetensors"
    if not place.exists():
        written(folder, {"a": array_of("F32", (2, 2)), "b": array_of("BOOL", (3,)), "c": array_of("BF16", ())})
    return place.read_bytes()
