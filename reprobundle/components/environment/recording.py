"""Recording the environment of this process."""

from __future__ import annotations

import platform
import sys

from reprobundle.components.environment.distributions import Installed, installed
from reprobundle.components.environment.locking import make_lock, pin_of
from reprobundle.components.environment.section import (
    NAME,
    Distribution,
    Interpreter,
    Origin,
    Platform,
    Section,
)
from reprobundle.components.interface import Source, Stage
from reprobundle.worker import numerics

NEEDED_TO_REPLAY = ("safetensors", "xxhash")
PROGRAM = "reprobundle"


def record(source: Source, stage: Stage) -> Section:
    """Record what is installed, lock it, and make wheels of what no index offers.

    A hash or a wheel that cannot be had is a note with its reason; nothing here stops a capture.
    """
    found = installed()
    locked = make_lock(found, stage, look_up=source.budget > 0)
    _note_missing(found, stage)
    return Section(
        interpreter=_interpreter(),
        platform=_platform(),
        distributions=tuple(_distribution(one) for one in found if pin_of(one)),
        numerics=numerics.facts(),
        lock=locked.facts,
        wheels=locked.wheels,
        left_out=locked.left_out,
    )


def _interpreter() -> Interpreter:
    return Interpreter(
        implementation=sys.implementation.name,
        version=platform.python_version(),
        build=f"{platform.python_build()[0]}, {platform.python_compiler()}".strip(", "),
        cache_tag=sys.implementation.cache_tag,
    )


def _platform() -> Platform:
    libc = " ".join(part for part in platform.libc_ver() if part)
    return Platform(system=platform.system(), machine=platform.machine(), libc=libc or None)


def _distribution(one: Installed) -> Distribution:
    origin = Origin(kind=one.origin, commit=one.commit, sha256=one.sha256)
    return Distribution(name=one.name, version=one.version, origin=origin, imported=one.imported)


def _note_missing(found: tuple[Installed, ...], stage: Stage) -> None:
    names = {one.name for one in found}
    for name in NEEDED_TO_REPLAY:
        if name not in names:
            message = f"{name} is not installed, so the lock does not name it; a rebuilt environment cannot replay"
            stage.note(NAME, message, hint=f"install {name} and capture again")
    if PROGRAM in sys.modules and PROGRAM not in names:
        message = f"{PROGRAM} runs from a folder and is not installed: code of the bundle cannot import it at a replay"
        stage.note(NAME, message, hint=f"install {PROGRAM}, then capture again")
