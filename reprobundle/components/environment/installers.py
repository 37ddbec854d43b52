"""The tools that look packages up and install them: where uv is, and the person's own pip configuration for it."""

from __future__ import annotations

import ast
import importlib.machinery
import importlib.util
import os
import shutil
import sys
import sysconfig
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from reprobundle import process
from reprobundle.errors import ProcessError, UnavailableError

PIP_SECONDS = 60.0


@dataclass(frozen=True, kw_only=True)
class Configuration:
    """Where the person's own pip looks for packages.

    Attributes:
        index_url: The main index, or None for pip's default.
        extra_index_urls: Further indexes.
        find_links: Folders or pages with archives.
        no_index: Whether indexes are switched off.
        certificate: File of trusted certificates, or None.
    """

    index_url: str | None = None
    extra_index_urls: tuple[str, ...] = ()
    find_links: tuple[str, ...] = ()
    no_index: bool = False
    certificate: str | None = None

    @property
    def uv_options(self) -> tuple[str, ...]:
        """The same for uv's command line; addresses of indexes, which may hold a password, go by `uv_variables`."""
        links = tuple(part for link in self.find_links for part in ("--find-links", link))
        return ("--index-strategy", "unsafe-best-match", *links, *(("--no-index",) if self.no_index else ()))

    @property
    def uv_variables(self) -> dict[str, str]:
        """Environment variables that tell uv the indexes."""
        found = {"UV_INDEX_URL": self.index_url, "UV_EXTRA_INDEX_URL": " ".join(self.extra_index_urls)}
        found["SSL_CERT_FILE"] = self.certificate
        return {name: value for name, value in found.items() if value}


def pip_command() -> tuple[str, ...]:
    """This program's own pip, without its greetings.

    Started by its path and never as ``-m pip``: the current folder may be a stranger's bundle, with a pip of its own.

    Raises:
        UnavailableError: pip is not installed beside this program.
    """
    python, runner = pip_runner(Path(sys.executable))
    return (str(python), "-I", str(runner), "--disable-pip-version-check", "--no-input", "--no-color")


def pip_folder() -> Path:
    """The folder of this program's own pip package, which is never one in the current folder.

    Raises:
        UnavailableError: pip is not installed beside this program.
    """
    here = os.path.realpath(os.curdir)
    places = [place for place in sys.path if os.path.isabs(place) and os.path.realpath(place) != here]
    found = importlib.machinery.PathFinder.find_spec("pip", places)
    if found is None or found.origin is None:
        raise UnavailableError("pip is not installed beside this program", hint="install pip, or uv")
    return Path(found.origin).parent


def pip_runner(python: Path) -> tuple[Path, ...]:
    """This program's own pip, started by any interpreter: nothing beside pip itself can be imported from here."""
    folder = pip_folder()
    runner = folder / "__pip-runner__.py"
    return (python, runner if runner.is_file() else folder)


def default_index() -> str | None:
    """The index that pip asks where it is told of none, as pip's own file says; None where it does not say so.

    The file is read alone: pip, imported as a whole, would change how loggers are made in a person's training.
    """
    try:
        file = pip_folder() / "_internal" / "models" / "index.py"
        spec = importlib.util.spec_from_file_location("pip_index", file)
        if spec is None or spec.loader is None:
            return None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return str(module.PyPI.simple_url)
    except (UnavailableError, ImportError, OSError, AttributeError):
        return None


def find_uv() -> Path | None:
    """uv from the PATH, beside this interpreter, or from the installed package; None where there is none."""
    name = "uv.exe" if os.name == "nt" else "uv"
    for folder in os.get_exec_path():
        found = shutil.which(os.path.join(folder, name)) if os.path.isabs(folder) else None
        if found:  # asked for by its whole path: Windows would look into the current folder first
            return Path(found)
    beside = Path(sysconfig.get_path("scripts")) / name
    if beside.is_file():
        return beside
    if importlib.util.find_spec("uv") is None:
        return None
    from uv import find_uv_bin

    try:
        return Path(find_uv_bin())
    except FileNotFoundError:
        return None


def read_configuration(timeout: float = PIP_SECONDS) -> Configuration:
    """What pip's files and variables say, as pip itself reports it; nothing set where pip cannot be asked.

    Where several files give one key, the last that pip prints counts: pip 26 prints them in the order of their names.
    """
    try:
        finished = process.run([*pip_command(), "config", "list"], timeout=timeout)
    except (ProcessError, UnavailableError):
        return Configuration()
    return parse_configuration(finished.stdout.decode("utf-8", "replace")) if finished.code == 0 else Configuration()


def parse_configuration(text: str) -> Configuration:
    """What ``pip config list`` printed; a variable wins over the section of ``install``, that over ``global``."""
    values: dict[str, str] = {}
    for section in ("global", "install", ":env:"):
        values.update(_section(text, section))
    return Configuration(
        index_url=values.get("index-url"),
        extra_index_urls=tuple(values.get("extra-index-url", "").split()),
        find_links=tuple(values.get("find-links", "").split()),
        no_index=values.get("no-index", "").lower() in {"1", "true", "yes", "on"},
        certificate=values.get("cert"),
    )


def _section(text: str, section: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for line in text.splitlines():
        key, separator, value = line.partition("=")
        if separator and key.startswith(f"{section}."):
            found[key.removeprefix(f"{section}.").replace("_", "-")] = _unquoted(value.strip())
    return found


def _unquoted(value: str) -> str:
    try:
        read = ast.literal_eval(value)
    except (ValueError, SyntaxError):  # pip prints Python strings; anything else is taken as it stands
        return value
    return str(read)
