"""Building one environment: with uv where it is there, else with pip; then looking whether everything came."""

from __future__ import annotations

import shutil

from reprobundle.components.environment.rebuilding import completeness, failures, owners, presence, with_pip, with_uv
from reprobundle.components.environment.rebuilding.places import Place, Task
from reprobundle.errors import UnavailableError

INSTALLER_FILE = "installer"


def build(task: Task) -> None:
    """Fill a place with the environment that is wanted.

    Raises:
        RefusedInputError: An archive does not match its hash, or another build came than was locked.
        UnavailableError: No index was reached, none offers a pin, or the disk is full.
        ProcessError: An installer failed in another way, left something out, or ran out of time.
    """
    try:
        installer = _install(task)
    except UnavailableError as error:
        if failures.is_full(error):
            _empty(task.place)  # what is kept to be looked at would keep the disk full
        raise
    presence.check_installed(task.place.environment, task.wanted.pins, exact=task.wanted.closed)
    completeness.check_whole(task.place.environment)
    owners.keep(task.place.root, task.place.environment, task.wanted.own)
    (task.place.root / INSTALLER_FILE).write_text(installer, encoding="utf-8")
    for folder in (task.place.house, task.place.scratch):
        shutil.rmtree(folder, ignore_errors=True)


def installer_of(place: Place) -> str:
    """The installer that filled a finished environment, with its version."""
    return (place.root / INSTALLER_FILE).read_text(encoding="utf-8")


def _empty(place: Place) -> None:
    for part in list(place.root.iterdir()):
        if part.is_dir():
            shutil.rmtree(part, ignore_errors=True)
        else:
            part.unlink()


def _install(task: Task) -> str:
    if task.uv is None or task.options.allow_build:
        return with_pip.install(task)
    task.say(f"fetching and installing {len(task.wanted.pins)} packages for Python {task.interpreter.version}")
    try:
        return with_uv.install(task, task.uv)
    except with_uv.NotThisWayError as error:
        task.say(f"uv: {error}; asking pip, with all its settings")
        return with_pip.install(task)
