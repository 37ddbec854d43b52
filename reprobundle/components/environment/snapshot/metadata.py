"""Reading one metadata folder: the head of its description, its installer's notes, where it came from."""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from reprobundle.components.environment.section import COMMIT, SHA256, OriginKind

CHUNK_BYTES = 16 * 1024
MAX_HEAD_BYTES = 2**20
HEAD_LETTERS = frozenset("nNvVrR")  # of name, version and requires-dist
MAX_NOTE_BYTES = 64 * 1024
MAX_FIELD_CHARACTERS = 1000  # of a name or a version; a lock takes 128
METADATA_FILES = ("METADATA", "PKG-INFO")
CONDA = "conda"


@dataclass(frozen=True)
class Head:
    """What stands above the description.

    Attributes:
        name: As its author spells it; None where it is missing.
        version: As its author spells it; None where it is missing.
        requires: What it requires, each as it stands.
    """

    name: str | None
    version: str | None
    requires: tuple[str, ...] = ()


@dataclass(frozen=True)
class Whence:
    """Where a distribution was installed from.

    Attributes:
        kind: The kind of place.
        commit: The commit, for an install from version control.
        sha256: Hash of the archive, where the installer recorded one.
        folder: The folder, for local and editable installs, where it is still there.
        broken: Whether the installer's note on it could not be understood, so that an index is assumed.
    """

    kind: OriginKind
    commit: str | None = None
    sha256: str | None = None
    folder: Path | None = None
    broken: bool = False


def read_head(metadata: Path) -> Head:
    """Name, version and requirements of a metadata folder, or of an ``.egg-info`` that is a file itself.

    Raises:
        OSError: It cannot be read.
    """
    content = _head(metadata)
    name, version, requires = None, None, []
    for line in content.decode("utf-8", "replace").split("\n"):
        if line[:1] not in HEAD_LETTERS:  # most lines are about something else
            continue
        key, _, value = line.partition(":")
        known = key.lower()
        if known == "requires-dist":
            requires.append(value.strip())
        elif known == "name" and name is None:
            name = _bounded(value)
        elif known == "version" and version is None:
            version = _bounded(value)
    return Head(name or None, version or None, tuple(requires))


def _bounded(value: str) -> str | None:
    """A longer one counts as missing: it can be no name, and reading digits without end takes as long."""
    return value.strip() if len(value) <= MAX_FIELD_CHARACTERS else None


def first_line(place: str) -> str | None:
    """The first line of a small file; None where there is no such file.

    Raises:
        OSError: It cannot be read.
    """
    try:
        with open(place, "rb") as file:
            return file.read(200).decode("utf-8", "replace").split("\n")[0].strip()
    except (FileNotFoundError, NotADirectoryError):
        return None


def whence(metadata: Path, installer: str | None, *, conda: bool) -> Whence:
    """Where it was installed from, as ``direct_url.json`` says; without one, an index.

    Args:
        metadata: Its metadata folder.
        installer: Who installed it, as INSTALLER says.
        conda: Whether the records of a conda environment name this folder.

    Raises:
        OSError: The note cannot be read.
    """
    if installer == CONDA or (conda and installer is None):  # its note, if any, names a folder of conda's build farm
        return Whence("conda")
    try:
        with open(os.path.join(metadata, "direct_url.json"), "rb") as file:
            content = file.read(MAX_NOTE_BYTES)
    except (FileNotFoundError, NotADirectoryError):
        return Whence("index")
    try:
        described = json.loads(content)
    except (ValueError, RecursionError):
        return Whence("index", broken=True)
    return _described(described) if isinstance(described, dict) else Whence("index", broken=True)


def top_level(metadata: Path) -> frozenset[str]:
    """Names of the modules and packages it installed, where its installer left no list of files."""
    try:
        with open(metadata / "top_level.txt", "rb") as file:
            return frozenset(file.read(MAX_NOTE_BYTES).decode("utf-8", "replace").split())
    except OSError:  # told by few; without it nobody knows
        return frozenset()


def _head(metadata: Path) -> bytes:
    """Only as much as is needed is read, up to the first empty line: a description may be long."""
    for place in (os.path.join(metadata, name) for name in METADATA_FILES):
        content = _up_to_empty_line(place)
        if content is not None:
            return content
    return (_up_to_empty_line(str(metadata)) if metadata.is_file() else None) or b""


def _up_to_empty_line(place: str) -> bytes | None:
    content = b""
    try:
        with open(place, "rb", buffering=0) as file:
            while len(content) < MAX_HEAD_BYTES:
                chunk = file.read(CHUNK_BYTES)
                content += chunk.replace(b"\r", b"")
                end = content.find(b"\n\n")
                if end >= 0 or not chunk:
                    return content[:end] if end >= 0 else content
    except (FileNotFoundError, NotADirectoryError):
        return None
    return content[:MAX_HEAD_BYTES].rpartition(b"\n")[0]


def _described(described: dict[str, Any]) -> Whence:
    folder, vcs, archive = (described.get(f"{name}_info") for name in ("dir", "vcs", "archive"))
    if isinstance(folder, dict):
        kind: OriginKind = "editable" if folder.get("editable") is True else "local"
        return Whence(kind, folder=_local_folder(described.get("url")))
    if isinstance(vcs, dict):
        return Whence("vcs", commit=_matching(COMMIT, vcs.get("commit_id")))
    if isinstance(archive, dict):
        return Whence("archive", sha256=_archive_hash(archive))
    return Whence("index", broken=True)


def _archive_hash(archive: dict[str, Any]) -> str | None:
    hashes = archive.get("hashes")
    if isinstance(hashes, dict) and isinstance(hashes.get("sha256"), str):
        return _matching(SHA256, hashes["sha256"])
    algorithm, _, value = str(archive.get("hash", "")).partition("=")
    return _matching(SHA256, value) if algorithm == "sha256" else None


def _local_folder(url: object) -> Path | None:
    try:
        parts = urlsplit(url) if isinstance(url, str) else None
    except ValueError:  # as a broken address of a host
        return None
    if parts is None or parts.scheme != "file":
        return None
    from urllib.request import url2pathname  # with all that speaks to a network: few files need it

    folder = Path(url2pathname(unquote(parts.path) if os.name == "nt" else parts.path))
    return folder if folder.is_dir() else None


def _matching(pattern: str, value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(pattern, value) else None
