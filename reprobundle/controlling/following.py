"""Whether outputs follow the inputs and the weights: clearly other ones must give clearly something else."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobundle.controlling.decoys import is_free
from reprobundle.controlling.measuring import ENOUGH_BITS, Grain, followed, is_moved
from reprobundle.controlling.rules import (
    CHANGED,
    WEIGHTS,
    What,
    control,
    errors,
    evidence,
    is_given,
    untold,
)
from reprobundle.controlling.seeing import Seen, Sight
from reprobundle.phrases import counted, rounded, some
from reprobundle.report import Control

HARDLY = 0.01  # of what an output varies by: what moves less is not seen to follow
SAME_INPUTS = (
    "other inputs gave the very same outputs (for the author: let them be computed from the "
    "inputs that are recorded; where they are, record numbers such as logits in place of labels)"
)
SAME_WEIGHTS = (
    "other weights gave the very same outputs (for the author: let forward() use the "
    "weights; where it does, record numbers such as logits in place of labels)"
)
ONE_ROW = "other inputs gave the very same outputs, and of one row it cannot be told whether any input matters"
WITH_OTHERS = "with the recorded weights the outputs do not depend on the inputs; with others they do"
REFUSES = "the model refuses other inputs: "
FAINTLY = "move the outputs by "  # with which the words for what hardly moves go on
CANNOT = "cannot overlay"  # as the worker begins what a kind of model does not allow
ANY_OTHER = "it takes its own weights and refuses any other, even those moved a little: "


def inputs_changed(sight: Sight) -> Control:
    """Other inputs must give other outputs; an output of a row each that nothing changes at all is no output of a model."""
    runs, failed = sight.far(), errors(sight, "far", "probe")
    if not runs and not failed:
        return control(sight, CHANGED, "inputs", (), "not run", sight.plan.absent.get("far"))
    if not runs:
        return _refused(sight, failed)
    still = never_moved(sight) if any(one.moved for one in runs) else []
    wrong = [f"output {name!r}" for name in still if must_move(sight, name)]
    if wrong:
        return control(sight, CHANGED, "inputs", runs, "insensitive", f"nothing at all changed {some(wrong, 3)}")
    faint = _faint(sight, runs, "inputs") or _of_one_row(sight, still)
    if faint is not None:
        return control(sight, CHANGED, "inputs", runs, "not run", faint)
    if any(one.moved for one in runs):
        return control(sight, CHANGED, "inputs", runs, "as expected", _remark(still))
    return _unmoved(sight, runs)


def weights_changed(sight: Sight) -> Control:
    """Other weights must give other outputs: with a few changed, with as many as may be, and on other inputs too."""
    runs, failed = sight.of("weights", "both"), errors(sight, "weights", "both")
    if not runs:
        return _refused_weights(sight, failed)
    faint = _faint(sight, runs, "weights")
    if faint is not None:
        return control(sight, WEIGHTS, "weights", runs, "not run", faint)
    if any(one.moved for one in runs):
        return control(sight, WEIGHTS, "weights", runs, "as expected")
    if evidence(sight, len(runs)) < ENOUGH_BITS:
        return control(sight, WEIGHTS, "weights", runs, "not run", untold(sight))
    return control(sight, WEIGHTS, "weights", runs, "insensitive", SAME_WEIGHTS)


def never_moved(sight: Sight) -> list[str]:
    """Outputs that no change of inputs or weights moved, but for those that hand an input on or hold whole numbers of few kinds."""
    runs = sight.of("far", "weights", "both")
    return [
        name
        for name, known in sight.grains.items()
        if known.bits
        and not any(is_moved(one.distances.get(name), known) for one in runs)
        and not is_given(sight, name)
    ]


def must_move(sight: Sight, name: str) -> bool:
    """Whether an output has a row for each row of the inputs, each another one, and could not stay as it is by chance.

    Codes and labels may depend on a mask or on positions, which are left as they are: of those it counts only where none are.
    """
    known = sight.grains[name]
    if not has_rows(sight, name) or not known.varied:
        return False
    runs = len(sight.of("far"))
    return known.fine or (known.bits * runs >= ENOUGH_BITS and all(map(is_free, sight.plan.recorded.values())))


def has_rows(sight: Sight, name: str) -> bool:
    """Whether an output has a row for each of several rows of the inputs."""
    rows = {one.shape[0] for one in sight.plan.recorded.values() if one.ndim}
    shape = sight.outputs[name].shape
    return bool(shape) and shape[0] > 1 and shape[0] in rows


def _unmoved(sight: Sight, runs: Sequence[Seen]) -> Control:
    """Where no other input changed any output."""
    if evidence(sight, len(runs)) < ENOUGH_BITS:
        return control(sight, CHANGED, "inputs", runs, "not run", untold(sight))
    if not any(known.varied for known in sight.grains.values()) and _follows_with_other_weights(sight):
        if not any(array.ndim and array.shape[0] > 1 for array in sight.outputs.values()):
            return control(sight, CHANGED, "inputs", runs, "not run", ONE_ROW)
        return control(sight, CHANGED, "inputs", runs, "as expected", WITH_OTHERS)
    return control(sight, CHANGED, "inputs", runs, "insensitive", SAME_INPUTS)


def _remark(still: Sequence[str]) -> str | None:
    """That some outputs beside those that follow show nothing."""
    if not still:
        return None
    verb = "depends" if len(still) == 1 else "depend"
    shows = "shows" if len(still) == 1 else "show"
    noun = "output" if len(still) == 1 else "outputs"
    return f"{noun} {some([repr(name) for name in still], 3)} {verb} on nothing that was changed, and {shows} nothing"


def _of_one_row(sight: Sight, still: Sequence[str]) -> str | None:
    """That an output of a single row stayed as it is, which may be remembered and may be a constant."""
    rows = {one.shape[0] for one in sight.plan.recorded.values() if one.ndim}
    open_ones = [
        name for name in still if rows == {1} and sight.outputs[name].shape[:1] == (1,) and _spreads(sight, name)
    ]
    return f"{_remark(open_ones)}; of one row it cannot be told whether it should" if open_ones else None


def _spreads(sight: Sight, name: str) -> bool:
    return sight.grains[name].fine and sight.grains[name].spread > 0


def _faint(sight: Sight, runs: Sequence[Seen], what: What) -> str | None:
    """That outputs were moved by far less than they vary by, in words; None where they follow, or did not move at all."""
    if not any(one.moved for one in runs) or any(one.reformed for one in runs):
        return None
    fine = [name for name, known in sight.grains.items() if known.fine and not is_given(sight, name)]
    shares = {name: _share(name, sight.grains[name], runs) for name in fine}
    names = [name for name in shares if has_rows(sight, name)] or list(shares)
    whole = {name: shares[name][0] for name in names}
    if not whole:
        return None
    weak = {name: share for name, share in whole.items() if share < HARDLY}
    per_row = what == "inputs" and any(has_rows(sight, name) for name in weak)  # what no weight moves may be honest
    if len(weak) == len(whole) or per_row:
        return f"other {what} {FAINTLY}{rounded(100 * max(weak.values()))} % of what they vary by only"
    columns = (_faint_columns(name, shares[name][1]) for name in names if what == "inputs")
    return next(filter(None, columns), None)


def _share(name: str, known: Grain, runs: Sequence[Seen]) -> tuple[float, list[float]]:
    """How far an output went at most, as a share of what it varies by: the whole, and each column."""
    found = [followed(one.distances.get(name), known) for one in runs]
    columns = [list(map(float, each)) for _, each in found if each is not None]
    most = [max(each) for each in zip(*columns, strict=True)] if len(columns) == len(found) else []
    return max(whole for whole, _ in found), most


def _faint_columns(name: str, shares: Sequence[float]) -> str | None:
    weak = [share for share in shares if share < HARDLY]
    if not weak:
        return None
    of = f"{len(weak):,} of {counted(len(shares), 'column')}"
    return f"other inputs {FAINTLY}{rounded(100 * max(weak))} % of what they vary by only, in {of} of output {name!r}"


def _refused(sight: Sight, failed: Sequence[str]) -> Control:
    """Where all other inputs were refused: even the model's own rows in another order, which no honest check tells apart?"""
    order = sight.all_of("rows")
    if order and not sight.of("far", "near", "rows", "probe"):
        why = f"it answers the recorded inputs alone, and refuses its own rows in another order, too: {failed[0]}"
        return control(sight, CHANGED, "inputs", (), "jumps", why)
    return control(sight, CHANGED, "inputs", (), "not run", f"{REFUSES}{failed[0]}")


def _refused_weights(sight: Sight, failed: Sequence[str]) -> Control:
    """Where no other weights were taken: by a kind of model that allows none, or by the model itself."""
    if not failed:
        return control(sight, WEIGHTS, "weights", (), "not run", sight.plan.absent.get("weights"))
    near = sight.all_of("weights near")
    own = [each for each in (*failed, *errors(sight, "weights near")) if not each.startswith(CANNOT)]
    if own and near and not sight.of("weights near"):
        return control(sight, WEIGHTS, "weights", (), "jumps", f"{ANY_OTHER}{own[0]}")
    return control(sight, WEIGHTS, "weights", (), "not run", f"its weights cannot be changed here: {failed[0]}")


def _follows_with_other_weights(sight: Sight) -> bool:
    """Whether inputs matter as soon as the weights are others: what a layer that is still all zero hides."""
    return any(sight.between(one.arrays, both.arrays) for one, both in _alike(sight))


def _alike(sight: Sight) -> Iterator[tuple[Seen, Seen]]:
    """The recorded and the other inputs, both with the same other weights."""
    for both in sight.of("both"):
        for one in sight.of("weights"):
            if one.decoy.question.overlay == both.decoy.question.overlay:
                yield one, both
