"""The lock in the standard form ``pylock.toml`` (PEP 751), for whoever installs without this program.

Wheels are named by their place beside it, ``wheels/NAME``: those of the bundle lie there, the others are put there by
``pip download``, for an index's address is no part of a bundle.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from reprobundle.components.environment.lock import Pin, is_wheel_of
from reprobundle.components.environment.section import PYLOCK_PATH, Interpreter, Platform
from reprobundle.components.interface import Stage

FOLDER = "wheels"
SYSTEMS = {"Linux": "linux", "Darwin": "darwin", "Windows": "win32"}

_PLAIN = re.compile(r"[0-9A-Za-z_.+!-]{1,250}")


def write_pylock(
    pins: Iterable[Pin], files: Mapping[str, str], *, interpreter: Interpreter, platform: Platform, stage: Stage
) -> str | None:
    """Write ``pylock.toml``, where the file name of a wheel of each pin is known.

    Args:
        pins: The lock's pins, all with hashes.
        files: File name of wheels by hash.
        interpreter: The Python that the wheels fit.
        platform: The platform that they fit.
        stage: Where it is written.

    Returns:
        None when it was written, else the first pin of which no file name is known.
    """
    packages = []
    for one in sorted(pins, key=lambda one: one.name):
        named = sorted((files[value], value) for value in one.hashes if value in files and _is_plain(files[value], one))
        if not named:
            return one.requirement
        packages.append(_package(one, named))
    head = [f'lock-version = "1.0"\nenvironments = ["{marker(interpreter, platform)}"]\n']
    head += [f'requires-python = "=={interpreter.minor}.*"\ncreated-by = "reprobundle"\n']
    stage.writer.write(PYLOCK_PATH, "\n".join(["".join(head), *packages]).encode("ascii"))
    return None


def marker(interpreter: Interpreter, platform: Platform) -> str:
    """The kind of machine that the wheels are for, as an environment marker."""
    system = SYSTEMS.get(platform.system, platform.system.lower())
    said = {
        "implementation_name": interpreter.implementation,
        "platform_machine": platform.machine,
        "sys_platform": system,
    }
    return " and ".join(f"{name} == '{value}'" for name, value in said.items() if _PLAIN.fullmatch(value))


def _package(one: Pin, named: Iterable[tuple[str, str]]) -> str:
    wheels = "".join(
        f'    {{ path = "{FOLDER}/{file}", hashes = {{ sha256 = "{value.removeprefix("sha256:")}" }} }},\n'
        for file, value in named
    )
    return f'[[packages]]\nname = "{one.name}"\nversion = "{one.version}"\nwheels = [\n{wheels}]\n'


def _is_plain(file: str, one: Pin) -> bool:
    """Names come from an index: only one that needs no quoting, and is this pin's, is written."""
    return _PLAIN.fullmatch(file) is not None and is_wheel_of(file, one.name, one.version)
