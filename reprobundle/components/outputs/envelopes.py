"""From outputs of further runs to the envelope: how far two honest runs of one model may lie apart."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.policy import CAPS, SAME_DEVICE, Tolerance
from reprobundle.components.outputs.section import Envelope
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]
    Arrays = Mapping[str, Array]

MARGIN = 4.0  # times the furthest run: a handful of runs on one machine is not every machine (decision 0025)
ROUNDING = 100.0  # times the table: what moves further in float64 is no rounding, and says nothing of other machines
DIGITS = 2  # of a number that is recorded, rounded away from zero


@dataclass(frozen=True, kw_only=True)
class Spread:
    """How far one produced output lies from the recorded one.

    Attributes:
        distance: Largest absolute difference, as a fraction of the recorded output's root mean square.
        beyond: The same, after what the table allows relative to each element; at least 0.
        relative_l2: Norm of the difference over the norm of the recorded output.
    """

    distance: float
    beyond: float
    relative_l2: float


def spread(recorded: Array, produced: Array | None, *, rows: int | None = None) -> Spread | None:
    """Measure one output of floats; None where no number says how far the two lie apart.

    Args:
        recorded: The recorded output: floats, finite and not zero throughout.
        produced: What a run gave, of the same shape; the dtype may be another one, such as float64.
        rows: How many rows were run, the first of the recorded ones; None: all.
    """
    import numpy as np

    tolerance = SAME_DEVICE.get(dtype_name(recorded.dtype))
    if tolerance is None or produced is None or first(recorded, rows).shape != produced.shape or not produced.size:
        return None
    wide = np.complex128 if recorded.dtype.kind == "c" else np.float64
    whole, other = recorded.astype(wide), produced.astype(wide)
    if not np.isfinite(whole).all() or not np.isfinite(other).all():
        return None
    one, norm = first(whole, rows), root_mean_square(np.abs(whole))
    size, error = np.abs(one), np.abs(one - other)
    if not norm or not math.isfinite(norm) or not np.isfinite(error).all():
        return None
    beyond = float(np.max(error - tolerance.rtol * size))
    return Spread(
        distance=float(error.max()) / norm,
        beyond=max(0.0, beyond) / norm,
        relative_l2=root_mean_square(error) / norm,
    )


def first(array: Array, rows: int | None) -> Array:
    """The first rows of an array; all of it where no number is given, or it has no rows."""
    return array if rows is None or not array.ndim else array[:rows]


def root_mean_square(magnitudes: Array) -> float:
    """Root mean square, scaled first so that neither huge nor tiny values are lost in their squares."""
    import numpy as np

    peak = float(magnitudes.max())
    return peak * float(np.sqrt(np.mean((magnitudes / peak) ** 2))) if peak and math.isfinite(peak) else peak


def is_constant(array: Array) -> bool:
    """Whether an output is the same number throughout, so that it need not move with the weights."""
    return not array.size or bool((array == array.flat[0]).all())


def outward(value: float) -> float:
    """A number that is not negative, rounded up to two digits."""
    if value <= 0:
        return 0.0
    exponent = math.floor(math.log10(value)) - DIGITS + 1
    steps = math.ceil(round(value / 10.0**exponent, 9))  # 4.0000000001 steps are what 4 became in binary
    return float(f"{steps}e{exponent}")


def is_outside(dtype: str, found: Spread, asked: Envelope | None) -> bool:
    """Whether an output lies outside its envelope, or where it has none, outside the table's tolerance."""
    table = SAME_DEVICE.get(dtype)
    return found.beyond > (asked.atol if asked is not None else table.atol if table is not None else 0.0)


def is_beyond_all(dtype: str, found: Spread) -> bool:
    """Whether an output moved further than the widest envelope that counts."""
    return dtype in CAPS and found.beyond > CAPS[dtype].atol


def is_beyond_rounding(dtype: str, apart: float) -> bool:
    """Whether so much cannot come of rounding alone, so that a run in float64 computed something else.

    Args:
        dtype: Of the recorded numbers, in safetensors' spelling.
        apart: How far they moved, as a fraction of their size.
    """
    table, cap = SAME_DEVICE.get(dtype), CAPS.get(dtype)
    return table is not None and cap is not None and apart > min(ROUNDING * table.atol, cap.atol)


def envelope(output: str, dtype: str, beyond: Mapping[str, float]) -> Envelope | None:
    """The envelope of one output: never narrower than the table, never wider than the widest that counts.

    Args:
        output: Its name.
        dtype: Its dtype, in safetensors' spelling.
        beyond: For each run that counts, by name, `Spread.beyond`.

    Returns:
        None for a dtype that is compared exactly or by the table alone, and where nothing was measured.
    """
    floor, cap = SAME_DEVICE.get(dtype), CAPS.get(dtype)
    if floor is None or cap is None or not beyond:
        return None
    furthest = max(beyond, key=lambda name: beyond[name])
    wanted = outward(MARGIN * beyond[furthest])
    atol = max(floor.atol, min(wanted, cap.atol))
    return Envelope(output=output, rtol=floor.rtol, atol=atol, why=_why(furthest, beyond[furthest], wanted, floor, cap))


def _why(furthest: str, beyond: float, wanted: float, floor: Tolerance, cap: Tolerance) -> str:
    if not beyond:
        return f"no run needed more than {floor.rtol:g} of each element: the default"
    start = f"{furthest!r} needed {outward(beyond):g}, times {MARGIN:g}"
    if wanted > cap.atol:
        return f"{start} is {wanted:g}: cut to the widest that counts"
    return start if wanted > floor.atol else f"{start} is {wanted:g}: less than the default, which stays"
