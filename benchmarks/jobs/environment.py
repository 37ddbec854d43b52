"""See what is installed: a snapshot of a large environment, and the facts that change numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from benchmarks.environments import PINS, MissingError, own_program
from benchmarks.job import Bed, Job, Missing, Target, Way, attempt, nothing_to_prepare
from benchmarks.jobs.own import act, theirs

OURS, LIST, FREEZE = "reprobundle", "reprobundle, names, versions and origins alone", "pip freeze"
FACTS = "facts that change numbers, torch loaded"
COUNT = len((PINS / "environment.txt").read_text(encoding="utf-8").split())


def site(bed: Bed) -> Path:
    """The site-packages folder of the large environment.

    Raises:
        MissingError: It could not be made.
    """
    home = bed.peers.python("environment").parent.parent
    found = sorted(home.glob("**/site-packages"))
    if not found:
        raise MissingError("the environment that is looked at has no site-packages")
    return found[0]


def ours(bed: Bed) -> Iterator[Way]:
    """Names, versions, origins, what was edited since, conflicts; and the facts."""
    yield Way(name=OURS, command=act("own_environment", "snapshot", site(bed)), kind="ours", clock="call")
    yield Way(name=LIST, command=act("own_environment", "list", site(bed)), kind="ours", clock="call")
    yield Way(name=FACTS, command=act("own_environment", "facts", "torch"), kind="ours", clock="call")


def peers(bed: Bed) -> Iterator[Way | Missing]:
    """Names and versions only."""
    place = site(bed)
    for name, verb in ((FREEZE, ("freeze", "--all")), ("pip inspect", ("inspect",))):
        yield attempt(name, _pip, bed, name, verb, place)
    yield attempt("uv pip freeze", _uv, bed)
    python = bed.peers.python("environment")
    yield Way(name="importlib.metadata", command=theirs(python, "importlib-metadata", place), clock="call")


def _pip(bed: Bed, name: str, verb: tuple[str, ...], place: Path) -> Way:
    python = bed.peers.python("pip-tools")
    return Way(name=name, command=(str(python), "-m", "pip", *verb, "--path", str(place)))


def _uv(bed: Bed) -> Way:
    python = bed.peers.python("environment")
    return Way(name="uv pip freeze", command=(str(own_program("uv")), "pip", "freeze", "--python", str(python)))


SNAPSHOT = Job(
    name="environment",
    title="see what is installed, {amount}",
    unit="distributions",
    amounts={"small": COUNT, "full": COUNT},
    prepare=nothing_to_prepare,
    ours=ours,
    peers=peers,
    targets=(
        Target(way=OURS, to=FREEZE, times=0.15),
        Target(way=LIST, to=FREEZE, times=0.15),
        Target(way=FACTS, plus=0.3),
    ),
    note="uv and pip start anew; the others tell names and versions only, and look for no file that was edited",
)
