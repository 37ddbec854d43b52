"""What each kind of run must show, and what it means where it does not. The thresholds are those of decision 0027."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from reprobundle.comparison.policy import SAME_DEVICE, Tolerance
from reprobundle.controlling.measuring import ENOUGH_BITS, FEWEST, is_moved
from reprobundle.controlling.planning import Purpose
from reprobundle.controlling.seeing import Seen, Sight
from reprobundle.manifest import Manifest
from reprobundle.phrases import rounded, some
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
PROBE = "your own inputs"

AS_FAR = 0.5  # of what other inputs do: as far as a large change
AS_FAR_AS_OTHERS = 0.7  # of it, for a repeat: a model with a state of its own may get half as far
LEAST = 0.05  # of it: below, nothing counts as a jump
STEEP = 1000.0  # times the move itself: no honest model makes more of a move, measured by what other inputs do
NOISE = 20.0  # steps of the outputs' own dtype, which any other sum may cost

What = Literal["weights", "inputs", "repeat", "seed", "probe"]
Outcome = Literal["as expected", "insensitive", "jumps", "unexpected", "unsteady", "drawn", "not run"]

COARSE = "the outputs are too few or too coarse to tell: they would stay the same by chance"
ONE_ROW = "other inputs gave the very same outputs, and of one row it cannot be told whether any input matters"
ROWS_REFORMED = "its own rows in another order gave outputs of another form"
OTHER_FORM = "a change by {scale} of the {what} gave outputs of another form: other names, dtypes or shapes"
UNSTEADY = "the recorded inputs, asked again, gave something else, so a small change cannot be told"


def repeated(sight: Sight, tolerances: Mapping[str, tuple[float, float]]) -> Control:
    """The recorded inputs, asked again among all others, must give what they gave."""
    runs, failed = sight.of("repeat"), _errors(sight, "repeat")
    if not runs:
        return _control(sight, AGAIN, "repeat", (), "jumps", f"they were answered once and refused later: {failed[0]}")
    wrong = [one for one in runs if not _agrees(sight, one, tolerances)]
    if failed or not wrong:
        why = f"it was refused when asked again: {failed[0]}" if failed else None
        return _control(sight, AGAIN, "repeat", runs, "unsteady" if failed else "as expected", why)
    if all(_is_as_far(sight, one, AS_FAR_AS_OTHERS) for one in runs):
        why = "what they give differs as much as what other inputs give, so the recorded answer shows nothing"
        return _control(sight, AGAIN, "repeat", runs, "jumps", why)
    if len(wrong) == len(runs) > 1 and not sight.between(runs[0].arrays, runs[1].arrays):
        why = "every later answer is the same, and the first one is another"
        return _control(sight, AGAIN, "repeat", runs, "jumps", why)
    known = sight.plan.calibration
    if known is not None and known.steadiness == "bitwise":
        why = "asked again, they gave something else, although at capture they gave the same bit for bit"
        return _control(sight, AGAIN, "repeat", runs, "jumps", why)
    return _control(sight, AGAIN, "repeat", runs, "unsteady", _steadiness(sight))


def inputs_changed(sight: Sight) -> Control:
    """Other inputs must give other outputs; an output that nothing changes at all is no output of a model."""
    runs, failed = sight.far(), _errors(sight, "far", "probe")
    if not runs and not failed:
        return _control(sight, CHANGED, "inputs", (), "not run", sight.plan.absent.get("far"))
    if not runs:
        return _refused(sight, failed)
    still = _never_moved(sight)
    if still:
        return _control(sight, CHANGED, "inputs", runs, "insensitive", f"nothing at all changed {some(still, 3)}")
    if any(one.moved for one in runs):
        return _control(sight, CHANGED, "inputs", runs, "as expected")
    if _evidence(sight, len(runs)) < ENOUGH_BITS:
        return _control(sight, CHANGED, "inputs", runs, "not run", COARSE)
    if not any(known.varied for known in sight.grains.values()) and _follows_with_other_weights(sight):
        if not any(array.ndim and array.shape[0] > 1 for array in sight.outputs.values()):
            return _control(sight, CHANGED, "inputs", runs, "not run", ONE_ROW)
        why = "with the recorded weights the outputs do not depend on the inputs; with others they do"
        return _control(sight, CHANGED, "inputs", runs, "as expected", why)
    return _control(sight, CHANGED, "inputs", runs, "insensitive", "other inputs gave the very same outputs")


def inputs_moved(sight: Sight, steady: Control) -> Control:
    """A little more in each value must not give what other inputs give."""
    return _moved_little(sight, steady, "near", MOVED, "inputs")


def weights_moved(sight: Sight, steady: Control, manifest: Manifest) -> Control:
    """A little more or less in each weight must not give what other inputs give."""
    step = max((_EPSILONS.get(entry.dtype, 0.0) for entry in manifest.model.tensors), default=0.0)
    return _moved_little(sight, steady, "weights near", WEIGHTS_MOVED, "weights", step=step)


_EPSILONS: Mapping[str, float] = {"F32": 1.2e-7, "F16": 9.8e-4, "BF16": 7.9e-3}


def rows_moved(sight: Sight, steady: Control) -> Control:
    """A row must give at another place of the batch what it gave, where rows do not depend on each other."""
    runs, failed = sight.of("rows"), _errors(sight, "rows")
    if not runs:
        why = (
            f"the model refuses its own rows in another order: {failed[0]}" if failed else sight.plan.absent.get("rows")
        )
        return _control(sight, ROWS, "inputs", (), "not run", why)
    if runs[0].reformed:
        return _control(sight, ROWS, "inputs", runs, "jumps", ROWS_REFORMED)
    far = sight.ratio(runs[0].distances)
    if far is None or steady.outcome != "as expected":
        why = "no output has a row for each row of the inputs, or too few of them" if far is None else UNSTEADY
        return _control(sight, ROWS, "inputs", runs, "not run", why)
    if far < LEAST:
        return _control(sight, ROWS, "inputs", runs, "as expected")
    known = sight.plan.calibration
    if known is not None and known.batched and known.steadiness == "bitwise" and far >= AS_FAR:
        why = (
            "at capture rows did not depend on each other; here they give something else at another place of the batch"
        )
        return _control(sight, ROWS, "inputs", runs, "jumps", why)
    return _control(
        sight, ROWS, "inputs", runs, "not run", "the rows depend on each other, or the first axis is no batch"
    )


def weights_changed(sight: Sight) -> Control:
    """Other weights must give other outputs: with a few changed, with as many as may be, and on other inputs too."""
    runs, failed = sight.of("weights", "both"), _errors(sight, "weights", "both")
    if not runs:
        why = f"its weights cannot be changed here: {failed[0]}" if failed else sight.plan.absent.get("weights")
        return _control(sight, WEIGHTS, "weights", (), "not run", why)
    if any(one.moved for one in runs):
        return _control(sight, WEIGHTS, "weights", runs, "as expected")
    if _evidence(sight, len(runs)) < ENOUGH_BITS:
        return _control(sight, WEIGHTS, "weights", runs, "not run", COARSE)
    return _control(sight, WEIGHTS, "weights", runs, "insensitive", "other weights gave the very same outputs")


def _moved_little(
    sight: Sight, steady: Control, purpose: Purpose, name: str, what: What, *, step: float = 0.0
) -> Control:
    runs, failed = sight.of(purpose), _errors(sight, purpose)
    if not runs and failed and _takes_more(sight, what):
        why = f"it takes large changes of the {what}, and refuses small ones: {failed[0]}"
        return _control(sight, name, what, (), "jumps", why)
    if not runs:
        absent = f"the model refuses it: {failed[0]}" if failed else sight.plan.absent.get(purpose)
        return _control(sight, name, what, (), "not run", absent)
    if runs[0].reformed:
        form = OTHER_FORM.format(scale=rounded(runs[0].decoy.scale or 0.0), what=what)
        return _control(sight, name, what, runs[:1], "jumps", form)
    if steady.outcome != "as expected":
        return _control(sight, name, what, runs, "not run", UNSTEADY)
    told = [(one, far) for one in runs if (far := sight.ratio(one.distances)) is not None]
    if not told:
        return _control(sight, name, what, runs, "not run", COARSE)
    steps = max([step, *(known.epsilon for known in sight.grains.values())])
    for one, far in told:
        scale = one.decoy.scale or 0.0
        after_none = one is not runs[0] and not runs[0].moved and far >= AS_FAR
        if far >= _limit(sight, scale, steps) and (after_none or one is runs[0]):
            words = (
                f"a change by {rounded(scale)} of the {what} moved the outputs {_share(far)} as far as other inputs do"
            )
            return _control(sight, name, what, (one,), "jumps", words)
    return _control(sight, name, what, runs, "as expected")


def _takes_more(sight: Sight, what: What) -> bool:
    """Whether no honest model refuses a small change: of weights never, of inputs where its own rows are refused, too."""
    if what == "weights":
        return bool(sight.of("weights"))
    return bool(sight.of("far")) and bool(sight.all_of("rows")) and not sight.of("rows")


def _limit(sight: Sight, scale: float, step: float) -> float:
    """The share of what other inputs do that an honest model may reach with a small change."""
    least = LEAST if any(known.fine for known in sight.grains.values()) else AS_FAR
    return min(AS_FAR, max(least, STEEP * scale, NOISE * step))


def _share(far: float) -> str:
    return "so far that they are no numbers, and not" if math.isinf(far) else f"{rounded(far)} times"


def _refused(sight: Sight, failed: Sequence[str]) -> Control:
    """Where all other inputs were refused: even the model's own rows in another order, which no honest check tells apart?"""
    order = sight.all_of("rows")
    if order and not sight.of("far", "near", "rows", "probe"):
        why = f"it answers the recorded inputs alone, and refuses its own rows in another order, too: {failed[0]}"
        return _control(sight, CHANGED, "inputs", (), "jumps", why)
    return _control(sight, CHANGED, "inputs", (), "not run", f"the model refuses other inputs: {failed[0]}")


def _never_moved(sight: Sight) -> list[str]:
    """Outputs of many fine numbers that no change of inputs or weights moved, but for those that hand an input on."""
    runs = (*sight.of("far", "weights", "both"),)
    given = {array.tobytes() for array in sight.plan.recorded.values()}
    many = [name for name, known in sight.grains.items() if known.fine and sight.outputs[name].size >= FEWEST]
    still = [name for name in many if not any(is_moved(one.distances.get(name), sight.grains[name]) for one in runs)]
    others = any(one.moved for one in sight.far())
    return [f"output {name!r}" for name in still if others and sight.outputs[name].tobytes() not in given]


def _follows_with_other_weights(sight: Sight) -> bool:
    """Whether inputs matter as soon as the weights are others: what a layer that is still all zero hides."""
    both = sight.of("both")
    alike = [
        one for one in sight.of("weights") if both and one.decoy.question.overlay == both[0].decoy.question.overlay
    ]
    return bool(alike) and sight.between(alike[0].arrays, both[0].arrays)


def _evidence(sight: Sight, runs: int) -> float:
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

    if before.dtype.kind in "biu":
        return before.tobytes() == after.tobytes()
    wide = np.complex128 if before.dtype.kind == "c" else np.float64
    one, other = before.astype(wide), after.astype(wide)
    table = SAME_DEVICE.get(dtype_name(before.dtype), Tolerance(0.0, 0.0))
    finite = np.abs(one[np.isfinite(one)])
    rms = float(np.sqrt(np.mean(finite**2))) if finite.size else 0.0
    rtol, atol = tolerance or (table.rtol, table.atol * rms)
    with np.errstate(invalid="ignore"):
        return bool(np.isclose(other, one, rtol=rtol, atol=atol, equal_nan=True).all())


def _steadiness(sight: Sight) -> str:
    calibration = sight.plan.calibration
    known = "stateful", "random", "nondeterministic"
    if calibration is not None and calibration.steadiness in known:
        return f"asked again, they gave something else; at capture the model was found to be {calibration.steadiness}"
    return (
        "asked again, they gave something else: the model keeps something from one run to the next, or draws by chance"
    )


def _errors(sight: Sight, *purposes: Purpose) -> list[str]:
    return [one.error for one in sight.all_of(*purposes) if one.error is not None]


def _control(
    sight: Sight, name: str, what: What, runs: Sequence[Seen], outcome: Outcome, why: str | None = None
) -> Control:
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
