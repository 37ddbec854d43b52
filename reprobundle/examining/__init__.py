"""Before any time is spent: what of a bundle can be replayed on this machine, and what to do about the rest.

The bundle is verified and its lock is read; nothing of it is run, nothing is installed and no network is reached.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from pathlib import Path

from reprobundle import captures, guest
from reprobundle import sandbox as sandboxes
from reprobundle.bundle import VerifiedBundle, verify
from reprobundle.components.environment.rebuilding.interpreters import Found, find_interpreter
from reprobundle.errors import UnavailableError
from reprobundle.examining import machine, packages
from reprobundle.examining.checklist import Check, Examination, blocks, ok, warning
from reprobundle.phrases import counted, some
from reprobundle.sandbox import Sandbox
from reprobundle.store.sealing import left_behind

__all__ = ["Check", "Examination", "examine"]


def examine(path: str | os.PathLike[str]) -> Examination:
    """Check a bundle against this machine: can a replay in a rebuilt environment be tried, and what would weaken it?

    Args:
        path: The bundle.

    Returns:
        One check after the other, each ok, a warning, or what blocks a replay, with the way out.

    Raises:
        RefusedInputError: It is no bundle, differs from its manifest, or its lock breaks the grammar.
    """
    bundle = verify(path)
    walls, sandbox = _sandbox(bundle)
    python, interpreter = _interpreter(bundle)
    section = bundle.manifest.environment
    checks = [
        *_bundle(bundle),
        sandbox,
        interpreter,
        *machine.platform_checks(section),
        *packages.package_checks(bundle, python=python, walls=walls),
        *machine.device_checks(bundle.manifest),
        *machine.memory_checks(bundle.manifest),
        *_left_behind(bundle.path),
    ]
    return Examination(bundle_id=bundle.id, bundle_name=bundle.manifest.name, checks=tuple(checks))


def _bundle(bundle: VerifiedBundle) -> Iterator[Check]:
    manifest = bundle.manifest
    signed = "its signature not checked" if bundle.bundle.signatures() else "UNSIGNED"
    yield ok("bundle", f"intact, {signed}: {len(manifest.files):,} files as the manifest lists them")
    why_not = guest.why_not(manifest)
    if why_not is not None:
        hint = "only the person who made it can capture it again; reprobundle show BUNDLE notes says what was missing"
        yield blocks("model", f"it cannot be run at all: {why_not}", hint=hint)
    elif manifest.outputs.expected is None:
        yield blocks("model", "no outputs are recorded, so nothing could be compared", hint="ask for a new capture")
    elif manifest.proof.proven:
        yield ok(
            "model", f"it was reloaded before the bundle was sealed and gave the same outputs, {manifest.proof.status}"
        )
    else:
        hint = "a replay can be tried; where it fails, the bundle may be at fault and not this machine"
        yield warning(
            "model", f"it was not proven at capture: {manifest.proof.why or manifest.proof.status}", hint=hint
        )


def _left_behind(place: Path) -> Iterator[Check]:
    """What a killed capture left beside the bundle: it is in nobody's way, and takes room."""
    left = left_behind(place.resolve().parent)
    if left:
        message = f"{counted(len(left), 'folder')} of killed captures beside it: {some([one.name for one in left])}"
        yield ok("remains", message, hint=f"rm -r {shlex.join(map(str, left))}")


def _sandbox(bundle: VerifiedBundle) -> tuple[Sandbox | None, Check]:
    own = captures.is_own(bundle.bundle.content, bundle.path)
    try:
        walls = sandboxes.choose("auto", own=own)
    except UnavailableError as error:
        return None, blocks("sandbox", str(error), hint=error.hint)
    if walls.kind == "none":
        return walls, ok("sandbox", "bubblewrap does not work here, but you captured this bundle yourself, here")
    return walls, ok("sandbox", "bubblewrap works: the bundle's code would run without network and without your files")


def _interpreter(bundle: VerifiedBundle) -> tuple[Found | None, Check]:
    recorded = bundle.manifest.environment.interpreter
    try:
        found = find_interpreter(recorded)
    except UnavailableError as error:
        return None, blocks("python", str(error), hint=error.hint)
    same = (
        "as recorded" if found.version == recorded.version else f"recorded {recorded.version}, which wheels do not mind"
    )
    return found, ok("python", f"{found.implementation} {found.version} is here, {same}")
