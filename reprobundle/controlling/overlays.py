"""Other values for some of a model's tensors: clearly different ones, or the recorded ones moved a little.

An overlay is bounded, so that a model of any size is changed without a second copy of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import tensors
from reprobundle.components.model.section import TensorEntry
from reprobundle.controlling import decoys
from reprobundle.manifest import Manifest

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]
    Generator = np.random.Generator

MAX_BYTES = 64 * 2**20
FLOATS = frozenset({"F64", "F32", "F16", "BF16"})
FEW = 4
LAST = 2  # of the few: what comes last in the state is what the outputs are most often made of
READABLE = frozenset({"for_torch", "for_transformers"})
WITHOUT: Mapping[str, str] = {
    "for_callable": "a plain function has no weights that can be changed",
    "for_skops": "a scikit-learn model has no weights that can be changed",
}


def why_none(manifest: Manifest) -> str | None:
    """Why a model's weights cannot be changed, or None."""
    loader = manifest.model.loader
    return WITHOUT.get(loader) or (None if _floats(manifest) else "the model has no weights that are floats")


def chosen(manifest: Manifest) -> tuple[TensorEntry, ...]:
    """The tensors that are changed: floats, the smallest first up to the bound, in the order of the record.

    The small ones are the biases and norms of every layer, so layers everywhere are among them.
    """
    room, taken = MAX_BYTES, set()
    for entry in sorted(_floats(manifest), key=lambda one: one.bytes):
        if entry.bytes > room:
            break
        room -= entry.bytes
        taken.add(entry.name)
    return tuple(entry for entry in _floats(manifest) if entry.name in taken)


def few_of(entries: Sequence[TensorEntry], random: Generator) -> tuple[TensorEntry, ...]:
    """The last ones, and others at random."""
    before = list(entries[:-LAST])
    places = sorted(random.permutation(len(before))[: FEW - LAST])
    return (*(before[place] for place in places), *entries[-LAST:])


def read(manifest: Manifest, place: Callable[[str], Path], entries: Sequence[TensorEntry]) -> dict[str, Array]:
    """The recorded values of some tensors, by name; empty where the file that holds them is no safetensors file."""
    if manifest.model.loader not in READABLE:
        return {}
    names = {entry.name for entry in entries}
    found: dict[str, Array] = {}
    for path in manifest.model.files:
        found.update(tensors.read_some(place(path), names))
    return found


def far(entries: Sequence[TensorEntry], values: Arrays, random: Generator) -> dict[str, Array]:
    """Clearly other values for each tensor; what is nowhere negative stays so.

    Args:
        entries: The tensors.
        values: Their recorded values, by name; for one that is missing values are made up.
        random: Draws.
    """
    return {one.name: _other(values[one.name], random) if one.name in values else _new(one, random) for one in entries}


def near(values: Arrays, random: Generator, scale: float) -> dict[str, Array]:
    """The recorded values, each moved a little.

    Args:
        values: Recorded values, by name.
        random: Draws.
        scale: Typical move, relative to each value.
    """
    return {name: decoys.moved(array, random, scale) for name, array in values.items() if array.size}


def _floats(manifest: Manifest) -> tuple[TensorEntry, ...]:
    model = manifest.model
    return tuple(
        entry for entry in model.tensors if entry.dtype in FLOATS and entry.bytes and entry.name not in model.aliases
    )


def _other(array: Array, random: Generator) -> Array:
    """Values turned round along the first axis, each made larger or smaller, some with another sign, and noise on top."""
    import numpy as np

    wide: Array = np.asarray(array.astype(np.float64))
    wide = wide[::-1] if wide.ndim else wide
    factor: Array = np.exp(random.uniform(-1.5, 1.5, wide.shape))
    made: Array = wide * factor
    if (wide < 0).any() or not wide.any():
        spread = float(wide.std()) or _usual(wide.shape)
        made = made * random.choice([-1.0, 1.0], size=wide.shape) + spread * random.standard_normal(wide.shape)
    return made.astype(array.dtype)


def _new(entry: TensorEntry, random: Generator) -> Array:
    """Values such as a layer begins with; of vectors positive ones, as scales and variances must be."""
    import numpy as np

    drawn = random.standard_normal(entry.shape) * _usual(entry.shape)
    return np.asarray(drawn if len(entry.shape) > 1 else np.abs(drawn) + 0.1).astype(tensors.numpy_dtype(entry.dtype))


def _usual(shape: Sequence[int]) -> float:
    """The size with which weights of a shape begin."""
    import math

    return 1 / math.sqrt(max(math.prod(shape[1:]), 1)) if len(shape) > 1 else 0.5
