"""How long the command line and the import take, beside what they stand on."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.bundles import make_tiny, tiny
from benchmarks.environments import own_program
from benchmarks.job import Bed, Job, Missing, Target, Way, no_peers, nothing_to_prepare

HELP, VERIFY, IMPORT = "reprobundle --help", "reprobundle verify TINY", "import reprobundle"
BARE, CLICK, BOTH = "python -c pass", "import click", "import click; from pydantic import BaseModel"


def ours_of_cli(bed: Bed) -> Iterator[Way]:
    """The two commands that do least."""
    program = str(own_program("reprobundle"))
    yield Way(name=HELP, command=(program, "--help"), kind="ours")
    yield Way(name=VERIFY, command=(program, "verify", str(tiny(bed))), kind="ours")


def floors(bed: Bed) -> Iterator[Way | Missing]:
    """What any command line of these libraries takes."""
    del bed
    for name in (CLICK, BOTH):
        yield Way(name=name, command=(sys.executable, "-c", name), kind="floor")


def ours_of_import(bed: Bed) -> Iterator[Way]:
    """The package, of which nothing is used."""
    del bed
    yield Way(name=IMPORT, command=(sys.executable, "-c", IMPORT), kind="ours")
    yield Way(name=BARE, command=(sys.executable, "-c", "pass"), kind="floor")


def prepare(bed: Bed) -> None:
    """The tiny bundle."""
    make_tiny(bed)


CLI = Job(
    name="cli",
    title="start the command line",
    unit="starts",
    amounts={"small": 1, "full": 1},
    prepare=prepare,
    ours=ours_of_cli,
    peers=floors,
    targets=(Target(way=HELP, to=CLICK, times=1.5), Target(way=VERIFY, to=BOTH, times=3.0)),
)
PACKAGE = Job(
    name="import",
    title="import the package",
    unit="imports",
    amounts={"small": 1, "full": 1},
    prepare=nothing_to_prepare,
    ours=ours_of_import,
    peers=no_peers,
)


JOBS = (CLI, PACKAGE)
