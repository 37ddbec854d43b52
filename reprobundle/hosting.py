"""Where a model is run again: in an environment rebuilt from the lock, in this program's own, or in a Python one names."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from reprobundle import guest
from reprobundle import sandbox as sandboxes
from reprobundle.components.environment.rebuilding import rebuild, syncing
from reprobundle.components.environment.rebuilding.editables import find_editables
from reprobundle.components.environment.rebuilding.interpreters import ask_inside
from reprobundle.components.environment.section import Section
from reprobundle.phrases import counted, some
from reprobundle.report import Finding, ReplayedEnvironment, Status
from reprobundle.worker import numerics

Environment = Literal["rebuild", "portable", "current"]
Chosen = tuple[Path, tuple[Path, ...], ReplayedEnvironment]  # a Python, what it reads to run, how to call it
DEVICE_VARIABLES = ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")
INHERITED = ("LD_LIBRARY_PATH", *DEVICE_VARIABLES)  # without walls, the reviewer's own libraries and devices


def silent(line: str) -> None:
    """Say nothing: for a caller who wants no progress."""
    del line


@dataclass(frozen=True, kw_only=True)
class Wish:
    """The environment that the reviewer wants; nothing of it ever comes from the bundle.

    Attributes:
        env: Rebuilt from the lock, from the lock for other platforms, this program's own, or that of a Python.
        sync: Whether to make the named Python's environment agree with the lock first.
        packages: Where packages may come from.
        timeout: Seconds the model may run.
        say: Called with each line of progress.
        limits: What the model may use inside the walls; those usual for this machine if None.
        devices: Whether it may use the graphics processors inside the walls.
    """

    env: Environment | Path = "rebuild"
    sync: bool = False
    packages: rebuild.Options = field(default_factory=rebuild.Options)
    timeout: float = 3600.0
    say: Callable[[str], None] = silent
    limits: sandboxes.Limits | None = None
    devices: bool = False


def host(
    section: Section, view: Path, identity: bytes, walls: sandboxes.Sandbox, wish: Wish
) -> tuple[guest.Host, ReplayedEnvironment]:
    """Make the environment that the model is run in, or take the one that is named.

    Args:
        section: The recorded environment.
        view: The verified view of the bundle.
        identity: The bytes of its manifest.
        walls: The sandbox.
        wish: What the reviewer wants.

    Raises:
        UnavailableError: The lock, an interpreter or a wheel is not to be had.
        RefusedInputError: The lock breaks a rule, or an archive does not match its hash.
    """
    if isinstance(wish.env, Path):
        python, reads, used = _named(section, view, walls, wish, wish.env)
    elif wish.env == "current":
        python, reads, used = _current(walls, wish)
    else:
        python, reads, used = _rebuilt(section, view, identity, walls, wish)
    variables = numerics.environment(section.numerics, os.environ)
    if walls.kind == "none":
        variables |= {name: os.environ[name] for name in INHERITED if name in os.environ}
    elif wish.devices:
        variables |= {name: os.environ[name] for name in DEVICE_VARIABLES if name in os.environ}
    _say_of_devices(section, walls, wish)
    used_by = guest.Host(
        python=python,
        sandbox=walls,
        reads=reads,
        environment=variables,
        timeout=wish.timeout,
        limits=wish.limits,
        devices=wish.devices,
    )
    return used_by, used


def _say_of_devices(section: Section, walls: sandboxes.Sandbox, wish: Wish) -> None:
    """Say which processor it will be, where the record knows of another and this machine has one."""
    if walls.kind == "none" or not sandboxes.devices():
        return
    if wish.devices:
        wish.say(
            "the graphics processors are shown to the model's code: their driver, a part of the kernel, can be attacked"
        )
    elif section.numerics.get("torch.cuda") or section.numerics.get("torch.hip"):
        wish.say("the model runs on the processor: the sandbox shows no graphics processor unless that is asked for")


def told(environment: ReplayedEnvironment | None, wish: Wish) -> Iterator[Finding]:
    """What a reader of the report must know of the walls: a driver that was in reach, and a wish that none could grant."""
    if environment is None:
        return
    if environment.sandbox == "bwrap" and wish.devices and sandboxes.devices():
        yield _note(
            "the graphics processors were shown to the bundle's code, which could attack their driver, a part of the kernel",
            "for a bundle that you have reason to fear, use a machine you can throw away",
        )
    if environment.sandbox == "none" and wish.limits is not None:
        yield _note("the memory was not bounded: the model ran without a sandbox", "--sandbox bwrap bounds it")
    if environment.sandbox == "none" and wish.devices:
        yield _note("no graphics processor had to be shown: without a sandbox all are in sight", None)


def _note(message: str, hint: str | None) -> Finding:
    return Finding(kind="environment", status=Status.NOTE, message=message, hint=hint)


def _rebuilt(section: Section, view: Path, identity: bytes, walls: sandboxes.Sandbox, wish: Wish) -> Chosen:
    portable = wish.env == "portable"
    rebuilt = rebuild.rebuild(
        section,
        bundle=view,
        identity=identity,
        sandbox=walls,
        options=wish.packages,
        say=wish.say,
        portable=portable,
    )
    used = ReplayedEnvironment(
        how="portable" if portable else "rebuild",
        python=rebuilt.version,
        sandbox=walls.kind,
        packages=rebuilt.packages,
        vendored=rebuilt.vendored,
        cached=rebuilt.cached,
        installer=rebuilt.installer,
        hashes=rebuilt.hashes,
        overlaps=rebuilt.overlaps,
    )
    return rebuilt.python, rebuilt.reads, used


def _current(walls: sandboxes.Sandbox, wish: Wish) -> Chosen:
    python = Path(sys.executable)
    version = sys.version.split()[0]
    reads = _with_editables(rebuild.interpreter_folders(python), walls, wish)
    return python, reads, _existing("current", version, walls)


def _with_editables(reads: tuple[Path, ...], walls: sandboxes.Sandbox, wish: Wish) -> tuple[Path, ...]:
    """What an interpreter reads, and where its packages in development are; without walls all of that is in sight."""
    if walls.kind == "none":
        return reads
    found = find_editables(reads)
    wide = [place for place in found.places if sandboxes.is_too_wide(place)]
    shown = tuple(place for place in found.places if place not in wide)
    if shown:
        wish.say(f"shown to the model's code, to be read: {some([str(place) for place in shown])}")
    if wide:
        wish.say(f"not shown, since a home is in it: {some([str(place) for place in wide])}")
    if found.unseen:
        what = counted(len(found.unseen), "package in development is", "packages in development are")
        wish.say(f"{what} not in sight of the model's code: {some(found.unseen)}")
    return (*reads, *shown)


def _named(section: Section, view: Path, walls: sandboxes.Sandbox, wish: Wish, python: Path) -> Chosen:
    """As it is, or synced first, which is done only where there are no walls."""
    if wish.sync:
        syncing.sync(section, view, python, sandbox=walls, options=wish.packages, say=wish.say)
    found = ask_inside(python, walls)
    recorded = section.interpreter
    if (found.implementation, found.version) != (recorded.implementation, recorded.version):
        wish.say(
            f"{str(python)!r} is {found.implementation} {found.version}, "
            f"recorded was {recorded.implementation} {recorded.version}"
        )
    reads = _with_editables(found.folders, walls, wish)
    return found.python, reads, _existing("python", found.version, walls, synced=wish.sync)


def _existing(
    how: Literal["current", "python"], version: str, walls: sandboxes.Sandbox, *, synced: bool = False
) -> ReplayedEnvironment:
    return ReplayedEnvironment(
        how=how,
        python=version,
        sandbox=walls.kind,
        packages=0,
        cached=False,
        installer=None,
        hashes=False,
        synced=synced,
    )
