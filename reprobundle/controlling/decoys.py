"""Other inputs of the same form: far from the recorded ones, a little beside them, or the same rows elsewhere.

They are drawn anew for every replay, so no bundle can hold answers for them, and they are such as an honest model takes:
integers only of values that were seen, floats within the range that was seen, masks and positions as they are.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.arrays import name_of

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]
    Generator = np.random.Generator

EPSILON: Mapping[str, float] = {"F64": 2.3e-16, "F32": 1.2e-7, "C64": 1.2e-7, "F16": 9.8e-4, "BF16": 7.9e-3}
"""Step between neighbouring numbers, relative to them, of the dtypes whose values can be moved a little."""
JITTER = 0.1  # of a drawn value's own size
FEW = 2  # values: fewer make no range


def far(inputs: Arrays, random: Generator, *, mixed: bool) -> dict[str, Array] | None:
    """Inputs as different as another sample would be; None where there is nothing that could be changed.

    Args:
        inputs: The recorded arrays, by name.
        random: Draws.
        mixed: Whether values change places between the samples, each at its own place within the sample; else they are drawn
            from all values of the array (floats) or of the row (all else).
    """
    change = _mixed if mixed else _drawn
    for may_change in (_is_free, _is_any):
        made = {name: change(one, random) if may_change(one) else one for name, one in inputs.items()}
        if _differ(made, inputs):
            return made
    made = {name: _invented(one, random) for name, one in inputs.items()}
    return made if _differ(made, inputs) else None


def near(inputs: Arrays, random: Generator, scale: float) -> dict[str, Array] | None:
    """Inputs whose floats lie a little higher; None where none can be moved.

    They are moved in one direction only, zeros and the largest value not at all: a model that counts in steps is fed values
    that stand on its steps, and they stay on the same side.

    Args:
        inputs: The recorded arrays, by name.
        random: Draws.
        scale: Typical move, relative to each value.
    """
    made = {name: _raised(one, random, scale) if _is_fine(one) else one for name, one in inputs.items()}
    return made if _differ(made, inputs) else None


def elsewhere(inputs: Arrays, random: Generator) -> tuple[dict[str, Array], tuple[int, ...]] | None:
    """The recorded rows in another order, and which of them stands at each place; None where there are no common rows."""
    lengths = {one.shape[0] for one in inputs.values() if one.ndim}
    rows = lengths.pop() if len(lengths) == 1 else 0
    if rows < 2:
        return None
    order = random.permutation(rows)
    if (order == range(rows)).all():
        order = (order + 1) % rows
    made = {name: one[order] if one.ndim else one for name, one in inputs.items()}
    return (made, tuple(int(place) for place in order)) if _differ(made, inputs) else None


def moved(array: Array, random: Generator, scale: float, *, up: bool = False) -> Array:
    """An array each of whose values is moved a little; where its dtype's steps are wider than that, only a few are.

    Args:
        array: Of a dtype in `EPSILON`.
        random: Draws.
        scale: Typical move, relative to each value.
        up: Whether to larger values only.
    """
    import numpy as np

    step = 2 * EPSILON[name_of(array.dtype) or ""]
    by: Array = np.clip(random.standard_normal(array.shape), -3, 3) * scale
    if scale < 2 * step:
        share = (scale / step) ** 2
        chosen: Array = np.asarray(random.random(array.shape) < share)
        if not chosen.any():
            places = np.flatnonzero(array)
            chosen.flat[random.permutation(places)[:FEW]] = True
        by = np.where(chosen, np.copysign(step, by), 0.0)
    wide = _wide(array)
    with np.errstate(invalid="ignore"):  # infinity times nothing
        changed: Array = wide + (np.abs(wide) * np.abs(by) if up else wide * by)
    return changed.astype(array.dtype)


def scale_of(before: Arrays, after: Arrays) -> float:
    """The largest change of an array, relative to its own size (norms)."""
    import numpy as np

    norms = []
    for name, one in before.items():
        if name_of(one.dtype) in EPSILON:
            was, now = _wide(one), _wide(after[name])
            told = np.isfinite(was) & np.isfinite(now)
            norms.append((float(np.linalg.norm(now[told] - was[told])), float(np.linalg.norm(was[told]))))
    return max((change / size for change, size in norms if size), default=0.0)


def _raised(array: Array, random: Generator, scale: float) -> Array:
    import numpy as np

    raised = moved(array, random, scale, up=True)
    told = array[np.isfinite(array)]  # where a value is missing, it stays so
    if array.dtype.kind == "c" or not told.size or told.min() == told.max():
        return raised
    within: Array = np.where(np.isfinite(array), np.minimum(raised, told.max()), array).astype(array.dtype)
    return within


def _wide(array: Array) -> Array:
    return array.astype("complex128" if array.dtype.kind == "c" else "float64")


def _differ(one: Arrays, other: Arrays) -> bool:
    return any(one[name].tobytes() != other[name].tobytes() for name in other)


def _is_any(_array: Array) -> bool:
    return True


def _is_free(array: Array) -> bool:
    """Whether values can change without breaking what they mean: no mask, no positions, no bare number."""
    return array.ndim > 0 and array.size > 0 and not _is_mask(array) and not _is_position(array)


def _is_mask(array: Array) -> bool:
    return array.dtype.kind == "b" or bool(((array == 0) | (array == 1)).all())


def _is_position(array: Array) -> bool:
    """Ascending numbers: places in a row, starts of bags, a grid of times."""
    if array.dtype.kind == "c" or array.shape[-1] < FEW:
        return False
    wide = _wide(array)
    steps = wide[..., 1:] - wide[..., :-1]
    return bool((steps >= 0).all()) if array.ndim == 1 else bool((steps == 1).all())


def _is_fine(array: Array) -> bool:
    """Whether an array holds floats that may take any value: no codes, no counts, no mask."""
    if name_of(array.dtype) not in EPSILON or not array.size:
        return False
    wide = _wide(array)
    return bool((wide != wide.round()).any())


def _mixed(array: Array, random: Generator) -> Array:
    """Each place of a sample gets the value that another sample has there."""
    import numpy as np

    if array.ndim == 0 or array.shape[0] < FEW:
        return _drawn(array, random)
    flat = array.reshape(array.shape[0], -1)
    mixed = np.take_along_axis(flat, np.argsort(random.random(flat.shape), axis=0), axis=0).reshape(array.shape)
    return mixed if mixed.tobytes() != array.tobytes() else _drawn(array, random)


def _drawn(array: Array, random: Generator) -> Array:
    """Values of the array drawn again; floats with something added, within the range."""
    import numpy as np

    if not array.size or not array.ndim:
        return array
    if not _is_fine(array):
        row: Array = array.reshape(-1, array.shape[-1]) if array.ndim > 1 else array.reshape(1, -1)
        taken = np.take_along_axis(row, random.integers(row.shape[1], size=row.shape), axis=1)
        again: Array = taken.reshape(array.shape)
        return again
    chosen = random.integers(array.size, size=array.shape)
    jitter = 1 + JITTER * random.standard_normal(array.shape)
    drawn: Array = _wide(array.reshape(-1)[chosen]) * jitter
    if array.dtype.kind == "c":
        return drawn.astype(array.dtype)
    told = array[np.isfinite(array)]
    if not told.size:
        return array
    within: Array = np.clip(drawn, float(told.min()), float(told.max())).astype(array.dtype)
    return within


def _invented(array: Array, random: Generator) -> Array:
    """What can be made of an array that holds one value throughout: floats of that size."""
    if name_of(array.dtype) not in EPSILON or not array.size:
        return array
    wide = _wide(array)
    made: Array = wide + (abs(wide) + (wide == 0)) * random.uniform(-0.5, 0.5, array.shape)
    return made.astype(array.dtype)
