"""The header of a safetensors file, checked in full before any library sees the file."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from reprobundle.errors import RefusedInputError
from reprobundle.records import strict_json
from reprobundle.store.digests import open_regular
from reprobundle.tensors.dtypes import BITS, size_of

MAX_HEADER_BYTES = 32 * 2**20
MAX_TENSORS = 100_000
MAX_NAME_BYTES = 1024
MAX_RANK = 32


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


def read_places(path: Path) -> tuple[TensorPlace, ...]:
    """Read and check the header of a safetensors file; the tensors' bytes are not touched.

    Raises:
        RefusedInputError: The file is truncated, too long, or its header lies.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        return places_of(file, path.name)


def places_of(
    file: BinaryIO, name: str, *, most: int = MAX_HEADER_BYTES, size: int | None = None
) -> tuple[TensorPlace, ...]:
    """The same of a file that is open, at its start.

    Args:
        file: The file; or one that holds it, such as an archive, at its first byte.
        name: What messages call it.
        most: How long its header may be, in bytes.
        size: Its bytes, where it lies in another.
    """
    size = os.fstat(file.fileno()).st_size if size is None else size
    content = _read_header(file, size, name, min(most, MAX_HEADER_BYTES))
    return _places(content, size - 8 - len(content), name)


def _read_header(file: BinaryIO, size: int, name: str, most: int) -> bytes:
    start = file.read(8)
    length = int.from_bytes(start, "little")
    if len(start) < 8 or length > size - 8:
        raise RefusedInputError(f"{name}: is truncated: {size} bytes cannot hold its header")
    if length > most:
        raise RefusedInputError(f"{name}: header of {length} bytes, at most {most}")
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
    if not isinstance(dtype, str) or dtype not in BITS:
        raise RefusedInputError(f"{where}: unknown dtype {dtype!r:.50}")
    if not _naturals(shape) or len(shape) > MAX_RANK or not _naturals(offsets) or len(offsets) != 2:
        raise RefusedInputError(f"{where}: shape or data_offsets is not a list of natural numbers")
    if size_of(dtype, [max(extent, 1) for extent in shape]) >= 2**63:
        raise RefusedInputError(f"{where}: shape {shape} is beyond what a machine can address")
    start, stop = offsets
    if math.prod(shape) * BITS[dtype] != 8 * (stop - start):
        raise RefusedInputError(f"{where}: {stop - start} bytes do not hold shape {shape} of {dtype}")
    return TensorPlace(key, dtype, tuple(shape), base + start, base + stop)


def _naturals(value: Any) -> bool:
    return isinstance(value, list) and all(type(item) is int and 0 <= item < 2**63 for item in value)
