"""Other inputs of the same form: far from the recorded ones, a little beside them, or the same rows elsewhere.

They are drawn anew for every replay, so no bundle can hold answers for them, and they are such as an honest model takes:
integers only of values that were seen, floats within the range that was seen, masks and positions as they are.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.arrays import name_of
from reprobundle.comparison.blocks import are_equal
from reprobundle.controlling.blocks import extremes, parts, pieces, strips, wide

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]
    Generator = np.random.Generator

EPSILON: Mapping[str, float] = {"F64": 2.3e-16, "F32": 1.2e-7, "C64": 1.2e-7, "F16": 9.8e-4, "BF16": 7.9e-3}
"""Step between neighbouring numbers, relative to them, of the dtypes whose values can be moved a little."""
JITTER = 0.1  # of a drawn value's own size
FEW = 2  # values: fewer make no range
MANY = 4096  # places that are tried to find a few


def far(inputs: Arrays, random: Generator, *, mixed: bool) -> dict[str, Array] | None:
    """Inputs as different as another sample would be; None where there is nothing that could be changed.

    Args:
        inputs: The recorded arrays, by name.
        random: Draws.
        mixed: Whether values change places between the samples, each at its own place within the sample; else they are drawn
            from all values of the array (floats) or of the row (all else).
    """
    change = _mixed if mixed else _drawn
    for may_change in (is_free, _is_any):
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
    if rows < FEW:
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
    share = min((scale / step) ** 2, 1.0) if scale < 2 * step else None
    changed: Array = np.empty(array.size, array.dtype)
    some = False
    for before, after in pieces(array, changed):
        by: Array = np.clip(random.standard_normal(before.shape), -3, 3) * scale
        if share is not None:
            chosen = np.asarray(random.random(before.shape) < share)
            some = some or bool(chosen.any())
            by = np.where(chosen, np.copysign(step, by), 0.0)
        after[...] = _by(before, by, up=up)
    if share is not None and not some:
        places = _places(array, random)
        values = array.reshape(-1)[places]
        changed[places] = _by(values, np.copysign(step, random.standard_normal(values.shape)), up=up)
    shaped: Array = changed.reshape(array.shape)
    return shaped


def scale_of(before: Arrays, after: Arrays) -> float:
    """The largest change of an array: of floats relative to its own size (norms), of all else the share of values changed."""
    return max((_scale(one, after[name]) for name, one in before.items()), default=0.0)


def _scale(before: Array, after: Array) -> float:
    import numpy as np

    if name_of(before.dtype) not in EPSILON:
        changed = sum(int(np.count_nonzero(one != other)) for one, other in pieces(before, after))
        return changed / max(before.size, 1)
    change = size = 0.0
    for one, other in pieces(before, after):
        was, now = wide(one), wide(other)
        told = np.isfinite(was) & np.isfinite(now)
        with np.errstate(over="ignore"):
            change += float((np.abs(now[told] - was[told]) ** 2).sum())
            size += float((np.abs(was[told]) ** 2).sum())
    return math.sqrt(change / size) if size else 0.0


def _by(values: Array, by: Array, *, up: bool) -> Array:
    """Values moved by shares of themselves."""
    import numpy as np

    before = wide(values)
    with np.errstate(invalid="ignore", over="ignore"):  # infinity times nothing; what is too large for its dtype
        made: Array = before + (np.abs(before) * np.abs(by) if up else before * by)
        return made.astype(values.dtype)


def _places(array: Array, random: Generator) -> Array:
    """A few places of an array where it is not zero, all of them if there are no more."""
    import numpy as np

    flat = array.reshape(-1)
    drawn = random.integers(max(flat.size, 1), size=min(flat.size, MANY))
    found = np.unique(drawn[flat[drawn] != 0])
    if found.size < FEW:
        found = np.flatnonzero(flat)
    return random.permutation(found)[:FEW]


def _raised(array: Array, random: Generator, scale: float) -> Array:
    import numpy as np

    raised = moved(array, random, scale, up=True)
    known = None if array.dtype.kind == "c" else extremes(array)
    if known is None or known[0] == known[1]:
        return raised
    for before, after in pieces(array, raised):  # where a value is missing, it stays so
        after[...] = np.where(np.isfinite(before), np.minimum(after, known[1]), before)
    return raised


def _differ(one: Arrays, other: Arrays) -> bool:
    return any(not are_equal(one[name], array) for name, array in other.items())


def _is_any(_array: Array) -> bool:
    return True


def is_free(array: Array) -> bool:
    """Whether values can change without breaking what they mean: no mask, no positions, no bare number."""
    return array.ndim > 0 and array.size > 0 and not _is_mask(array) and not _is_position(array)


def _is_mask(array: Array) -> bool:
    return array.dtype.kind == "b" or all(bool(((piece == 0) | (piece == 1)).all()) for (piece,) in pieces(array))


def _is_position(array: Array) -> bool:
    """Ascending numbers: places in a row, starts of bags, a grid of times."""
    if array.dtype.kind == "c" or array.shape[-1] < FEW:
        return False
    table = array.reshape(-1, array.shape[-1])
    for rows, columns in parts(table.shape[0], table.shape[1] - 1):
        values = wide(table[rows, columns.start : columns.stop + 1])
        steps = values[:, 1:] - values[:, :-1]
        if not ((steps >= 0) if array.ndim == 1 else (steps == 1)).all():
            return False
    return True


def _is_fine(array: Array) -> bool:
    """Whether an array holds floats that may take any value: no codes, no counts, no mask."""
    if name_of(array.dtype) not in EPSILON or not array.size:
        return False
    return any(bool((values != values.round()).any()) for values in (wide(piece) for (piece,) in pieces(array)))


def _mixed(array: Array, random: Generator) -> Array:
    """Each place of a sample gets the value that another sample has there."""
    import numpy as np

    if array.ndim == 0 or array.shape[0] < FEW:
        return _drawn(array, random)
    flat = array.reshape(array.shape[0], -1)
    mixed: Array = np.empty_like(flat)
    for columns in strips(*flat.shape):
        block = flat[:, columns]
        mixed[:, columns] = np.take_along_axis(block, np.argsort(random.random(block.shape), axis=0), axis=0)
    return mixed.reshape(array.shape) if not are_equal(mixed, flat) else _drawn(array, random)


def _drawn(array: Array, random: Generator) -> Array:
    """Values of the array drawn again; floats with something added, within the range."""
    import numpy as np

    if not array.size or not array.ndim:
        return array
    if not _is_fine(array):
        return _drawn_from_rows(array, random)
    known, flat = (None if array.dtype.kind == "c" else extremes(array)), array.reshape(-1)
    if known is None and array.dtype.kind != "c":
        return array
    made: Array = np.empty_like(flat)
    for (piece,) in pieces(made):
        values = wide(flat[random.integers(flat.size, size=piece.shape)])
        values *= 1 + JITTER * random.standard_normal(piece.shape)
        piece[...] = values if known is None else np.clip(values, float(known[0]), float(known[1]))
    shaped: Array = made.reshape(array.shape)
    return shaped


def _drawn_from_rows(array: Array, random: Generator) -> Array:
    import numpy as np

    table = array.reshape(-1, array.shape[-1])
    made: Array = np.empty_like(table)
    for rows, columns in parts(*table.shape):
        places = random.integers(table.shape[1], size=made[rows, columns].shape)
        made[rows, columns] = np.take_along_axis(table[rows], places, axis=1)
    shaped: Array = made.reshape(array.shape)
    return shaped


def _invented(array: Array, random: Generator) -> Array:
    """What can be made of an array that holds one value throughout: floats of that size."""
    import numpy as np

    if name_of(array.dtype) not in EPSILON or not array.size:
        return array
    made: Array = np.empty(array.size, array.dtype)
    for before, after in pieces(array, made):
        values = wide(before)
        after[...] = values + (abs(values) + (values == 0)) * random.uniform(-0.5, 0.5, values.shape)
    shaped: Array = made.reshape(array.shape)
    return shaped
