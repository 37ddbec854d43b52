"""What makes a bundle replayable without this program: ``replay/REPLAY.md``, a script, and a copy of the worker.

All three are views: written at the seal, named in the manifest as views, made again when a bundle is resealed. The copy is
for a person who follows the page; a replay runs this program's own worker, and only compares.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from reprobundle.exports.by_hand.commands import SCRIPT, WORKER
from reprobundle.exports.by_hand.page import page
from reprobundle.manifest import Manifest
from reprobundle.phrases import counted, some
from reprobundle.report import Finding, Status
from reprobundle.store import digest_bytes
from reprobundle.worker import numerics

PAGE = "replay/REPLAY.md"
HOME = f"{WORKER}/"
NAME = "bundle"
SHOWN = 3
_WORKER = Path(numerics.__file__).resolve().parent
_HERE = Path(__file__).resolve().parent
_PART = re.compile(r"^from reprobundle\.exports\.by_hand\.reading import (?:\([^)]*\)|[^(\n]*)\n", re.MULTILINE)
_BEGINS = "from __future__ import annotations\n\n"


def files(manifest: Manifest) -> Mapping[str, bytes]:
    """The files by their path in the bundle.

    Args:
        manifest: What was captured; its table of files is not used.
    """
    worker = own_worker()
    size = f"{counted(len(worker), 'file')}, {sum(map(len, worker.values())):,} bytes"
    return {PAGE: page(manifest, size).encode("utf-8"), SCRIPT: carried(), **worker}


def is_view(path: str) -> bool:
    """Whether a path of a bundle is one of these files, of whatever version of this program."""
    return path in {PAGE, SCRIPT} or path.startswith(HOME)


@cache
def own_worker() -> Mapping[str, bytes]:
    """This program's worker, by the paths it has in a bundle."""
    return {f"{HOME}{place.name}": place.read_bytes() for place in sorted(_WORKER.glob("*.py"))}


@cache
def carried() -> bytes:
    """The script as a bundle has it: one file, the half that reads in the place where the other imports it."""
    script, reading = ((_HERE / name).read_text("utf-8") for name in ("script.py", "reading.py"))
    half = reading.partition(_BEGINS)[2].rstrip("\n")
    return _PART.sub(lambda _: f"{half}\n\n", script, count=1).encode("utf-8")


def check(manifest: Manifest) -> Iterator[Finding]:
    """Whether the worker that came with a bundle is this program's own; it was not run, so that is no more than advice.

    Args:
        manifest: Of a bundle whose files were found as it lists them.
    """
    copy = {entry.path: entry.xxh3_128 for entry in manifest.files if entry.path.startswith(HOME)}
    own = {path: digest_bytes(content) for path, content in own_worker().items()}
    other = sorted(path for path in {*copy, *own} if copy.get(path) != own.get(path))
    if copy and other:
        names = some([path.removeprefix(HOME) for path in other], SHOWN)
        message = f"the copy of the worker in {WORKER} is not this program's own worker, which was run: {names}"
        hint = f"who follows {PAGE} runs the copy: it is of reprobundle {manifest.reprobundle}, if nobody changed it"
        yield Finding(kind=NAME, status=Status.NOTE, message=message, hint=hint)
