"""The peers that digest files where they are, for the jobs that read files."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

from benchmarks.environments import ROOT, system_program
from benchmarks.files import link_all
from benchmarks.job import Bed, Missing, Way, attempt
from benchmarks.jobs.own import theirs
from benchmarks.repositories import call, variables

THREADS = os.cpu_count() or 1
XXHSUM, SHA256SUM, B3SUM = "xxhsum -H2", "sha256sum", "b3sum"
BAGIT, SIGNING, SIGNING_BLAKE3 = "bagit validate", "model-signing sha256", "model-signing blake3"


def on_one_file(bed: Bed, place: Path) -> Iterator[Way | Missing]:
    """Each on one file."""
    yield attempt(XXHSUM, _command, bed, XXHSUM, "xxhsum", "-H2", str(place))
    yield attempt(B3SUM, _command, bed, B3SUM, "b3sum", str(place))
    yield attempt("blake3 library", _library, bed, "blake3 library", "blake3", "blake3", place)
    yield attempt(SHA256SUM, _command, bed, SHA256SUM, "sha256sum", str(place))
    hub = "huggingface_hub digest"
    yield attempt(hub, _library, bed, hub, "huggingface_hub", "huggingface-hub", place)
    lfs = "git-lfs pointer"
    yield attempt(lfs, _command, bed, lfs, "git-lfs", "pointer", "--file", str(place))
    annex = "git annex calckey"
    yield attempt(annex, _annex, bed, annex, place)
    yield from on_folder(bed, place)


def on_folder(bed: Bed, place: Path) -> Iterator[Way | Missing]:
    """Those that take a whole folder, or one file."""
    yield attempt(BAGIT, bagit, bed, place)
    for name, name_of_act in ((SIGNING, "model-signing-sha256"), (SIGNING_BLAKE3, "model-signing-blake3")):
        yield attempt(name, _library, bed, name, "model-signing", name_of_act, place)


def in_parallel(name: str, program: str, folder: Path, *, at_once: int, among: int) -> Way:
    """A command over all files of a folder, some at a time, in several processes."""
    start = f"find . -type f -print0 | xargs -0 -n {at_once} -P {among} {program} > /dev/null 2> /dev/null"
    return Way(name=name, command=("sh", "-c", start), cwd=folder)


def bagit(bed: Bed, place: Path) -> Way:
    """A bag of the same files, which is checked."""
    python, bag = bed.peers.python("bagit"), bed.folder / "bag"
    link_all(place, bag)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    subprocess.run(theirs(python, "bagit-make", bag), env=environment, check=True, capture_output=True)
    return Way(name=BAGIT, command=theirs(python, "bagit-validate", bag), clock="call")


def _command(bed: Bed, name: str, program: str, *arguments: str) -> Way:
    return Way(name=name, command=(str(system_program(program)), *arguments), cwd=bed.folder)


def _library(bed: Bed, name: str, environment: str, name_of_act: str, place: Path) -> Way:
    return Way(name=name, command=theirs(bed.peers.python(environment), name_of_act, place), clock="call")


def _annex(bed: Bed, name: str, place: Path) -> Way:
    annex, root = bed.peers.program("datalad", "git-annex"), bed.folder / "of-annex"
    root.mkdir()
    call(["git", "init", "-q"], root, bed)
    command = (str(annex), "calckey", "--backend=SHA256", str(place))
    return Way(name=name, command=command, cwd=root, variables=variables(bed))
