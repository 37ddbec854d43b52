"""Making the virtual environment and installing into it; whatever starts its Python runs inside the sandbox."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.installers import find_uv, pip_folder, pip_runner, version_of
from reprobundle.components.environment.interpreters import Found
from reprobundle.components.environment.lock import Pin, write_lock
from reprobundle.errors import ProcessError
from reprobundle.sandbox import Sandbox

VENV_SECONDS = 120.0
QUIET_PIP = {"PIP_CONFIG_FILE": os.devnull, "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}

_NAMED = re.compile(r"\b([A-Za-z0-9][A-Za-z0-9._-]*==[0-9A-Za-z.!+_-]*[0-9A-Za-z])")
_NOISE = re.compile(r"^(WARNING|\[notice\]|Looking in|Processing|\s*$)", re.IGNORECASE)


@dataclass(frozen=True)
class Place:
    """Where one environment is built.

    Attributes:
        root: The folder that is kept.
    """

    root: Path

    @property
    def house(self) -> Path:
        """The folder of wheels, removed at the end."""
        return self.root / "wheels"

    @property
    def environment(self) -> Path:
        """The virtual environment."""
        return self.root / "environment"

    @property
    def python(self) -> Path:
        """Its Python."""
        return python_of(self.environment)


def python_of(environment: Path) -> Path:
    """The Python of a virtual environment."""
    return environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def make(place: Place, interpreter: Found) -> None:
    """Make an empty virtual environment without pip; only the machine's own interpreter is started.

    Raises:
        ProcessError: The interpreter's ``venv`` failed.
    """
    command: list[str | Path] = [interpreter.python, "-I", "-m", "venv", "--without-pip", place.environment]
    process.run(command, timeout=VENV_SECONDS).required(
        "making a virtual environment", hint="the interpreter needs its venv module (Debian: package python3-venv)"
    )


def install(pins: Sequence[Pin], place: Place, *, interpreter: Found, sandbox: Sandbox, timeout: float) -> str:
    """Install the pins from the folder of wheels, without network and without dependencies.

    Returns:
        The installer with its version.

    Raises:
        ProcessError: It failed; the message names the requirement where the installer did.
    """
    lock = place.root / "requirements.txt"
    lock.write_bytes(write_lock(pins))
    uv = find_uv()
    options: list[str | Path] = ["--no-index", "--find-links", place.house, "--no-deps", "--requirement", lock]
    options += ["--require-hashes"] if pins[0].hashes else []
    if uv is not None:
        installer, command, tool = version_of([uv, "--version"]), _uv(uv, place), uv
    else:
        installer, command, tool = version_of([*pip_runner(interpreter.python), "--version"]), _pip(place), pip_folder()
    finished = sandbox.run(
        [*command, *options],
        reads=[tool, place.house, lock, *interpreter.folders],
        writes=[place.environment, *([_uv_cache(place)] if uv else [])],
        env=QUIET_PIP,
        timeout=timeout,
        cwd=place.environment,
    )
    if finished.code != 0:
        raise _failure(finished)
    shutil.rmtree(_uv_cache(place), ignore_errors=True)
    return installer


def _uv_cache(place: Place) -> Path:
    """On the disk beside the environment: in memory a large framework would not fit, and from here files are linked."""
    return place.root / "uv-cache"


def _uv(uv: Path, place: Place) -> list[str | Path]:
    _uv_cache(place).mkdir(exist_ok=True)
    quiet = ["--quiet", "--no-config", "--no-progress", "--color", "never"]
    return [uv, "pip", "install", "--python", place.python, "--offline", "--cache-dir", _uv_cache(place), *quiet]


def _pip(place: Place) -> list[str | Path]:
    quiet = ["--quiet", "--no-compile", "--no-cache-dir", "--no-warn-script-location", "--root-user-action", "ignore"]
    return [*pip_runner(place.python), "install", *quiet]


def _failure(finished: process.Finished) -> ProcessError:
    told = [line.strip() for line in finished.text.splitlines() if not _NOISE.match(line)]
    named = next((found[1] for line in told if (found := _NAMED.search(line))), None)
    last = (told[-1] if told else "it printed nothing")[:300]
    what = f"installing {named}" if named else "installing the locked packages"
    return ProcessError(f"{what}: exit status {finished.code}: {last}", output=finished.text[-65536:])
