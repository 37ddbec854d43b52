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
from reprobundle.report.verdict import REFUTED

NOT_FINISHED = "the model did not run to its end"

NOTHING_PREPARED = Outcome("none")
BROKEN = frozenset({"differs", "failed"})
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
REFUSES_ALL = "the model refuses whatever else it is asked"
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
    """Why the model did not run to its end, as far as an environment that was there before explains it."""
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
    refused: bool = False,
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
        refused: Whether the model refused whatever else it was asked.
        loosened: The output that counts as close by the widest tolerance, as `widest` finds it.
        claims: What became of the bundle's claims.
    """
    right = rung is not Rung.NOT_RUN and rung.reaches(required) and not other_tensors
    outcome = outcome or _worst(controls)
    silent = refused and right and prepared.state in {"none", "agrees"} and outcome not in REFUTED
    wide = loosened if rung is Rung.CLOSE else None
    others, failed = ([claim.id for claim in claims if claim.verdict == word] for word in ("differs", "failed"))
    made = Verdict(
        reproduced=right and prepared.state in {"none", "agrees"} and outcome not in REFUTED and not silent,
        rung=rung,
        required=required,
        sentence="",
        other_tensors=other_tensors,
        preprocessing=prepared.state,
        controls=outcome,
        loosened=wide is not None,
        other_claims=len(others),
        failed_claims=len(failed),
        other_data=bool(others) and all(claim.data == "differs" for claim in claims if claim.verdict == "differs"),
        unmoved_by=_unmoved_by(controls) if outcome == "insensitive" else (),
        refused=silent,
    )
    sentence = _with_preparing(_of_outputs(made, reason, wide), made, prepared)
    sentence = _with_claims(_with_remark(sentence, controls, outcome), others, failed, len(claims))
    return made.model_copy(update={"sentence": _with_controls(sentence, made, _why(controls, outcome))})


def _of_outputs(made: Verdict, reason: str | None, wide: OutputComparison | None) -> str:
    """What is to be said of the outputs alone."""
    rung, others = made.rung, made.other_tensors
    if made.is_another_model:
        return f"not reproduced: {another_model(rung, others)}"
    if rung is Rung.NOT_RUN:
        told = f"{of_other_tensors(others)}; " if others else ""
        return f"not reproduced: {told}not run: {reason}"
    if others:
        return f"not reproduced: {of_other_tensors(others)}; {rung.value}" + (f": {reason}" if reason else "")
    start = f"reproduced, {rung.value}" if rung.reaches(made.required) else f"not reproduced: {rung.value}"
    by = "" if wide is None else f" (by {wording.by(wide.tolerance_from, wide.wider)})"
    return start + by + (f": {reason}" if reason else "")


def _with_preparing(sentence: str, made: Verdict, prepared: Outcome) -> str:
    """The sentence with the preprocessing: first, where raw samples do not become the recorded inputs."""
    if made.is_prepared_otherwise:
        return f"not reproduced: {_prepared_otherwise(prepared)}; {_of_the_model(sentence, made.rung)}"
    if prepared.state == "none" and prepared.reason is not None and sentence.startswith("reproduced"):
        return f"{sentence}; the preprocessing was not made again: {prepared.reason}"
    return sentence


def _worst(controls: Sequence[Control]) -> Outcomes:
    """What the controls come to together: what says most against the model, then what says anything for it."""
    order = tuple(_OUTCOMES)
    return _OUTCOMES[min((control.outcome for control in controls), key=order.index, default="not run")]


def _why(controls: Sequence[Control], outcome: Outcomes) -> str | None:
    """Why they come to that, as the first control says that has a reason."""
    told = [control for control in controls if _OUTCOMES[control.outcome] == outcome]
    return next((control.why for control in told if control.why), told[0].name if told and outcome in REFUTED else None)


def _unmoved_by(controls: Sequence[Control]) -> tuple[Literal["weights", "inputs"], ...]:
    """What was changed without the outputs being moved."""
    found = {control.what for control in controls if control.outcome == "insensitive"}
    words: tuple[Literal["weights", "inputs"], ...] = ("weights", "inputs")
    return tuple(word for word in words if word in found)


def _with_controls(sentence: str, made: Verdict, why: str | None) -> str:
    """The sentence as it begins and ends: with what the controls say against the model, what they leave open, what is not known."""
    if made.accusation is not None:
        told = f"{made.accusation}: {why}" if why else made.accusation
        return f"not reproduced: {told}; {_beside(sentence, made.rung)}"
    if made.refused:
        return f"could not be told: {REFUSES_ALL}: {why}; {_beside(sentence, made.rung)}"
    if made.could_not_be_told:
        return f"could not be told: {sentence.removeprefix('not reproduced: ').removeprefix('not run: ')}"
    if made.caveat is None:
        return sentence
    return f"{sentence}; {made.caveat}" + (f" ({why})" if why else "")


def _with_remark(sentence: str, controls: Sequence[Control], outcome: Outcomes) -> str:
    """The sentence with what is to be said of controls that came out as they should."""
    told = [control.why for control in controls if control.outcome == "as expected" and control.why]
    return "; ".join([sentence, *told]) if outcome == "passed" else sentence


def _beside(sentence: str, rung: Rung) -> str:
    """What else is known, beside something for which nothing is reproduced."""
    told = sentence.removeprefix("model ")
    if told.startswith("reproduced"):
        return f"the outputs agree, {told.removeprefix('reproduced, ')}"
    told = told.removeprefix("not reproduced: ")
    return f"the outputs are {told}" if told.startswith(rung.value) else told


def _with_claims(sentence: str, others: Sequence[str], failed: Sequence[str], count: int) -> str:
    """The sentence with the claims that do not agree: beside any of them no more than the model is reproduced."""
    told = []
    if others:
        told.append(f"{len(others)} of {counted(count, 'claim')} {'differs' if len(others) == 1 else 'differ'}")
        told[-1] += f": {some([repr(claim) for claim in others])}"
    if failed:
        told.append(
            f"{len(failed)} of {counted(count, 'claim')} could not be computed: {some([repr(claim) for claim in failed])}"
        )
    model = "model " if told and sentence.startswith("reproduced") else ""
    return "; ".join([model + sentence, *told])


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


def _of_the_model(sentence: str, rung: Rung) -> str:
    """What is to be said of the model, beside a preprocessing that differs."""
    told = sentence.removeprefix("not reproduced: ")
    if sentence.startswith("reproduced"):
        return f"the model itself gives the recorded outputs, {rung.value}"
    if rung is Rung.NOT_RUN or told.startswith("the outputs agree"):
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
