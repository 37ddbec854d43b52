"""A Python on this machine that the recorded wheels fit, and the folders it needs to run."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.section import Interpreter
from reprobundle.errors import ProcessError, UnavailableError

ASK_SECONDS = 30.0
COMMANDS = {"cpython": "python", "pypy": "pypy"}
QUESTION = """
import json, platform, sys
base = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps([sys.implementation.name, platform.python_version(), base, sys.prefix, sys.base_prefix]))
"""


@dataclass(frozen=True)
class Found:
    """An interpreter of this machine, outside any virtual environment.

    Attributes:
        python: The program.
        implementation: ``cpython``, ``pypy``, …
        version: All parts of its version.
        folders: What it reads to run, besides the system's own folders.
    """

    python: Path
    implementation: str
    version: str
    folders: tuple[Path, ...]


def find_interpreter(wanted: Interpreter) -> Found:
    """An interpreter of the recorded implementation and minor version: this one's base first, then from the PATH.

    Raises:
        UnavailableError: None is here; the message says which is missing.
    """
    for candidate in _candidates(wanted):
        found = ask(candidate)
        base = ask(found.python) if found is not None and _fits(found, wanted) else None
        if base is not None:  # asked again, so that no virtual environment of this machine is among its folders
            return base
    raise UnavailableError(
        f"{wanted.implementation} {wanted.minor} is not here, and the locked packages fit no other Python",
        hint=f"install Python {wanted.minor} so that {_command(wanted)!r} starts it, or replay with --env current",
    )


def interpreter_folders(python: Path) -> tuple[Path, ...]:
    """The folders a Python of this machine, perhaps of a virtual environment, reads to run.

    Args:
        python: A program that is trusted: it is started.

    Raises:
        UnavailableError: It does not start.
    """
    found = ask(python)
    if found is None:
        raise UnavailableError(f"{str(python)!r} does not start as a Python interpreter")
    return found.folders


def ask(python: Path) -> Found | None:
    """What an interpreter says of itself; None when it does not start (a launcher of a version that is not there)."""
    try:
        finished = process.run([python, "-I", "-c", QUESTION], timeout=ASK_SECONDS)
        implementation, version, base, *prefixes = json.loads(finished.required("python").stdout)
    except (ProcessError, UnavailableError, ValueError):
        return None
    return Found(Path(base), implementation, version, _folders([Path(base), python], prefixes))


def _fits(found: Found, wanted: Interpreter) -> bool:
    return found.implementation == wanted.implementation and found.version.split(".")[:2] == wanted.minor.split(".")


def _command(wanted: Interpreter) -> str:
    return COMMANDS.get(wanted.implementation, wanted.implementation) + wanted.minor


def _candidates(wanted: Interpreter) -> Iterator[Path]:
    if sys.executable:
        yield Path(sys.executable)
    ending = ".exe" if os.name == "nt" else ""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        place = Path(folder, _command(wanted) + ending)
        if folder and place.is_file() and os.access(place, os.X_OK):
            yield place.absolute()


def _folders(programs: list[Path], prefixes: list[str]) -> tuple[Path, ...]:
    """The prefixes, and where each program's chain of links leads: a launcher's target may stand elsewhere."""
    named = [Path(prefix) for prefix in prefixes] + [Path(os.path.realpath(one)).parent.parent for one in programs]
    every = {*named, *(Path(os.path.realpath(folder)) for folder in named)}
    return tuple(sorted(folder for folder in every if folder.is_dir() and folder != Path(folder.anchor)))
