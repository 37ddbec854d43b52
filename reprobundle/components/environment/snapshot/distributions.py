"""What is installed, read straight from the metadata folders: their names' lines, where each came from, what is imported."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from packaging.utils import canonicalize_name

from reprobundle.components.environment.section import Edited, OriginKind
from reprobundle.components.environment.snapshot.metadata import first_line, read_head, top_level, whence
from reprobundle.components.environment.snapshot.recorded import RECORD, BrokenRecordError, Row, read_rows

SITE_FOLDERS = frozenset({"site-packages", "dist-packages"})
TELLS_WHAT_WAS_ASKED_FOR = "pip"  # uv leaves the same mark on everything, others on nothing
MAX_SHOWN_NAME = 120


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
        requested: Whether a person asked for it; None where its installer did not say.
        installer: The tool that installed it, as it says itself; None where it does not.
        requires: What its metadata says it requires, as it stands there.
        edited: Files changed since it was installed, with those that are missing; None when none was changed.
        missing: Files that its installer wrote and that are gone, relative to `site`.
        rows: Its RECORD, read once.
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
    requested: bool | None = None
    installer: str | None = None
    requires: tuple[str, ...] = ()
    edited: Edited | None = None
    missing: tuple[str, ...] = ()
    rows: tuple[Row, ...] = field(default=(), repr=False, compare=False)


@dataclass(frozen=True)
class Trouble:
    """Something on the way to the list of distributions that a person should know.

    Attributes:
        message: What it is, without naming a folder of this machine.
        hint: The way out.
    """

    message: str
    hint: str | None = None


@dataclass(frozen=True)
class Survey:
    """What is installed, and what could not be read.

    Attributes:
        found: Every distribution that an import could reach, sorted by name.
        troubles: What is wrong, in the order of the module path.
    """

    found: tuple[Installed, ...]
    troubles: tuple[Trouble, ...]


def installed(path: Sequence[str] | None = None) -> tuple[Installed, ...]:
    """Every installed distribution that an import could reach, sorted by name; the first on the path wins.

    Args:
        path: Folders to look in; None: `sys.path`.
    """
    return survey(path).found


def survey(path: Sequence[str] | None = None, *, conda: frozenset[str] = frozenset()) -> Survey:
    """Every installed distribution as `installed` lists them, and what could not be read on the way.

    Args:
        path: Folders to look in; None: `sys.path`.
        conda: Names of metadata folders that the records of a conda environment list.
    """
    files = _imported_files()
    troubles: list[Trouble] = []
    found: dict[str, list[Installed]] = {}
    for site in _folders(sys.path if path is None else path):
        modules = _relative_to(site, files)
        for metadata in _metadata_folders(site, troubles):
            read = _readable(site, metadata, modules, files, conda, troubles)
            if read is not None:
                found.setdefault(read.name, []).append(read)
    chosen = [_first(found[name], troubles) for name in sorted(found)]
    return Survey(tuple(chosen), tuple(troubles))


def recorded_files(one: Installed) -> tuple[str, ...]:
    """The files it installed, as its RECORD names them relative to the site folder; empty where it has none."""
    try:
        return tuple(path for path, _, _ in one.rows or read_rows(one.metadata))
    except BrokenRecordError:  # told as a trouble when it was surveyed
        return ()


def _folders(path: Iterable[str]) -> Iterator[Path]:
    seen: set[str] = set()
    for entry in path:
        real = os.path.realpath(entry or ".")
        if real not in seen and os.path.isdir(real):
            seen.add(real)
            yield Path(real)


def _metadata_folders(site: Path, troubles: list[Trouble]) -> list[Path]:
    endings = (".dist-info", ".egg-info") if site.name in SITE_FOLDERS else (".dist-info",)
    try:
        with os.scandir(site) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.name.endswith(endings))
    except OSError as error:
        message = f"a folder of the module path cannot be listed: {_shown(site.name)}: {error.strerror}"
        troubles.append(Trouble(message, "what is installed there is not in the lock; make it readable, capture again"))
        return []


def _readable(
    site: Path,
    metadata: Path,
    modules: frozenset[str],
    files: frozenset[str],
    conda: frozenset[str],
    troubles: list[Trouble],
) -> Installed | None:
    try:
        one, trouble = _read(site, metadata, modules, files, conda)
    except OSError as error:
        one, trouble = (
            None,
            Trouble(
                f"the metadata of an installed distribution cannot be read: {_shown(metadata.name)}: {error.strerror}",
                "it is not in the lock; make it readable, or install it anew, and capture again",
            ),
        )
    if trouble is not None:
        troubles.append(trouble)
    return one


def _read(
    site: Path, metadata: Path, modules: frozenset[str], files: frozenset[str], conda: frozenset[str]
) -> tuple[Installed | None, Trouble | None]:
    head = read_head(metadata)
    if head.name is None or head.version is None:
        missing = "name" if head.name is None else "version"
        message = f"a metadata folder says no {missing}, so it is no distribution: {_shown(metadata.name)}"
        return None, Trouble(message, "a broken uninstall leaves such a folder behind; remove it, or install it anew")
    installer = first_line(os.path.join(metadata, "INSTALLER"))
    origin = whence(metadata, installer, conda=metadata.name in conda)
    try:
        rows, broken_list = read_rows(metadata), False
    except BrokenRecordError:
        rows, broken_list = (), True
    one = Installed(
        name=str(canonicalize_name(head.name)),
        version=head.version,
        site=site,
        metadata=metadata,
        origin=origin.kind,
        commit=origin.commit,
        sha256=origin.sha256,
        folder=origin.folder,
        imported=_is_imported(rows, metadata, modules) or _is_edited_in(origin.kind, origin.folder, files),
        requested=os.path.exists(os.path.join(metadata, "REQUESTED"))
        if installer == TELLS_WHAT_WAS_ASKED_FOR
        else None,
        installer=installer,
        requires=head.requires,
        rows=rows,
    )
    if broken_list:
        message = f"the list of files of {one.name} {_shown(one.version)} cannot be understood"
        return one, Trouble(
            message, "what was edited in it is not told, and no wheel can be made of it; install it anew"
        )
    broken = Trouble(
        f"the note where {one.name} {one.version} was installed from cannot be understood, so an index is assumed",
        "direct_url.json beside its metadata is broken; install it anew",
    )
    return one, broken if origin.broken else None


def _first(found: list[Installed], troubles: list[Trouble]) -> Installed:
    """The one an import finds: of the first folder on the path, and there the one installed last, whose files lie there."""
    first = found[0]
    beside = [one for one in found if one.site == first.site]
    if len(beside) > 1:
        first = max(beside, key=lambda one: (_written(one), one.metadata.name))
    others = sorted({one.version for one in found} - {first.version})
    if others:
        names = ", ".join(_shown(version) for version in others)
        message = f"several versions of {first.name} are installed: {_shown(first.version)} comes first, before {names}"
        troubles.append(Trouble(message, "the lock names the first; remove the others if another one was meant"))
    return first


def _written(one: Installed) -> int:
    """When its installer was done, in nanoseconds; 0 where that cannot be told."""
    try:
        return os.stat(one.metadata / RECORD if one.rows else one.metadata).st_mtime_ns
    except OSError:  # gone since it was read
        return 0


def _shown(name: str) -> str:
    return repr(name.encode("utf-8", "replace").decode()[:MAX_SHOWN_NAME])


def _imported_files() -> frozenset[str]:
    """Read from the modules' dictionaries, because asking a lazy module for an attribute would import more."""
    found = set()
    real: dict[str, str] = {}
    for module in list(sys.modules.values()):
        file = getattr(module, "__dict__", {}).get("__file__")
        if isinstance(file, str):
            folder, name = os.path.split(file)
            if folder not in real:
                real[folder] = os.path.realpath(folder)
            found.add(os.path.join(real[folder], name))  # the file itself may be a link into a cache
    return frozenset(found)


def _relative_to(site: Path, files: frozenset[str]) -> frozenset[str]:
    prefix = str(site) + os.sep
    return frozenset(file[len(prefix) :].replace(os.sep, "/") for file in files if file.startswith(prefix))


def _is_imported(rows: Sequence[Row], metadata: Path, modules: frozenset[str]) -> bool:
    if not modules:
        return False
    if rows:
        return not modules.isdisjoint([path for path, _, _ in rows])
    names = top_level(metadata)
    return any(module.partition("/")[0].partition(".")[0] in names for module in modules)


def _is_edited_in(origin: OriginKind, folder: Path | None, files: frozenset[str]) -> bool:
    """Whether a module of the folder of an editable install was imported."""
    if origin != "editable" or folder is None:
        return False
    prefix = os.path.realpath(folder) + os.sep
    return any(file.startswith(prefix) and not SITE_FOLDERS & set(Path(file).parts) for file in files)
