"""safetensors files: read as hostile bytes, and written in one pass.

The header is checked here in full, before any library sees the file: lengths, overlaps, holes, duplicates, dtypes.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, BinaryIO

import pydantic

from reprobundle.errors import RefusedInputError
from reprobundle.records import strict_json
from reprobundle.store.digests import open_regular

if TYPE_CHECKING:
    import numpy as np

    from reprobundle.store import FileEntry, Writer

MAX_HEADER_BYTES = 32 * 2**20
MAX_TENSORS = 100_000
MAX_NAME_BYTES = 1024
MAX_RANK = 32
ALIGNMENT = 8


def _known(dtype: str) -> str:
    if dtype not in WIDTHS:
        message = f"unknown dtype {dtype!r:.50}"
        raise ValueError(message)
    return dtype


WIDTHS: Mapping[str, int] = {  # bytes an element, by safetensors' name of the dtype
    "BOOL": 1, "U8": 1, "I8": 1, "F8_E5M2": 1, "F8_E4M3": 1,
    "I16": 2, "U16": 2, "F16": 2, "BF16": 2,
    "I32": 4, "U32": 4, "F32": 4,
    "C64": 8, "F64": 8, "I64": 8, "U64": 8,
}  # fmt: skip
DtypeName = Annotated[str, pydantic.AfterValidator(_known), pydantic.Field(description="dtype as safetensors names it")]
_RANKS = {dtype: rank for rank, dtype in enumerate(WIDTHS)}  # the library lays wide dtypes first, in this order
_NUMPY = {
    "BOOL": "bool", "U8": "uint8", "I8": "int8", "I16": "int16", "U16": "uint16", "F16": "float16", "I32": "int32",
    "U32": "uint32", "F32": "float32", "C64": "complex64", "F64": "float64", "I64": "int64", "U64": "uint64",
}  # fmt: skip
_ML_DTYPES = {"BF16": "bfloat16", "F8_E5M2": "float8_e5m2", "F8_E4M3": "float8_e4m3fn"}


@dataclass(frozen=True)
class TensorPlace:
    """Where one tensor lies in a safetensors file.

    Attributes:
        name: Its name.
        dtype: safetensors' name of its dtype, e.g. ``F32``.
        shape: Its shape.
        start: First byte, counted from the start of the file.
        stop: One past its last byte.
    """

    name: str
    dtype: str
    shape: tuple[int, ...]
    start: int
    stop: int


@dataclass(frozen=True)
class TensorBytes:
    """A tensor to be written.

    Attributes:
        dtype: safetensors' name of its dtype.
        shape: Its shape.
        content: Gives its bytes, C-contiguous and little-endian, when it is its turn to be written.
    """

    dtype: str
    shape: tuple[int, ...]
    content: Callable[[], memoryview]

    @property
    def size(self) -> int:
        """Bytes."""
        return math.prod(self.shape) * WIDTHS[self.dtype]


def write(writer: Writer, path: str, tensors: Mapping[str, TensorBytes]) -> FileEntry:
    """Write a safetensors file, byte for byte as the safetensors library would, and digest it in the same pass."""
    names = sorted(tensors, key=lambda name: (-_RANKS[tensors[name].dtype], name))
    header = _header(names, tensors)
    size = len(header) + sum(tensor.size for tensor in tensors.values())
    chunks = (tensors[name].content() for name in names)
    return writer.stream(path, _chain(header, chunks), size=size)


def _chain(first: bytes, rest: Iterable[memoryview]) -> Iterator[bytes | memoryview]:
    yield first
    yield from rest


def _header(names: Iterable[str], tensors: Mapping[str, TensorBytes]) -> bytes:
    described: dict[str, Any] = {"__metadata__": {"format": "pt"}}
    offset = 0
    for name in names:
        tensor = tensors[name]
        stop = offset + tensor.size
        described[name] = {"dtype": tensor.dtype, "shape": list(tensor.shape), "data_offsets": [offset, stop]}
        offset = stop
    text = json.dumps(described, separators=(",", ":"), ensure_ascii=False).encode("utf-8")
    text += b" " * (-len(text) % ALIGNMENT)
    return len(text).to_bytes(8, "little") + text


def read_places(path: Path) -> tuple[TensorPlace, ...]:
    """Read and check the header of a safetensors file; the tensors' bytes are not touched.

    Raises:
        RefusedInputError: The file is truncated, too long, or its header lies.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        return _places_of(file, path.name)


def _places_of(file: BinaryIO, name: str) -> tuple[TensorPlace, ...]:
    size = os.fstat(file.fileno()).st_size
    content = _read_header(file, size, name)
    return _places(content, size - 8 - len(content), name)


def _read_header(file: BinaryIO, size: int, name: str) -> bytes:
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > size - 8:
        raise RefusedInputError(f"{name}: is truncated: {size} bytes cannot hold its header")
    if length > MAX_HEADER_BYTES:
        raise RefusedInputError(f"{name}: header of {length} bytes, at most {MAX_HEADER_BYTES}")
    content = file.read(length)
    if not content.startswith(b"{"):
        raise RefusedInputError(f"{name}: is not a safetensors file")
    return content


def _places(content: bytes, payload: int, name: str) -> tuple[TensorPlace, ...]:
    header = strict_json(content.rstrip(b" "), name=f"{name} (header)")
    assert isinstance(header, dict)  # it begins with a brace
    described = dict(header)
    _refuse_metadata(described.pop("__metadata__", {}), name)
    if len(described) > MAX_TENSORS:
        raise RefusedInputError(f"{name}: holds more than {MAX_TENSORS} tensors")
    base = 8 + len(content)
    places = sorted((_place(key, value, base, name) for key, value in described.items()), key=_order)
    end = base
    for place in places:
        if place.start != end:
            raise RefusedInputError(f"{name}: tensor {place.name[:200]!r} overlaps another or leaves a hole")
        end = place.stop
    if end != base + payload:
        expected, found = end - base, payload
        raise RefusedInputError(f"{name}: the tensors need {expected} bytes, the file holds {found}")
    return tuple(places)


def _refuse_metadata(metadata: Any, name: str) -> None:
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise RefusedInputError(f"{name}: __metadata__ is not an object of texts")


def _order(place: TensorPlace) -> tuple[int, int, str]:
    return place.start, place.stop, place.name


def _place(key: str, value: Any, base: int, file: str) -> TensorPlace:
    where = f"{file}: tensor {key[:200]!r}"
    if len(key.encode("utf-8", "surrogatepass")) > MAX_NAME_BYTES:
        raise RefusedInputError(f"{where}: name longer than {MAX_NAME_BYTES} bytes")
    if not isinstance(value, dict) or set(value) != {"dtype", "shape", "data_offsets"}:
        raise RefusedInputError(f"{where}: expected dtype, shape and data_offsets")
    dtype, shape, offsets = value["dtype"], value["shape"], value["data_offsets"]
    if not isinstance(dtype, str) or dtype not in WIDTHS:
        raise RefusedInputError(f"{where}: unknown dtype {dtype!r:.50}")
    if not _naturals(shape) or len(shape) > MAX_RANK or not _naturals(offsets) or len(offsets) != 2:
        raise RefusedInputError(f"{where}: shape or data_offsets is not a list of natural numbers")
    if math.prod(max(extent, 1) for extent in shape) * WIDTHS[dtype] >= 2**63:
        raise RefusedInputError(f"{where}: shape {shape} is beyond what a machine can address")
    start, stop = offsets
    if stop - start != math.prod(shape) * WIDTHS[dtype]:
        raise RefusedInputError(f"{where}: {stop - start} bytes do not hold shape {shape} of {dtype}")
    return TensorPlace(key, dtype, tuple(shape), base + start, base + stop)


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 2**63 for item in value)


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Every tensor of a safetensors file as a numpy array of its own dtype and shape (bfloat16 through ml_dtypes).

    Raises:
        RefusedInputError: As `read_places`; or a Boolean is neither 0 nor 1, or the file changed meanwhile.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        return {place.name: _read_array(file, place, path.name) for place in _places_of(file, path.name)}


def _read_array(file: BinaryIO, place: TensorPlace, name: str) -> np.ndarray[Any, Any]:
    import numpy as np

    file.seek(place.start)
    content = file.read(place.stop - place.start)
    if len(content) != place.stop - place.start:
        raise RefusedInputError(f"{name}: changed while it was read")
    if place.dtype == "BOOL" and content.translate(None, b"\0\1"):  # numpy takes any byte and then contradicts itself
        raise RefusedInputError(f"{name}: tensor {place.name[:200]!r}: a Boolean is neither 0 nor 1")
    return np.frombuffer(content, dtype=numpy_dtype(place.dtype)).reshape(place.shape)


def numpy_dtype(dtype: str) -> np.dtype[Any]:
    """numpy's dtype, little-endian, for safetensors' name of it."""
    import numpy as np

    if dtype in _ML_DTYPES:
        import ml_dtypes

        small: np.dtype[Any] = np.dtype(getattr(ml_dtypes, _ML_DTYPES[dtype]))
        return small
    plain: np.dtype[Any] = np.dtype(_NUMPY[dtype]).newbyteorder("<")
    return plain


def dtype_name(dtype: np.dtype[Any]) -> str:
    """safetensors' name for a numpy dtype.

    Raises:
        KeyError: safetensors cannot hold it (strings, objects, dates, float128).
    """
    names = {numpy: name for name, numpy in (*_NUMPY.items(), *_ML_DTYPES.items())}
    return names[dtype.newbyteorder("=").name]


def of_array(array: np.ndarray[Any, Any]) -> TensorBytes:
    """A numpy array, ready to be written."""
    import numpy as np

    name = dtype_name(array.dtype)
    plain = np.ascontiguousarray(array, dtype=numpy_dtype(name)).reshape(array.shape)
    return TensorBytes(name, tuple(array.shape), lambda: memoryview(plain.reshape(-1).view(np.uint8)))
