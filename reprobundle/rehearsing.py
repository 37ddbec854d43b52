"""What a replay asks besides the recorded inputs, asked at capture: other inputs and weights, and the claims of functions.

A model whose outputs do not follow its inputs or its weights, and a number that the model does not give again, are found
here before a reviewer finds them. Nothing of it ever ends a capture.
"""

from __future__ import annotations

import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from reprobundle import claiming, controlling, guest, untracked
from reprobundle.answers import Answer
from reprobundle.components import claims, outputs
from reprobundle.components.claims import Wanted
from reprobundle.components.data.given import DataSplit
from reprobundle.components.interface import Failure, Site, Stage, attempt
from reprobundle.manifest import Manifest
from reprobundle.report import ClaimResult
from reprobundle.untracked import Project

SEED = 20260101  # of what is drawn: two captures of one state ask the same
MOST_RUNS = 12
MOST_BYTES = 64 * 2**20  # of the recorded inputs: each run has a copy of them
SHARE = 0.25  # of the remaining budget that such runs may take
LEAST_ALLOWED = 1.0  # seconds for them however little of the budget is left
LEAST_SECONDS = 10.0  # for the claims, likewise
SLOWER = 2.0  # times what the proof's process took, at least
REFUSED = "every replay will say NOT REPRODUCED"
WAYS_OUT: Mapping[str, str] = {
    "weights": "let forward() use the weights that the bundle has; where it does, record numbers that follow them, such as "
    "logits in place of labels",
    "inputs": "let forward() compute its outputs from what it is given; where it does, record numbers that follow it, such "
    "as logits in place of labels",
}
NUMBER = "correct the number or what computes it: a replay on the same data ends with exit code 1"
FUNCTION = "it is called with the model and the path of the split, in a process that has only the bundle's source"
SHOWN_PARTS = 4  # of a claim: itself and its groups
DONE = "done"  # the worker's last stage
NOT_IN_TIME = "a replay computes it all the same; more of a budget lets capture do so, too"


@dataclass(frozen=True)
class Foreseen:
    """What a replay will find.

    Attributes:
        refused: Why no replay will call the model reproduced; None: nothing known speaks against it.
        claims: What came of the claims that were computed.
    """

    refused: str | None = None
    claims: tuple[ClaimResult, ...] = ()


@dataclass(frozen=True)
class Scene:
    """Where claims are computed.

    Attributes:
        folder: The staged bundle.
        work: A private folder; None where nothing is measured.
        host: Where the proof ran.
        splits: The data splits as capture was given them.
        seconds: How long the proof's process took.
    """

    folder: Path
    work: Path | None
    host: guest.Host
    splits: Any
    seconds: float


def controls(draft: Manifest, folder: Path, work: Path | None, stage: Stage) -> controlling.Plan:
    """The runs with other inputs and weights that a replay makes too, where there is time; none where there is not.

    Args:
        draft: The manifest as it stands.
        folder: The staged bundle.
        work: A private folder; None where nothing is measured.
        stage: Has the deadline, and how long the model took.
    """
    inputs, seconds = draft.outputs.inputs, stage.model_seconds
    if work is None or inputs is None or seconds is None:
        return controlling.Plan()
    heavy = (folder / inputs.file).stat().st_size > MOST_BYTES
    within = max(LEAST_ALLOWED, SHARE * (stage.deadline - time.monotonic()))
    if heavy or MOST_RUNS * seconds > within:
        return controlling.Plan()
    draw = random.Random(SEED)  # noqa: S311  nothing to guard: it is the person's own model
    made = attempt(lambda: controlling.plan(draft, folder, lambda path: folder / path, work, None, draw))
    return controlling.Plan() if isinstance(made, Failure) else made  # the replay itself says what cannot be asked


def refusal(draft: Manifest, folder: Path, plan: controlling.Plan, answer: Answer, stage: Stage) -> str | None:
    """Why no replay will call a model reproduced: its outputs do not follow its weights, or its inputs; noted, too.

    What else a control may find, such as a jump, needs more runs than these to be sure of.

    Args:
        draft: The manifest as it stands.
        folder: The staged bundle.
        plan: What was asked.
        answer: What came of it.
        stage: Takes the note.
    """
    if not plan.decoys or not any(one.name in answer.runs for one in plan.questions):
        return None
    compared = outputs.compare(draft.outputs, Site(root=folder, answer=answer))
    found = {one.what: one for one in controlling.judge(plan, draft, answer, compared) if one.outcome == "insensitive"}
    if not found:
        return None
    words = f"the outputs do not depend on {' and '.join(f'the {what}' for what in sorted(found))}"
    stage.note(outputs.NAME, f"{REFUSED}: {words}", hint=WAYS_OUT.get(min(found)))
    return words


def compute_claims(draft: Manifest, scene: Scene, stage: Stage) -> tuple[claims.Section, tuple[ClaimResult, ...]]:
    """Compute in a process of its own what functions claim, as a replay will; what differs, fails or lacks a file is noted.

    The process is another one than the proof's, as a claim may take minutes or end its process. Commands are not run.

    Args:
        draft: The manifest as it stands.
        scene: Where, and with which data.
        stage: Takes the notes; has the deadline.

    Returns:
        What is claimed, with what was found of it, and the claims that were computed, or could not be.
    """
    project = Project(draft.code, scene.folder, scene.host.hidden)
    section, found = _computed(draft, scene, stage, project)
    ids = {one.id for one in found}
    untracked.note([one for one in draft.claims.claims if one.id not in ids], project, stage)
    return section, found


def _computed(
    draft: Manifest, scene: Scene, stage: Stage, project: Project
) -> tuple[claims.Section, tuple[ClaimResult, ...]]:
    data, wanted = places(scene.splits), called(draft, scene.splits, stage)
    if scene.work is None or not wanted:
        return draft.claims, ()
    within = max(LEAST_SECONDS, SLOWER * scene.seconds, stage.deadline - time.monotonic())
    host = replace(scene.host, timeout=min(within, scene.host.timeout))
    answer = attempt(lambda: _ask(draft, scene, host, wanted))
    if isinstance(answer, Failure):
        stage.note(claims.NAME, f"the claims were not computed: {answer.why}", hint=NOT_IN_TIME)
        return draft.claims, ()
    ids = {one.id for one in wanted}
    settled = claims.settle(draft.claims, answer.claims, stage)
    told = claims.results(settled, Site(root=scene.folder, answer=answer, data=data))
    found = tuple(one for one in told if one.id in ids)
    section = claims.with_results(settled, found)
    _note(section, found, stage, project, FUNCTION if answer.stage == DONE else NOT_IN_TIME)
    return section, found


def called(draft: Manifest, splits: Any, stage: Stage) -> list[Wanted]:
    """The claims whose functions can be called here, on the data that capture was given.

    Args:
        draft: The manifest as it stands.
        splits: The data splits as capture was given them.
        stage: Knows which claims await numbers of samples.
    """
    found = claims.wanted(draft.claims, places(splits), each=stage.awaited)
    return [one for one in found if one.entry is not None]


def places(splits: Any) -> Mapping[str, Any]:
    """The splits as claims are told of them: a split that says more about itself as what it holds."""
    given = splits if isinstance(splits, Mapping) else {}
    return {str(name): value.data if isinstance(value, DataSplit) else value for name, value in given.items()}


def _ask(draft: Manifest, scene: Scene, host: guest.Host, wanted: Sequence[Wanted]) -> Answer:
    assert scene.work is not None  # asked before
    control = scene.work / "claims"
    control.mkdir(mode=0o700)
    asked = claiming.asked(wanted)
    return guest.ask(draft, lambda path: scene.folder / path, scene.folder, control, host, claims=asked)


def _apart(words: Sequence[str]) -> str:
    """What differs in a claim, the first few parts of it."""
    more = f"; and {len(words) - SHOWN_PARTS:,} more" if len(words) > SHOWN_PARTS else ""
    return "; ".join(words[:SHOWN_PARTS]) + more


def _note(section: claims.Section, found: Sequence[ClaimResult], stage: Stage, project: Project, hint: str) -> None:
    apart = {claim.id: claims.differing(claim) for claim in section.claims}
    for one in found:
        if one.verdict == "differs":
            stage.note(claims.NAME, f"claim {one.id!r}: {_apart(apart[one.id])}", hint=NUMBER)
        elif one.verdict != "agrees":
            message = f"claim {one.id!r}: could not be computed in a fresh process: {one.why}"
            stage.note(claims.NAME, message, hint=project.way_out(one.why or "") or hint)
