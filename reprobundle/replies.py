"""What the worker's answer means: the rung over all outputs, and why it is not the highest."""

from __future__ import annotations

from typing import Literal

from reprobundle.components import model, outputs, preprocessing
from reprobundle.components.environment.differing.missing import missing_words, python_words
from reprobundle.components.interface import Site
from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.frameworks import SELF_CONTAINED
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted
from reprobundle.report import Diagnosis, Finding, OutputComparison, ReplayedEnvironment, Rung, Status, Verdict

NOT_FINISHED = "the worker did not finish"

NOTHING_PREPARED = Outcome("none")
BROKEN = frozenset({"differs", "failed"})
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


def verdict(
    rung: Rung,
    required: Rung,
    reason: str | None,
    other_tensors: int = 0,
    prepared: Outcome = NOTHING_PREPARED,
) -> Verdict:
    """The verdict in one line.

    Args:
        rung: The weakest rung over all outputs.
        required: The weakest rung that counts as reproduced.
        reason: Why the rung is not the highest.
        other_tensors: How many tensors after load are not the recorded ones.
        prepared: What the preprocessing came to.
    """
    agree = rung is not Rung.NOT_RUN and rung.reaches(required)
    if agree and other_tensors:
        sentence = f"not reproduced: {another_model(rung, other_tensors)}"
    elif rung is Rung.NOT_RUN:
        sentence = f"not reproduced: not run: {reason}"
    else:
        start = f"reproduced, {rung.value}" if agree else f"not reproduced: {rung.value}"
        sentence = start + (f": {reason}" if reason else "")
    right = agree and not other_tensors
    if prepared.state in BROKEN or (prepared.state == "not compared" and right):
        sentence = f"not reproduced: {_prepared_otherwise(prepared)}; {_of_the_model(sentence, rung, agree=agree)}"
    elif prepared.state == "none" and prepared.reason is not None and right:
        sentence += f"; the preprocessing was not made again: {prepared.reason}"
    return Verdict(
        reproduced=right and prepared.state in {"none", "agrees"},
        rung=rung,
        required=required,
        sentence=sentence,
        other_tensors=other_tensors,
        preprocessing=prepared.state,
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
    verb = "is" if other_tensors == 1 else "are"
    ones = "one" if other_tensors == 1 else "ones"
    tensors = counted(other_tensors, "tensor")
    return f"the outputs agree, {rung.value}, but {tensors} of the model {verb} not the recorded {ones}"


def diagnose(manifest: Manifest, site: Site, rung: Rung, reason: str | None) -> Diagnosis | None:
    """Say where recorded and replayed part: weights first, then preprocessing, then the computation itself."""
    weights = tuple(model.check_values(manifest.model, site))
    if rung is Rung.BITWISE:
        return _of_agreeing_outputs(manifest, site, weights)
    if site.answer is None or site.answer.error is not None:
        stage: Literal["weights", "not run"] = "weights" if _differs(weights) else "not run"
        evidence = () if stage == "not run" else _told(weights)
        return Diagnosis(stage=stage, paragraph=_stopped(site, reason), evidence=evidence)
    pairs = tuple(preprocessing.check(manifest.preprocessing, site))
    evidence = _told((*weights, *pairs))
    if _differs(weights):
        return Diagnosis(stage="weights", paragraph=_WRONG_WEIGHTS, evidence=evidence)
    prepared = preprocessing.outcome(manifest.preprocessing, site)
    if prepared.state in BROKEN or (prepared.state == "not compared" and rung is Rung.CLOSE):
        return Diagnosis(stage="preprocessing", paragraph=_preparing(prepared, rung, reason), evidence=evidence)
    if rung is Rung.NOT_RUN:
        return Diagnosis(stage="not run", paragraph=f"Nothing was compared: {reason}.", evidence=evidence)
    paragraph = _computation(rung, reason, weights, whole_file=manifest.model.loader in SELF_CONTAINED)
    return Diagnosis(stage="computation", paragraph=paragraph, evidence=evidence)


def _told(findings: tuple[Finding, ...]) -> tuple[str, ...]:
    return tuple(f"{finding.kind}: {finding.message}" for finding in findings)


def _agree(weights: tuple[Finding, ...]) -> bool:
    """Whether tensors were compared and none differs."""
    return any(finding.status is Status.SAME for finding in weights) and not _differs(weights)


_WRONG_WEIGHTS = (
    "The tensors after load are not the recorded ones, so the outputs cannot be expected to agree: the weights file, the class that "
    "loads it, or a step after loading differs. Compare the tensors named below with the source of the weights."
)
_HIDDEN_WEIGHTS = (
    "The tensors after load are not the recorded ones. The outputs agree all the same, because the recorded inputs do not "
    "show the difference; others may. Compare the tensors named below with the source of the weights."
)
_WRONG_PREPROCESSING = (
    "turns the recorded raw samples into other model inputs: its code, its fitted parts, its configuration or a library that it "
    "uses differs. Look there before looking at the model."
)
_FAILED_PREPROCESSING = (
    "could not be run on the recorded raw samples, so what a raw sample comes to here is not known. Look at the error and the "
    "line it came from first."
)


_EMPTY_PREPROCESSING = (
    "gives results that hold nothing to compare, so what a raw sample comes to here is not known. Ask whoever made the bundle "
    "for raw samples whose results hold numbers."
)


def _of_agreeing_outputs(manifest: Manifest, site: Site, weights: tuple[Finding, ...]) -> Diagnosis | None:
    """What differs although the model gives the recorded outputs bit for bit: nothing, other weights, the preprocessing."""
    if model.count_not_recorded(manifest.model, site) > 0:
        return Diagnosis(stage="weights", paragraph=_HIDDEN_WEIGHTS, evidence=_told(weights))
    prepared = preprocessing.outcome(manifest.preprocessing, site)
    if prepared.state in {"none", "agrees"}:
        return None
    evidence = _told((*weights, *preprocessing.check(manifest.preprocessing, site)))
    return Diagnosis(stage="preprocessing", paragraph=_preparing(prepared, Rung.BITWISE, None), evidence=evidence)


def _preparing(prepared: Outcome, rung: Rung, reason: str | None) -> str:
    """Where to look when raw samples do not become the recorded inputs, and what is known of the model all the same."""
    what = {"differs": _WRONG_PREPROCESSING, "failed": _FAILED_PREPROCESSING}.get(prepared.state, _EMPTY_PREPROCESSING)
    if rung in {Rung.BITWISE, Rung.CLOSE}:
        model_words = f"The model itself is right: on the recorded inputs it gives the recorded outputs, {rung.value}."
    else:
        model_words = (
            f"On the recorded inputs, which do not pass through it, the model's outputs differ, too ({reason})."
        )
    return f"The preprocessing {what} {model_words}"


def _computation(rung: Rung, reason: str | None, compared: tuple[Finding, ...], *, whole_file: bool) -> str:
    """Where to look; a model's own file holds more than the tensors that were compared."""
    what = "stored tensors that were compared" if whole_file else "weights after load"
    weights = f"The {what} carry the recorded digests" if _agree(compared) else "No weights could be compared"
    if whole_file and rung is not Rung.CLOSE:
        return (
            f"{weights}, yet the outputs differ ({reason}). The model's own file holds the computation too, with numbers that "
            "were not compared: it may not be the file that was captured. Else the recorded outputs or the environment changed: "
            "compare them with the original, and ask whoever made the bundle to capture it again."
        )
    if rung is Rung.CLOSE:
        file = " The rest of the model's own file, computation included, was not compared." if whole_file else ""
        return (
            f"{weights}, and the outputs agree within the tolerance ({reason}): the difference is numeric. Differences of "
            f"this size come from the machine: CPU instructions, thread count, libraries, or device; see the environment.{file}"
        )
    return (
        f"{weights}, yet the outputs differ ({reason}). The computation itself or the recorded outputs changed: compare "
        "the source and the environment with the original, and ask whoever made the bundle to capture it again."
    )


def _stopped(site: Site, reason: str | None) -> str:
    if site.answer is None:
        return f"The model was not run: {reason}."
    where = f" It came from {site.answer.at.words}." if site.answer.at is not None else ""
    stopped = f"The model stopped at the stage {site.answer.stage!r}: {site.answer.error}.{where}"
    stopped += " The log has the whole message."
    if reason is None or not reason.startswith(f"{NOT_FINISHED}: "):
        return stopped
    way_out = "install what the bundle's lock names (--sync, for a Python that you name), or replay with --env rebuild"
    return f"{stopped} Likely because {reason.removeprefix(NOT_FINISHED + ': ')}: {way_out}."


def _differs(findings: tuple[Finding, ...]) -> bool:
    return any(finding.status is Status.DIFFERS for finding in findings)
