"""Getting the locked wheels: with this program's pip and the reviewer's own configuration, running no bundle code."""

from __future__ import annotations

import os
import platform
import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.installers import pip_command, pip_runner
from reprobundle.components.environment.interpreters import Found
from reprobundle.components.environment.lock import Pin, write_lock
from reprobundle.components.environment.wheels import is_wheel_of
from reprobundle.errors import ProcessError, RefusedInputError, UnavailableError

OWN_WAY_OUT = "name where it is offered: --index-url URL or --find-links FOLDER"
LABEL_WAY_OUT = (
    "its local label names one build: name the index or folder with it, --index-url URL or --find-links FOLDER"
)
NOT_INHERITED = frozenset({"PIP_REQUIRE_VIRTUALENV", "PIP_REQUIRE_HASHES", "PIP_DRY_RUN", "PIP_TARGET", "PIP_PREFIX"})

_UNKNOWN = re.compile(r"No matching distribution found for ([A-Za-z0-9][A-Za-z0-9._-]*==[0-9A-Za-z.!+_-]*[0-9A-Za-z])")
_MISMATCH = re.compile(
    r"DO NOT MATCH THE HASHES.*?^\s*([A-Za-z0-9][A-Za-z0-9._-]*==[0-9A-Za-z.!+_-]*)", re.DOTALL | re.MULTILINE
)
_NO_NETWORK = re.compile(r"connection broken|connection error|name resolution|unreachable|timed out", re.IGNORECASE)
_NOISE = re.compile(r"^(WARNING|DEPRECATION|\[notice\]|Looking in|\s*$)", re.IGNORECASE)


def fetch(
    pins: Sequence[Pin],
    house: Path,
    *,
    interpreter: Found,
    index_urls: Sequence[str],
    find_links: Sequence[Path],
    offline: bool,
    timeout: float,
) -> None:
    """Put the wheel of every pin into a folder.

    Args:
        pins: What is to be fetched, all with hashes or all without.
        house: The folder; the lock handed to pip is written beside it.
        interpreter: The Python that the wheels have to fit.
        index_urls: The reviewer's indexes: the first takes the place of pip's own, the others come on top.
        find_links: The reviewer's folders of wheels.
        offline: Whether no index may be asked.
        timeout: Seconds.

    Raises:
        UnavailableError: No index was reached, or none offers a pin.
        RefusedInputError: An archive does not match its hash, or is another build than the pin.
        ProcessError: pip failed in another way, or ran out of time.
    """
    if not pins:
        return
    lock = house.with_name("fetch.txt")
    lock.write_bytes(write_lock(pins))
    command: list[str | Path] = [
        *pip_runner(interpreter.python),
        "download",
        "--quiet",
        "--no-deps",
        "--only-binary",
        ":all:",
    ]
    command += ["--progress-bar", "off", "--dest", house, "--requirement", lock]
    command += ["--require-hashes"] if pins[0].hashes else []
    command += [*_where(index_urls, find_links), *(["--no-index"] if offline else [])]
    environment = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    finished = process.run(command, env=environment, cwd=house, timeout=timeout)
    if finished.code != 0:
        raise _failure(finished, pins)
    check_house(pins, house)


def check_house(pins: Sequence[Pin], house: Path) -> None:
    """Make sure that every pin has its wheel, of exactly its version and label.

    Raises:
        RefusedInputError: One has none.
    """
    files = sorted(place.name for place in house.iterdir())
    for one in pins:
        if not any(is_wheel_of(file, one.name, one.version) for file in files):
            near = [file for file in files if file.lower().replace("_", "-").startswith(f"{one.name}-")]
            found = repr(near[0]) if near else "nothing"
            raise RefusedInputError(f"{one.requirement}: expected a wheel of exactly this build, found {found}")


def take_along(wheels: Sequence[Path], house: Path) -> None:
    """Put the bundle's own wheels beside the fetched ones."""
    for wheel in wheels:
        shutil.copyfile(wheel, house / wheel.name)


def _pip(interpreter: Found) -> tuple[str | Path, ...]:
    """The pip that the reviewer has configured; under another Python only where the wheels are for that one."""
    here = (sys.implementation.name, platform.python_version_tuple()[:2])
    if here == (interpreter.implementation, tuple(interpreter.version.split(".")[:2])):
        return pip_command()
    return pip_runner(interpreter.python)


def _where(index_urls: Sequence[str], find_links: Sequence[Path]) -> list[str]:
    options = [option for url in index_urls[:1] for option in ("--index-url", url)]
    options += [option for url in index_urls[1:] for option in ("--extra-index-url", url)]
    return options + [option for folder in find_links for option in ("--find-links", str(folder.absolute()))]


def _failure(finished: process.Finished, pins: Sequence[Pin]) -> ProcessError | UnavailableError | RefusedInputError:
    text = finished.text
    mismatch = _MISMATCH.search(text)
    if mismatch:
        return RefusedInputError(f"{mismatch[1]}: the archive offered does not match any hash in the lock")
    if _NO_NETWORK.search(text):
        return UnavailableError("no package index was reached", hint="use --find-links FOLDER, or --env current")
    unknown = _UNKNOWN.search(text)
    if unknown:
        hint = LABEL_WAY_OUT if "+" in unknown[1] else OWN_WAY_OUT
        return UnavailableError(f"{unknown[1]}: no wheel of it is offered that fits this machine", hint=hint)
    told = [line for line in text.splitlines() if not _NOISE.match(line)]
    last = told[-1].strip()[:300] if told else "it printed nothing"
    return ProcessError(f"fetching {len(pins)} packages: exit status {finished.code}: {last}", output=text)
