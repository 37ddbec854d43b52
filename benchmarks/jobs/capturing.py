"""The whole capture: all kinds of a model of some size, and of a small one, where only our own time is left; and its proof."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.bundles import capture, make_project, of_size
from benchmarks.files import remove
from benchmarks.job import GIB, MIB, Bed, Job, Missing, Target, Way, attempt
from benchmarks.jobs.own import limit

OURS, PROVEN = "reprobundle", "reprobundle, with the proof"
IMPORT_TORCH, SAVE_FILE, MLFLOW = "import torch", "safetensors.save_file", "mlflow save_model"


def way(bed: Bed, name: str, *options: str) -> Way:
    """A capture into a new folder, timed from the call to its end, in a process that has imported torch and numpy."""
    project, target = bed.folder / "project", bed.folder / "bundle"
    command = capture(project, target, "--timed", *options)
    cache = {"REPROBUNDLE_CACHE": str(bed.folder / "cache")}
    return Way(
        name=name,
        command=command,
        kind="ours",
        clock="call",
        cwd=project,
        variables=cache,
        after=lambda: remove(target),
    )


def ours_of_size(bed: Bed) -> Iterator[Way]:
    """Without a lock, a proof or calibration."""
    yield way(bed, OURS, *of_size(bed.amount))


def writers(bed: Bed) -> Iterator[Way | Missing]:
    """What writes weights of that size, and nothing else."""
    yield limit("page-cache write", bed.folder / "limit.bin", bed.amount)
    for name, environment, writer in ((SAVE_FILE, "safetensors", "save_file"), (MLFLOW, "mlflow", "mlflow")):
        yield attempt(name, _writer, bed, name, environment, writer)


def _writer(bed: Bed, name: str, environment: str, writer: str) -> Way:
    python = bed.peers.python(environment)
    folder = bed.folder / "made"
    folder.mkdir(exist_ok=True)
    command = (str(python), "-m", "benchmarks.acts.weights", writer, str(folder), str(bed.amount))
    return Way(name=name, command=command, clock="call")


def ours_of_small(bed: Bed) -> Iterator[Way]:
    """A few thousand weights, with and without the proof."""
    yield way(bed, OURS)
    yield way(bed, PROVEN, "--proof")


def importing(bed: Bed) -> Iterator[Way | Missing]:
    """What a proof cannot do without: a process that loads torch."""
    del bed
    yield Way(name=IMPORT_TORCH, command=(sys.executable, "-c", "import torch"), kind="floor")


def prepare(bed: Bed) -> None:
    """The project."""
    make_project(bed)


SMALL = Job(
    name="capture",
    title="capture a small model, all kinds, warm",
    unit="models",
    amounts={"small": 1, "full": 1},
    prepare=prepare,
    ours=ours_of_small,
    peers=importing,
    targets=(Target(way=OURS, plus=1.5), Target(way=PROVEN, less=OURS, to=IMPORT_TORCH, times=1.3, plus=1.0)),
    writing=True,
    note="without lock and calibration; the modules of this program are loaded within",
)
LARGE = Job(
    name="capture-large",
    title="capture a model of {amount}, all kinds",
    unit="bytes",
    amounts={"small": GIB // 16, "full": GIB},
    prepare=prepare,
    ours=ours_of_size,
    peers=writers,
    targets=(Target(way=OURS, of="beyond", plus=150 * MIB),),
    growing=True,
    writing=True,
    note="without lock, proof and calibration; the others write weights only; memory with this program's own modules",
)
JOBS = (SMALL, LARGE)
