"""Two arrays, recorded and produced: how exactly do they agree?

Names, dtype, shape, NaN and Inf come first, integers exactly, floats bitwise, then within a tolerance. An array with
nothing in it, or a recorded one that holds NaN, proves nothing and is ``not run``. Where NaN is a value as any other, as in
data that lacks some, it must stand at the same places, and the rest is compared.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.comparison.policy import OTHER_DEVICE, SAME_DEVICE, Tolerance
from reprobundle.report import OutputComparison, Rung
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


__all__ = ["OTHER_DEVICE", "SAME_DEVICE", "Tolerance", "compare", "unexpected"]

UNORDERED = frozenset({"F8_E8M0", "F4"})  # without a sign; four bits in a byte
ONLY_NAN = "is NaN in every element, there as here, so no value can be compared"
GROSS = 1e-2  # relative to the element itself
GROSS_SHARE = 0.05  # of the elements: near zero a few may well move by more than their own size
GROSS_FEW = 8  # elements, where the share would be less


def compare(
    name: str,
    expected: Array,
    produced: Array | None,
    *,
    tolerances: Mapping[str, Tolerance] = SAME_DEVICE,
    nan_is_a_value: bool = False,
) -> OutputComparison:
    """Compare one output with its record.

    Args:
        name: Path of the output in the nested structure.
        expected: The recorded array, any shape, of a dtype that safetensors holds.
        produced: The array of the replay; None when it was not produced.
        tolerances: For each float dtype, how far ``close`` reaches.
        nan_is_a_value: Whether NaN must stand where it stood, and the rest be compared; else a recorded one is ``not run``.

    Returns:
        The rung reached, and by how much the two differ.
    """
    dtype = dtype_name(expected.dtype)
    base = OutputComparison(name=name, rung=Rung.DIFFERENT, dtype=dtype, shape=expected.shape, count=expected.size)
    refusal = _refusal(expected, produced, nan_is_a_value=nan_is_a_value)
    if refusal is not None:
        rung, reason = refusal
        return base.model_copy(update={"rung": rung, "reason": reason})
    assert produced is not None  # a missing one was refused
    if expected.tobytes() == produced.tobytes():
        return base.model_copy(update={"rung": Rung.BITWISE, "max_absolute": 0.0, "max_ulp": 0, "relative_l2": 0.0})
    return base.model_copy(update=_measure_beside_nan(expected, produced, tolerances.get(dtype)))


def unexpected(name: str, produced: Array) -> OutputComparison:
    """An output that the replay produced and the bundle does not record."""
    return OutputComparison(
        name=name,
        rung=Rung.DIFFERENT,
        dtype=dtype_name(produced.dtype),
        shape=produced.shape,
        reason="was produced but is not recorded",
        count=produced.size,
    )


def _refusal(expected: Array, produced: Array | None, *, nan_is_a_value: bool) -> tuple[Rung, str] | None:
    """What already settles it before any value is compared."""
    if produced is None:
        return Rung.DIFFERENT, "is recorded but was not produced"
    if expected.dtype != produced.dtype:
        return Rung.DIFFERENT, f"dtype differs: recorded {expected.dtype}, produced {produced.dtype}"
    if expected.shape != produced.shape:
        return Rung.DIFFERENT, f"shape differs: recorded {expected.shape}, produced {produced.shape}"
    if expected.size == 0:
        return Rung.NOT_RUN, "holds no element, so there is nothing to compare"
    return (_refusal_by_place if nan_is_a_value else _refusal_by_nan)(expected, produced)


def _refusal_by_nan(expected: Array, produced: Array) -> tuple[Rung, str] | None:
    """NaN in the record says nothing about what is right; NaN where there was a number is wrong."""
    recorded_nan = _count_nan(expected)
    if recorded_nan:
        return Rung.NOT_RUN, f"the recorded output holds NaN in {recorded_nan} of {expected.size} elements"
    produced_nan = _count_nan(produced)
    if produced_nan:
        return Rung.DIFFERENT, f"holds NaN in {produced_nan} of {expected.size} elements, the record has none"
    return None


def _refusal_by_place(expected: Array, produced: Array) -> tuple[Rung, str] | None:
    """NaN must stand where it stood, and beside it something that can be compared."""
    import numpy as np

    if not _is_inexact(expected):
        return None
    recorded, found = np.isnan(_halves(expected)), np.isnan(_halves(produced))
    wrong = int(np.count_nonzero(_by_element(recorded != found, expected)))
    if wrong and not recorded.any():
        return _refusal_by_nan(expected, produced)
    if wrong:
        counts = f"recorded in {_count_nan(expected)}, produced in {_count_nan(produced)}"
        return Rung.DIFFERENT, f"NaN stands elsewhere, at {wrong} of {expected.size} elements: {counts}"
    return (Rung.NOT_RUN, ONLY_NAN) if recorded.all() else None


def _halves(array: Array) -> Array:
    """Complex numbers as pairs of real ones in a last dimension; anything else as it is."""
    import numpy as np

    return np.stack([array.real, array.imag], axis=-1) if array.dtype.kind == "c" else array


def _by_element(halves: Array, array: Array) -> Array:
    import numpy as np

    return np.asarray(halves.any(axis=-1)) if array.dtype.kind == "c" else halves


def _count_nan(array: Array) -> int:
    import numpy as np

    return int(np.isnan(array).sum()) if _is_inexact(array) else 0


def _is_inexact(array: Array) -> bool:
    return array.dtype.kind not in "biu"


def _measure_beside_nan(expected: Array, produced: Array, tolerance: Tolerance | None) -> dict[str, Any]:
    """Measure what is no NaN; its places are the same in both."""
    import numpy as np

    count = _count_nan(expected)
    if not count:
        return _measure(expected, produced, tolerance)
    recorded, found = _halves(expected), _halves(produced)
    kept = ~np.isnan(recorded)
    measured = _measure(recorded[kept], found[kept], tolerance)
    places = "place" if count == 1 else "places"
    measured["reason"] = f"{measured['reason']}, beside NaN at the same {count} {places}"
    (index,) = measured["worst"]
    measured["worst"] = tuple(int(step) for step in np.argwhere(kept)[index][: expected.ndim])
    return measured


def _measure(expected: Array, produced: Array, tolerance: Tolerance | None) -> dict[str, Any]:
    if not _is_inexact(expected):
        return _measure_exact(expected, produced)
    import numpy as np

    wide = np.complex128 if expected.dtype.kind == "c" else np.float64
    recorded, found = expected.astype(wide), produced.astype(wide)
    infinite = ~np.isfinite(recorded) | ~np.isfinite(found)
    wrong_infinities = int((infinite & (recorded != found)).sum())
    if wrong_infinities:
        where = np.argwhere(infinite & (recorded != found))[0]
        reason = f"infinities differ in {wrong_infinities} of {expected.size} elements"
        return {"reason": reason, "outside": wrong_infinities, **_worst(expected, produced, where)}
    recorded, found = np.where(infinite, 0, recorded), np.where(infinite, 0, found)
    with np.errstate(over="ignore"):  # a difference beyond float64 is infinite, and outside any tolerance
        return _measure_finite(expected, produced, recorded, found, tolerance or Tolerance(0.0, 0.0))


def _measure_exact(expected: Array, produced: Array) -> dict[str, Any]:
    import numpy as np

    distance = _distance(expected, produced)
    outside = int(np.count_nonzero(distance))
    where = np.array(np.unravel_index(int(np.argmax(distance)), distance.shape))
    reason = f"{outside} of {expected.size} elements differ, and {expected.dtype} must agree exactly"
    return {
        "reason": reason,
        "outside": outside,
        "max_absolute": float(distance.max()),
        **_worst(expected, produced, where),
    }


def _distance(one: Array, other: Array) -> Array:
    """Exact distance of Booleans or integers of one dtype, as uint64: wide enough for any two, so nothing wraps."""
    import numpy as np

    high, low = np.maximum(one, other).astype(np.uint64), np.minimum(one, other).astype(np.uint64)
    return np.subtract(high, low)  # negative ones are off by 2^64 here, and so is their difference: by nothing


def _measure_finite(
    expected: Array, produced: Array, recorded: Array, found: Array, tolerance: Tolerance
) -> dict[str, Any]:
    import numpy as np

    error, size = np.abs(recorded - found), np.abs(recorded)
    rms = _rms(size)
    allowed = tolerance.atol * rms + tolerance.rtol * size
    outside = int((error > allowed).sum())
    worst = np.unravel_index(int(np.argmax(error - allowed)), error.shape)
    gross = int((error > max(GROSS, 10 * tolerance.rtol) * size).sum())
    close = outside == 0 and gross <= max(GROSS_FEW, GROSS_SHARE * expected.size)
    return {
        "rung": Rung.CLOSE if close else Rung.DIFFERENT,
        "reason": _words(outside, expected.size, float(error.max()), gross=gross, close=close),
        "outside": outside,
        "max_absolute": _finite(float(error.max())),
        "max_relative": _finite(float(np.max(np.divide(error, size, out=np.zeros_like(error), where=size > 0)))),
        "max_ulp": _max_ulp(expected, produced),
        "relative_l2": _finite(_rms(error) / rms) if rms > 0 else None,
        "rtol": tolerance.rtol,
        "atol": _finite(tolerance.atol * rms),
        **_worst(expected, produced, np.array(worst)),
    }


def _rms(magnitudes: Array) -> float:
    """Root mean square, scaled first so that neither huge nor tiny values are lost in their squares."""
    import numpy as np

    peak = float(magnitudes.max())
    if peak == 0 or not math.isfinite(peak):
        return peak
    return peak * float(np.sqrt(np.mean((magnitudes / peak) ** 2)))


def _words(outside: int, count: int, largest: float, *, gross: int, close: bool) -> str:
    if close:
        return f"not bitwise: largest difference {largest:.3g}, all {count} elements within the tolerance"
    if not outside:
        return f"{gross} of {count} elements differ by more than a hundredth of their own size, next to far larger ones"
    return f"{outside} of {count} elements lie outside the tolerance, largest difference {largest:.3g}"


def _finite(value: float) -> float | None:
    return value if value - value == 0 else None


def _worst(expected: Array, produced: Array, where: Array) -> dict[str, Any]:
    index = tuple(int(step) for step in where)
    return {"worst": index, "expected": str(expected[index]), "found": str(produced[index])}


def _max_ulp(expected: Array, produced: Array) -> int | None:
    """Largest distance in representable steps, both signs on one line; None for what is no sign and magnitude."""
    import numpy as np

    if expected.dtype.kind == "c" or dtype_name(expected.dtype) in UNORDERED:
        return None
    one, other = _ordered(expected), _ordered(produced)
    return int((np.maximum(one, other) - np.minimum(one, other)).max())


def _ordered(array: Array) -> Array:
    """The bits as unsigned integers that sort as the numbers do."""
    import numpy as np

    width = 8 * array.dtype.itemsize
    bits = array.view(f"uint{width}")
    negative = (bits >> np.array(width - 1, bits.dtype)).astype(bool)
    return np.where(negative, ~bits, bits | np.array(1 << (width - 1), bits.dtype))
