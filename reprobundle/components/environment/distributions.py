"""What is installed, read straight from the metadata folders: their names' lines, where each came from, what is imported."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit
from urllib.request import url2pathname

from packaging.utils import canonicalize_name

from reprobundle.components.environment.section import COMMIT, SHA256, OriginKind

MAX_METADATA_BYTES = 64 * 1024
MAX_DIRECT_URL_BYTES = 64 * 1024
SITE_FOLDERS = frozenset({"site-packages", "dist-packages"})
METADATA_FILES = ("METADATA", "PKG-INFO")


@dataclass(frozen=True, kw_only=True)
class Installed:
    """One installed distribution as found on disk.

    Attributes:
        name: Normalised name.
        version: Version as its metadata says.
        site: The folder its files are installed in.
        metadata: Its metadata folder.
        origin: Where it was installed from.
        commit: The commit, for an install from version control.
        sha256: Hash of the archive, where the installer recorded one.
        folder: The folder it was installed from, for local and editable installs, where it is still there.
        imported: Whether this process imported any of its files.
    """

    name: str
    version: str
    site: Path
    metadata: Path
    origin: OriginKind
    commit: str | None = None
    sha256: str | None = None
    folder: Path | None = None
    imported: bool = False


def installed(path: Sequence[str] | None = None) -> tuple[Installed, ...]:
    """Every installed distribution that an import could reach, sorted by name; the first on the path wins.

    Args:
        path: Folders to look in; None: `sys.path`.
    """
    files = _imported_files()
    found: dict[str, Installed] = {}
    for site in _folders(sys.path if path is None else path):
        modules = _relative_to(site, files)
        for metadata in _metadata_folders(site):
            read = _readable(site, metadata, modules, files)
            if read is not None:
                found.setdefault(read.name, read)
    return tuple(found[name] for name in sorted(found))


def recorded_files(one: Installed) -> tuple[str, ...]:
    """The files it installed, as its RECORD names them relative to the site folder; empty where it has none."""
    import csv

    record = one.metadata / "RECORD"
    if not record.is_file():
        return ()
    with record.open(encoding="utf-8", errors="surrogateescape", newline="") as file:
        return tuple(row[0] for row in csv.reader(file) if row)


def _folders(path: Iterable[str]) -> Iterator[Path]:
    seen: set[str] = set()
    for entry in path:
        real = os.path.realpath(entry or ".")
        if real not in seen and os.path.isdir(real):
            seen.add(real)
            yield Path(real)


def _metadata_folders(site: Path) -> list[Path]:
    endings = (".dist-info", ".egg-info") if site.name in SITE_FOLDERS else (".dist-info",)
    try:
        with os.scandir(site) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.name.endswith(endings))
    except OSError:  # a folder on the path that may not be listed offers nothing that could be recorded
        return []


def _readable(site: Path, metadata: Path, modules: frozenset[str], files: frozenset[str]) -> Installed | None:
    try:
        return _read(site, metadata, modules, files)
    except OSError:  # what this person may not read, their Python could not import either
        return None


def _read(site: Path, metadata: Path, modules: frozenset[str], files: frozenset[str]) -> Installed | None:
    name, version = _name_and_version(metadata)
    if name is None or version is None:
        return None
    kind, details = _origin(metadata)
    folder = details.get("folder")
    one = Installed(
        name=str(canonicalize_name(name)),
        version=version,
        site=site,
        metadata=metadata,
        origin=kind,
        commit=details.get("commit"),
        sha256=details.get("sha256"),
        folder=folder,
    )
    imported = _is_imported(one, modules) or (kind == "editable" and _any_below(folder, files))
    return one if not imported else Installed(**{**vars(one), "imported": True})


def _name_and_version(metadata: Path) -> tuple[str | None, str | None]:
    """Only the head is read, up to the first empty line: a description may be long."""
    place = (
        metadata
        if metadata.is_file()
        else next((metadata / f for f in METADATA_FILES if (metadata / f).is_file()), None)
    )
    if place is None:
        return None, None
    with place.open("rb") as file:
        head = file.read(MAX_METADATA_BYTES).decode("utf-8", "replace")
    fields: dict[str, str] = {}
    for line in head.split("\n"):
        if not line.strip():
            break
        key, _, value = line.partition(":")
        fields.setdefault(key.strip().lower(), value.strip())
    return fields.get("name"), fields.get("version")


def _origin(metadata: Path) -> tuple[OriginKind, dict[str, Any]]:
    described = _direct_url(metadata)
    if described is None or _first_line(metadata / "INSTALLER") == "conda":  # conda leaves the path of its build farm
        return "index", {}
    if isinstance(described.get("dir_info"), dict):
        kind: OriginKind = "editable" if described["dir_info"].get("editable") is True else "local"
        return kind, {"folder": _local_folder(described.get("url"))}
    if isinstance(described.get("vcs_info"), dict):
        return "vcs", {"commit": _matching(COMMIT, described["vcs_info"].get("commit_id"))}
    if isinstance(described.get("archive_info"), dict):
        return "archive", {"sha256": _archive_hash(described["archive_info"])}
    return "index", {}


def _direct_url(metadata: Path) -> dict[str, Any] | None:
    place = metadata / "direct_url.json"
    if not place.is_file():
        return None
    with place.open("rb") as file:
        content = file.read(MAX_DIRECT_URL_BYTES)
    try:
        described = json.loads(content)
    except ValueError:  # an installer's broken note says nothing; the pin is then looked up like any other
        return None
    return described if isinstance(described, dict) else None


def _archive_hash(archive: dict[str, Any]) -> str | None:
    hashes = archive.get("hashes")
    if isinstance(hashes, dict) and isinstance(hashes.get("sha256"), str):
        return _matching(SHA256, hashes["sha256"])
    algorithm, _, value = str(archive.get("hash", "")).partition("=")
    return _matching(SHA256, value) if algorithm == "sha256" else None


def _local_folder(url: object) -> Path | None:
    parts = urlsplit(url) if isinstance(url, str) else None
    if parts is None or parts.scheme != "file":
        return None
    folder = Path(url2pathname(unquote(parts.path) if os.name == "nt" else parts.path))
    return folder if folder.is_dir() else None


def _matching(pattern: str, value: object) -> str | None:
    return value if isinstance(value, str) and re.fullmatch(pattern, value) else None


def _first_line(place: Path) -> str:
    return place.read_text(encoding="utf-8", errors="replace").partition("\n")[0].strip() if place.is_file() else ""


def _imported_files() -> frozenset[str]:
    """Read from the modules' dictionaries, because asking a lazy module for an attribute would import more."""
    found = set()
    for module in list(sys.modules.values()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(file, str):
            folder, name = os.path.split(file)
            found.add(os.path.join(os.path.realpath(folder), name))  # the file itself may be a link into a cache
    return frozenset(found)


def _relative_to(site: Path, files: frozenset[str]) -> frozenset[str]:
    prefix = str(site) + os.sep
    return frozenset(file[len(prefix) :].replace(os.sep, "/") for file in files if file.startswith(prefix))


def _is_imported(one: Installed, modules: frozenset[str]) -> bool:
    return bool(modules) and any(file in modules for file in recorded_files(one))


def _any_below(folder: Path | None, files: frozenset[str]) -> bool:
    if folder is None:
        return False
    prefix = os.path.realpath(folder) + os.sep
    return any(file.startswith(prefix) and not SITE_FOLDERS & set(Path(file).parts) for file in files)
