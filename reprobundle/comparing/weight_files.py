"""The weights of a verified bundle where they lie: found by name, read piece by piece, so that memory stays small."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from reprobundle import tensors
from reprobundle.components import model
from reprobundle.errors import RefusedInputError
from reprobundle.store import inside
from reprobundle.store.digests import open_regular
from reprobundle.tensors import TensorPlace

if TYPE_CHECKING:
    import numpy as np

PIECE = 2**18  # elements: 2 MiB as float64, which stays in the processor's cache while it is worked on
ENDING = ".safetensors"


@dataclass(frozen=True)
class WeightFiles:
    """The open files of one bundle's weights.

    Attributes:
        places: Where each tensor lies, by its name in the state, shared ones under each of their names.
        files: The open file of each tensor, by the same names.
    """

    places: dict[str, TensorPlace]
    files: dict[str, BinaryIO]

    def bytes_of(self, name: str, size: int) -> Iterator[bytes]:
        """A tensor's bytes in pieces of at most `size`.

        Raises:
            RefusedInputError: The file has changed since it was verified.
        """
        place, file = self.places[name], self.files[name]
        file.seek(place.start)
        for at in range(place.start, place.stop, size):
            wanted = min(size, place.stop - at)
            content = file.read(wanted)
            if len(content) != wanted:
                raise RefusedInputError(f"tensor {name[:200]!r}: its file changed while it was read")
            yield content

    def arrays_of(self, name: str) -> Iterator[np.ndarray[Any, Any]]:
        """A tensor's elements, flat, in pieces of `PIECE`; only for one that `is_numeric`."""
        import numpy as np

        dtype = numpy_dtype(self.places[name])
        assert dtype is not None
        for content in self.bytes_of(name, PIECE * dtype.itemsize):
            yield np.frombuffer(content, dtype=dtype)

    def is_numeric(self, name: str) -> bool:
        """Whether numpy knows the tensor's dtype."""
        return numpy_dtype(self.places[name]) is not None


def numpy_dtype(place: TensorPlace) -> np.dtype[Any] | None:
    """numpy's dtype of a tensor; None where there is none, or several elements share a byte."""
    try:
        dtype = tensors.numpy_dtype(
            "U8" if place.dtype == "BOOL" else place.dtype
        )  # a file may hold other bytes than 0 and 1
    except KeyError:
        return None
    return dtype if place.stop - place.start == math.prod(place.shape) * dtype.itemsize else None


@contextmanager
def opened(root: Path, section: model.Section) -> Iterator[WeightFiles | None]:
    """The weights of a bundle; None where its tensors do not lie in safetensors files.

    Raises:
        RefusedInputError: A header lies, or the files hold other tensors than the section names.
    """
    paths = [path for path in (*section.files, section.buffers_file) if path is not None and path.endswith(ENDING)]
    if not paths or not all(path.endswith(ENDING) for path in section.files):
        yield None
        return
    with ExitStack() as stack:
        places: dict[str, TensorPlace] = {}
        files: dict[str, BinaryIO] = {}
        for path in paths:
            whole = inside(root, path)
            file = stack.enter_context(os.fdopen(open_regular(whole), "rb"))
            for place in tensors.read_places(whole):
                places[place.name], files[place.name] = place, file
        yield _by_state(section, places, files)


def _by_state(section: model.Section, places: dict[str, TensorPlace], files: dict[str, BinaryIO]) -> WeightFiles:
    kept = {entry.name: section.aliases.get(entry.name, entry.name) for entry in entries(section)}
    for entry in entries(section):
        place = places.get(kept[entry.name])
        if place is None or (place.dtype, place.shape) != (entry.dtype, entry.shape):
            held = "nothing" if place is None else f"{place.dtype} {place.shape}"
            message = (
                f"tensor {entry.name[:200]!r}: the manifest names {entry.dtype} {entry.shape}, the files hold {held}"
            )
            raise RefusedInputError(message)
    return WeightFiles(
        {name: places[one] for name, one in kept.items()}, {name: files[one] for name, one in kept.items()}
    )


def entries(section: model.Section) -> tuple[model.TensorEntry, ...]:
    """Every tensor a section names: those of the state, and the buffers that are no part of it."""
    return (*section.tensors, *section.buffers)


def are_equal(name: str, ours: WeightFiles, theirs: WeightFiles) -> bool:
    """Whether a tensor of both has the same dtype, shape and bytes."""
    first, second = ours.places[name], theirs.places[name]
    if (first.dtype, first.shape) != (second.dtype, second.shape):
        return False
    size = PIECE * 8
    return all(one == other for one, other in zip(ours.bytes_of(name, size), theirs.bytes_of(name, size), strict=True))
