"""A bundle asked as a replay asks it: all its runs in one worker, and what the controls make of them."""

from __future__ import annotations

import random
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobundle import controlling, guest, replies
from reprobundle.answers import Answer
from reprobundle.bundle import verify
from reprobundle.components import outputs
from reprobundle.components.interface import Site
from reprobundle.report import Control, Rung
from reprobundle.sandbox import Sandbox
from reprobundle.worker import numerics


@dataclass(frozen=True)
class Asked:
    """What came of it.

    Attributes:
        plan: What was asked.
        answer: What the worker left.
        rung: The weakest rung over the recorded outputs, as without controls.
        controls: What each control shows.
        outcome: What they come to together.
    """

    plan: controlling.Plan
    answer: Answer
    rung: Rung
    controls: tuple[Control, ...]
    outcome: str

    @property
    def told(self) -> dict[str, str]:
        """The outcome of each control, by name."""
        return {control.name: control.outcome for control in self.controls}

    def why(self, name: str) -> str | None:
        """The words of one control."""
        return next(control.why for control in self.controls if control.name == name)


def ask(
    bundle: Path, folder: Path, *, probe: Path | None = None, seed: Any = None, sandbox: Sandbox | None = None
) -> Asked:
    """Ask a bundle in a process of this interpreter, without walls.

    Args:
        bundle: A bundle, which is verified first.
        folder: Where a new private folder is made.
        probe: Inputs of the reviewer's own.
        seed: What the controls are drawn from; None: drawn anew.
        sandbox: Another way to run the worker.
    """
    manifest = verify(bundle).manifest
    control = folder / f"control-{random.getrandbits(32):08x}"
    control.mkdir()
    plan = controlling.plan(manifest, bundle, lambda path: bundle / path, control, probe, random.Random(seed))
    host = guest.Host(
        python=Path(sys.executable),
        sandbox=sandbox or Sandbox("none"),
        environment=numerics.environment(manifest.environment.numerics, {}),
        timeout=120,
    )
    answer = guest.ask(
        manifest, lambda path: bundle / path, bundle, control, host, first=plan.first, questions=plan.questions
    )
    compared = outputs.compare(manifest.outputs, Site(root=bundle, answer=answer))
    anew = _anew(bundle, control, host, plan, answer) if controlling.is_unsteady(plan, answer) else ()
    controls = controlling.judge(plan, manifest, answer, compared, anew=anew)
    return Asked(plan, answer, replies.weakest(compared)[0], controls, controlling.outcome(controls))


def _anew(
    bundle: Path, control: Path, host: guest.Host, plan: controlling.Plan, answer: Answer
) -> tuple[controlling.Begun, ...]:
    """What processes give that begin with something else."""
    manifest, found = verify(bundle).manifest, []
    for one in controlling.beginnings(plan, answer, random.Random()):
        folder = control / f"anew-{one.kind}"
        folder.mkdir()
        given = guest.ask(
            manifest, lambda path: bundle / path, bundle, folder, host, first=one.first, questions=one.questions
        )
        found.append(controlling.begun(one, given))
    return tuple(found)
