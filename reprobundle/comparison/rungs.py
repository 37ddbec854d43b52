"""Which rung two arrays of one dtype and shape reach, and all that a report says of them."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from reprobundle.comparison import deciding, exactly, refusals, wording
from reprobundle.comparison.blocks import pairs, plain
from reprobundle.comparison.decided import Decided, Reach
from reprobundle.comparison.measuring import Measured, measure
from reprobundle.comparison.policy import Effective, Thresholds
from reprobundle.comparison.surveys import Survey, survey
from reprobundle.report import Rung

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Fields = dict[str, Any]

MILLION = 1e6


@dataclass(frozen=True, kw_only=True)
class Asked:
    """How an output is judged.

    Attributes:
        name: Path of the output in the nested structure.
        effective: How far *close* reaches.
        thresholds: What *same decisions* asks for; None: decisions are not looked at.
    """

    name: str
    effective: Effective
    thresholds: Thresholds | None


def of_equal(recorded: Survey) -> Fields:
    """What agrees bit for bit."""
    cosine = 1.0 if recorded.peak else None
    distances = {"max_absolute": 0.0, "max_ulp": 0, "relative_l2": 0.0, "ppm": 0.0, "p999": 0.0}
    return {"rung": Rung.BITWISE, "cosine": cosine, **distances}


def of_integers(expected: Array, produced: Array, asked: Asked) -> Fields:
    """Booleans or integers that differ."""
    counted = exactly.count(expected, produced)
    decided = None
    if asked.thresholds is not None:
        decided = deciding.of_integers(asked.name, expected, produced, asked.thresholds)
    return {
        **_rung(close=False, reason=wording.of_integers(counted.outside, expected), decided=decided),
        "outside": counted.outside,
        "ppm": counted.outside / expected.size * MILLION,
        "max_absolute": float(counted.largest),
        "p999": counted.p999,
        **worst(expected, produced, counted.worst),
    }


def of_floats(expected: Array, produced: Array, recorded: Survey, found: Survey, asked: Asked) -> Fields:
    """Floats that differ, without NaN."""
    if recorded.infinite or found.infinite:
        wrong = _wrong_infinities(expected, produced)
        if wrong:
            return wrong
    measured, effective = _measured(expected, produced, recorded, found, asked.effective)
    decided = None if recorded.infinite else _decided(expected, produced, measured, asked)
    return {
        **_rung(close=measured.is_close, reason=wording.of_floats(measured, effective), decided=decided),
        "outside": measured.outside,
        "ppm": measured.outside / measured.count * MILLION,
        "max_absolute": _number(measured.largest),
        "max_relative": _number(measured.relative),
        "max_ulp": measured.ulp,
        "relative_l2": _number(measured.relative_l2),
        "p999": _number(measured.p999),
        "cosine": _number(measured.cosine),
        "histogram": measured.histogram,
        "rtol": effective.tolerance.rtol,
        "atol": _number(effective.tolerance.atol * measured.rms),
        "tolerance_from": effective.origin,
        "loosened": effective.loosened,
        "narrowed": effective.narrowed,
        "wider": _number(effective.times or math.nan),
        "capped": effective.capped,
        **worst(expected, produced, measured.worst),
    }


def of_floats_beside_nan(expected: Array, produced: Array, count: int, asked: Asked) -> Fields:
    """Floats that differ beside NaN, which stands at the same places in both.

    Args:
        expected: The recorded array.
        produced: The array of the replay.
        count: Elements that are NaN.
        asked: How they are judged.
    """
    import numpy as np

    there, here = refusals.halves(expected), refusals.halves(produced)
    kept = ~np.isnan(there)
    ours, theirs = there[kept], here[kept]
    fields = of_floats(ours, theirs, survey(ours), survey(theirs), asked)
    (index,) = fields["worst"]
    place = np.unravel_index(np.flatnonzero(kept)[index], kept.shape)[: expected.ndim]
    return {
        **fields,
        "reason": f"{fields['reason']}, beside NaN at the same {count} {'place' if count == 1 else 'places'}",
        "worst": tuple(int(step) for step in place),
    }


def worst(expected: Array, produced: Array, place: int) -> Fields:
    """Where two arrays differ most, counted through in C order, and the two values there."""
    import numpy as np

    index = tuple(int(step) for step in np.unravel_index(place, expected.shape))
    return {"worst": index, "expected": str(expected[index]), "found": str(produced[index])}


def _wrong_infinities(expected: Array, produced: Array) -> Fields | None:
    """Infinities must stand at the same places with the same sign; None where they do."""
    import numpy as np

    outside, first = 0, 0
    for start, here, there in pairs(expected, produced):
        ours, theirs = plain(here), plain(there)
        wrong = (np.isinf(ours) | np.isinf(theirs)) & (ours != theirs)
        if not outside and wrong.any():
            first = start + int(np.argmax(wrong))
        outside += int(np.count_nonzero(wrong))
    if not outside:
        return None
    ppm = outside / expected.size * MILLION
    reason = f"infinities differ in {outside} of {expected.size} elements"
    return {"reason": reason, "outside": outside, "ppm": ppm, **worst(expected, produced, first)}


def _measured(
    expected: Array, produced: Array, recorded: Survey, found: Survey, effective: Effective
) -> tuple[Measured, Effective]:
    """Measure by the tolerance that holds; what is close by this program's own needs no wider one.

    The reviewer's own is told as it was typed all the same.
    """
    if effective.loosened and effective.default is not None:
        strictly = measure(expected, produced, effective.default, recorded, found)
        if strictly.is_close and effective.origin != "reviewer":
            return strictly, Effective(tolerance=effective.default)
        if strictly.is_close:
            effective = replace(effective, loosened=False, default=None)
    return measure(expected, produced, effective.tolerance, recorded, found), effective


def _decided(expected: Array, produced: Array, measured: Measured, asked: Asked) -> Decided | None:
    """What is decided; a tie is what this program's own tolerance says, whatever counts as close."""
    if asked.thresholds is None:
        return None
    own = asked.effective.default or asked.effective.tolerance
    reach = Reach(rtol=own.rtol, atol=own.atol * measured.rms, rms=measured.rms)
    basis = deciding.Basis(reach=reach, apart=measured.relative_l2, thresholds=asked.thresholds)
    return deciding.of_floats(asked.name, expected, produced, basis)


def _rung(*, close: bool, reason: str, decided: Decided | None) -> Fields:
    """The rung, where it is another than *different*, and why."""
    decisions = None if decided is None else decided.decisions
    if close:
        return {"rung": Rung.CLOSE, "reason": reason, "decisions": decisions}
    if decided is not None and decided.agree:
        reason = f"{reason}; every decision is the same: {decided.decisions.words}"
        return {"rung": Rung.SAME_DECISIONS, "reason": reason, "decisions": decisions}
    return {"reason": reason, "decisions": decisions}


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
