"""What the runs of a plan show: whether a model follows its inputs and its weights, or only gives what it remembers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from reprobundle.answers import Answer
from reprobundle.comparison import compare
from reprobundle.comparison.policy import Policy, effective
from reprobundle.controlling import following, nearing, rules
from reprobundle.controlling.beginning import Begun
from reprobundle.controlling.planning import Plan
from reprobundle.controlling.reconsidering import reconsidered
from reprobundle.controlling.seeing import Seen, Sight
from reprobundle.manifest import Manifest
from reprobundle.phrases import some
from reprobundle.report import Control, OutputComparison, Rung
from reprobundle.report.further import PROBE, PROBE_ALONE
from reprobundle.tensors import dtype_name

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Bad = Literal["insensitive", "jumps", "unexpected", "unsteady", "drawn"]
Outcome = Bad | Literal["passed", "not run"]
WORST: tuple[Bad, ...] = ("insensitive", "jumps", "unexpected", "unsteady", "drawn")
BY_DEFAULT = Policy()
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
    policy: Policy = BY_DEFAULT,
    anew: Sequence[Begun] = (),
) -> tuple[Control, ...]:
    """Say what each kind of run shows.

    Args:
        plan: What was asked.
        manifest: Of the bundle; what it says of the model serves for words only.
        answer: What the worker gave.
        compared: The outputs beside the recorded ones, with the tolerances that count.
        out_of_time: Whether the worker really took so long that further runs had to be left out, by the caller's own clock.
        anew: Processes that began with something else, as `beginnings` chose them for an unsteady model.
        policy: What the reviewer lets pass, for what must come of the reviewer's own inputs, too.

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
    seed = rules.seed_changed(sight, steady, _tolerances(compared))
    told = [steady, following.inputs_changed(sight), nearing.inputs_moved(sight, steady)]
    told += [rules.rows_moved(sight, steady, drawn=seed is not None), following.weights_changed(sight)]
    told += [nearing.weights_moved(sight, steady, manifest), *([] if seed is None else [seed]), *_probed(sight, policy)]
    agrees = all(one.rung.reaches(Rung.CLOSE) for one in compared)
    return reconsidered(told, sight, manifest, anew, agrees=agrees)


def is_unsteady(plan: Plan, answer: Answer) -> bool:
    """Whether the recorded inputs, asked again, gave something else, so that only another first call can tell more."""
    repeats = tuple(one for one in plan.decoys if one.purpose == "repeat")
    if not repeats or answer.error is not None:
        return False
    sight = Sight(replace(plan, decoys=repeats), answer)
    return bool(sight.of("repeat")) and rules.repeated(sight, {}).outcome != "as expected"


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
    if _is_blind(controls):
        return "not run"
    shown = {one.name for one in controls if one.outcome == "as expected"}
    untold = any(
        one.name == rules.CHANGED and one.distance is not None for one in controls
    )  # answered, and no evidence
    return "passed" if rules.CHANGED in shown or (rules.WEIGHTS in shown and not untold) else "not run"


def refuses_all(controls: Sequence[Control]) -> bool:
    """Whether the model refused whatever it was asked but its own rows, so that nothing can be told of it."""
    asked = [one for one in controls if one.what in {"inputs", "weights", "probe"} and one.name != rules.ROWS]
    refused = [one for one in asked if one.name == rules.CHANGED and (one.why or "").startswith(following.REFUSES)]
    return bool(refused) and not any(one.distance is not None or one.outcome == "as expected" for one in asked)


def _is_blind(controls: Sequence[Control]) -> bool:
    """Whether outputs hardly moved, or no small change could be told although there was one to be made."""
    open_ones = {one.name: one.why or "" for one in controls if one.outcome == "not run"}
    faint = any(following.FAINTLY in open_ones.get(name, "") for name in (rules.CHANGED, rules.WEIGHTS))
    near = [open_ones.get(name) for name in (rules.MOVED, rules.WEIGHTS_MOVED)]
    shown = any(one.name in {rules.MOVED, rules.WEIGHTS_MOVED} and one.outcome == "as expected" for one in controls)
    blind = (nearing.BLUNT, nearing.FORM_VARIES, nearing.REFUSED)
    return faint or (not shown and any(why is not None and why.startswith(blind) for why in near))


def probed(plan: Plan, answer: Answer) -> Mapping[str, Array]:
    """What the model gave for the reviewer's own inputs, by output; empty where there are none, or it failed."""
    names = [one.question.name for one in plan.decoys if one.purpose == "probe"]
    return answer.runs[names[0]].arrays if names and names[0] in answer.runs else {}


def _tolerances(compared: tuple[OutputComparison, ...]) -> Mapping[str, tuple[float, float]]:
    """By output, relative tolerance and absolute one in its own unit, where the comparison says what counts."""
    return {one.name: (one.rtol, one.atol) for one in compared if one.rtol is not None and one.atol is not None}


def _probed(sight: Sight, policy: Policy) -> Iterator[Control]:
    """What came of the reviewer's own inputs; where they say what must come of them, that counts."""
    for one in sight.all_of("probe"):
        outcome, why = _of_probe(one, sight.plan.expected, policy)
        name = PROBE if sight.plan.expected or outcome != "as expected" else PROBE_ALONE
        yield Control(name=name, what="probe", distance=sight.relative(one.distances), outcome=outcome, why=why)


def _of_probe(
    one: Seen, expected: Mapping[str, Array], policy: Policy
) -> tuple[Literal["as expected", "unexpected", "not run"], str | None]:
    if one.error is not None:
        return "unexpected" if expected else "not run", f"the model refuses them: {one.error}"
    compared = [
        compare(name, array, one.arrays.get(name), effective=effective(dtype_name(array.dtype), None, policy))
        for name, array in expected.items()
    ]
    wrong = [f"output {found.name!r} {found.reason}" for found in compared if not found.rung.reaches(Rung.CLOSE)]
    return (
        ("unexpected", f"what was expected of them did not come: {some(wrong, 3)}") if wrong else ("as expected", None)
    )
