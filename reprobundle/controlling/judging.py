"""What the runs of a plan show: whether a model follows its inputs and its weights, or only gives what it remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from reprobundle.answers import Answer
from reprobundle.comparison import compare
from reprobundle.controlling import rules
from reprobundle.controlling.planning import Plan
from reprobundle.controlling.seeing import Seen, Sight
from reprobundle.manifest import Manifest
from reprobundle.phrases import some
from reprobundle.report import Control, OutputComparison, Rung

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Bad = Literal["insensitive", "jumps", "unexpected", "unsteady", "drawn"]
Outcome = Bad | Literal["passed", "not run"]
WORST: tuple[Bad, ...] = ("insensitive", "jumps", "unexpected", "unsteady", "drawn")
NOT_BEGUN = ("not run: ", "cannot be run: ")  # as guest and worker begin what they say of such a run
TOO_SLOW = "the time was over before the model could be run on other inputs and with other weights"
DID_NOT_FINISH = "the model was not run to its end"


def judge(
    plan: Plan,
    manifest: Manifest,
    answer: Answer,
    compared: tuple[OutputComparison, ...],
    *,
    out_of_time: bool = False,
) -> tuple[Control, ...]:
    """Say what each kind of run shows.

    Args:
        plan: What was asked.
        manifest: Of the bundle; what it says of the model serves for words only.
        answer: What the worker gave.
        compared: The outputs beside the recorded ones, with the tolerances that count.
        out_of_time: Whether the worker really took so long that further runs had to be left out, by the caller's own clock.

    Returns:
        One control for each kind of run, those that could not be told among them; empty where nothing was asked.
    """
    if not plan.decoys:
        return ()
    if answer.error is not None:
        return (Control(name=rules.CHANGED, what="inputs", outcome="not run", why=DID_NOT_FINISH),)
    sight = Sight(plan, answer)
    unanswered = _unanswered(sight)
    if unanswered is not None:
        return (_without_answer(unanswered, out_of_time=out_of_time),)
    steady = rules.repeated(sight, _tolerances(compared))
    told = [steady, rules.inputs_changed(sight), rules.inputs_moved(sight, steady), rules.rows_moved(sight, steady)]
    told += [rules.weights_changed(sight), rules.weights_moved(sight, steady, manifest), *_probed(sight)]
    return tuple(told)


def _unanswered(sight: Sight) -> str | None:
    """Why a run was not even begun, as the worker left it; None where each was."""
    return next((one.error for one in sight.seen if one.error is not None and one.error.startswith(NOT_BEGUN)), None)


def _without_answer(why: str, *, out_of_time: bool) -> Control:
    """A process that ends as soon as it is asked something else shows nothing of the model, whatever it says of its end."""
    if out_of_time:
        return Control(name=rules.CHANGED, what="inputs", outcome="not run", why=TOO_SLOW)
    told = f"the process did not go on when it was asked about other inputs and weights: {why}"
    return Control(name=rules.CHANGED, what="inputs", outcome="jumps", why=told)


def outcome(controls: Sequence[Control]) -> Outcome:
    """The worst of all; ``passed`` where none is bad and a change of inputs or weights showed that the model follows."""
    found = {control.outcome for control in controls}
    worst = next((one for one in WORST if one in found), None)
    if worst is not None:
        return worst
    shown = {one.name for one in controls if one.outcome == "as expected"}
    untold = any(
        one.name == rules.CHANGED and one.distance is not None for one in controls
    )  # answered, and no evidence
    return "passed" if rules.CHANGED in shown or (rules.WEIGHTS in shown and not untold) else "not run"


def probed(plan: Plan, answer: Answer) -> Mapping[str, Array]:
    """What the model gave for the reviewer's own inputs, by output; empty where there are none, or it failed."""
    names = [one.question.name for one in plan.decoys if one.purpose == "probe"]
    return answer.runs[names[0]].arrays if names and names[0] in answer.runs else {}


def _tolerances(compared: tuple[OutputComparison, ...]) -> Mapping[str, tuple[float, float]]:
    """By output, relative tolerance and absolute one in its own unit, where the comparison says what counts."""
    return {one.name: (one.rtol, one.atol) for one in compared if one.rtol is not None and one.atol is not None}


def _probed(sight: Sight) -> Iterator[Control]:
    """What came of the reviewer's own inputs; where they say what must come of them, that counts."""
    for one in sight.all_of("probe"):
        outcome, why = _of_probe(one, sight.plan.expected)
        yield Control(name=rules.PROBE, what="probe", distance=sight.relative(one.distances), outcome=outcome, why=why)


def _of_probe(
    one: Seen, expected: Mapping[str, Array]
) -> tuple[Literal["as expected", "jumps", "not run"], str | None]:
    if one.error is not None:
        return "not run", f"the model refuses them: {one.error}"
    compared = [compare(name, array, one.arrays.get(name)) for name, array in expected.items()]
    wrong = [f"output {found.name!r} {found.reason}" for found in compared if not found.rung.reaches(Rung.CLOSE)]
    return ("jumps", f"what was expected of them did not come: {some(wrong, 3)}") if wrong else ("as expected", None)
