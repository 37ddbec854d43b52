"""The manifest's ``environment`` section: what was installed where the model was trained, and how it was locked."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import pydantic

from reprobundle.records import Json, Record
from reprobundle.store.digests import BundlePath

NAME = "environment"
LOCK_PATH: Final = "environment/requirements.txt"
PORTABLE_PATH: Final = "environment/requirements.portable.txt"
PYLOCK_PATH: Final = "environment/pylock.toml"
WHEELS_FOLDER = "environment/wheels"
COMMIT: Final = r"^[0-9A-Za-z._-]{1,128}$"
SHA256: Final = r"^[0-9a-f]{64}$"

MAX_SHOWN_EDITED: Final = 20

OriginKind = Literal["index", "vcs", "local", "editable", "archive", "conda"]
Container = Literal["docker", "podman", "kubernetes", "apptainer", "lxc", "container"]
LockTool = Literal["pip-tools", "uv", "none"]
Version = Annotated[str, pydantic.Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.!+_-]{0,127}$")]
Name = Annotated[str, pydantic.Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,126}[a-z0-9])?$")]
Word = Annotated[str, pydantic.Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.!+_-]{0,127}$")]
IndexHint = Annotated[
    str, pydantic.Field(pattern=r"^pytorch/(cpu|xpu|cu[0-9]{2,3}|rocm[0-9]{1,2}(\.[0-9]{1,2}){1,2})$")
]
WheelPath = Annotated[BundlePath, pydantic.Field(pattern=r"^environment/wheels/[^/]+\.whl$")]


class Interpreter(Record):
    """The Python that trained the model.

    Attributes:
        implementation: ``cpython``, ``pypy``, … as in ``sys.implementation.name``.
        version: All parts, e.g. ``3.11.7``.
        build: Where its build came from, as ``platform.python_build`` says; without the date.
        cache_tag: Tag of its compiled files, e.g. ``cpython-311``; None where there is none.
        abi: What its extension modules are built for, e.g. ``cpython-311-x86_64-linux-gnu``; None where it is not told.
    """

    implementation: Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    version: Annotated[str, pydantic.Field(pattern=r"^[0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,3}[0-9A-Za-z+.]{0,32}$")]
    build: str
    cache_tag: str | None
    abi: str | None = None

    @property
    def minor(self) -> str:
        """Major and minor version, which decide what wheels fit, e.g. ``3.11``."""
        return ".".join(self.version.split(".")[:2])


class Slurm(Record):
    """The size of a job of the scheduler Slurm, without the names of its nodes, its account or its user.

    Attributes:
        nodes: Number of nodes; None where Slurm does not say.
        tasks: Number of tasks.
        cpus_per_task: Processors each task was given.
        gpus: GPUs on the node of this process.
    """

    nodes: int | None = None
    tasks: int | None = None
    cpus_per_task: int | None = None
    gpus: int | None = None


class CondaPackage(Record):
    """One package of a conda environment; what pip installed beside is no such package.

    Attributes:
        name: As conda calls it.
        version: Its version.
        build: Its build string, e.g. ``py311h64a7726_0``.
        channel: Short name of its channel, e.g. ``conda-forge``; None where it is an address.
    """

    name: Annotated[str, pydantic.Field(pattern=r"^[0-9A-Za-z_][0-9A-Za-z.!+_-]{0,127}$")]
    version: Word
    build: Word
    channel: Word | None = None


class Platform(Record):
    """The operating system, without anything that names a machine or a person.

    Attributes:
        system: ``Linux``, ``Darwin``, ``Windows``.
        machine: Processor architecture, e.g. ``x86_64``.
        libc: C library with its version, e.g. ``glibc 2.36``; None where it cannot be told.
        distribution: Name and version of the Linux distribution, or of the system elsewhere; None where it is not told.
        container: The kind of container the process ran in; None outside one.
        slurm: The size of the Slurm job the process ran in; None outside one.
    """

    system: str
    machine: str
    libc: str | None
    distribution: str | None = None
    container: Container | None = None
    slurm: Slurm | None = None


class Origin(Record):
    """Where a distribution was installed from; never a path, an address or a credential.

    Attributes:
        kind: A package index, version control, a local folder, an editable install, or one archive file.
        commit: The commit installed from version control, as recorded by the installer.
        sha256: Hash of the archive file, as recorded by the installer.
    """

    kind: OriginKind
    commit: Annotated[str, pydantic.Field(pattern=COMMIT)] | None = None
    sha256: Annotated[str, pydantic.Field(pattern=SHA256)] | None = None


class Edited(Record):
    """Files of a distribution that are no longer what its installer wrote.

    Attributes:
        count: How many, the missing ones included.
        paths: The first of them, sorted, relative to the folder it is installed in.
    """

    count: int
    paths: Annotated[tuple[str, ...], pydantic.Field(max_length=MAX_SHOWN_EDITED)]


class Distribution(Record):
    """One installed distribution.

    Attributes:
        name: Normalised name, e.g. ``scikit-learn``.
        version: As installed, with its local label, e.g. ``2.13.0+cu128``.
        origin: Where it was installed from.
        imported: Whether the process had imported any of its files at capture, or source names it that claims, model or
            preprocessing are made by; no, where this program alone had.
        requested: Whether a person asked for it, or another distribution pulled it in; None where its installer did not
            say.
        edited: Files changed since it was installed; None when none was.
    """

    name: Name
    version: Version
    origin: Origin
    imported: bool
    requested: bool | None = None
    edited: Edited | None = None


class LockFacts(Record):
    """How the lock was made.

    Attributes:
        path: Where it is.
        hashes: Whether every pin carries the hashes of its archives.
        why: Why it has none, in words; None when complete.
        by: The tool that found the hashes.
    """

    path: Literal["environment/requirements.txt"] = LOCK_PATH
    hashes: Literal["complete", "none"]
    why: str | None
    by: LockTool


class LeftOut(Record):
    """A distribution that the lock does not name.

    Attributes:
        name: Its name as found.
        version: Its version as found.
        reason: Why it cannot be installed from a lock.
    """

    name: str
    version: str
    reason: str


class Section(Record):
    """All that decides what the model computes with besides its own code.

    Attributes:
        interpreter: The Python.
        platform: The operating system.
        distributions: Every installed distribution, sorted by name.
        numerics: Facts of libraries, processor and device that change numbers, by name.
        lock: How the lock was made; None when nothing could be pinned.
        wheels: Wheels made from what no index offers, sorted by path.
        left_out: What is installed but not in the lock.
        portable: The lock for another platform: public versions of what was imported and of what that needs; None when
            nothing was imported.
        pylock: The same pins as the lock in the standard form ``pylock.toml``; None when there is no lock.
        index_hints: Which public index offers a pin whose local label names a known build, by the pin's name.
        conda: Packages of the conda environment the process ran in, sorted by name; empty outside one.
    """

    interpreter: Interpreter
    platform: Platform
    distributions: tuple[Distribution, ...]
    numerics: dict[str, Json]
    lock: LockFacts | None
    wheels: tuple[WheelPath, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    portable: Literal["environment/requirements.portable.txt"] | None = None
    pylock: Literal["environment/pylock.toml"] | None = None
    index_hints: dict[Name, IndexHint] = {}
    conda: tuple[CondaPackage, ...] = ()
