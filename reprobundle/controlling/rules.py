"""What each kind of run must show, and what it means where it does not. The thresholds are those of decision 0027."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from reprobundle.comparison.blocks import are_equal
from reprobundle.comparison.policy import SAME_DEVICE, Tolerance
from reprobundle.controlling.blocks import pieces, wide
from reprobundle.controlling.planning import Purpose
from reprobundle.controlling.seeing import AS_FAR, LEAST, Seen, Sight
from reprobundle.phrases import rounded
from reprobundle.report import Control
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

AGAIN = "recorded inputs again"
CHANGED = "inputs changed"
MOVED = "inputs moved a little"
ROWS = "rows at other places"
WEIGHTS = "weights changed"
WEIGHTS_MOVED = "weights moved a little"
SEED = "another seed"

AS_FAR_AS_OTHERS = 0.7  # of what other inputs do, for a repeat: a model with a state of its own may get half as far

What = Literal["weights", "inputs", "repeat", "seed", "probe"]
Outcome = Literal["as expected", "insensitive", "jumps", "unexpected", "unsteady", "drawn", "not run"]

COARSE = "the outputs are too few or too coarse to tell: they would stay the same by chance"
CONSTANT = "the outputs hold one value throughout, so they cannot show whether anything matters"
NO_ROW = "no output has a row for each row of the inputs"
DRAWN = "the outputs are drawn at random, so they differ from row to row in any case"
ROWS_REFORMED = "its own rows in another order gave outputs of another form"
FORMS_VARY = "other inputs give outputs of other forms, too, so they cannot be laid beside each other"
UNSTEADY = "the recorded inputs, asked again, gave something else, so a small change cannot be told"


def repeated(sight: Sight, tolerances: Mapping[str, tuple[float, float]]) -> Control:
    """The recorded inputs, asked again among all others, must give what they gave."""
    runs, failed = sight.of("repeat"), errors(sight, "repeat")
    if not runs:
        return control(sight, AGAIN, "repeat", (), "jumps", f"they were answered once and refused later: {failed[0]}")
    wrong = [one for one in runs if not _agrees(sight, one, tolerances)]
    if failed or not wrong:
        why = f"it was refused when asked again: {failed[0]}" if failed else None
        return control(sight, AGAIN, "repeat", runs, "unsteady" if failed else "as expected", why)
    if all(_is_as_far(sight, one, AS_FAR_AS_OTHERS) for one in runs):
        why = "what they give differs as much as what other inputs give, so the recorded answer shows nothing"
        return control(sight, AGAIN, "repeat", runs, "jumps", why)
    if len(wrong) == len(runs) > 1 and not sight.between(runs[0].arrays, runs[1].arrays):
        why = "every later answer is the same, and the first one is another"
        return control(sight, AGAIN, "repeat", runs, "jumps", why)
    known = sight.plan.calibration
    if known is not None and known.steadiness == "bitwise":
        why = "asked again, they gave something else, although at capture they gave the same bit for bit"
        return control(sight, AGAIN, "repeat", runs, "jumps", why)
    return control(sight, AGAIN, "repeat", runs, "unsteady", steadiness(sight))


def seed_changed(sight: Sight, steady: Control, tolerances: Mapping[str, tuple[float, float]]) -> Control | None:
    """With another seed the recorded inputs should give the same; None where they do, or where it cannot be told."""
    runs = sight.of("seed")
    if not runs or steady.outcome != "as expected" or _agrees(sight, runs[0], tolerances):
        return None
    far = sight.relative(runs[0].distances)
    by = "" if far is None else f", {rounded(far)} of their size away"
    why = f"with another seed the recorded inputs give other outputs{by}: what is recorded is one draw of many"
    return control(sight, SEED, "seed", runs, "drawn", why)


def rows_moved(sight: Sight, steady: Control, *, drawn: bool = False) -> Control:
    """A row must give at another place of the batch what it gave, where rows do not depend on each other."""
    runs, failed = sight.of("rows"), errors(sight, "rows")
    if not runs:
        why = (
            f"the model refuses its own rows in another order: {failed[0]}" if failed else sight.plan.absent.get("rows")
        )
        return control(sight, ROWS, "inputs", (), "not run", why)
    if runs[0].reformed and steady.outcome == "as expected" and not any(one.reformed for one in sight.of("far")):
        return control(sight, ROWS, "inputs", runs, "jumps", ROWS_REFORMED)
    if runs[0].reformed:
        why = FORMS_VARY if steady.outcome == "as expected" else UNSTEADY
        return control(sight, ROWS, "inputs", runs, "not run", why)
    far = sight.ratio(runs[0].distances)
    if far is None or steady.outcome != "as expected":
        absent = untold(sight) if runs[0].distances else NO_ROW
        why = absent if far is None else UNSTEADY
        return control(sight, ROWS, "inputs", runs, "not run", why)
    if far < LEAST:
        return control(sight, ROWS, "inputs", runs, "as expected")
    if drawn:
        return control(sight, ROWS, "inputs", runs, "not run", DRAWN)
    known = sight.plan.calibration
    if known is not None and known.batched and known.steadiness == "bitwise" and far >= AS_FAR:
        why = (
            "at capture rows did not depend on each other; here they give something else at another place of the batch"
        )
        return control(sight, ROWS, "inputs", runs, "jumps", why)
    return control(
        sight, ROWS, "inputs", runs, "not run", "the rows depend on each other, or the first axis is no batch"
    )


def is_given(sight: Sight, name: str) -> bool:
    """Whether an output is one of the inputs, handed on."""
    made = sight.outputs[name]
    alike = (one for one in sight.plan.recorded.values() if (one.dtype, one.shape) == (made.dtype, made.shape))
    return any(are_equal(one, made) for one in alike)


def untold(sight: Sight) -> str:
    """Why outputs show nothing."""
    constant = bool(sight.grains) and not any(known.bits for known in sight.grains.values())
    return CONSTANT if constant else COARSE


def evidence(sight: Sight, runs: int) -> float:
    """How unlikely it is, in bits, that outputs stay the same by chance in so many runs."""
    return runs * sum(known.bits for known in sight.grains.values())


def _is_as_far(sight: Sight, one: Seen, share: float) -> bool:
    far = sight.ratio(one.distances)
    return far is not None and far >= share


def _agrees(sight: Sight, one: Seen, tolerances: Mapping[str, tuple[float, float]]) -> bool:
    """Whether a run gave what the first one gave: bit for bit, or within the tolerance of each output."""
    return not one.moved or all(
        one.distances[name] is not None and _is_within(array, one.arrays[name], tolerances.get(name))
        for name, array in sight.outputs.items()
    )


def _is_within(before: Array, after: Array, tolerance: tuple[float, float] | None) -> bool:
    import numpy as np

    if (before.dtype, before.shape) != (after.dtype, after.shape):
        return False
    if before.dtype.kind in "biu":
        return are_equal(before, after)
    if tolerance is None:
        table = SAME_DEVICE.get(dtype_name(before.dtype), Tolerance(0.0, 0.0))
        tolerance = table.rtol, table.atol * _root_mean_square(before)
    with np.errstate(invalid="ignore"):
        return all(
            bool(np.isclose(wide(other), wide(one), rtol=tolerance[0], atol=tolerance[1], equal_nan=True).all())
            for one, other in pieces(before, after)
        )


def _root_mean_square(array: Array) -> float:
    """Of the finite values."""
    import numpy as np

    total, count = 0.0, 0
    for (piece,) in pieces(array):
        values = wide(piece)
        finite = values[np.isfinite(values)]
        total, count = total + float((np.abs(finite) ** 2).sum()), count + finite.size
    return math.sqrt(total / count) if count else 0.0


def steadiness(sight: Sight) -> str:
    """That a model gave something else when it was asked again, in words."""
    calibration = sight.plan.calibration
    known = "stateful", "random", "nondeterministic"
    if calibration is not None and calibration.steadiness in known:
        return f"asked again, they gave something else; at capture the model was found to be {calibration.steadiness}"
    return (
        "asked again, they gave something else: the model keeps something from one run to the next, or draws by chance"
    )


def errors(sight: Sight, *purposes: Purpose) -> list[str]:
    """Why runs of some purposes gave nothing."""
    return [one.error for one in sight.all_of(*purposes) if one.error is not None]


def control(
    sight: Sight, name: str, what: What, runs: Sequence[Seen], outcome: Outcome, why: str | None = None
) -> Control:
    """A control with how much its runs changed, and how far the outputs moved."""
    scales = [one.decoy.scale for one in runs if one.decoy.scale is not None]
    distances = [far for one in runs if (far := sight.relative(one.distances)) is not None]
    return Control(
        name=name,
        what=what,
        scale=max(scales, default=None),
        distance=max(distances, default=None),
        outcome=outcome,
        why=why,
    )
