"""The tensors of a safetensors file as numpy arrays."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from reprobundle.errors import RefusedInputError
from reprobundle.store.digests import open_regular
from reprobundle.tensors.dtypes import array_of
from reprobundle.tensors.places import TensorPlace, places_of

if TYPE_CHECKING:
    import numpy as np

PIECE = 2**20  # bytes


def read_arrays(path: Path) -> dict[str, np.ndarray[Any, Any]]:
    """Every tensor of a safetensors file as a numpy array of its own dtype and shape (the small floats through ml_dtypes).

    Raises:
        RefusedInputError: As `read_places`; or a Boolean is neither 0 nor 1, or the file changed meanwhile.
    """
    with os.fdopen(open_regular(path), "rb") as file:
        return arrays_of(file, path.name)


def arrays_of(
    file: BinaryIO, name: str, places: Iterable[TensorPlace] | None = None
) -> dict[str, np.ndarray[Any, Any]]:
    """The same of a file that is open.

    Args:
        file: The file.
        name: What messages call it.
        places: The tensors to read, as `places_of` found them; None: all, and the file is at its start.
    """
    found = places_of(file, name) if places is None else places
    return {place.name: _read_array(file, place, name) for place in found}


def read_some(path: Path, names: Collection[str]) -> dict[str, np.ndarray[Any, Any]]:
    """Those tensors of a safetensors file that are named, the others unread; arrays and errors as of `read_arrays`."""
    with os.fdopen(open_regular(path), "rb") as file:
        wanted = [place for place in places_of(file, path.name) if place.name in names]
        return {place.name: _read_array(file, place, path.name) for place in wanted}


def _read_array(file: BinaryIO, place: TensorPlace, name: str) -> np.ndarray[Any, Any]:
    file.seek(place.start)
    content = file.read(place.stop - place.start)
    if len(content) != place.stop - place.start:
        raise RefusedInputError(f"{name}: changed while it was read")
    if place.dtype == "BOOL" and any(_others(content)):  # numpy takes any byte and then contradicts itself
        raise RefusedInputError(f"{name}: tensor {place.name[:200]!r}: a Boolean is neither 0 nor 1")
    return array_of(content, place.dtype, place.shape)


def _others(content: bytes) -> Iterator[bytes]:
    """The bytes that are neither 0 nor 1, a piece at a time: of a large tensor each copy counts."""
    for start in range(0, len(content), PIECE):
        yield content[start : start + PIECE].translate(None, b"\0\1")
