"""Write a state dict: this program digests the file and every tensor meanwhile, the others write only."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from benchmarks.job import GIB, MIB, Bed, Job, Missing, Target, Way, attempt
from benchmarks.jobs.own import limit

OURS, SAVE_FILE, MLFLOW = "reprobundle", "safetensors.save_file", "mlflow save_model"
WRITERS = (
    (SAVE_FILE, "safetensors", "save_file"),
    ("torch.save", "safetensors", "torch.save"),
    (MLFLOW, "mlflow", "mlflow"),
)


def ours(bed: Bed) -> Iterator[Way]:
    """This program's own writer."""
    yield _way(bed, OURS, None, "ours")


def peers(bed: Bed) -> Iterator[Way | Missing]:
    """The libraries, the copy in memory, and the file alone."""
    yield limit("page-cache write", bed.folder / "limit.bin", bed.amount)
    yield limit("disk write", bed.folder / "limit.bin", bed.amount)
    yield limit("memory copy", bed.folder, bed.amount)
    for name, environment, writer in WRITERS:
        yield attempt(name, _way, bed, name, environment, writer)


def _way(bed: Bed, name: str, environment: str | None, writer: str) -> Way:
    python = bed.peers.python(environment) if environment else sys.executable
    command = (str(python), "-m", "benchmarks.acts.weights", writer, str(bed.folder / "made"), str(bed.amount))
    return Way(name=name, command=command, kind="ours" if name == OURS else "peer", clock="call")


WRITE = Job(
    name="write",
    title="write a state dict of {amount} with digests",
    unit="bytes",
    amounts={"small": GIB // 8, "full": 4 * GIB},
    prepare=lambda bed: (bed.folder / "made").mkdir(),
    ours=ours,
    peers=peers,
    targets=(
        Target(way=OURS, to=SAVE_FILE),
        Target(way=OURS, to=MLFLOW, times=0.3),
        Target(way=OURS, of="beyond", plus=150 * MIB),
    ),
    growing=True,
    writing=True,
    note="the others make no digests; nobody but 'disk write' waits for the disk",
)
