"""Whether the source on disk is still the source that was loaded."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from reprobundle.components.code.project import OUTSIDE, SOURCE, Project, find
from reprobundle.components.code.repository import Checkout, printable
from reprobundle.components.interface import Begun, Stage
from reprobundle.errors import RefusedInputError
from reprobundle.store import digest_file

# the clock that stamps files is coarser than the one that times processes
SLACK_SECONDS = 0.1


class State(NamedTuple):
    """The source at one moment.

    Attributes:
        commit: The git commit checked out, or None.
        sources: Digest of each tracked Python file and each loaded module of the person's own, by path relative to
            the project's top folder; modules from elsewhere under ``code/outside/``.
    """

    commit: str | None
    sources: Mapping[str, str]


def state(project: Path | None = None) -> State:
    """What stands now, for ``begin`` to keep and ``capture`` to compare."""
    return state_of(find(project))


def state_of(project: Project) -> State:
    """The same, of a project already found."""
    files = {key(project.path_of(local)): local.file for local in project.loaded}
    commit = None
    if isinstance(project.checkout, Checkout):
        commit = project.checkout.facts.commit
        tracked = (path for path in project.checkout.tracked if path.endswith(".py"))
        files |= {printable(path): project.base / path for path in tracked}
    digests = {path: _digest(files[path]) for path in sorted(files)}
    return State(commit, {path: digest for path, digest in digests.items() if digest})


def key(path: str) -> str:
    """A bundle path as it stands in a state: relative to the project's top folder."""
    return path if path.startswith(f"{OUTSIDE}/") else path.removeprefix(f"{SOURCE}/")


def differences(before: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    """Paths that were changed or removed since; what is new since then was not loaded then."""
    return tuple(sorted(path for path, digest in before.items() if now.get(path) != digest))


def changed_since(project: Project, moment: float) -> tuple[str, ...]:
    """Files of loaded modules written after a moment.

    Args:
        project: The source.
        moment: Seconds since the epoch.
    """
    late = {key(project.path_of(local)) for local in project.loaded if _written(local.file) > moment + SLACK_SECONDS}
    return tuple(sorted(late))


def changed(project: Project, run: Begun | None, stage: Stage) -> tuple[str, ...]:
    """Files changed after the process, or the training, began, sorted; each doubt becomes a note."""
    started = process_start()
    late = set(changed_since(project, started)) if started is not None else set[str]()
    if late:
        message = f"changed after this process began, what ran may differ: {', '.join(map(repr, sorted(late)))}"
        stage.note("code", message, hint="restart the process, train and capture without editing in between")
    if started is None and run is None:
        message = "not checked whether the source changed since the process began: its start is not known here"
        stage.note("code", message, hint="call reprobundle.begin() at the start of training")
    return tuple(sorted(late | set(_changed_since_begin(project, run, stage))))


def _changed_since_begin(project: Project, run: Begun | None, stage: Stage) -> tuple[str, ...]:
    if run is None:
        return ()
    now = state_of(project)
    if now.commit != run.commit:
        message = f"the commit changed since begin(): then {run.commit or 'none'}, now {now.commit or 'none'}"
        stage.note("code", message, hint="check out the commit that was trained, then capture again")
    changed = differences(run.sources, now.sources)
    if changed:
        message = f"changed since begin(), what ran may differ: {', '.join(map(repr, changed))}"
        stage.note("code", message, hint="restore these files as they were when training began")
    return changed


def process_start() -> float | None:
    """When this process began, in seconds since the epoch.

    From the kernel on Linux; elsewhere the moment ``reprobundle`` was imported, if it kept that as ``IMPORTED_AT``.
    """
    if sys.platform == "linux":
        age = _age()
        if age is not None:
            return time.time() - age
    kept = getattr(sys.modules["reprobundle"], "IMPORTED_AT", None)
    return kept if isinstance(kept, float) else None


if sys.platform == "linux":

    def _age() -> float | None:
        try:
            fields = Path("/proc/self/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
        except OSError:  # a sandbox without /proc
            return None
        started = int(fields[19]) / os.sysconf("SC_CLK_TCK")
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - started
        return age if started > 0 and age > 0 else None  # some sandboxes give zeros


def _written(file: Path) -> float:
    return file.stat().st_mtime if file.is_file() else 0.0


def _digest(file: Path) -> str | None:
    try:
        return digest_file(file.resolve())[1]
    except (OSError, RefusedInputError):  # gone, unreadable or being written: it has no state to compare
        return None
