"""Wheels that pip fetched, kept for the next environment: each under the whole text of its pin, Python and platform.

Only wheels whose hashes stand in a lock are kept, and whoever installs one checks them again.
"""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
from collections.abc import Iterable
from pathlib import Path

from reprobundle.components.environment.lock import Pin, is_wheel_of, write_lock
from reprobundle.components.environment.rebuilding import cache
from reprobundle.components.environment.rebuilding.interpreters import Found
from reprobundle.store import digest_bytes

ROOM = "wheels"
KEY_FILE = "key"


def take(pins: Iterable[Pin], house: Path, interpreter: Found) -> tuple[Pin, ...]:
    """Put the kept wheels of pins into a folder; returns the pins of which none is kept."""
    missing = []
    for one in pins:
        kept = _kept(one, interpreter) if one.hashes else None
        if kept is None:
            missing.append(one)
        else:
            _link(kept, house / kept.name)
    return tuple(missing)


def keep(pins: Iterable[Pin], house: Path, interpreter: Found) -> None:
    """Keep the wheels of pins that lie in a folder."""
    files = sorted(place for place in house.iterdir() if place.suffix == ".whl")
    for one in pins:
        wheel = next((file for file in files if one.hashes and is_wheel_of(file.name, one.name, one.version)), None)
        if wheel is not None and _kept(one, interpreter) is None:
            _store(one, wheel, interpreter)


def forget(pins: Iterable[Pin], interpreter: Found) -> None:
    """Keep the wheels of these pins no longer."""
    for one in pins:
        shutil.rmtree(_folder(one, interpreter), ignore_errors=True)


def _store(one: Pin, wheel: Path, interpreter: Found) -> None:
    folder = _folder(one, interpreter)
    part = folder.with_name(f"{folder.name}.{os.getpid()}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(mode=0o700)
    _link(wheel, part / wheel.name)
    (part / KEY_FILE).write_bytes(_key(one, interpreter))
    with contextlib.suppress(OSError):  # another replay keeps the same one, or another whose digest is the same
        part.rename(folder)
    shutil.rmtree(part, ignore_errors=True)


def _kept(one: Pin, interpreter: Found) -> Path | None:
    folder = _folder(one, interpreter)
    key = folder / KEY_FILE
    if not key.is_file() or key.read_bytes() != _key(one, interpreter):
        return None
    return next((file for file in folder.iterdir() if is_wheel_of(file.name, one.name, one.version)), None)


def _folder(one: Pin, interpreter: Found) -> Path:
    return cache.room(ROOM) / digest_bytes(_key(one, interpreter))


def _key(one: Pin, interpreter: Found) -> bytes:
    python = f"{interpreter.implementation} {interpreter.version} {interpreter.flags}"
    return f"{python}\n{platform.platform()} {platform.machine()}\n".encode() + write_lock([one])


def _link(source: Path, target: Path) -> None:
    """A second name for the file; a copy where the disk cannot give one."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)
