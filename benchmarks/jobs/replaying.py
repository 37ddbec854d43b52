"""What a replay adds to loading and running the same model: the environment of this program, without a rebuild."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from functools import partial

from benchmarks.bundles import make_tiny, tiny
from benchmarks.environments import own_program
from benchmarks.files import remove
from benchmarks.job import Bed, Job, Missing, Way

ALONE = "the model, loaded and run alone"


def ours(bed: Bed) -> Iterator[Way]:
    """With the model run on the recorded inputs only, and with all controls."""
    for name, options in (("reprobundle, no controls", ("--no-controls",)), ("reprobundle", ())):
        report = bed.folder / "report"
        command = (str(own_program("reprobundle")), "replay", str(tiny(bed)), "--env", "current", "--quiet")
        everything = (*command, "--report", str(report), *options)
        yield Way(name=name, command=everything, kind="ours", after=partial(remove, report))


def peers(bed: Bed) -> Iterator[Way | Missing]:
    """Nothing around it."""
    project = bed.shared / "project"
    command = (sys.executable, "alone.py", str(tiny(bed)), "4", "64")
    yield Way(name=ALONE, command=command, kind="floor", cwd=project)


def prepare(bed: Bed) -> None:
    """The bundle."""
    make_tiny(bed)


REPLAY = Job(
    name="replay",
    title="replay a small model here",
    unit="replays",
    amounts={"small": 1, "full": 1},
    prepare=prepare,
    ours=ours,
    peers=peers,
    rounds=5,
    warming=False,
    note="two processes load torch, one of them inside the sandbox",
)
