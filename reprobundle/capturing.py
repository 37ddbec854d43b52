"""Story 1: from what a person has at the end of training to a sealed bundle that was proven before the seal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from reprobundle import bundle as bundles
from reprobundle import calibrating, captures, given_places, rehearsing, rng, specification, withholding
from reprobundle.clock import Clock
from reprobundle.components import COMPONENTS, claims, data, documentation, environment, hyperparameters, model
from reprobundle.components.interface import DEFAULT_BUDGET, Source, Stage, Vendor
from reprobundle.errors import UsageError
from reprobundle.exports import views
from reprobundle.foreseeing import look_ahead
from reprobundle.manifest import Manifest, Proof
from reprobundle.proving import foresee, prove, unasked, why_not
from reprobundle.rehearsing import Foreseen
from reprobundle.report import Finding, StageTime
from reprobundle.secrecy import Gate, allowances
from reprobundle.signals import ended_politely
from reprobundle.store import Writer, digest_bytes, staging
from reprobundle.store.sealing import refuse_existing, refuse_unwritable
from reprobundle.telling import Told, describe
from reprobundle.version import version

SEARCH_SECONDS = 120.0  # for secrets, in all: a training must end


@dataclass(frozen=True)
class Captured:
    """What a capture came to.

    Attributes:
        path: The bundle.
        id: Its id: XXH3-128 of its manifest's bytes.
        proof: What a fresh process made of it before it was sealed.
        notes: What was left out or is worth knowing.
        manifest: All that the bundle says of itself.
        foreseen: What a replay will find, as far as it was asked here; on another rank than 0 it is not known.
        stages: How long each step took; likewise.
        left: What a trial leaves to the capture itself.
    """

    path: Path
    id: str
    proof: Proof
    notes: tuple[Finding, ...]
    manifest: Manifest
    foreseen: Foreseen = field(default_factory=Foreseen)
    stages: tuple[StageTime, ...] = ()
    left: tuple[str, ...] = ()


def summary(captured: Captured, warned: Sequence[str] = (), *, colour: bool = False, width: int = 100) -> str:
    """What a capture came to, for a person: as the command line shows it, without a newline at the end.

    Args:
        captured: The outcome.
        warned: Lines about the specification it was captured from.
        colour: Whether to use ANSI colours.
        width: Columns.
    """
    found = Told(captured.foreseen.refused, captured.foreseen.claims, captured.stages)
    return describe(captured.path, captured.id, captured.manifest, warned, found=found, colour=colour, width=width)


def capture_source(target: Path, source: Source, *, proof: bool, trial: bool = False) -> Captured:
    """The whole capture, step by step; arguments as in `capture`, and whether the bundle is thrown away afterwards."""
    target = Path(os.path.abspath(target))
    refuse_nested()
    refuse_existing(target)
    clock = Clock()
    with ended_politely(), rng.kept() as states, staging(target) as folder:
        gate = Gate(allowances(source.allow), seconds=SEARCH_SECONDS)
        if source.strict or source.allow:
            look_ahead(source, gate)
        source = as_called(source, states)
        private = tuple(place.place for place in source.data_places if place.private)
        stage = Stage(Writer(folder), time.monotonic() + source.budget, withheld=private, gate=gate, trial=trial)
        if proof:
            foresee(source, stage)
        sections = take(source, stage, clock)
        with clock.step("secrets"):
            sections = withholding.withhold(sections, stage)
            if source.strict:
                withholding.refuse(stage.gate)
        draft = Manifest(reprobundle=version(), name=target.name, proof=Proof(status="not run"), **sections)
        proven, foreseen = _asked(draft, folder, source, stage, clock) if proof else _unproven(draft, stage)
        claims.note_awaited(stage)
        with clock.step("seal"):
            told = _documented(withholding.sealed(proven, stage), stage)
            complete = told.model_copy(update={"views": views.write(told, stage.writer)})
            complete = complete.model_copy(update={"files": stage.writer.entries})
            content = bundles.seal(stage.writer, complete)
    if not trial:
        captures.remember(content, target)
    found = (complete.proof, complete.notes, complete, foreseen, tuple(clock.stages))
    return Captured(target, digest_bytes(content), *found, left=tuple(stage.left))


def _documented(manifest: Manifest, stage: Stage) -> Manifest:
    """The manifest with a card that tells of what was found since the card was written."""
    noted = len(stage.notes)
    section = documentation.retell(manifest.documentation, manifest.model_dump(mode="json"), stage)
    return manifest.model_copy(update={"documentation": section, "notes": (*manifest.notes, *stage.notes[noted:])})


def _unproven(draft: Manifest, stage: Stage) -> tuple[Manifest, Foreseen]:
    """The manifest of a bundle that nobody wanted to be proven; then nothing is measured either."""
    return draft.model_copy(update={"proof": unasked(draft, stage, SWITCHED_OFF)}), Foreseen()


def _asked(draft: Manifest, folder: Path, source: Source, stage: Stage, clock: Clock) -> tuple[Manifest, Foreseen]:
    """The manifest with its proof; of a trial with what is known without one, and the rest left to the capture itself."""
    if not stage.trial:
        return _proven(draft, folder, source, stage, clock)
    reason = why_not(draft)
    if reason is not None:
        return draft.model_copy(update={"proof": unasked(draft, stage, reason)}), Foreseen()
    stage.left.append("the proof")
    if calibrating.is_asked(draft, source):
        claims.leave_awaited([one.id for one in rehearsing.called(draft, source.splits, stage)], stage)
    return draft, Foreseen()


def _proven(draft: Manifest, folder: Path, source: Source, stage: Stage, clock: Clock) -> tuple[Manifest, Foreseen]:
    """The manifest with its proof, and what further runs of the model in the same process and a few others show."""
    with calibrating.planned(draft, folder, source, stage) as plan:
        with clock.step("proof"):
            others = rehearsing.controls(draft, folder, plan.work, stage)
            proved = prove(draft, folder, source, stage, (*plan.questions, *others.questions))
        proven = draft.model_copy(update={"proof": withholding.explained(proved.proof, stage.gate)})
        if proved.answer is None or proved.host is None:
            return proven, Foreseen()
        given = (draft, folder, plan, proved.answer, proved.host, stage)
        with clock.step("calibration"):
            if not proved.proof.proven:
                calibrating.explain(*given, seconds=proved.seconds)
                return proven, Foreseen()
            refused = rehearsing.refusal(draft, folder, others, proved.answer, stage)
            section = calibrating.calibrate(*given, seconds=proved.seconds, refused=refused is not None)
        with clock.step("claims"):
            scene = rehearsing.Scene(folder, plan.work, proved.host, source.splits, proved.seconds)
            claimed, found = rehearsing.compute_claims(draft, scene, stage)
    return proven.model_copy(update={"outputs": section, "claims": claimed}), Foreseen(refused, found)


def as_called(source: Source, states: Mapping[str, bytes]) -> Source:
    """What was handed over, with what only holds now: a capture seeds generators itself, and loads libraries.

    Args:
        source: As handed over.
        states: The states of the random generators.
    """
    seeds = hyperparameters.seeds_in_force()
    places = data.places_of(source.splits, source.splitting)
    opened = replace(model.opened(source), seeds=seeds, data_places=places, secrets=data.salts_of(source))
    return replace(opened, generators=source.generators or {rng.rank(): states}, column_of=data.column_of)


SWITCHED_OFF = "it was switched off"


def take(source: Source, stage: Stage, clock: Clock) -> dict[str, Any]:
    """Let every kind capture its part; gives the sections by name.

    The environment comes late: by then this program has imported all it ever does, so a second capture of the same
    process finds the same distributions imported. Only the documentation comes later, which tells of all the others.

    Args:
        source: What is captured.
        stage: Where it goes.
        clock: Takes the time of each kind; the environment's is that of the lock and the wheels, nearly all of it.
    """
    for component in sorted(COMPONENTS, key=lambda component: (component is documentation, component is environment)):
        with clock.step("lock" if component is environment else component.NAME):
            section = component.capture(source, stage)
            stage.sections[component.NAME] = withholding.without_secrets(section, component.NAME, stage)
    given_places.note(stage)
    recorded = stage.sections[data.NAME]
    assert isinstance(recorded, data.Section)
    stage.sections[data.NAME] = data.without_told_salts(recorded, source, stage)
    return dict(stage.sections)


def capture_specification(
    path: Path,
    out: Path | None = None,
    *,
    budget: float = DEFAULT_BUDGET,
    proof: bool = True,
    trial: bool = False,
    vendor: Vendor | None = None,
    progress: Callable[[int, int], None] | None = None,
    reading: Callable[[int, int], None] | None = None,
    allow: Sequence[str] = (),
    strict: bool = True,
) -> tuple[Captured, tuple[str, ...]]:
    """Capture what a ``reprobundle.yaml`` describes.

    Args:
        path: The YAML file; paths in it are relative to its folder.
        out: The bundle to make; None: as `specification.default_folder` says, in the current folder.
        budget: As in `capture`.
        proof: As in `capture`.
        trial: Whether the bundle is thrown away: it is not in this user's capture log, and what is dear is not done for it.
        vendor: As in `capture`; None: as the file says.
        progress: Called with the bytes written so far and the bytes in all, while weights are written.
        reading: Called with the bytes read so far and the bytes in all, while data splits are digested.
        allow: Secrets that are let through, each as ``RULE:PATH``, beside those that the file allows.
        strict: Whether to seal nothing where a secret was met; else what holds one stays out.

    Returns:
        What was captured, and warnings about values that YAML reads otherwise than people mean.

    Raises:
        RefusedInputError: The file breaks its schema.
        SecretsError: A secret was met; it names all.
        UsageError: What it names is not there.
    """
    described, warned = specification.read(path)
    target = out or specification.default_folder(described, path)
    refuse_unwritable(Path(os.path.abspath(target)))
    folder = path.absolute().parent
    if strict:  # before the person's own code is imported, which may take a while
        seen = Source(**specification.at_hand(described, folder), strict=True)
        seen = replace(seen, allow=(*seen.allow, *allow))
        look_ahead(seen, Gate(allowances(seen.allow)))
    source = Source(**specification.arguments(described, folder))
    source = replace(source, budget=budget, trained_here=False, vendor=vendor or source.vendor)
    source = replace(source, progress=progress, reading=reading, allow=(*source.allow, *allow), strict=strict)
    return capture_source(target, source, proof=proof, trial=trial), warned


def refuse_nested() -> None:
    """Make sure that this is not the worker importing a training script that has no main guard.

    Raises:
        UsageError: It is.
    """
    if os.environ.get("REPROBUNDLE_WORKER"):
        message = "capture was called while a bundle's model was being imported: the script has no main guard"
        raise UsageError(message, hint="put the training under: if __name__ == '__main__':")
