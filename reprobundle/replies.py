"""What the worker's answer means: the rung over all outputs, and why it is not the highest."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Literal

from reprobundle.comparison import wording
from reprobundle.components import outputs
from reprobundle.components.environment.differing.missing import missing_words, python_words
from reprobundle.components.interface import Site
from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, some
from reprobundle.report import ClaimResult, Control, OutputComparison, ReplayedEnvironment, Rung, Verdict

NOT_FINISHED = "the worker did not finish"

NOTHING_PREPARED = Outcome("none")
BROKEN = frozenset({"differs", "failed"})
NOT_COMPUTED = frozenset({"insensitive", "jumps"})  # outputs that do not come of the inputs and weights
REFUTED = NOT_COMPUTED | {"unexpected"}
Outcomes = Literal["insensitive", "jumps", "unexpected", "unsteady", "drawn", "passed", "not run"]
_OUTCOMES: Mapping[str, Outcomes] = {  # what says most first
    "insensitive": "insensitive",
    "jumps": "jumps",
    "unexpected": "unexpected",
    "unsteady": "unsteady",
    "drawn": "drawn",
    "as expected": "passed",
    "not run": "not run",
}
PORTABLE_EQUAL = "every output is equal bit for bit, and counted as close as the environment is a portable one"


def overall(manifest: Manifest, site: Site) -> tuple[Rung, str | None]:
    """The weakest rung over the recorded outputs, and the reason for anything but ``bitwise``."""
    return weakest(outputs.compare(manifest.outputs, site))


def weakest(compared: tuple[OutputComparison, ...]) -> tuple[Rung, str | None]:
    """The weakest rung of several comparisons; outputs without an element count only when there is nothing else."""
    counted = [output for output in compared if output.count > 0 or output.rung is Rung.DIFFERENT]
    if not counted:
        return Rung.NOT_RUN, "there is no output to compare"
    worst = min(counted, key=lambda output: output.rung.strength)
    reason = None if worst.reason is None else f"output {worst.name!r} {worst.reason}"
    return worst.rung, reason


def in_portable(rung: Rung, reason: str | None) -> tuple[Rung, str | None]:
    """What counts when the environment was made from the lock for other platforms: it proves at most *close*."""
    if rung is Rung.BITWISE:
        return Rung.CLOSE, PORTABLE_EQUAL
    if rung is Rung.NOT_RUN:
        return rung, reason
    return rung, f"{reason}; in a portable environment" if reason else "in a portable environment"


def why_stopped(manifest: Manifest, site: Site, environment: ReplayedEnvironment | None) -> str:
    """Why the worker did not finish, as far as an environment that was there before explains it."""
    if site.answer is None or environment is None or environment.how in {"rebuild", "portable"}:
        return NOT_FINISHED
    missing = missing_words(manifest.environment, site.answer.distributions)
    reasons = [part for part in (missing, python_words(manifest.environment, environment.python)) if part]
    return f"{NOT_FINISHED}: {'; '.join(reasons)}" if reasons else NOT_FINISHED


def with_metrics(rung: Rung, reason: str | None, claims: Sequence[ClaimResult]) -> tuple[Rung, str | None]:
    """What counts when outputs differ and the numbers computed of them do not: *same metrics*.

    Args:
        rung: The weakest rung over all outputs.
        reason: Why it is not the highest.
        claims: What became of the bundle's claims. Those that were not run, that read no data or not the recorded data, and
            those that nearly any number would meet, say nothing.
    """
    told = [claim for claim in claims if claim.verdict != "not run" and claim.data == "same" and not claim.loose]
    if rung is not Rung.DIFFERENT or not told or any(claim.verdict in {"differs", "failed"} for claim in claims):
        return rung, reason
    agree = f"the outputs differ, but {_all(len(told), 'claim', 'agrees', 'agree')}"
    return Rung.SAME_METRICS, f"{agree}; {reason}" if reason else agree


def widest(compared: Sequence[OutputComparison]) -> OutputComparison | None:
    """The output that counts as close by the tolerance furthest beyond this program's table; None where none does."""
    wide = [output for output in compared if output.loosened and output.rung is Rung.CLOSE]
    return max(wide, key=lambda output: output.wider or math.inf, default=None)


def verdict(
    rung: Rung,
    required: Rung,
    reason: str | None,
    other_tensors: int = 0,
    prepared: Outcome = NOTHING_PREPARED,
    *,
    controls: Sequence[Control] = (),
    outcome: Outcomes | None = None,
    loosened: OutputComparison | None = None,
    claims: Sequence[ClaimResult] = (),
) -> Verdict:
    """The verdict in one line.

    Args:
        rung: The weakest rung over all outputs.
        required: The weakest rung that counts as reproduced.
        reason: Why the rung is not the highest.
        other_tensors: How many tensors after load are not the recorded ones.
        prepared: What the preprocessing came to.
        controls: Whether the model was seen to compute what it gives.
        outcome: What they come to together; None: the worst of them.
        loosened: The output that counts as close by the widest tolerance, as `widest` finds it.
        claims: What became of the bundle's claims.
    """
    agree = rung is not Rung.NOT_RUN and rung.reaches(required)
    right = agree and not other_tensors
    control = _worst(controls)
    outcome = outcome or ("not run" if control is None else _OUTCOMES[control.outcome])
    wide = loosened if rung is Rung.CLOSE else None
    sentence = _sentence(rung, reason, other_tensors, wide, agree=agree)
    if prepared.state in BROKEN or (prepared.state == "not compared" and right):
        sentence = f"not reproduced: {_prepared_otherwise(prepared)}; {_of_the_model(sentence, rung, agree=agree)}"
    elif prepared.state == "none" and prepared.reason is not None and right:
        sentence += f"; the preprocessing was not made again: {prepared.reason}"
    others, failed = ([claim.id for claim in claims if claim.verdict == word] for word in ("differs", "failed"))
    sentence = _with_claims(sentence, rung, others, failed, len(claims), decide=required is Rung.SAME_METRICS)
    return Verdict(
        reproduced=right
        and prepared.state in {"none", "agrees"}
        and outcome not in REFUTED
        and not (others and required is Rung.SAME_METRICS),
        rung=rung,
        required=required,
        sentence=_with_control(sentence, rung, outcome, control),
        other_tensors=other_tensors,
        preprocessing=prepared.state,
        controls=outcome,
        loosened=wide is not None,
        other_claims=len(others),
        failed_claims=len(failed),
    )


def _sentence(rung: Rung, reason: str | None, other_tensors: int, wide: OutputComparison | None, *, agree: bool) -> str:
    """What is to be said of the outputs alone."""
    if agree and other_tensors:
        return f"not reproduced: {another_model(rung, other_tensors)}"
    if rung is Rung.NOT_RUN:
        return f"not reproduced: not run: {reason}"
    if other_tensors:
        return f"not reproduced: {of_other_tensors(other_tensors)}; {rung.value}" + (f": {reason}" if reason else "")
    start = f"reproduced, {rung.value}" if agree else f"not reproduced: {rung.value}"
    by = "" if wide is None else f" (by {wording.by(wide.tolerance_from, wide.wider)})"
    return start + by + (f": {reason}" if reason else "")


def _worst(controls: Sequence[Control]) -> Control | None:
    """The control that says most against the model, then the one that says anything for it."""
    order = tuple(_OUTCOMES)
    return min(controls, key=lambda control: order.index(control.outcome), default=None)


def _with_control(sentence: str, rung: Rung, outcome: Outcomes, control: Control | None) -> str:
    """The sentence with what the controls say against it: first, where it says that nothing was computed."""
    if outcome in {"passed", "not run"}:
        return sentence
    said = outcome if control is None else f"{outcome}: {control.why or control.name}"
    if outcome not in REFUTED:
        return f"{sentence}; {said}"
    return f"not reproduced: {said}; {_beside(sentence, rung)}"


def _beside(sentence: str, rung: Rung) -> str:
    """What else is known, beside something for which nothing is reproduced."""
    if sentence.startswith("reproduced"):
        return f"the outputs agree, {sentence.removeprefix('reproduced, ')}"
    told = sentence.removeprefix("not reproduced: ")
    return f"the outputs are {told}" if told.startswith(rung.value) else told


def _with_claims(
    sentence: str, rung: Rung, others: Sequence[str], failed: Sequence[str], count: int, *, decide: bool
) -> str:
    """The sentence with the claims that do not agree; first, where they decide."""
    told = []
    if others:
        told.append(f"{len(others)} of {counted(count, 'claim')} {'differs' if len(others) == 1 else 'differ'}")
        told[-1] += f": {some([repr(claim) for claim in others])}"
    if failed:
        told.append(
            f"{len(failed)} of {counted(count, 'claim')} could not be computed: {some([repr(claim) for claim in failed])}"
        )
    if others and decide:
        return f"not reproduced: {'; '.join(told)}; {_beside(sentence, rung)}"
    return "; ".join([sentence, *told])


def _all(number: int, noun: str, verb: str, verbs: str) -> str:
    """That all of so many do something."""
    return (
        f"the only {noun} that was computed {verb}"
        if number == 1
        else f"all {counted(number, noun)} that were computed {verbs}"
    )


def _prepared_otherwise(prepared: Outcome) -> str:
    """That raw samples do not become the recorded inputs."""
    what = {"differs": "differs", "failed": "could not be run"}.get(prepared.state, "was not compared")
    return f"the preprocessing {what}: {prepared.reason}"


def _of_the_model(sentence: str, rung: Rung, *, agree: bool) -> str:
    """What is to be said of the model, beside a preprocessing that differs."""
    told = sentence.removeprefix("not reproduced: ")
    if sentence.startswith("reproduced"):
        return f"the model itself gives the recorded outputs, {rung.value}"
    if agree or rung is Rung.NOT_RUN:
        return f"of the model itself: {told}"
    return f"the outputs of the model itself on the recorded inputs: {told}"


def another_model(rung: Rung, other_tensors: int) -> str:
    """That outputs agree which another model gave."""
    return f"the outputs agree, {rung.value}, but {of_other_tensors(other_tensors)}"


def of_other_tensors(other_tensors: int) -> str:
    """That the model is another one."""
    verb = "is" if other_tensors == 1 else "are"
    ones = "one" if other_tensors == 1 else "ones"
    return f"{counted(other_tensors, 'tensor')} of the model {verb} not the recorded {ones}"
