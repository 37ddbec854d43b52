"""A few tensors of a model with other values: what a check has to notice."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import tensors
from reprobundle.components.model.section import Section, TensorEntry
from reprobundle.store import Writer

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

NAME = "other-weights.safetensors"
MOST_TENSORS = 8
MOST_BYTES = 16 * 2**20  # of all of them together
SHARE = 0.5  # of a tensor's root mean square: clearly another model, and finite as the first
SEED = 20260101
FLOATS = ("F64", "F32", "F16", "BF16")


def overlay(section: Section, place: Callable[[str], Path], folder: Path) -> Path | None:
    """Write a file with other values for tensors of several layers; None where no tensor is suited.

    Args:
        section: The recorded model.
        place: Where a file of the bundle is.
        folder: Where to write.
    """
    chosen = choose(section)
    if not chosen:
        return None
    recorded = _recorded(section, place, {entry.name for entry in chosen})
    changed = _changed(chosen, recorded)
    tensors.write(Writer(folder), NAME, {name: tensors.of_array(array) for name, array in changed.items()})
    return folder / NAME


def choose(section: Section) -> tuple[TensorEntry, ...]:
    """Tensors to change: of floats, matrices before vectors, small enough, spread over the model from first to last."""
    suited = [
        entry
        for entry in section.tensors
        if entry.dtype in FLOATS and entry.name not in section.aliases and 0 < entry.bytes <= MOST_BYTES // MOST_TENSORS
    ]
    matrices = [entry for entry in suited if len(entry.shape) > 1]
    return tuple(_spread(matrices or suited))


def _spread(suited: Sequence[TensorEntry]) -> Iterator[TensorEntry]:
    count = min(MOST_TENSORS, len(suited))
    steps = {round(index * (len(suited) - 1) / max(count - 1, 1)) for index in range(count)}
    yield from (suited[index] for index in sorted(steps))


def _recorded(section: Section, place: Callable[[str], Path], names: set[str]) -> Mapping[str, Array]:
    """The recorded values; empty for a model whose weights stand in a file of another form."""
    found: dict[str, Array] = {}
    for path in section.files:
        if path.endswith(".safetensors"):
            found.update(tensors.read_some(place(path), names))
    return found


def _changed(chosen: Sequence[TensorEntry], recorded: Mapping[str, Array]) -> Mapping[str, Array]:
    """Other values by name, the same ones at every capture."""
    import numpy as np

    draw = np.random.Generator(np.random.PCG64(SEED))
    return {entry.name: _other(entry, recorded.get(entry.name), draw.standard_normal(entry.shape)) for entry in chosen}


def _other(entry: TensorEntry, recorded: Array | None, noise: Array) -> Array:
    """Values around the recorded ones, and never below zero where none of those is (a variance, a scale)."""
    import numpy as np

    if recorded is None:
        made = noise / math.sqrt(max(1, math.prod(entry.shape[1:])))
        return np.asarray(made).astype(tensors.numpy_dtype(entry.dtype))
    values = recorded.astype(np.float64)
    size = float(np.sqrt(np.mean(values**2)))
    if size and values.min() >= 0:
        made = values * (1 + SHARE * np.abs(noise))
    else:
        made = values + SHARE * (size or 1.0) * noise
    return np.asarray(made).astype(recorded.dtype)
