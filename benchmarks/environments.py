"""The peers' own virtual environments and the system's programs: made or found once, and a reason for each that is not there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
PINS = ROOT / "benchmarks" / "peers"
READY = "ready.txt"
LOG = "peers.log"
SECONDS = 1800.0  # for one environment, torch among what is fetched


class MissingError(Exception):
    """A peer cannot take part; the text says why, without paths or hosts."""


@dataclass(frozen=True)
class Peers:
    """Where the peers are.

    Attributes:
        folder: Holds one virtual environment for each file of pins.
        say: Told what is being made.
        may_install: Whether an environment that is not there yet is made.
    """

    folder: Path
    say: Callable[[str], None]
    may_install: bool = True

    def python(self, name: str) -> Path:
        """The interpreter of a peer's environment, which is made where it is missing or its pins have changed.

        Raises:
            MissingError: It could not be made.
        """
        place, pins = self.folder / name, (PINS / f"{name}.txt").read_text(encoding="utf-8")
        ready = place / READY
        if not ready.is_file() or ready.read_text(encoding="utf-8") != pins:
            if not self.may_install:
                raise MissingError("its environment is not there, and --no-install was given")
            self.say(f"installing {name}")
            self._make(place, PINS / f"{name}.txt")
            ready.write_text(pins, encoding="utf-8")
        return interpreter_of(place)

    def program(self, name: str, program: str) -> Path:
        """A program that a peer's environment brings.

        Raises:
            MissingError: The environment could not be made, or has no such program.
        """
        folder = self.python(name).parent
        found = shutil.which(program, path=str(folder))
        if found is None:
            raise MissingError(f"its package brings no program {program!r}")
        return Path(found)

    def _make(self, place: Path, pins: Path) -> None:
        shutil.rmtree(place, ignore_errors=True)
        self.folder.mkdir(parents=True, exist_ok=True)
        uv, (options, variables) = uv_program(), uv_settings()
        python = str(interpreter_of(place))
        if uv:
            self._call([uv, "venv", "--quiet", "--python", sys.executable, str(place)], variables)
            self._call([uv, "pip", "install", *options, "--python", python, "-r", str(pins)], variables)
        else:
            self._call([sys.executable, "-m", "venv", str(place)], {})
            self._call([python, "-m", "pip", "install", "--quiet", "-r", str(pins)], {})

    def _call(self, command: list[str], variables: dict[str, str]) -> None:
        with (self.folder / LOG).open("ab") as log:
            environment = {**os.environ, **variables}
            try:
                done = subprocess.run(command, env=environment, stdout=log, stderr=log, check=False, timeout=SECONDS)
            except subprocess.TimeoutExpired as fault:
                raise MissingError(f"installing it took longer than {SECONDS:.0f} s") from fault
        if done.returncode:
            raise MissingError(f"it could not be installed: the installer ended with {done.returncode}, see {LOG}")


def interpreter_of(place: Path) -> Path:
    """Where a virtual environment has its interpreter."""
    return place / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def system_program(name: str) -> Path:
    """A program of the system.

    Raises:
        MissingError: There is none of that name.
    """
    found = shutil.which(name)
    if found is None:
        raise MissingError(f"no program {name!r} is installed")
    return Path(found)


def own_program(name: str) -> Path:
    """A program of the environment that this runs in.

    Raises:
        MissingError: There is none of that name.
    """
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise MissingError(f"{name!r} is not installed where this program is")
    return Path(found)


def uv_program() -> str | None:
    """uv of this environment, else of the system."""
    return shutil.which("uv", path=str(Path(sys.executable).parent)) or shutil.which("uv")


def uv_settings() -> tuple[tuple[str, ...], dict[str, str]]:
    """Options and variables that tell uv where the person's pip finds packages: uv does not read pip's configuration."""
    from reprobundle.components.environment.rebuilding.pip_files import read_sources
    from reprobundle.components.environment.rebuilding.places import Options

    sources = read_sources(Options())
    return tuple(sources.uv_options), dict(sources.uv_variables)
