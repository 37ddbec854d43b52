"""A Python on this machine that the recorded wheels fit, and the folders it needs to run."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.rebuilding import locating
from reprobundle.components.environment.section import Interpreter
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.sandbox import Sandbox

ASK_SECONDS = 30.0
CONFIGURATION = "pyvenv.cfg"
MOST_LINKS = 40
FREE_THREADED = "t"
QUESTION = """
import json, platform, sys
base = getattr(sys, "_base_executable", None) or sys.executable
flags = getattr(sys, "abiflags", "")
print(json.dumps([sys.implementation.name, platform.python_version(), flags, base, sys.prefix, sys.base_prefix]))
"""


@dataclass(frozen=True)
class Found:
    """An interpreter of this machine.

    Attributes:
        python: The program.
        implementation: ``cpython``, ``pypy``, …
        version: All parts of its version.
        flags: What tells its builds apart: ``t`` for one without a global lock, ``d`` for one with debugging.
        folders: What it reads to run, besides the system's own folders.
    """

    python: Path
    implementation: str
    version: str
    flags: str
    folders: tuple[Path, ...]


def find_interpreter(
    wanted: Interpreter,
    *,
    install: bool = False,
    nearest: bool = False,
    say: Callable[[str], None] | None = None,
) -> Found:
    """An interpreter of the recorded implementation and minor version, outside any virtual environment.

    Args:
        wanted: The recorded one.
        install: Whether uv may install it where it is missing.
        nearest: Whether this program's own will do where it is missing.
        say: Called with a line of progress.

    Raises:
        UnavailableError: None is here; the message says which is missing.
    """
    tell = say or _silent
    here = _here()
    if here is not None and _fits(here, wanted):
        return here
    found = _first(locating.candidates(wanted), wanted)
    if found is None and install:
        found = _first(iter([locating.install(wanted, tell)]), wanted)
    if found is None and nearest and here is not None:
        tell(f"{_called(wanted)} is not here: taking {here.implementation} {here.version}")
        return here
    if found is None:
        raise UnavailableError(
            f"{_called(wanted)} is not here, and the locked packages fit no other Python", hint=_way_out(wanted)
        )
    return found


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
    """What an interpreter says of itself; None when it does not start (a launcher of a version that is not there).

    In a virtual environment its `python` is that of the base, while its folders are those of both.
    """
    try:
        finished = process.run([python, "-I", "-c", QUESTION], timeout=ASK_SECONDS)
        return _answer(python, finished)
    except (ProcessError, UnavailableError, ValueError):
        return None


def ask_inside(python: Path, sandbox: Sandbox) -> Found:
    """The same of a Python with packages that are not trusted: it is started inside the walls only.

    Returns:
        What it says of itself; `python` is the program that was named, or the one in an environment that it links to.

    Raises:
        UnavailableError: It does not start, or its files are not apart from a home folder.
    """
    place, prefix = _program(python)
    reads = _folders([place, *_base_programs(prefix)], [str(prefix)])
    try:
        finished = sandbox.run([place, "-I", "-c", QUESTION], reads=reads, writes=(), env={}, timeout=ASK_SECONDS)
        told = _answer(place, finished)
    except (ProcessError, ValueError) as error:
        hint = "give the path of a Python, or the folder of a virtual environment"
        raise UnavailableError(f"{str(python)!r} does not start as a Python interpreter", hint=hint) from error
    return Found(place, told.implementation, told.version, told.flags, reads)


def _program(python: Path) -> tuple[Path, Path]:
    """The program to start, and the folder its files are in; where a link stands says nothing of what it leads to."""
    place = python.absolute()
    for _ in range(MOST_LINKS):
        for folder in (place.parent.parent, place.parent):
            if (folder / CONFIGURATION).is_file():
                return place, folder
        if not place.is_symlink():
            break
        place = Path(os.path.normpath(place.parent / os.readlink(place)))
    resolved = Path(os.path.realpath(python))
    return resolved, resolved.parent.parent


def _answer(python: Path, finished: process.Finished) -> Found:
    implementation, version, flags, base, *prefixes = json.loads(finished.required("python").stdout)
    return Found(Path(base), implementation, version, flags, _folders([Path(base), python], prefixes))


def _base_programs(prefix: Path) -> list[Path]:
    """The Python that a virtual environment was made of, as the environment's own file names it."""
    try:
        text = (prefix / CONFIGURATION).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return []
    lines = (line.partition("=") for line in text.splitlines())
    told = {name.strip().lower(): Path(value.strip()) for name, _, value in lines}
    named = [told["executable"]] if "executable" in told else []
    named += [told["home"] / name for name in ("python3", "python") if "home" in told]
    return [program for program in named if program.is_absolute() and program.is_file()][:1]


def _here() -> Found | None:
    """This program's own interpreter, or the one its virtual environment was made of; nothing has to be started."""
    base = getattr(sys, "_base_executable", None) or sys.executable
    if not base or not os.path.isfile(base) or (sys.prefix != sys.base_prefix and base == sys.executable):
        return None
    folders = _folders([Path(base)], [sys.base_prefix])
    flags = getattr(sys, "abiflags", "")
    return Found(Path(base), sys.implementation.name, platform.python_version(), flags, folders)


def _first(places: Iterator[Path], wanted: Interpreter) -> Found | None:
    for place in places:
        found = ask(place)
        base = ask(found.python) if found is not None and _fits(found, wanted) else None
        if base is not None:  # asked again, so that no virtual environment of this machine is among its folders
            return base
    return None


def _fits(found: Found, wanted: Interpreter) -> bool:
    same = found.implementation == wanted.implementation and found.version.split(".")[:2] == wanted.minor.split(".")
    return same and (wanted.abi is None or (FREE_THREADED in found.flags) == _is_free_threaded(wanted.abi))


def _is_free_threaded(abi: str) -> bool:
    """As in ``cpython-313t-x86_64-linux-gnu``, or ``cp313t-win_amd64``."""
    parts = abi.split("-")
    number = parts[1] if parts[0] in {"cpython", "graalpy"} and len(parts) > 1 else parts[0]
    return number.endswith(FREE_THREADED)


def _called(wanted: Interpreter) -> str:
    free = wanted.abi is not None and _is_free_threaded(wanted.abi)
    return f"{wanted.implementation} {wanted.minor}{' (free-threaded)' if free else ''}"


def _way_out(wanted: Interpreter) -> str:
    word = locating.command_of(wanted)
    return (
        f"install Python {wanted.minor} so that {word!r} starts it, with pyenv, conda or uv, or let uv do it now: "
        "--install-python; else replay with --env portable or --env current"
    )


def _folders(programs: list[Path], prefixes: list[str]) -> tuple[Path, ...]:
    """The prefixes, and where each program's chain of links leads: a launcher's target may stand elsewhere."""
    named = [Path(prefix) for prefix in prefixes] + [Path(os.path.realpath(one)).parent.parent for one in programs]
    every = {*named, *(Path(os.path.realpath(folder)) for folder in named)}
    return tuple(sorted(folder for folder in every if folder.is_dir() and folder != Path(folder.anchor)))


def _silent(line: str) -> None:
    """Nobody is watching."""
    del line
