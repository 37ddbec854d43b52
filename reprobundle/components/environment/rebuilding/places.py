"""Where one environment is built, and all that decides how: handed as one value to whatever fetches and installs."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.rebuilding.interpreters import Found
from reprobundle.sandbox import Sandbox

DEFAULT_TIMEOUT = 1800.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """Where packages may come from; always the reviewer's word, never the bundle's.

    Attributes:
        index_urls: Package indexes: the first takes the place of pip's own main index, the others come on top.
        find_links: Folders of wheels.
        offline: Ask no index.
        allow_build: Build what no index offers as a wheel from its source, inside the sandbox, without network.
        install_python: Let uv install the recorded Python where it is missing.
        timeout: Seconds that fetching and installing may each take.
    """

    index_urls: tuple[str, ...] = ()
    find_links: tuple[Path, ...] = ()
    offline: bool = False
    allow_build: bool = False
    install_python: bool = False
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """What is to be installed.

    Attributes:
        pins: Exact versions, sorted by name: all with hashes or all without.
        own: The bundle's own wheel of each pin that has one, by the pin's name.
        closed: Whether the pins are all there is; else an installer finds what else this platform needs.
        hints: Addresses of public indexes that offer the known build a pin's local label names, by the pin's name.
    """

    pins: tuple[Pin, ...]
    own: Mapping[str, Path]
    closed: bool
    hints: Mapping[str, str]

    @property
    def hashed(self) -> bool:
        """Whether every archive is checked against a hash."""
        return bool(self.pins[0].hashes)

    @property
    def from_index(self) -> tuple[Pin, ...]:
        """The pins that an index has to offer."""
        return tuple(one for one in self.pins if one.name not in self.own)

    @property
    def from_bundle(self) -> tuple[Pin, ...]:
        """The pins that the bundle brings along."""
        return tuple(one for one in self.pins if one.name in self.own)


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
    def scratch(self) -> Path:
        """Where an installer puts what is not finished, removed at the end."""
        return self.root / "scratch"

    @property
    def lock(self) -> Path:
        """What an installer is told to install, written by this program."""
        return self.root / "requirements.txt"

    @property
    def log(self) -> Path:
        """What an installer that failed had printed."""
        return self.root / "log.txt"

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


def site_of(environment: Path) -> Path:
    """The folder its distributions are installed in; a folder that is not there where it has none."""
    if os.name == "nt":
        return environment / "Lib" / "site-packages"
    found = sorted((environment / "lib").glob("*/site-packages"))
    return found[0] if found else environment / "lib" / "site-packages"


@dataclass(frozen=True, kw_only=True)
class Task:
    """One environment to build.

    Attributes:
        wanted: What goes into it.
        place: Where it is built.
        interpreter: The Python it is made of.
        uv: The program uv, or None where there is none.
        sandbox: The walls around every installer that starts the environment's own Python.
        options: Where packages may come from.
        say: Called with each line of progress.
    """

    wanted: Wanted
    place: Place
    interpreter: Found
    uv: Path | None
    sandbox: Sandbox
    options: Options
    say: Callable[[str], None]
