"""Calibration done later, with more time than a capture has: every further run of the model, in a resealed bundle."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from reprobundle import bundle as bundles
from reprobundle import calibrating, captures, guest, hosting, replies, wishing
from reprobundle import sandbox as sandboxes
from reprobundle.answers import Answer
from reprobundle.bundle import VerifiedBundle, View
from reprobundle.calibrating import Measured, Subject
from reprobundle.calibrating.judging import FRESH
from reprobundle.components import outputs
from reprobundle.components.environment.rebuilding.places import Options
from reprobundle.components.interface import Site, Stage
from reprobundle.components.outputs import documents
from reprobundle.errors import UnavailableError
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted
from reprobundle.private_folders import private_folder
from reprobundle.report import Rung
from reprobundle.resealing import Resealed, reseal
from reprobundle.store.sealing import refuse_existing

SUFFIX = "-calibrated"
CALIBRATE_BUDGET = 300.0  # seconds; a person waits for this one, no training run does
WHERE = "calibrate where it was captured, or in an environment made from its lock: --env rebuild"


def calibrate(
    path: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    env: str | os.PathLike[str] = "current",
    sandbox: sandboxes.Preference = "auto",
    budget: float = CALIBRATE_BUDGET,
    say: Callable[[str], None] = hosting.silent,
) -> Resealed:
    """Measure how far honest runs of a bundle's model lie apart, in a new bundle.

    The model is run again, each time with one thing changed that must not matter. The bundle itself stays as it is; the new
    one names it, and keeps the proof, the inputs and the outputs as they were recorded.

    Args:
        path: The bundle.
        out: The folder to make; it must not exist. Default: ``NAME-calibrated`` beside ``NAME``.
        env: Where to run the model, as in `reprobundle.replay`.
        sandbox: The walls around the bundle's code, as in `reprobundle.replay`.
        budget: Seconds that the runs may take.
        say: Called with each line of progress.

    Raises:
        RefusedInputError: The bundle breaks a rule of the format, or differs from its manifest.
        UsageError: `out` exists, or another argument is wrong.
        UnavailableError: The model cannot be run here, does not give the recorded outputs, or answers once and never again;
            nothing was made.
    """
    bundle = bundles.verify(path)
    target = Path(out) if out is not None else default_folder(bundle.path)
    refuse_existing(Path(os.path.abspath(target)))
    _refuse_idle(bundle.manifest)
    wish = wishing.read_wish(env, Options(), sync=False, timeout=budget, say=say)
    walls = sandboxes.choose(sandbox, own=captures.is_own(bundle.bundle.content, bundle.path))
    with private_folder("calibrating") as folders:
        measured = _measured(bundle, folders(), walls, wish, budget)

    def change(manifest: Manifest, stage: Stage) -> Manifest:
        known = {note.message for note in manifest.notes}
        for message, hint in measured.notes:
            if message not in known:
                stage.note(outputs.NAME, message, hint=hint)
        section = documents.write(stage.writer, manifest.outputs, measured.calibration, measured.sketches)
        return manifest.model_copy(update={"outputs": section})

    return reseal(bundle, target, change)


def default_folder(path: str | os.PathLike[str]) -> Path:
    """Where a calibrated bundle goes unless told otherwise: ``NAME-calibrated`` beside ``NAME``."""
    place = Path(path).resolve()
    return place.with_name(place.name + SUFFIX)


def _refuse_idle(manifest: Manifest) -> None:
    """Make sure that there is something to measure.

    Raises:
        UnavailableError: There is not.
    """
    reason = guest.why_not(manifest)
    if reason is None and manifest.outputs.expected is None:
        reason = "no outputs are recorded"
    if reason is not None:
        raise UnavailableError(f"the bundle cannot be calibrated: {reason}", hint="capture again")


def _measured(
    bundle: VerifiedBundle, private: Path, walls: sandboxes.Sandbox, wish: hosting.Wish, budget: float
) -> Measured:
    """Run the model again and again on a private view of the bundle.

    Raises:
        UnavailableError: It does not give the recorded outputs, or a file changed meanwhile.
    """
    view = bundle.view(_subfolder(private, "view"))
    work, manifest = _subfolder(private, "work"), bundle.manifest
    host, _ = hosting.host(manifest.environment, view.root, bundle.bundle.content, walls, wish)
    started = time.monotonic()
    plan = calibrating.plan(manifest, view.place, work, seconds=None, within=budget)
    subject = Subject(
        manifest=manifest, place=view.place, root=view.root, host=host, work=work, deadline=started + budget, say=wish.say
    )  # fmt: skip
    wish.say("running the model again, each time with one thing changed")
    answer = subject.ask("first", plan.questions, {})
    _refuse_other(manifest, view, answer)
    timed = subject.after(time.monotonic() - started)
    measured = calibrating.measure(timed, plan.variations, answer)
    _refuse_unanswered(measured, budget)
    if view.changed():
        raise UnavailableError(f"{view.changed()[0]}: changed while the model was run, so nothing was measured")
    return measured


def _refuse_other(manifest: Manifest, view: View, answer: Answer) -> None:
    """Make sure that it is the recorded model that is measured.

    Raises:
        UnavailableError: It gives other outputs, or none.
    """
    if answer.error is not None:
        raise UnavailableError(f"the model cannot be run here: at {answer.stage}: {answer.error}", hint=WHERE)
    rung, reason = replies.overall(manifest, Site(root=view.root, answer=answer))
    if not rung.reaches(Rung.CLOSE):
        raise UnavailableError(f"the model does not give the recorded outputs here: {reason}", hint=WHERE)


def _refuse_unanswered(measured: Measured, budget: float) -> None:
    """Make sure that anything was measured at all.

    Raises:
        UnavailableError: The model answered for the recorded inputs, and never again.
    """
    further = [one for one in measured.calibration.variants if one.name != FRESH]
    if any(one.status == "ran" for one in further):
        return
    first = further[0] if further else None
    why = "" if first is None else f": {first.name!r}: {first.status}: {first.why}"
    message = (
        f"nothing could be measured: the model was run once, and none of {counted(len(further), 'further run')} gave"
    )
    raise UnavailableError(f"{message} an answer{why}", hint=f"--budget SECONDS gives it more time than {budget:g}")


def _subfolder(parent: Path, name: str) -> Path:
    folder = parent / name
    folder.mkdir(mode=0o700)
    return folder


def facts(resealed: Resealed) -> Mapping[str, Any]:
    """What was done, as plain values for a document."""
    calibration = documents.calibration_of(resealed.manifest.outputs, resealed.path)
    return {
        "path": str(resealed.path),
        "bundle_id": resealed.id,
        "previous": resealed.previous,
        "calibration": None if calibration is None else calibration.model_dump(mode="json"),
        "notes": [note.model_dump(mode="json") for note in resealed.manifest.notes],
    }
