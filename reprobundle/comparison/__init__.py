"""Two arrays, recorded and produced: how exactly do they agree?

Names, dtype, shape, NaN and Inf come first, integers exactly, floats bitwise, then within a tolerance, then by what would be
decided with them. An array with nothing in it, or a recorded one that holds NaN, proves nothing and is ``not run``. Where NaN
is a value as any other, as in data that lacks some, it must stand at the same places, and the rest is compared.

Arrays are read in blocks, so that comparing takes little memory beside theirs.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from reprobundle.comparison import deciding, refusals, rungs
from reprobundle.comparison.blocks import are_equal, is_inexact
from reprobundle.comparison.policy import (
    OTHER_DEVICE,
    SAME_DEVICE,
    Effective,
    Policy,
    Thresholds,
    Tolerance,
    effective,
)
from reprobundle.comparison.surveys import survey
from reprobundle.report import Decisions, OutputComparison, Rung
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]


__all__ = [
    "OTHER_DEVICE",
    "SAME_DEVICE",
    "Effective",
    "Policy",
    "Thresholds",
    "Tolerance",
    "are_same",
    "compare",
    "effective",
    "unexpected",
]


def compare(
    name: str,
    expected: Array,
    produced: Array | None,
    *,
    tolerances: Mapping[str, Tolerance] = SAME_DEVICE,
    effective: Effective | None = None,
    thresholds: Thresholds | None = None,
    nan_is_a_value: bool = False,
) -> OutputComparison:
    """Compare one output with its record.

    Args:
        name: Path of the output in the nested structure.
        expected: The recorded array, any shape, of a dtype that safetensors holds.
        produced: The array of the replay; None when it was not produced.
        tolerances: For each float dtype, how far ``close`` reaches.
        effective: How far ``close`` reaches for this output, in place of `tolerances`.
        thresholds: What ``same decisions`` asks for; default: decision 0026's.
        nan_is_a_value: Whether NaN must stand where it stood, and the rest be compared; else a recorded one is ``not run``.
            Such arrays are data, by which nothing is decided: ``same decisions`` is not reached.

    Returns:
        The rung reached, and by how much the two differ.
    """
    dtype = dtype_name(expected.dtype)
    base = OutputComparison(name=name, rung=Rung.DIFFERENT, dtype=dtype, shape=expected.shape, count=expected.size)
    if produced is None:
        return base.model_copy(update={"reason": "is recorded but was not produced"})
    default = tolerances.get(dtype, Tolerance(0.0, 0.0))
    asked = rungs.Asked(
        name=name,
        effective=effective or Effective(tolerance=default, default=default),
        thresholds=None if nan_is_a_value else thresholds or Thresholds(),
    )
    return base.model_copy(update=_compared(expected, produced, asked))


def are_same(one: Mapping[str, Array], other: Mapping[str, Array]) -> bool:
    """Whether two runs gave the same, name by name and bit for bit: NaN is a value as any other."""
    return one.keys() == other.keys() and all(
        array.dtype == other[name].dtype
        and array.shape == other[name].shape
        and array.tobytes() == other[name].tobytes()
        for name, array in one.items()
    )


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


def _compared(expected: Array, produced: Array, asked: rungs.Asked) -> rungs.Fields:
    refusal = refusals.of_form(expected, produced)
    if refusal is not None:
        return {**_told(refusal), "decisions": _of_other_length(expected, produced, asked)}
    recorded, equal = survey(expected), are_equal(expected, produced)
    found = recorded if equal else survey(produced)
    counts = {"nan": (recorded.nan, found.nan), "infinite": (recorded.infinite, found.infinite)}
    if asked.thresholds is None:
        refusal = refusals.of_places(expected, produced, recorded, found)
    else:
        refusal = refusals.of_nan(recorded, found, expected.size)
    if refusal is not None:
        return {**_told(refusal), **counts}
    if equal:
        return {**rungs.of_equal(recorded), **counts}
    if not is_inexact(expected):
        return rungs.of_integers(expected, produced, asked)
    if recorded.nan:
        return {**rungs.of_floats_beside_nan(expected, produced, recorded.nan, asked), **counts}
    return {**rungs.of_floats(expected, produced, recorded, found, asked), **counts}


def _told(refusal: refusals.Refusal) -> rungs.Fields:
    rung, reason = refusal
    return {"rung": rung, "reason": reason}


def _of_other_length(expected: Array, produced: Array, asked: rungs.Asked) -> Decisions | None:
    """How many edits lead from one text to another of another length; told, and no rung."""
    if asked.thresholds is None or is_inexact(expected) or expected.dtype != produced.dtype:
        return None
    if not expected.size or not produced.size:
        return None
    decided = deciding.of_integers(asked.name, expected, produced, asked.thresholds)
    return None if decided is None else decided.decisions
