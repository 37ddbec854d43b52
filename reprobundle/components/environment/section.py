"""The manifest's ``environment`` section: what was installed where the model was trained, and how it was locked."""

from __future__ import annotations

from typing import Annotated, Final, Literal

import pydantic

from reprobundle.records import Json, Record
from reprobundle.store.digests import BundlePath

NAME = "environment"
LOCK_PATH: Final = "environment/requirements.txt"
WHEELS_FOLDER = "environment/wheels"
COMMIT: Final = r"^[0-9A-Za-z._-]{1,128}$"
SHA256: Final = r"^[0-9a-f]{64}$"

OriginKind = Literal["index", "vcs", "local", "editable", "archive"]
LockTool = Literal["pip-tools", "uv", "none"]
Version = Annotated[str, pydantic.Field(pattern=r"^[0-9A-Za-z][0-9A-Za-z.!+_-]{0,127}$")]
Name = Annotated[str, pydantic.Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,126}[a-z0-9])?$")]
WheelPath = Annotated[BundlePath, pydantic.Field(pattern=r"^environment/wheels/[^/]+\.whl$")]


class Interpreter(Record):
    """The Python that trained the model.

    Attributes:
        implementation: ``cpython``, ``pypy``, … as in ``sys.implementation.name``.
        version: All parts, e.g. ``3.11.7``.
        build: Where its build came from, as ``platform.python_build`` says; without the date.
        cache_tag: Tag of its compiled files, e.g. ``cpython-311``; None where there is none.
    """

    implementation: Annotated[str, pydantic.Field(pattern=r"^[a-z][a-z0-9_]{0,31}$")]
    version: Annotated[str, pydantic.Field(pattern=r"^[0-9]{1,2}\.[0-9]{1,3}\.[0-9]{1,3}[0-9A-Za-z+.]{0,32}$")]
    build: str
    cache_tag: str | None

    @property
    def minor(self) -> str:
        """Major and minor version, which decide what wheels fit, e.g. ``3.11``."""
        return ".".join(self.version.split(".")[:2])


class Platform(Record):
    """The operating system, without anything that names a machine or a person.

    Attributes:
        system: ``Linux``, ``Darwin``, ``Windows``.
        machine: Processor architecture, e.g. ``x86_64``.
        libc: C library with its version, e.g. ``glibc 2.36``; None where it cannot be told.
    """

    system: str
    machine: str
    libc: str | None


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


class Distribution(Record):
    """One installed distribution.

    Attributes:
        name: Normalised name, e.g. ``scikit-learn``.
        version: As installed, with its local label, e.g. ``2.13.0+cu128``.
        origin: Where it was installed from.
        imported: Whether the process had imported any of its files at capture.
    """

    name: Name
    version: Version
    origin: Origin
    imported: bool


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
    """

    interpreter: Interpreter
    platform: Platform
    distributions: tuple[Distribution, ...]
    numerics: dict[str, Json]
    lock: LockFacts | None
    wheels: tuple[WheelPath, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
