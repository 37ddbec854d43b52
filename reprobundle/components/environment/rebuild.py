"""Rebuilding an environment from a bundle's lock: read, match an interpreter, fetch, install inside the sandbox, keep."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from reprobundle.components.environment import cache, fetching, installing
from reprobundle.components.environment.interpreters import Found, find_interpreter, interpreter_folders
from reprobundle.components.environment.lock import Pin, read_lock, write_lock
from reprobundle.components.environment.section import LOCK_PATH, Section
from reprobundle.components.environment.wheels import is_wheel_of
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.sandbox import Sandbox
from reprobundle.store import digest_file, inside
from reprobundle.store.writing import disk_errors

__all__ = ["Options", "Rebuilt", "interpreter_folders", "rebuild"]

KEY_VERSION = "reprobundle environment 1"
INSTALLER_FILE = "installer"
DEFAULT_TIMEOUT = 1800.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """Where packages may come from; always the reviewer's word, never the bundle's.

    Attributes:
        index_urls: Package indexes: the first takes the place of pip's own main index, the others come on top.
        find_links: Folders of wheels.
        offline: Ask no index.
        timeout: Seconds that fetching and installing may each take.
    """

    index_urls: tuple[str, ...] = ()
    find_links: tuple[Path, ...] = ()
    offline: bool = False
    timeout: float = DEFAULT_TIMEOUT


@dataclass(frozen=True, kw_only=True)
class Rebuilt:
    """An environment that was rebuilt.

    Attributes:
        python: Its Python, to be started only inside a sandbox.
        version: The full version of that Python.
        reads: What it reads to run, besides the system's own folders.
        installer: The installer that filled it, with its version.
        packages: Number of distributions in it.
        vendored: How many of them were wheels of the bundle itself.
        cached: Whether it was there already.
        hashes: Whether every archive was checked against a hash in the lock.
    """

    python: Path
    version: str
    reads: tuple[Path, ...]
    installer: str
    packages: int
    vendored: int
    cached: bool
    hashes: bool


def rebuild(
    section: Section,
    *,
    bundle: Path,
    identity: bytes,
    sandbox: Sandbox,
    options: Options,
    say: Callable[[str], None],
) -> Rebuilt:
    """Build the recorded environment, or take the one built before from exactly the same.

    Args:
        section: The recorded environment.
        bundle: The verified view of the bundle.
        identity: The bytes of its manifest.
        sandbox: Where the installer runs.
        options: Where packages may come from.
        say: Called with each line of progress.

    Raises:
        RefusedInputError: The lock or a wheel's name breaks a rule, or an archive does not match its hash.
        UnavailableError: The lock, the interpreter or a wheel is not to be had.
        ProcessError: Fetching or installing failed.
    """
    pins = _pins(section, bundle)
    own = _own_wheels(section, bundle, pins)
    interpreter = find_interpreter(section.interpreter)
    key = _key(pins, own, interpreter, identity=identity, sandbox=sandbox, options=options)
    beside = () if pins[0].hashes else tuple(own[name] for name in sorted(own))  # no hash in the key tells them apart
    with cache.entry(key, say, beside=beside) as root:
        place = installing.Place(root)
        cached = cache.is_complete(root, key, beside)
        if not cached:
            _build(pins, own, place, interpreter=interpreter, sandbox=sandbox, options=options, say=say)
            cache.complete(root, key, beside)
        return Rebuilt(
            python=place.python,
            version=interpreter.version,
            reads=(place.environment, *interpreter.folders),
            installer=(root / INSTALLER_FILE).read_text(encoding="utf-8"),
            packages=len(pins),
            vendored=len(own),
            cached=cached,
            hashes=bool(pins[0].hashes),
        )


def _pins(section: Section, bundle: Path) -> tuple[Pin, ...]:
    if section.lock is None:
        hint = "replay in an environment of your own: --env current"
        raise UnavailableError("the bundle has no lock to rebuild its environment from", hint=hint)
    with disk_errors(LOCK_PATH):
        content = inside(bundle, section.lock.path).read_bytes()
    pins = read_lock(content, name=section.lock.path)
    found = "complete" if pins[0].hashes else "none"
    if found != section.lock.hashes:
        raise RefusedInputError(
            f"{LOCK_PATH}: hashes: the manifest says {section.lock.hashes!r}, the lock has {found!r}"
        )
    return pins


def _own_wheels(section: Section, bundle: Path, pins: tuple[Pin, ...]) -> dict[str, Path]:
    """The bundle's own wheel of each pin that has one, by the pin's name."""
    found: dict[str, Path] = {}
    for path in section.wheels:
        file = path.rpartition("/")[2]
        name = next((one.name for one in pins if is_wheel_of(file, one.name, one.version)), None)
        if name is None:
            raise RefusedInputError(f"{path}: is not a wheel of any pin in the lock")
        if name in found:
            raise RefusedInputError(f"{path}: is a second wheel of {name!r}")
        found[name] = inside(bundle, path)
    return found


def _key(
    pins: tuple[Pin, ...],
    own: dict[str, Path],
    interpreter: Found,
    *,
    identity: bytes,
    sandbox: Sandbox,
    options: Options,
) -> bytes:
    """All that decides what the environment holds, as text.

    Without walls, code of a bundle could write into the environment it ran in; so one built for ``none`` is never used
    behind walls. Whether an index may be asked decides only whether it can be built.
    """
    lines = [KEY_VERSION, f"python {interpreter.python.resolve()} {interpreter.implementation} {interpreter.version}"]
    lines += [f"platform {platform.platform()} {platform.machine()}", f"sandbox {sandbox.kind}"]
    lines += [f"index {_without_password(url)}" for url in options.index_urls]
    lines += [f"folder {folder.absolute()}" for folder in options.find_links]
    lines += ["wheel {0} {1[0]} {1[1]}".format(path.name, digest_file(path)) for _, path in sorted(own.items())]
    text = "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n" + write_lock(pins)
    exact = bool(pins[0].hashes) and not own
    return text if exact else text + identity


def _without_password(url: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))


def _build(
    pins: tuple[Pin, ...],
    own: dict[str, Path],
    place: installing.Place,
    *,
    interpreter: Found,
    sandbox: Sandbox,
    options: Options,
    say: Callable[[str], None],
) -> None:
    place.house.mkdir()
    say(f"fetching {len(pins) - len(own)} packages for Python {interpreter.version}")
    fetching.fetch(
        [one for one in pins if one.name not in own],
        place.house,
        interpreter=interpreter,
        index_urls=options.index_urls,
        find_links=options.find_links,
        offline=options.offline,
        timeout=options.timeout,
    )
    fetching.take_along(list(own.values()), place.house)
    say(f"installing {len(pins)} packages, {'hashes checked' if pins[0].hashes else 'no hashes to check'}")
    installing.make(place, interpreter)
    used = installing.install(pins, place, interpreter=interpreter, sandbox=sandbox, timeout=options.timeout)
    (place.root / INSTALLER_FILE).write_text(used, encoding="utf-8")
    shutil.rmtree(place.house)
