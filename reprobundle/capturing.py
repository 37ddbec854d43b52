"""Story 1: from what a person has at the end of training to a sealed bundle that was proven before the seal."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reprobundle import bundle as bundles
from reprobundle import calibrating, captures, given_places, rng, specification
from reprobundle.components import COMPONENTS, data, environment, hyperparameters, model
from reprobundle.components.interface import DEFAULT_BUDGET, Source, Stage, Vendor
from reprobundle.errors import UsageError
from reprobundle.exports import views
from reprobundle.manifest import Manifest, Proof
from reprobundle.proving import foresee, prove, unasked
from reprobundle.report import Finding
from reprobundle.signals import ended_politely
from reprobundle.store import Writer, digest_bytes, staging
from reprobundle.store.sealing import refuse_existing, refuse_unwritable
from reprobundle.telling import describe
from reprobundle.version import version


@dataclass(frozen=True)
class Captured:
    """What a capture came to.

    Attributes:
        path: The bundle.
        id: Its id: XXH3-128 of its manifest's bytes.
        proof: What a fresh process made of it before it was sealed.
        notes: What was left out or is worth knowing.
        manifest: All that the bundle says of itself.
    """

    path: Path
    id: str
    proof: Proof
    notes: tuple[Finding, ...]
    manifest: Manifest


def summary(captured: Captured, warned: Sequence[str] = (), *, colour: bool = False, width: int = 100) -> str:
    """What a capture came to, for a person: as the command line shows it, without a newline at the end.

    Args:
        captured: The outcome.
        warned: Lines about the specification it was captured from.
        colour: Whether to use ANSI colours.
        width: Columns.
    """
    return describe(captured.path, captured.id, captured.manifest, warned, colour=colour, width=width)


def capture_source(target: Path, source: Source, *, proof: bool, kept: bool = True) -> Captured:
    """The whole capture, step by step; arguments as in `capture`, and whether it goes to the capture log."""
    target = Path(os.path.abspath(target))
    refuse_nested()
    refuse_existing(target)
    with ended_politely(), rng.kept() as states, staging(target) as folder:
        source = as_called(source, states)
        private = tuple(place.place for place in source.data_places if place.private)
        stage = Stage(Writer(folder), time.monotonic() + source.budget, withheld=private)
        if proof:
            foresee(source, stage)
        sections = take(source, stage)
        draft = Manifest(reprobundle=version(), name=target.name, proof=Proof(status="not run"), **sections)
        proven = _proven(draft, folder, source, stage) if proof else _unproven(draft, stage)
        told = proven.model_copy(update={"notes": tuple(stage.notes)})
        complete = told.model_copy(update={"views": views.write(told, stage.writer)})
        complete = complete.model_copy(update={"files": stage.writer.entries})
        content = bundles.seal(stage.writer, complete)
    if kept:
        captures.remember(content, target)
    return Captured(target, digest_bytes(content), complete.proof, complete.notes, complete)


def _unproven(draft: Manifest, stage: Stage) -> Manifest:
    """The manifest of a bundle that nobody wanted to be proven; then nothing is measured either."""
    return draft.model_copy(update={"proof": unasked(draft, stage, SWITCHED_OFF)})


def _proven(draft: Manifest, folder: Path, source: Source, stage: Stage) -> Manifest:
    """The manifest with its proof, and what further runs of the model in the same process and a few others show."""
    with calibrating.planned(draft, folder, source, stage) as plan:
        proved = prove(draft, folder, source, stage, plan.questions)
        proven = draft.model_copy(update={"proof": proved.proof})
        if proved.answer is None or proved.host is None:
            return proven
        given = (draft, folder, plan, proved.answer, proved.host, stage)
        if not proved.proof.proven:
            calibrating.explain(*given, seconds=proved.seconds)
            return proven
        section = calibrating.calibrate(*given, seconds=proved.seconds)
    return proven.model_copy(update={"outputs": section})


def as_called(source: Source, states: Mapping[str, bytes]) -> Source:
    """What was handed over, with what only holds now: a capture seeds generators itself, and loads libraries.

    Args:
        source: As handed over.
        states: The states of the random generators.
    """
    seeds = hyperparameters.seeds_in_force()
    places = data.places_of(source.splits, source.splitting)
    opened = replace(model.opened(source), seeds=seeds, data_places=places, secrets=data.salts_of(source))
    return replace(opened, generators=source.generators or {rng.rank(): states})


SWITCHED_OFF = "it was switched off"


def take(source: Source, stage: Stage) -> dict[str, Any]:
    """Let every kind capture its part; gives the sections by name.

    The environment comes last: by then this program has imported all it ever does, so a second capture of the same
    process finds the same distributions imported.
    """
    for component in sorted(COMPONENTS, key=lambda component: component is environment):
        stage.sections[component.NAME] = component.capture(source, stage)
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
    kept: bool = True,
    vendor: Vendor | None = None,
    progress: Callable[[int, int], None] | None = None,
    reading: Callable[[int, int], None] | None = None,
) -> tuple[Captured, tuple[str, ...]]:
    """Capture what a ``reprobundle.yaml`` describes.

    Args:
        path: The YAML file; paths in it are relative to its folder.
        out: The bundle to make; None: as `specification.default_folder` says, in the current folder.
        budget: As in `capture`.
        proof: As in `capture`.
        kept: Whether the bundle goes to this user's capture log; not so when it is thrown away.
        vendor: As in `capture`; None: as the file says.
        progress: Called with the bytes written so far and the bytes in all, while weights are written.
        reading: Called with the bytes read so far and the bytes in all, while data splits are digested.

    Returns:
        What was captured, and warnings about values that YAML reads otherwise than people mean.

    Raises:
        RefusedInputError: The file breaks its schema.
        UsageError: What it names is not there.
    """
    described, warned = specification.read(path)
    target = out or specification.default_folder(described, path)
    refuse_unwritable(Path(os.path.abspath(target)))
    source = Source(**specification.arguments(described, path.absolute().parent))
    source = replace(source, budget=budget, trained_here=False, vendor=vendor or source.vendor)
    source = replace(source, progress=progress, reading=reading)
    return capture_source(target, source, proof=proof, kept=kept), warned


def refuse_nested() -> None:
    """Make sure that this is not the worker importing a training script that has no main guard.

    Raises:
        UsageError: It is.
    """
    if os.environ.get("REPROBUNDLE_WORKER"):
        message = "capture was called while a bundle's model was being imported: the script has no main guard"
        raise UsageError(message, hint="put the training under: if __name__ == '__main__':")
