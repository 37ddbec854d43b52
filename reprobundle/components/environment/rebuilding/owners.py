"""Whether every file of a rebuilt environment belongs to one distribution alone.

A wheel may hold any path, and so replace the files of another one: then the hash of the other in the lock says nothing of
what runs. Honest distributions share files too, as examples or tests with common names; so it is told and not refused.
"""

from __future__ import annotations

import json
import os
import struct
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

from packaging.utils import canonicalize_name

from reprobundle.components.environment.rebuilding.places import site_of
from reprobundle.components.environment.rebuilding.watching import METADATA
from reprobundle.components.environment.snapshot.recorded import BrokenRecordError, read_rows
from reprobundle.phrases import some

FILE = "overlaps.json"
SHOWN = 5
MAX_SHOWN_PATH = 200
LIBRARIES = frozenset({"purelib", "platlib"})
UNKNOWN = "unknown"  # what a bundle's own list of files claims is not believed
EMPTY = "empty"

Owners = dict[str, dict[str, str]]
"""By each file's place relative to the environment: what each distribution that brings it says it holds."""


def conflicts(environment: Path, own: Mapping[str, Path]) -> tuple[str, ...]:
    """One line for each two distributions that bring a file of the same path and not certainly the same content.

    Args:
        environment: The environment as it was filled.
        own: The bundle's own wheels by name: read themselves, as their lists of files may leave something out.
    """
    owners: Owners = {}
    for name, path, content in (*_recorded(environment, own.keys()), *_brought(environment, own)):
        owners.setdefault(path, {})[name] = content
    shared: dict[tuple[str, ...], list[str]] = {}
    for path, contents in owners.items():
        if len(contents) > 1 and (UNKNOWN in contents.values() or len(set(contents.values())) > 1):
            shared.setdefault(tuple(sorted(contents)), []).append(path)
    return tuple(f"{' and '.join(names)}: {_listed(paths)}" for names, paths in sorted(shared.items()))


def keep(root: Path, environment: Path, own: Mapping[str, Path]) -> None:
    """Write what `conflicts` finds beside the environment it is about."""
    (root / FILE).write_text(json.dumps(conflicts(environment, own)), encoding="utf-8")


def kept(root: Path) -> tuple[str, ...]:
    """What `keep` wrote."""
    return tuple(json.loads((root / FILE).read_text(encoding="utf-8")))


def _recorded(environment: Path, without: Iterable[str]) -> Iterator[tuple[str, str, str]]:
    site = site_of(environment)
    place = _places(site, environment)
    for folder in sorted(site.glob(f"*{METADATA}")):
        name = str(canonicalize_name(folder.name.removesuffix(METADATA).partition("-")[0]))
        if name in without:
            continue
        try:
            rows = read_rows(folder)
        except (OSError, BrokenRecordError):  # whether it is whole is asked elsewhere
            continue
        for path, digest, size in rows:
            if digest:  # what an installer writes itself has none
                yield name, place(path), EMPTY if size == "0" else digest


def _brought(environment: Path, own: Mapping[str, Path]) -> Iterator[tuple[str, str, str]]:
    site = site_of(environment)
    for name, wheel in own.items():
        try:
            with zipfile.ZipFile(wheel) as archive:
                members = [(one.filename, one.file_size) for one in archive.infolist() if not one.is_dir()]
        except (zipfile.BadZipFile, zipfile.LargeZipFile, OSError, ValueError, NotImplementedError, struct.error):
            continue  # an installer would have failed
        for path, size in members:
            yield name, _place(_target(path, site, environment), environment), UNKNOWN if size else EMPTY


def _target(path: str, site: Path, environment: Path) -> Path:
    """Where an installer puts a member of a wheel."""
    parts = path.split("/")
    if len(parts) < 3 or not parts[0].endswith(".data"):
        return site / path
    rest = "/".join(parts[2:])
    if parts[1] in LIBRARIES:
        return site / rest
    if parts[1] == "scripts":
        return environment / ("Scripts" if os.name == "nt" else "bin") / rest
    return environment / rest if parts[1] == "data" else environment / parts[1] / rest


def _place(path: Path | str, environment: Path) -> str:
    return os.path.normcase(os.path.relpath(os.path.normpath(path), environment))


def _places(site: Path, environment: Path) -> Callable[[str], str]:
    """What `_place` says of a file below the site folder, without asking for the current folder each time."""
    top = os.path.normpath(environment)
    start = len(top) + 1

    def place(path: str) -> str:
        whole = os.path.normpath(os.path.join(site, path))
        return os.path.normcase(whole[start:]) if whole.startswith(f"{top}{os.sep}") else _place(whole, environment)

    return place


def _listed(paths: list[str]) -> str:
    return some([repr(path[:MAX_SHOWN_PATH]) for path in sorted(paths)], SHOWN)
