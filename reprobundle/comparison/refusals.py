"""What settles a comparison before any two values are looked at: names, dtype, shape, emptiness, NaN."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from reprobundle.comparison.blocks import is_inexact
from reprobundle.comparison.surveys import Survey
from reprobundle.report import Rung

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Refusal = tuple[Rung, str]

ONLY_NAN = "is NaN in every element, there as here, so no value can be compared"


def of_form(expected: Array, produced: Array) -> Refusal | None:
    """What differs in form is different, and what holds nothing proves nothing."""
    if expected.dtype != produced.dtype:
        return Rung.DIFFERENT, f"dtype differs: recorded {expected.dtype}, produced {produced.dtype}"
    if expected.shape != produced.shape:
        return Rung.DIFFERENT, f"shape differs: recorded {expected.shape}, produced {produced.shape}"
    if expected.size == 0:
        return Rung.NOT_RUN, "holds no element, so there is nothing to compare"
    return None


def of_nan(recorded: Survey, found: Survey, count: int) -> Refusal | None:
    """NaN in the record says nothing about what is right; NaN where there was a number is wrong."""
    if recorded.nan:
        return Rung.NOT_RUN, f"the recorded output holds NaN in {recorded.nan} of {count} elements"
    if found.nan:
        return Rung.DIFFERENT, f"holds NaN in {found.nan} of {count} elements, the record has none"
    return None


def of_places(expected: Array, produced: Array, recorded: Survey, found: Survey) -> Refusal | None:
    """Where NaN is a value it must stand where it stood, and beside it something that can be compared."""
    import numpy as np

    if not is_inexact(expected) or not (recorded.nan or found.nan):
        return None
    there, here = np.isnan(halves(expected)), np.isnan(halves(produced))
    wrong = int(np.count_nonzero((there != here).any(axis=-1)))
    if wrong and not recorded.nan:
        return of_nan(recorded, found, expected.size)
    if wrong:
        counts = f"recorded in {recorded.nan}, produced in {found.nan}"
        return Rung.DIFFERENT, f"NaN stands elsewhere, at {wrong} of {expected.size} elements: {counts}"
    return (Rung.NOT_RUN, ONLY_NAN) if there.all() else None


def halves(array: Array) -> Array:
    """Each element's one real number, or two, in a last dimension."""
    import numpy as np

    return np.stack([array.real, array.imag], axis=-1) if array.dtype.kind == "c" else array[..., np.newaxis]
