"""The proof before the seal: a fresh process reloads the staged folder from its own files, and the outputs must agree."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from reprobundle import guest, memory, replies
from reprobundle.components import code
from reprobundle.components.interface import Site, Source
from reprobundle.errors import ReproBundleError
from reprobundle.manifest import Manifest, Proof
from reprobundle.report import Rung
from reprobundle.sandbox import Sandbox

PROOF_SECONDS = 600.0
CPU = "cpu"
SHOWN_CHARACTERS = 300


def prove(draft: Manifest, folder: Path, source: Source) -> Proof:
    """Reload a staged bundle, the original source hidden, and compare the outputs.

    Args:
        draft: The manifest as it stands; its table of files is not used.
        folder: The staged bundle.
        source: What capture was given: tells which folders to hide.
    """
    reason = guest.why_not(draft) or code.why_not_importable(draft.code) or _too_large(draft)
    if reason is not None:
        return Proof(status="not run", why=reason)
    device = _device(draft)
    with tempfile.TemporaryDirectory(prefix="reprobundle-proof-") as control:
        host = guest.Host(
            python=Path(sys.executable),
            sandbox=Sandbox("none"),  # the user's own code
            hidden=code.original_folders(source),
            environment={name: value for name, value in os.environ.items() if name != "PYTHONPATH"},
            device=device,
            timeout=PROOF_SECONDS,
        )
        try:
            answer = guest.ask(draft, lambda path: folder / path, folder, Path(control), host)
        except ReproBundleError as error:
            return Proof(status="failed", why=str(error))
    return _judge(draft, Site(root=folder, answer=answer, other_device=device != draft.model.device), device)


def _judge(draft: Manifest, site: Site, device: str) -> Proof:
    answer = site.answer
    assert answer is not None  # the worker was asked
    if answer.error is not None:
        way_out = _made(draft) if answer.stage == "build" else ""
        return Proof(status="failed", why=f"at {answer.stage}: {answer.error}{way_out}")
    rung, reason = replies.overall(draft, site)
    if rung is Rung.BITWISE:
        return Proof(status="bitwise")
    if rung is Rung.CLOSE:
        return Proof(status="close", why=_on(device, draft) + (reason or ""))
    return Proof(status="failed" if rung is Rung.DIFFERENT else "not run", why=_on(device, draft) + (reason or ""))


def _made(draft: Manifest) -> str:
    """How the model was made, for a person who sees that it is wrong, and what to write instead."""
    init = draft.model.init
    assert init is not None  # why_not was asked before
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
