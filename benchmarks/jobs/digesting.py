"""Digest files: one large one, some of middle size, many small ones, and many that nothing happened to."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from pathlib import Path

from benchmarks.environments import MissingError, system_program
from benchmarks.files import make_file, make_files
from benchmarks.job import GIB, MIB, Bed, Job, Missing, Target, Way, attempt, no_peers
from benchmarks.jobs.digesters import B3SUM, BAGIT, SIGNING, THREADS, XXHSUM, in_parallel, on_folder, on_one_file
from benchmarks.jobs.own import act, limit
from benchmarks.repositories import adding, call, dvc_repository, variables

OURS, SMALL, MIDDLE = "reprobundle", 4096, 10_000_000
READ = "page-cache read"
ALL_XXHSUM = "xargs -n 1000 -P 2 xxhsum -H2"
DVC_STATUS = "dvc status"
MEMORY = Target(way=OURS, of="beyond", plus=150 * MIB)


def large(bed: Bed) -> Path:
    """The file that is digested."""
    return bed.folder / "large" / "large.bin"


def files(bed: Bed) -> Path:
    """The folder that is digested."""
    return bed.folder / "files"


def ours_at(place: Path, bed: Bed, *, cached: bool = False) -> Iterator[Way]:
    """This program, which lists, digests each file and the whole."""
    command = act("own_files", "digest-cached" if cached else "digest", place)
    yield Way(name=OURS, command=command, kind="ours", clock="call", variables=cache(bed))


def cache(bed: Bed) -> dict[str, str]:
    """A cache of digests of its own."""
    return {"REPROBUNDLE_CACHE": str(bed.folder / "cache")}


def peers_of_large(bed: Bed) -> Iterator[Way | Missing]:
    """All that digest."""
    yield limit(READ, large(bed))
    yield from on_one_file(bed, large(bed))


def peers_of_middle(bed: Bed) -> Iterator[Way | Missing]:
    """Those that digest a folder, and those that keep it."""
    each = max(bed.amount // (2 * THREADS), 1)
    yield limit(READ, files(bed))
    for name, program in ((f"xargs -P {THREADS} xxhsum -H2", "xxhsum"), (f"xargs {B3SUM}", "b3sum")):
        options = "xxhsum -H2" if program == "xxhsum" else program
        yield attempt(name, _all, name, program, options, bed, each)
    yield from on_folder(bed, files(bed))
    yield from adding(bed, files(bed), only=("dvc add", "git-lfs add", "datalad save"))


def peers_of_small(bed: Bed) -> Iterator[Way | Missing]:
    """The same of many files; what takes a quarter of an hour is left out."""
    yield attempt(ALL_XXHSUM, _all, ALL_XXHSUM, "xxhsum", "xxhsum -H2", bed, 1000)
    yield from on_folder(bed, files(bed))
    yield from adding(bed, files(bed), only=("dvc add", "git add"))
    yield Missing("datalad save", "it starts a program for each of so many files: see the job with 200 files")


def _all(name: str, program: str, command: str, bed: Bed, at_once: int) -> Way:
    system_program(program)
    return in_parallel(name, command, files(bed), at_once=at_once, among=2 if at_once == 1000 else THREADS)


def ripen(bed: Bed) -> None:
    """Wait until the files are old enough for their digests to be kept.

    Raises:
        MissingError: They never are.
    """
    from reprobundle.components.data.files.trusting import keeps_times, settling_time

    settling = settling_time()
    if settling is None or not keeps_times(str(bed.folder)):
        raise MissingError("digests are not kept of files on a disk of this kind")
    newest = max(place.stat().st_ctime_ns for place in files(bed).rglob("*"))
    time.sleep(max(newest + settling - time.time_ns(), 0) / 1e9 + 1)


def peers_of_unchanged(bed: Bed) -> Iterator[Way | Missing]:
    """Those that know what they saw before; each has copies of its own, since a link changes a file's times."""
    yield attempt("find -printf", _find, bed)
    yield attempt(DVC_STATUS, _dvc_status, bed)
    yield attempt("git status", _git_status, bed)


def _find(bed: Bed) -> Way:
    if sys.platform == "darwin":
        raise MissingError("find of this system has no -printf")
    return Way(name="find -printf", command=("find", str(files(bed)), "-type", "f", "-printf", "%s %p\\n"))


def _own_files(bed: Bed, name: str) -> Path:
    folder = bed.folder / f"for-{name}"
    make_files(folder, bed.amount, SMALL)
    return folder


def _dvc_status(bed: Bed) -> Way:
    dvc, root = bed.peers.program("dvc", "dvc"), bed.folder / "of-dvc"
    dvc_repository(bed, root, _own_files(bed, "dvc"), dvc)
    call([str(dvc), "add", "-q", "data"], root, bed)
    return Way(name=DVC_STATUS, command=(str(dvc), "status", "-q"), cwd=root, variables=variables(bed))


def _git_status(bed: Bed) -> Way:
    git, root = system_program("git"), bed.folder / "of-git"
    _own_files(bed, "git").rename(bed.folder / "of-git")
    call([str(git), "init", "-q"], root, bed)
    call([str(git), "-c", "core.looseCompression=0", "add", "."], root, bed)
    return Way(name="git status", command=(str(git), "status", "--porcelain"), cwd=root, variables=variables(bed))


LARGE = Job(
    name="digest",
    title="digest one file of {amount}",
    unit="bytes",
    amounts={"small": GIB // 8, "full": 4 * GIB},
    prepare=lambda bed: make_file(large(bed), bed.amount),
    ours=lambda bed: ours_at(large(bed), bed),
    peers=peers_of_large,
    targets=(
        Target(way=OURS, to=XXHSUM, times=0.6),
        Target(way=OURS, to=BAGIT, times=0.1),
        Target(way=OURS, to=SIGNING, times=0.08),
        Target(way=OURS, to=READ, times=1 / 0.7, share=True),
        MEMORY,
    ),
    growing=True,
)
MIDDLES = Job(
    name="digest-200",
    title="digest {amount} of 10 MB",
    unit="files",
    amounts={"small": 12, "full": 200},
    prepare=lambda bed: make_files(files(bed), bed.amount, MIDDLE),
    ours=lambda bed: ours_at(files(bed), bed),
    peers=peers_of_middle,
    targets=(MEMORY,),
)
SMALLS = Job(
    name="digest-small",
    title="digest {amount} of 4 KiB, first",
    unit="files",
    amounts={"small": 2_000, "full": 100_000},
    prepare=lambda bed: make_files(files(bed), bed.amount, SMALL),
    ours=lambda bed: ours_at(files(bed), bed),
    peers=peers_of_small,
    targets=(Target(way=OURS, to=ALL_XXHSUM), Target(way=OURS, to="dvc add", times=0.06), MEMORY),
    growing=True,
)
UNCHANGED = Job(
    name="digest-unchanged",
    title="digest {amount} of 4 KiB, unchanged",
    unit="files",
    amounts={"small": 2_000, "full": 100_000},
    prepare=lambda bed: make_files(files(bed), bed.amount, SMALL),
    ripen=ripen,
    ours=lambda bed: ours_at(files(bed), bed, cached=True),
    peers=peers_of_unchanged,
    targets=(Target(way=OURS, to=DVC_STATUS, times=0.15),),
    note="digests are kept of files that were written some minutes ago",
)
MILLION = Job(
    name="digest-million",
    title="digest {amount} of 64 bytes: memory",
    unit="files",
    amounts={"small": 20_000, "full": 1_000_000},
    prepare=lambda bed: make_files(files(bed), bed.amount, 64),
    ours=lambda bed: ours_at(files(bed), bed),
    peers=no_peers,
    targets=(Target(way=OURS, of="beyond", plus=1024 * MIB),),
    rounds=1,
)
