"""Tensors of a safetensors file that are read each time they are asked for, and kept by nobody."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, BinaryIO

from reprobundle.tensors.dtypes import numpy_dtype
from reprobundle.tensors.places import TensorPlace
from reprobundle.tensors.reading import arrays_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
else:
    Array = Any


class UnreadArrays(Mapping[str, Array]):
    """Arrays by name, whose forms are known without reading them."""

    def __init__(self, opened: Callable[[], BinaryIO], places: Sequence[TensorPlace], name: str) -> None:
        """Know where they are.

        Args:
            opened: Opens the file, which must stay as it is.
            places: The tensors.
            name: What messages call the file.
        """
        self._opened = opened
        self._places = {place.name: place for place in places}
        self._name = name

    def __getitem__(self, key: str) -> Array:
        """Read one.

        Raises:
            RefusedInputError: The file is not what it was, or a Boolean is neither 0 nor 1.
        """
        place = self._places[key]
        with self._opened() as file:
            return arrays_of(file, self._name, [place])[key]

    def __contains__(self, key: object) -> bool:
        """Whether there is one of that name."""
        return key in self._places

    def __iter__(self) -> Iterator[str]:
        """Their names."""
        return iter(self._places)

    def __len__(self) -> int:
        """How many there are."""
        return len(self._places)

    def forms(self) -> dict[str, tuple[str, tuple[int, ...]]]:
        """dtype and shape of each, as numpy has them."""
        return {name: (numpy_dtype(place.dtype).str, place.shape) for name, place in self._places.items()}


def forms_of(arrays: Mapping[str, Array]) -> Mapping[str, tuple[str, tuple[int, ...]]]:
    """numpy's dtype and shape of each array; of those that are not read yet nothing is read."""
    if isinstance(arrays, UnreadArrays):
        return arrays.forms()
    return {name: (array.dtype.str, array.shape) for name, array in arrays.items()}
