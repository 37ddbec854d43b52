"""Arrays in files: npy, npz and safetensors, read piece by piece and never through pickle."""

from __future__ import annotations

import contextlib
import math
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from reprobundle import tensors
from reprobundle.components.data.blocks import Block
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples, arrays, tables
from reprobundle.components.data.sources.tables.batches import BLOCK_BYTES, BLOCK_ROWS
from reprobundle.components.data.sources.tables.columns import numbers, refuse_twins
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.tensors.places import TensorPlace
from reprobundle.worker.tree import BARE

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


def samples_of_npy(place: Path, how: How) -> Samples:
    """The samples of an array in a file, along its first axis; it is mapped into memory, not loaded.

    Raises:
        RefusedInputError: It holds Python's objects, or is broken.
        UsageError: It has no axis of samples.
    """
    import numpy as np

    with _refusing(place):
        array = np.load(place, mmap_mode="r", allow_pickle=False)
    return _of_array(place, array, how)


def _of_array(place: Path, array: Array, how: How) -> Samples:
    if array.ndim == 0:
        raise UsageError(f"{place.name!r} holds a single value: expected an axis of samples")
    samples = arrays.samples_of(array, how) or tables.samples_of(array, how)
    if samples is None:
        raise UsageError(f"{place.name!r} holds an array of dtype {array.dtype}, which cannot be kept")
    return samples


@contextlib.contextmanager
def _refusing(place: Path) -> Iterator[None]:
    try:
        yield
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        reason = "it holds Python's objects" if "Python" in str(error) else str(error).splitlines()[0]
        hint = "have it digested by its bytes (as_bytes)"
        raise RefusedInputError(f"{place.name!r} cannot be read as arrays: {reason}", hint=hint) from error


@dataclass(frozen=True)
class _Stored:
    """An array in a file, of which rows are read one after another.

    Attributes:
        shape: Its whole shape.
        dtype: Of its elements, as stored.
        rows: Opens it anew; gives what reads the next so many rows.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    rows: Callable[[], contextlib.AbstractContextManager[Callable[[int], Array]]]


def samples_of_npz(place: Path, how: How) -> Samples:
    """The samples of equally long arrays in one npz file, by their names.

    Raises:
        RefusedInputError: It holds Python's objects, or is broken.
        UsageError: The arrays are not equally long.
    """
    with _refusing(place), zipfile.ZipFile(place) as archive:
        members = [name for name in archive.namelist() if name.endswith(".npy")]
        refuse_twins(members)
        stored = {name.removesuffix(".npy"): _npy_header(archive, name) for name in members}
    if any(header.is_whole for header in stored.values()):
        return _loaded_npz(place, how)
    found = {
        name: _Stored(header.shape, header.dtype, _member(place, f"{name}.npy", header))
        for name, header in stored.items()
    }
    return _of_stored(place, _ordered(found, how))


@dataclass(frozen=True)
class _Header:
    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    is_whole: bool
    """Whether it is read as a whole only: in Fortran's order, or of no numbers."""


def _npy_header(archive: zipfile.ZipFile, name: str) -> _Header:
    with archive.open(name) as member:
        return _read_header(member)


def _read_header(member: IO[bytes]) -> _Header:
    from numpy.lib import format as npy

    version = npy.read_magic(member)
    read = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, is_fortran, dtype = read(member)
    if dtype.hasobject:
        raise ValueError("it holds Python's objects")
    return _Header(tuple(shape), dtype, is_fortran or dtype.kind not in "biufc")


def _member(place: Path, name: str, header: _Header) -> Callable[[], Any]:
    @contextlib.contextmanager
    def rows() -> Iterator[Callable[[int], Array]]:
        with _refusing(place), zipfile.ZipFile(place) as archive, archive.open(name) as member:
            _read_header(member)
            yield lambda count: _next_rows(member, header.shape, header.dtype, count)

    return rows


def _next_rows(file: IO[bytes], shape: tuple[int, ...], dtype: np.dtype[Any], count: int) -> Array:
    import numpy as np

    size = count * math.prod(shape[1:]) * dtype.itemsize
    content = bytearray()
    while len(content) < size:
        piece = file.read(size - len(content))
        if not piece:
            raise ValueError("it ends within an array")
        content += piece
    return np.frombuffer(content, dtype, count * math.prod(shape[1:])).reshape(count, *shape[1:])


def _loaded_npz(place: Path, how: How) -> Samples:
    """Arrays in Fortran's order or with named fields, which are loaded as wholes."""
    import numpy as np

    with _refusing(place), np.load(place, allow_pickle=False) as archive:
        columns = _ordered({name: archive[name] for name in archive.files}, how)
    if len(columns) == 1 and next(iter(columns.values())).dtype.names is not None:
        return _of_array(place, next(iter(columns.values())), how)
    samples = arrays.samples_of(columns, how)
    if samples is None:
        raise UsageError(f"{place.name!r} holds no arrays with an axis of samples")
    return samples


def samples_of_safetensors(place: Path, how: How) -> Samples:
    """The samples of equally long tensors in one safetensors file, by their names.

    Raises:
        RefusedInputError: It is none, or is broken.
        UsageError: The tensors are not equally long.
    """
    places = tensors.read_places(place)
    if any(tensor.dtype == "F4" for tensor in places):  # rows of half bytes do not begin at a byte
        samples = arrays.samples_of(_ordered(tensors.read_arrays(place), how), how)
        if samples is None:
            raise UsageError(f"{place.name!r} holds no tensors with an axis of samples")
        return samples
    found = {
        tensor.name: _Stored(tensor.shape, tensors.numpy_dtype(tensor.dtype), _tensor(place, tensor))
        for tensor in places
    }
    return _of_stored(place, _ordered(found, how))


def _tensor(place: Path, tensor: TensorPlace) -> Callable[[], Any]:
    @contextlib.contextmanager
    def rows() -> Iterator[Callable[[int], Array]]:
        dtype = tensors.numpy_dtype(tensor.dtype)
        with _refusing(place), place.open("rb") as file:
            file.seek(tensor.start)
            yield lambda count: _next_rows(file, tensor.shape, dtype, count)

    return rows


def _ordered(found: Mapping[str, Any], how: How) -> dict[str, Any]:
    """The arrays in the order of the recorded leaves where these are the same, else in the file's; one alone has their name."""
    names = [leaf.name for leaf in how.leaves]
    if len(names) == len(found) == 1:
        return {names[0]: next(iter(found.values()))}
    return {name: found[name] for name in (names if sorted(names) == sorted(found) else found)}


def _of_stored(place: Path, stored: dict[str, _Stored]) -> Samples:
    lengths = {name: array.shape[0] if array.shape else None for name, array in stored.items()}
    if None in lengths.values():
        single = next(name for name, length in lengths.items() if length is None)
        raise UsageError(f"{place.name!r}: {single!r} is a single value: expected an axis of samples")
    if len(set(lengths.values())) != 1:
        raise UsageError(f"{place.name!r}: its arrays are not equally long: {lengths}")
    count = next(iter(lengths.values())) or 0
    width = sum(math.prod(array.shape[1:]) * array.dtype.itemsize for array in stored.values())
    step = max(1, min(BLOCK_ROWS, BLOCK_BYTES // max(1, width)))
    return Samples(kind="array", count=count, blocks=lambda: _blocks(stored, count, step), size=count * width)


def _blocks(stored: dict[str, _Stored], count: int, step: int) -> Iterator[Block]:
    with contextlib.ExitStack() as stack:
        readers = {name: stack.enter_context(array.rows()) for name, array in stored.items()}
        for start in range(0, count, step):
            rows = min(step, count - start)
            yield tuple(numbers(name or BARE, read(rows)) for name, read in readers.items())
