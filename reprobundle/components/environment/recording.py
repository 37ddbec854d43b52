"""Recording the environment of this process."""

from __future__ import annotations

import sys

from reprobundle.components.environment.locking.making import make_lock, pin_of
from reprobundle.components.environment.section import (
    MAX_SHOWN_EDITED,
    NAME,
    Distribution,
    Edited,
    Origin,
    Section,
)
from reprobundle.components.environment.snapshot import distributions, surroundings
from reprobundle.components.environment.snapshot.conda import Conda, read_conda
from reprobundle.components.environment.snapshot.consistency import note_conflicts
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.components.environment.snapshot.edited import with_edits
from reprobundle.components.environment.snapshot.named import with_named
from reprobundle.components.environment.snapshot.own_use import without_own_use
from reprobundle.components.interface import Source, Stage
from reprobundle.worker import numerics

NEEDED_TO_REPLAY = ("safetensors", "xxhash")
PROGRAM = "reprobundle"
SHOWN = 5


def record(source: Source, stage: Stage) -> Section:
    """Record what is installed, lock it, and make wheels of what no index offers.

    A hash or a wheel that cannot be had is a note with its reason; nothing here stops a capture.
    """
    facts = numerics.facts()  # before anything else, as asking loads a library that then counts as imported
    interpreter, system = surroundings.interpreter(), surroundings.system()
    conda = read_conda()
    found = _look_around(conda, stage)
    locked = make_lock(
        found,
        stage,
        look_up=source.budget > 0,
        interpreter=interpreter,
        platform=system,
        vendor=source.vendor,
    )
    _note_missing(found, stage)
    section = Section(
        interpreter=interpreter,
        platform=system,
        distributions=tuple(_distribution(one) for one in found if pin_of(one)),
        numerics=facts,
        lock=None,
        conda=conda.packages,
    )
    return locked.into(section)


def _look_around(conda: Conda, stage: Stage) -> tuple[Installed, ...]:
    """What is installed, with what was edited in it; whatever is wrong with it is noted."""
    survey = distributions.survey(conda=conda.metadata)
    for trouble in survey.troubles:
        stage.note(NAME, trouble.message, hint=trouble.hint)
    if conda.broken:
        names = ", ".join(map(repr, conda.broken[:SHOWN])) + (", …" if len(conda.broken) > SHOWN else "")
        message = f"{len(conda.broken)} records of the conda environment cannot be read: {names}"
        stage.note(NAME, message, hint="conda list shows which packages these are; install them anew")
    used = with_named(without_own_use(survey.found), stage.sections, stage.writer.root)
    found = with_edits(used, stage)
    note_conflicts(found, stage)
    return found


def _distribution(one: Installed) -> Distribution:
    return Distribution(
        name=one.name,
        version=one.version,
        origin=Origin(kind=one.origin, commit=one.commit, sha256=one.sha256),
        imported=one.imported,
        requested=one.requested,
        edited=one.edited or _of_missing(one),
    )


def _of_missing(one: Installed) -> Edited | None:
    return Edited(count=len(one.missing), paths=one.missing[:MAX_SHOWN_EDITED]) if one.missing else None


def _note_missing(found: tuple[Installed, ...], stage: Stage) -> None:
    names = {one.name for one in found}
    for name in NEEDED_TO_REPLAY:
        if name not in names:
            message = f"{name} is not installed, so the lock does not name it; a rebuilt environment cannot replay"
            stage.note(NAME, message, hint=f"install {name} and capture again")
    if PROGRAM in sys.modules and PROGRAM not in names:
        message = f"{PROGRAM} runs from a folder and is not installed: code of the bundle cannot import it at a replay"
        stage.note(NAME, message, hint=f"install {PROGRAM}, then capture again")
