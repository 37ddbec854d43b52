"""Whether all that a distribution says it installed is there: an installer that was stopped half way leaves half of it."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from reprobundle.components.environment.rebuilding.places import site_of
from reprobundle.components.environment.rebuilding.watching import METADATA
from reprobundle.components.environment.snapshot.recorded import RECORD, BrokenRecordError, Row, rows_of
from reprobundle.errors import ProcessError, RefusedInputError

MAX_RECORD_BYTES = 64 * 2**20
MAX_DIGITS = 15
COMPILED = ".pyc"
SHOWN = 200


def check_whole(environment: Path) -> None:
    """Make sure that every file that the installed distributions list stands there, with its size.

    Where two list the same file, either size will do: the one installed later has written it.

    Args:
        environment: A virtual environment; nothing of it is started.

    Raises:
        RefusedInputError: A list cannot be read, or names a file outside the environment.
        ProcessError: A file is not there, or has another size.
    """
    listed: dict[str, tuple[str, set[int | None]]] = {}
    for name, path, size in _listed(environment):
        listed.setdefault(path, (name, set()))[1].add(size)
    for path, (name, sizes) in listed.items():
        found = _size(path)
        if found is None or not sizes & {found, None}:
            what = "is not there" if found is None else f"has {found} bytes, which is not its size"
            where = os.path.relpath(path, environment)[:SHOWN]
            raise ProcessError(f"{name}: is not installed whole: {where!r} {what}")


def _listed(environment: Path) -> Iterator[tuple[str, str, int | None]]:
    """Distribution, path and size of every file that is listed."""
    site = site_of(environment)
    top = os.path.join(os.path.normpath(environment), "")
    for folder in sorted(os.listdir(site)) if site.is_dir() else ():
        if not folder.endswith(METADATA):
            continue
        name = folder.removesuffix(METADATA)
        for listed, _, size in _rows(name, site / folder / RECORD):
            path = os.path.normpath(os.path.join(site, listed))
            if not path.startswith(top):
                raise RefusedInputError(f"{name}: lists {listed[:SHOWN]!r}, which is outside the environment")
            if not path.endswith(COMPILED):  # Python makes and replaces them as it likes
                yield name, path, _told_size(name, listed, size)


def _rows(name: str, file: Path) -> tuple[Row, ...]:
    try:
        status = file.lstat()
        if not stat.S_ISREG(status.st_mode) or not 0 < status.st_size <= MAX_RECORD_BYTES:
            raise ProcessError(f"{name}: is not installed whole: its list of files has {status.st_size} bytes")
        return rows_of(file.read_bytes())
    except FileNotFoundError as error:
        raise ProcessError(f"{name}: is not installed whole: it has no list of files") from error
    except BrokenRecordError as error:
        raise RefusedInputError(f"{name}: its list of files cannot be read: {error}") from error


def _told_size(name: str, path: str, size: str) -> int | None:
    if not size:
        return None
    if not (size.isascii() and size.isdigit() and len(size) <= MAX_DIGITS):
        raise RefusedInputError(f"{name}: lists {path[:SHOWN]!r} with the size {size[:SHOWN]!r}")
    return int(size)


def _size(path: str) -> int | None:
    try:
        status = os.lstat(path)
    except (OSError, ValueError):
        return None
    return status.st_size if stat.S_ISREG(status.st_mode) else None
