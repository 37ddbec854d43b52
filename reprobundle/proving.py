"""The proof before the seal: a fresh process reloads the staged folder from its own files, and the outputs must agree."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobundle import deeds, frameworks, guest, memory, replies
from reprobundle.answers import Answer
from reprobundle.components import code, model, outputs, preprocessing
from reprobundle.components.interface import Site, Source, Stage
from reprobundle.components.preprocessing import running
from reprobundle.components.preprocessing.checking import Outcome
from reprobundle.errors import ReproBundleError
from reprobundle.machine_places import without_places
from reprobundle.manifest import Manifest, Proof
from reprobundle.phrases import sized
from reprobundle.private_folders import private_folder
from reprobundle.report import Rung, Status
from reprobundle.sandbox import Sandbox
from reprobundle.worker import for_torch

PROOF_SECONDS = 600.0
CPU = "cpu"
SHOWN_CHARACTERS = 300
ONE_PROCESS = "the transform was run in this process only: whether a fresh one gives the same is not known"
FRESH = "a capture with its proof, or a replay of the bundle, shows it"


def foresee(source: Source, stage: Stage) -> None:
    """Say, before a byte of the weights is written, that this machine can never hold the model a second time."""
    total, size = memory.total_bytes(), _size_in_memory(source.model)
    needed = int(memory.NEEDED * size)
    if total is not None and needed > total:
        message = f"a second copy of the model needs {sized(needed)} of memory, this machine has {sized(total)} in all"
        stage.note(model.NAME, f"{message}: it cannot be proven here", hint="replay it on a machine that has as much")


@dataclass(frozen=True)
class Proved:
    """What a fresh process made of a staged bundle.

    Attributes:
        proof: For the manifest.
        answer: What the process gave, further runs among it; None where it gave nothing.
        host: Where it ran; None where it did not.
        seconds: How long the process took.
    """

    proof: Proof
    answer: Answer | None = None
    host: guest.Host | None = None
    seconds: float = 0.0


def prove(
    draft: Manifest, folder: Path, source: Source, stage: Stage, questions: Sequence[guest.Question] = ()
) -> Proved:
    """Reload a staged bundle, the original source hidden and the network refused, and compare the outputs.

    Args:
        draft: The manifest as it stands; its table of files is not used.
        folder: The staged bundle.
        source: What capture was given: tells which folders to hide.
        stage: Takes notes of what the source did to the world around it while the model was made.
        questions: Further runs in the same process; where one of them ends it, the proof is made once more without any.
    """
    reason = why_not(draft)
    if reason is not None:
        return Proved(unasked(draft, stage, reason))
    host, started = _host(draft, source), time.monotonic()
    try:
        answer = _ask(draft, folder, host, questions)
    except ReproBundleError as error:
        return Proved(Proof(status="failed", why=without_places(str(error))), None, host)
    seconds, device = time.monotonic() - started, host.device or CPU
    deeds.note(answer, stage)
    other, fed = device != draft.model.device, outputs.fed(draft.outputs)
    proof = _judge(draft, Site(root=folder, answer=answer, other_device=other, fed=fed), device)
    return Proved(proof, answer, host, seconds)


def why_not(draft: Manifest) -> str | None:
    """Why nothing can be reloaded, as far as it is known before; None where nothing stands against it.

    Args:
        draft: The manifest as it stands.
    """
    return guest.why_not(draft) or _why_not_importable(draft) or _too_large(draft)


def _host(draft: Manifest, source: Source) -> guest.Host:
    """This machine as it is, without the folders that the model came from."""
    return guest.Host(
        python=Path(sys.executable),
        sandbox=Sandbox("none"),  # the user's own code
        hidden=code.original_folders(source),
        environment={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
        device=_device(draft),
        timeout=PROOF_SECONDS,
        watched=True,
    )


def _ask(draft: Manifest, folder: Path, host: guest.Host, questions: Sequence[guest.Question]) -> Answer:
    """Ask the proof and the further runs; the proof alone where the runs took too long or ended the process.

    Raises:
        ReproBundleError: The proof alone could not be asked, or ran out of time.
    """
    if questions:
        try:
            answer = _ask_once(draft, folder, host, questions)
        except ReproBundleError:
            return _ask_once(draft, folder, host, ())
        if answer.error is None or answer.outputs is None:
            return answer
    return _ask_once(draft, folder, host, ())


def _ask_once(draft: Manifest, folder: Path, host: guest.Host, questions: Sequence[guest.Question]) -> Answer:
    with private_folder("proving") as folders:
        return guest.ask(draft, lambda path: folder / path, folder, folders(), host, questions=questions)


def unasked(draft: Manifest, stage: Stage, why: str) -> Proof:
    """That nothing was reloaded; a note where preprocessing was run, since only a fresh process shows what it leans on.

    Args:
        draft: The manifest as it stands.
        stage: Takes the note.
        why: Why nothing was reloaded.
    """
    if draft.preprocessing.can_run:
        stage.note(preprocessing.NAME, ONE_PROCESS, hint=FRESH)
    return Proof(status="not run", why=why)


def _why_not_importable(draft: Manifest) -> str | None:
    """Why the source must not be imported again, where it has to be: a model may say all by its own file."""
    needed = draft.model.loader not in frameworks.SELF_CONTAINED or draft.model.trusted
    beside = running.needs_source(draft.preprocessing) or draft.data.splitting is not None
    return code.why_not_importable(draft.code) if needed or beside else None


def _judge(draft: Manifest, site: Site, device: str) -> Proof:
    answer = site.answer
    assert answer is not None  # the worker was asked
    if answer.error is not None:
        return Proof(status="failed", why=_why_stopped(draft, answer, answer.error))
    rung, reason = replies.overall(draft, site)
    if not rung.reaches(Rung.CLOSE):
        return Proof(status="not run" if rung is Rung.NOT_RUN else "failed", why=_on(device, draft) + (reason or ""))
    others = model.count_not_recorded(draft.model, site)
    if others:
        return Proof(status="failed", why=_on(device, draft) + _another_model(draft, site, rung, others))
    prepared = preprocessing.outcome(draft.preprocessing, site)
    if prepared.state in {"differs", "failed"}:
        return Proof(status="failed", why=_prepared_otherwise(prepared, answer))
    needed = deeds.file_need(answer)
    if needed is not None:
        return Proof(status="failed", why=needed)
    if prepared.state == "not compared":
        return Proof(status="not run", why=without_places(f"the preprocessing was not compared: {prepared.reason}"))
    if rung is Rung.BITWISE:
        return Proof(status="bitwise")
    return Proof(status="close", why=_on(device, draft) + (reason or ""))


def _another_model(draft: Manifest, site: Site, rung: Rung, others: int) -> str:
    """That the reloaded model is another one, and the first of its tensors by name."""
    found = [finding.message for finding in model.check_values(draft.model, site) if finding.status is Status.DIFFERS]
    return without_places("; ".join([replies.another_model(rung, others), *found]))


def _prepared_otherwise(prepared: Outcome, answer: Answer) -> str:
    """That a fresh process makes other inputs of the raw samples, or none."""
    if prepared.state == "differs":
        return without_places(f"the preprocessing made again from the bundle gives something else: {prepared.reason}")
    at = f", at {answer.transform_at.words}" if answer.transform_at is not None else ""
    return without_places(f"the preprocessing fails in a fresh process: {prepared.reason}") + at


def _why_stopped(draft: Manifest, answer: Answer, error: str) -> str:
    """What went wrong and in which line; first of all where it is the network that was asked for."""
    needed = deeds.network_need(answer)
    stopped = f"at {answer.stage}: {without_places(error)}"
    if needed is not None:
        return f"{needed}; {stopped}"
    at = f", at {answer.at.words}" if answer.at is not None else ""
    return stopped + at + (_made(draft) if answer.stage == "build" else "")


def _made(draft: Manifest) -> str:
    """How the model was made, for a person who sees that it is wrong, and what to write instead."""
    init = draft.model.init
    if init is None:
        return ""
    given = [repr(value) for value in init.args] + [f"{name}={value!r}" for name, value in init.kwargs.items()]
    called = f"{draft.model.entry}({', '.join(given)})"[:SHOWN_CHARACTERS]
    return f"; it was called as {called}: if that is not how you make it, name a function of yours that does: factory="


def _on(device: str, draft: Manifest) -> str:
    if device == draft.model.device:
        return ""
    return f"on {device}, because {draft.model.device} has no room for a second copy; close is the most to expect: "


def _size(draft: Manifest) -> int:
    """Bytes of the model's tensors, shared ones once."""
    return sum(entry.bytes for entry in draft.model.tensors if entry.name not in draft.model.aliases)


def _size_in_memory(thing: Any) -> int:
    """Bytes of the tensors of a torch module, shared ones once; 0 for a model of another kind."""
    if not for_torch.recognises(thing):
        return 0
    lazy = "cls_to_become"  # what torch gives a tensor that has no size yet
    held = [value for value in (*thing.parameters(), *thing.buffers()) if not hasattr(value, lazy)]
    return sum(value.numel() * value.element_size() for value in held)


def _too_large(draft: Manifest) -> str | None:
    free = memory.host_bytes()
    needed = int(memory.NEEDED * _size(draft))
    if free is None or needed <= free:
        return None
    return f"a second copy of the model needs {needed:,} bytes of memory, {free:,} are free"


def _device(draft: Manifest) -> str:
    """The model's own kind of device where a second copy fits, else the CPU."""
    free = memory.device_bytes()
    fits = free is not None and memory.NEEDED * _size(draft) <= free
    return draft.model.device if draft.model.device != "cuda" or fits else CPU
