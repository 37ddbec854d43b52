"""Where Pythons stand on this machine: on the PATH, with the ``py`` launcher, pyenv, conda, uv.

Nothing is started but the tools that know, and only when nothing was found before them.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.section import Interpreter
from reprobundle.errors import ProcessError, UnavailableError

ASK_SECONDS = 30.0
INSTALL_SECONDS = 900.0
COMMANDS = {"cpython": "python", "pypy": "pypy"}
PROGRAMS = ("python.exe",) if os.name == "nt" else ("bin/python3", "bin/python", "bin/pypy3")


def command_of(wanted: Interpreter) -> str:
    """The word that starts such a Python, e.g. ``python3.11``."""
    return COMMANDS.get(wanted.implementation, wanted.implementation) + wanted.minor


def candidates(wanted: Interpreter) -> Iterator[Path]:
    """Programs that may be such a Python, the likeliest first; whoever takes one must ask it.

    None for an implementation that is not known here: a word of the bundle's never chooses what is started.
    """
    if wanted.implementation not in COMMANDS:
        return
    yield from _on_path(wanted)
    yield from _by_launcher(wanted)
    yield from _in_pyenv(wanted)
    yield from _in_conda()
    yield from _by_uv(wanted)


def install(wanted: Interpreter, say: Callable[[str], None]) -> Path:
    """Let uv install such a Python for this user.

    Raises:
        UnavailableError: uv is not there, could not, or such a Python is not known here.
    """
    if wanted.implementation not in COMMANDS:
        raise UnavailableError(f"{wanted.implementation!r} is no Python that can be installed from here")
    uv, version = find_uv(), f"{wanted.implementation}@{wanted.minor}"
    if uv is None:
        raise UnavailableError(
            f"{wanted.implementation} {wanted.minor} is not here, and uv, which could install it, is not either",
            hint="install uv (package 'uv'), or the Python itself",
        )
    say(f"letting uv install {wanted.implementation} {wanted.minor}")
    try:
        finished = process.run(
            [uv, "python", "install", "--no-config", "--color", "never", version], timeout=INSTALL_SECONDS
        )
        finished.required(f"uv could not install {wanted.implementation} {wanted.minor}")
    except ProcessError as error:
        message = str(error)
        raise UnavailableError(message, hint="install it in another way, so that the PATH leads to it") from error
    found = next(_by_uv(wanted), None)
    if found is None:
        raise UnavailableError(f"uv installed {wanted.implementation} {wanted.minor}, but does not find it")
    return found


def _on_path(wanted: Interpreter) -> Iterator[Path]:
    ending = ".exe" if os.name == "nt" else ""
    for folder in os.environ.get("PATH", os.defpath).split(os.pathsep):
        place = Path(folder, command_of(wanted) + ending)
        if folder and place.is_file() and os.access(place, os.X_OK):
            yield place.absolute()


def _by_launcher(wanted: Interpreter) -> Iterator[Path]:
    """The launcher that the installer of python.org brings to Windows."""
    launcher = shutil.which("py")
    if os.name != "nt" or launcher is None or wanted.implementation != "cpython":
        return
    yield from _told([launcher, f"-{wanted.minor}", "-I", "-c", "import sys; print(sys.executable)"])


def _in_pyenv(wanted: Interpreter) -> Iterator[Path]:
    root = Path(os.environ.get("PYENV_ROOT") or os.path.expanduser("~/.pyenv")) / "versions"
    prefix = "" if wanted.implementation == "cpython" else f"{wanted.implementation}"
    fitting = re.compile(rf"{re.escape(prefix)}{re.escape(wanted.minor)}[.\-t].*")
    names = [name for name in _names(root) if fitting.fullmatch(name)]
    for name in sorted(names, key=_by_number, reverse=True):
        yield from _programs(root / name)


def _in_conda() -> Iterator[Path]:
    """Every conda environment of this user: the one that is active, those of the list conda keeps, those of its folder."""
    prefixes = [os.environ.get("CONDA_PREFIX", "")]
    with contextlib.suppress(OSError, UnicodeDecodeError):
        prefixes += Path(os.path.expanduser("~/.conda/environments.txt")).read_text(encoding="utf-8").splitlines()
    conda = os.environ.get("CONDA_EXE") or shutil.which("conda")
    if conda:
        base = Path(conda).resolve().parent.parent
        prefixes += [str(base), *(str(base / "envs" / name) for name in _names(base / "envs"))]
    for prefix in dict.fromkeys(line.strip() for line in prefixes):
        if prefix and os.path.isdir(os.path.join(prefix, "conda-meta")):
            yield from _programs(Path(prefix))


def _by_uv(wanted: Interpreter) -> Iterator[Path]:
    uv = find_uv()
    if uv is None:
        return
    version = f"{wanted.implementation}@{wanted.minor}"
    options = ["--no-config", "--no-project", "--system", "--offline", "--no-python-downloads"]
    yield from _told([uv, "python", "find", *options, version])


def _told(command: list[str | Path]) -> Iterator[Path]:
    """The program whose path a tool printed; none where the tool knows none."""
    try:
        finished = process.run(command, timeout=ASK_SECONDS)
    except (ProcessError, UnavailableError):
        return
    lines = finished.stdout.decode("utf-8", "replace").split("\n")
    if finished.code == 0 and lines[0].strip() and os.path.isfile(lines[0].strip()):
        yield Path(lines[0].strip())


def _programs(prefix: Path) -> Iterator[Path]:
    yield from (prefix / name for name in PROGRAMS if os.access(prefix / name, os.X_OK))


def _names(folder: Path) -> list[str]:
    try:
        return sorted(os.listdir(folder))
    except OSError:
        return []


def _by_number(name: str) -> tuple[int, ...]:
    return tuple(int(part) for part in re.findall(r"\d+", name))
