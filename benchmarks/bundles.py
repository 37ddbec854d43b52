"""Real bundles to work on: a small project, in a repository of its own, that captures a model of a given size."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from benchmarks.files import remove
from benchmarks.job import Bed
from benchmarks.repositories import call

HERE = Path(__file__).parent
LAYER = 10 * 2**20  # bytes, about
WIDTH = 1619  # of a layer of 10 MiB of float32


def make_project(bed: Bed) -> Path:
    """The folder of the project, committed."""
    folder = bed.folder / "project"
    shutil.copytree(HERE / "project", folder, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(HERE / "acts" / "clock.py", folder)
    call(["git", "init", "-q"], folder, bed)
    call(["git", "add", "."], folder, bed)
    call(["git", "commit", "-q", "-m", "Begin"], folder, bed)
    return folder


def capture(project: Path, target: Path, *options: str) -> tuple[str, ...]:
    """The command that makes a bundle."""
    return (sys.executable, str(project / "train.py"), str(target), *options)


def of_size(size: int) -> tuple[str, ...]:
    """Options for a model of about so many bytes, in layers of 10 MiB."""
    return ("--layers", str(max(round(size / LAYER), 1) + 1), "--width", str(WIDTH))


def tiny(bed: Bed) -> Path:
    """The bundle of a small model, made once in a run."""
    return bed.shared / "tiny"


def make_tiny(bed: Bed) -> None:
    """Make it where no job did so before."""
    if not tiny(bed).exists():
        home = replace(bed, folder=bed.shared)
        remove(home.folder)
        home.folder.mkdir(parents=True)
        make_bundle(home, "tiny")


def make_bundle(bed: Bed, name: str, *options: str) -> Path:
    """A bundle in the bed, of a small model unless the options say more; the project is made where it is missing."""
    project = bed.folder / "project"
    if not project.exists():
        make_project(bed)
    target = bed.folder / name
    subprocess.run(capture(project, target, *options), cwd=project, check=True, capture_output=True)
    return target
