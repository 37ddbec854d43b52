"""What lies under a folder: regular files and nothing else, in one order everywhere."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprobundle.errors import RefusedInputError
from reprobundle.store.paths import safe_path

MAX_FILES = 100_000


@dataclass(frozen=True)
class Listed:
    """A regular file under a folder.

    Attributes:
        path: POSIX path relative to the folder.
        size: Bytes.
    """

    path: str
    size: int


def list_files(root: Path) -> tuple[Listed, ...]:
    """Every regular file under `root`, sorted by path.

    Raises:
        RefusedInputError: A link, a device, an empty folder, an illegal name, or more than 100,000 files.
    """
    found: list[Listed] = []
    for listed in _walk(root, ""):
        found.append(listed)
        if len(found) > MAX_FILES:
            raise RefusedInputError(f"{root.name}: holds more than {MAX_FILES} files")
    return tuple(sorted(found, key=lambda listed: listed.path))


def _walk(folder: Path, prefix: str) -> Iterator[Listed]:
    with os.scandir(folder) as entries:
        present = list(entries)
    if not present and prefix:
        raise RefusedInputError(f"{prefix[:-1]}: is an empty folder, which a bundle cannot hold")
    for entry in present:
        path = safe_path(prefix + entry.name)
        status = entry.stat(follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            yield from _walk(Path(entry.path), path + "/")
        elif stat.S_ISREG(status.st_mode):
            yield Listed(path, status.st_size)
        else:
            kind = "a symbolic link" if stat.S_ISLNK(status.st_mode) else "a device, pipe or socket"
            raise RefusedInputError(f"{path}: is {kind}, expected a regular file or a folder")
