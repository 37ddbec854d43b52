"""How far honest runs of a model lie apart, measured while it is captured: further runs, each with one thing changed.

Most of them are asked of the very process that proves the bundle, so they cost a forward pass each; a few need a process
of their own. Whatever fails is told in the bundle; no capture ends by it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle import guest, tensors
from reprobundle.answers import Answer
from reprobundle.calibrating import judging, noting, perturbing, planning, sketching, steadying
from reprobundle.calibrating.asking import Subject, ask_all
from reprobundle.calibrating.judging import Sensitivity
from reprobundle.calibrating.planning import AGAIN, FLOAT64, PERTURBED, SKETCH, Child, Variation
from reprobundle.calibrating.steadying import Steadiness
from reprobundle.comparison import are_same
from reprobundle.components import outputs
from reprobundle.components.interface import Failure, Source, Stage, attempt
from reprobundle.components.outputs import documents
from reprobundle.components.outputs.section import Calibration, SketchRecord
from reprobundle.manifest import Manifest
from reprobundle.private_folders import private_folder

if TYPE_CHECKING:
    import numpy as np

    Arrays = Mapping[str, np.ndarray[Any, Any]]

__all__ = ["Measured", "Plan", "Subject", "calibrate", "explain", "is_asked", "measure", "note", "plan", "planned"]

AT_CAPTURE = 2  # processes of their own: both at once, a few seconds in all (decision 0025)
LATER = "reprobundle calibrate runs it"
BUDGET = "budget"
SLOWER = 4.0  # times what the first process took


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is asked beside the proof.

    Attributes:
        variations: The runs in the process of the proof, with those that are not asked.
        work: A private folder; None where nothing is calibrated.
    """

    variations: tuple[Variation, ...] = ()
    work: Path | None = None

    @property
    def questions(self) -> tuple[guest.Question, ...]:
        """For the worker; a run after other rows comes after them."""
        return tuple(one.question for one in self.variations if one.question is not None)


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What came of it.

    Attributes:
        calibration: The document.
        sketches: What each module gave.
        notes: What the person should know: message and way out.
    """

    calibration: Calibration
    sketches: tuple[SketchRecord, ...]
    notes: tuple[tuple[str, str | None], ...]


def is_asked(draft: Manifest, source: Source) -> bool:
    """Whether anything is asked of a model beside its proof: there is a budget, and something to compare.

    Args:
        draft: The manifest as it stands.
        source: What capture was given: its budget.
    """
    return source.budget > 0 and draft.outputs.expected is not None and guest.why_not(draft) is None


@contextmanager
def planned(draft: Manifest, folder: Path, source: Source, stage: Stage) -> Iterator[Plan]:
    """What to ask beside the proof of a staged bundle; nothing where there is no budget or nothing to compare.

    Args:
        draft: The manifest as it stands.
        folder: The staged bundle.
        source: What capture was given: its budget.
        stage: Has the deadline, and how long the model took; takes notes.
    """
    if not is_asked(draft, source):
        yield Plan()
        return
    with private_folder("calibrating") as folders:
        work = folders()
        allowance = planning.allowance(stage.deadline - time.monotonic())
        made = attempt(
            lambda: plan(draft, lambda path: folder / path, work, seconds=stage.model_seconds, within=allowance)
        )
        if isinstance(made, Failure):
            stage.note(outputs.NAME, f"the outputs could not be calibrated: {made.why}", hint=made.hint)
        yield Plan() if isinstance(made, Failure) else made


def plan(manifest: Manifest, place: Callable[[str], Path], work: Path, *, seconds: float | None, within: float) -> Plan:
    """Choose the runs in the process of the proof.

    Args:
        manifest: What is recorded.
        place: Where a file of the bundle is.
        work: An empty private folder.
        seconds: How long the model takes on the recorded inputs; None: not known.
        within: Seconds that the runs may take.

    Raises:
        RefusedInputError: A file of tensors breaks its form.
        UnavailableError: The disk is full.
    """
    inputs, expected = manifest.outputs.inputs, manifest.outputs.expected
    assert inputs is not None  # nothing is planned for a bundle that cannot be run
    assert expected is not None
    overlay = perturbing.overlay(manifest.model, place, work)
    rows = planning.common_rows(place(inputs.file))
    wished = planning.variations(manifest, manifest.model.device, rows=rows, overlay=overlay)
    size = place(expected.file).stat().st_size
    chosen = planning.affordable(wished, seconds=seconds, allowance=within, bytes_each=size)
    return Plan(variations=chosen, work=work)


def calibrate(
    draft: Manifest,
    folder: Path,
    plan_: Plan,
    answer: Answer,
    host: guest.Host,
    stage: Stage,
    *,
    seconds: float,
    refused: bool = False,
) -> outputs.Section:
    """Judge what the proof's process gave, run the model in a few more, and write what was measured.

    Args:
        draft: The manifest as it stands.
        folder: The staged bundle.
        plan_: What was asked.
        answer: What the process of the proof gave.
        host: Where it ran.
        stage: Takes the files and the notes; has the deadline.
        seconds: How long that process took.
        refused: Whether the person was told already that the outputs do not follow what they should.

    Returns:
        The section, with the new files where there are any.
    """
    if plan_.work is None:
        return draft.outputs
    subject = Subject(
        manifest=draft, place=lambda path: folder / path, root=folder, host=host, work=plan_.work,
        deadline=stage.deadline, seconds=seconds,
    )  # fmt: skip
    made = attempt(lambda: measure(subject, plan_.variations, answer, most=AT_CAPTURE))
    if isinstance(made, Failure):
        stage.note(outputs.NAME, f"the outputs could not be calibrated: {made.why}", hint=made.hint)
        return draft.outputs
    note(made, stage, refused=refused)
    return documents.write(stage.writer, draft.outputs, made.calibration, made.sketches)


def explain(
    draft: Manifest, folder: Path, plan_: Plan, answer: Answer, host: guest.Host, stage: Stage, *, seconds: float
) -> None:
    """Where the proof found other outputs: say so if the model does not even agree with itself; arguments as above."""
    if plan_.work is None or not answer.runs:
        return
    subject = Subject(
        manifest=draft, place=lambda path: folder / path, root=folder, host=host, work=plan_.work,
        deadline=stage.deadline, seconds=seconds,
    )  # fmt: skip
    found = attempt(lambda: _steady(subject, plan_.variations, answer))
    if isinstance(found, Steadiness) and found.word not in {"bitwise", "not known"}:
        stage.note(outputs.NAME, found.why or found.word, hint=found.hint)


def note(made: Measured, stage: Stage, *, refused: bool = False) -> None:
    """Tell the person what was found, but not once more that the outputs do not follow what they should."""
    for message, hint in made.notes:
        if not (refused and noting.TELLS_NOTHING in message):
            stage.note(outputs.NAME, message, hint=hint)


def measure(subject: Subject, variations: Sequence[Variation], answer: Answer, *, most: int | None = None) -> Measured:
    """Judge the runs in one process, and make those in processes of their own.

    Args:
        subject: The bundle, and where it is run.
        variations: What was asked.
        answer: What came of it.
        most: How many processes of their own; None: all.

    Raises:
        RefusedInputError: The recorded outputs break the form of their file.
    """
    manifest = subject.manifest
    recorded, inputs = outputs.recorded(manifest.outputs, subject.root), _inputs(subject)
    steady = _steady(subject, variations, answer)
    wished = planning.children(manifest, answer.device or manifest.model.device, subject.host.environment)
    asked = ask_all(subject, wished[:most])
    asides = [one for one in variations if one.of is None and one.name != PERTURBED]
    found = [judging.judged(judging.FRESH, answer.arrays, recorded, {}, None)]
    found += [judging.of_variation(one, answer, recorded) for one in asides]
    found += [judging.of_child(one, asked.get(one.name), recorded, _why_not(one, asked)) for one in wished]
    batched = judging.is_batched(found, recorded) if steady.word == "bitwise" else None
    counted = judging.counting(found, steady, recorded, batched=batched)
    asks = judging.envelopes_of(counted, recorded)
    moved_anyway = steady.word in {"stateful", "not known"}
    moving = Sensitivity() if moved_anyway else judging.sensitivity(answer, recorded, inputs, asks)
    calibration = Calibration(
        variants=tuple(one.variant for one in found),
        envelopes=asks,
        steadiness=steady.word,
        why=steady.why,
        batched=batched,
        perturbed=moving.perturbed,
        sensitive=moving.sensitive,
    )
    notes = tuple(noting.notes(steady, found, counted, moving, recorded))
    return Measured(calibration=calibration, sketches=_sketches(variations, answer, asked, steady), notes=notes)


def _inputs(subject: Subject) -> Arrays:
    section = subject.manifest.outputs.inputs
    return {} if section is None else tensors.read_arrays(subject.place(section.file))


def _why_not(child: Child, asked: Mapping[str, Answer | Failure | None]) -> str:
    return BUDGET if child.name in asked else LATER


def _steady(subject: Subject, variations: Sequence[Variation], answer: Answer) -> Steadiness:
    """How steady the model is; one further process is asked only where a second run gave something else."""
    again = answer.runs.get(planning.slug(AGAIN))
    question = next((one.question for one in variations if one.name == AGAIN), None)
    fresh: Answer | Failure | None = None
    differs = again is not None and again.error is None and not are_same(answer.arrays, again.arrays)
    if differs and question is not None:  # so rare and so grave that it is asked however little of the budget is left
        asked, least = question, SLOWER * subject.seconds
        fresh = attempt(lambda: subject.ask("fresh", (asked,), {}, least=least))
    return steadying.steadiness(answer, None if isinstance(fresh, Failure) else fresh)


def _sketches(
    variations: Sequence[Variation], answer: Answer, asked: Mapping[str, Answer | Failure | None], steady: Steadiness
) -> tuple[SketchRecord, ...]:
    """The sketches of the recorded inputs, with how far they moved where a seed and a history settle them."""
    run = answer.runs.get(planning.slug(SKETCH))
    if run is None or not run.sketches:
        return ()
    sketched = {
        one.of: answer.runs[one.question.name].sketches for one in variations
        if one.of not in {None, SKETCH} and one.question is not None and one.question.name in answer.runs
    }  # fmt: skip
    double = sketched.pop(FLOAT64, ())
    others = [*sketched.values()]
    for child in asked.values():
        if isinstance(child, Answer):
            others += [one.sketches for one in child.runs.values()]
    if steady.word != "bitwise":
        return sketching.records(run.sketches, ())
    return sketching.records(run.sketches, others, double)
