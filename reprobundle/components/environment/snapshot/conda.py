"""What conda installed beside Python's own distributions, read from the records it keeps in the environment."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydantic

from reprobundle.components.environment.section import CondaPackage

RECORDS_FOLDER = "conda-meta"
MAX_RECORD_BYTES = 64 * 2**20
DEFAULTS = "defaults"
SUBFOLDERS = re.compile(r"/(noarch|linux|osx|win|emscripten|freebsd|zos)(-[a-z0-9_]+)?/*$")
PUBLIC_HOSTS = re.compile(r"https?://(conda\.anaconda\.org|repo\.prefix\.dev|prefix\.dev/channels)/([A-Za-z0-9._-]+)$")
DEFAULT_HOST = re.compile(r"https?://repo\.anaconda\.com/pkgs/[a-z0-9_-]+$")

_METADATA_FOLDER = re.compile(r"(?:^|/)(?:site|dist)-packages/([^/]+\.(?:dist|egg)-info)(?:/|$)")


@dataclass(frozen=True)
class Conda:
    """The conda environment this Python belongs to.

    Attributes:
        packages: Its packages, sorted by name.
        metadata: Names of the metadata folders of Python distributions that its packages brought.
        broken: Names of records that could not be read.
    """

    packages: tuple[CondaPackage, ...] = ()
    metadata: frozenset[str] = frozenset()
    broken: tuple[str, ...] = ()


def read_conda(prefixes: Iterable[str] | None = None) -> Conda:
    """The packages of the conda environment this process runs in; none outside one.

    An environment that is only activated, while Python is another's, is not the one the process runs in.

    Args:
        prefixes: Folders that may hold one, the first that does is read; None: those this Python was installed in.
    """
    for prefix in (sys.prefix, sys.base_prefix) if prefixes is None else prefixes:
        records = _records(Path(prefix, RECORDS_FOLDER))
        if records:
            return _read(records)
    return Conda()


def short_channel(channel: object) -> str | None:
    """The name a person types for a channel; None for an address that has no public name, as it may hold a token."""
    if not isinstance(channel, str):
        return None
    address = SUBFOLDERS.sub("", channel.rstrip("/"))
    if DEFAULT_HOST.fullmatch(address) or re.fullmatch(r"pkgs/[a-z0-9_-]+", address):
        return DEFAULTS
    public = PUBLIC_HOSTS.fullmatch(address)
    name = public[2] if public else address
    return name if re.fullmatch(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}", name) else None


def _records(folder: Path) -> list[str]:
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.path for entry in entries if entry.name.endswith(".json") and entry.is_file())
    except (FileNotFoundError, NotADirectoryError):
        return []
    except OSError:  # an environment whose records may not be listed is told by none of them
        return []


def _read(records: list[str]) -> Conda:
    packages, metadata, broken = [], set(), []
    for path in records:
        described = _described(path)
        package = None if described is None else _package(described)
        if described is None or package is None:
            broken.append(os.path.basename(path))
            continue
        packages.append(package)
        files = described.get("files")
        for file in files if isinstance(files, list) else []:
            matched = _METADATA_FOLDER.search(file) if isinstance(file, str) and "-info" in file else None
            if matched:
                metadata.add(matched[1])
    return Conda(tuple(sorted(packages, key=lambda one: one.name)), frozenset(metadata), tuple(broken))


def _described(path: str) -> dict[str, Any] | None:
    try:
        with open(path, "rb") as file:
            content = file.read(MAX_RECORD_BYTES + 1)
        described = json.loads(content) if len(content) <= MAX_RECORD_BYTES else None
    except (OSError, ValueError, RecursionError):  # named among the broken ones
        return None
    return described if isinstance(described, dict) else None


def _package(described: dict[str, Any]) -> CondaPackage | None:
    try:
        return CondaPackage.model_validate(
            {
                "name": described.get("name"),
                "version": described.get("version"),
                "build": described.get("build", described.get("build_string")),
                "channel": short_channel(described.get("channel")),
            }
        )
    except pydantic.ValidationError:  # named among the broken ones
        return None
