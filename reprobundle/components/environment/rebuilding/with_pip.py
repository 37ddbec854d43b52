"""Fetching with pip on the host, then installing from a folder of wheels inside the walls, without a network."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from packaging.utils import parse_wheel_filename

from reprobundle import process
from reprobundle.components.environment.installers import pip_folder, pip_runner
from reprobundle.components.environment.lock import Pin, pin, write_lock
from reprobundle.components.environment.rebuilding import failures, fetching, kept_wheels
from reprobundle.components.environment.rebuilding.places import Task, site_of
from reprobundle.components.environment.rebuilding.watching import installed, told, watch
from reprobundle.errors import RefusedInputError

VENV_SECONDS = 120.0
QUIET_PIP = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
QUIET = ("--quiet", "--no-compile", "--no-cache-dir", "--no-warn-script-location", "--root-user-action", "ignore")


def install(task: Task) -> str:
    """Make the environment and fill it.

    Returns:
        The installer with its version.

    Raises:
        ReproBundleError: A wheel is not to be had, does not match its hash, or cannot be installed.
    """
    wanted, place = task.wanted, task.place
    place.house.mkdir()
    built: tuple[Pin, ...] = ()
    if wanted.from_index:
        task.say(f"fetching {len(wanted.from_index)} packages for Python {task.interpreter.version}")
        built = fetching.fetch(task)
    for wheel in wanted.own.values():
        shutil.copyfile(wheel, place.house / wheel.name)
    pins = wanted.pins if wanted.closed else _found(place.house)
    task.say(f"installing {len(pins)} packages, {'hashes checked' if wanted.hashed else 'no hashes to check'}")
    make(task)
    try:
        from_house(task, [one for one in pins if one not in built])
    except RefusedInputError:
        kept_wheels.forget(wanted.from_index, task.interpreter)  # one of them may have been damaged since
        raise
    from_house(task, [Pin(one.name, one.version) for one in built])  # its source was checked, no lock knows its wheel
    return f"pip {importlib.metadata.version('pip')}"


def make(task: Task) -> None:
    """Make an empty virtual environment without pip; only the machine's own interpreter is started.

    Raises:
        ProcessError: The interpreter's ``venv`` failed.
    """
    command: list[str | Path] = [task.interpreter.python, "-I", "-m", "venv", "--without-pip", task.place.environment]
    process.run(command, timeout=VENV_SECONDS).required(
        "making a virtual environment", hint="the interpreter needs its venv module (Debian: package python3-venv)"
    )


def from_house(task: Task, pins: Sequence[Pin]) -> None:
    """Install pins from the folder of wheels, without network and without dependencies.

    Raises:
        ReproBundleError: It failed; the message names the requirement where the installer did.
    """
    if not pins:
        return
    place = task.place
    place.lock.write_bytes(write_lock(pins))
    command: list[str | Path] = [*pip_runner(place.python), "install", *QUIET, "--no-index", "--no-deps"]
    command += ["--find-links", place.house, *(["--require-hashes"] if pins[0].hashes else [])]
    finished = task.sandbox.run(
        [*command, "--requirement", place.lock],
        reads=[pip_folder(), place.house, place.lock, *task.interpreter.folders],
        writes=[place.environment],
        env=QUIET_PIP,
        timeout=task.options.timeout,
        cwd=place.environment,
        watch=_watch(task, len(pins)),
    )
    if finished.code != 0:
        failures.note(finished, place)
        raise failures.explain(finished.text, f"installing {len(pins)} packages", finished.code)


def _watch(task: Task, total: int) -> Callable[[], None]:
    site = site_of(task.place.environment)
    return watch(task.say, lambda: told("installed", installed(site), total))


def _found(house: Path) -> tuple[Pin, ...]:
    """A pin for every wheel that was fetched, those that pip found to be needed too."""
    names = (parse_wheel_filename(file.name)[:2] for file in sorted(house.glob("*.whl")))
    return tuple(pin(str(name), str(version)) for name, version in names)
