"""Rebuilding an environment from a bundle's lock: read, match an interpreter, fetch, install inside the sandbox, keep."""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.lock import write_lock
from reprobundle.components.environment.rebuilding import building, cache, owners, presence
from reprobundle.components.environment.rebuilding.addresses import without_secrets
from reprobundle.components.environment.rebuilding.interpreters import Found, find_interpreter, interpreter_folders
from reprobundle.components.environment.rebuilding.places import Options, Place, Task, Wanted
from reprobundle.components.environment.rebuilding.wanted import read_wanted
from reprobundle.components.environment.section import Section
from reprobundle.sandbox import Sandbox
from reprobundle.store import digest_bytes, digest_file

__all__ = ["Options", "Rebuilt", "interpreter_folders", "is_cached", "rebuild"]

KEY_VERSION = "reprobundle environment 3"


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
        overlaps: Which distributions bring a file of the same path, one line each.
    """

    python: Path
    version: str
    reads: tuple[Path, ...]
    installer: str
    packages: int
    vendored: int
    cached: bool
    hashes: bool
    overlaps: tuple[str, ...] = ()


def rebuild(
    section: Section,
    *,
    bundle: Path,
    identity: bytes,
    sandbox: Sandbox,
    options: Options,
    say: Callable[[str], None],
    portable: bool = False,
) -> Rebuilt:
    """Build the recorded environment, or take the one built before from exactly the same.

    Args:
        section: The recorded environment.
        bundle: The verified view of the bundle.
        identity: The bytes of its manifest.
        sandbox: Where the installer runs.
        options: Where packages may come from.
        say: Called with each line of progress.
        portable: Whether to follow the lock for other platforms: public versions, and what else this one needs.

    Raises:
        RefusedInputError: The lock or a wheel's name breaks a rule, or an archive does not match its hash.
        UnavailableError: The lock, the interpreter or a wheel is not to be had.
        ProcessError: Fetching or installing failed.
    """
    wanted = read_wanted(section, bundle, portable=portable)
    interpreter = find_interpreter(section.interpreter, install=options.install_python, say=say, nearest=portable)
    key = _key(wanted, interpreter, identity=identity, sandbox=sandbox, options=options)
    beside = () if wanted.hashed else tuple(wanted.own.values())  # no hash in the key tells them apart
    with cache.entry(key, say, beside=beside) as root:
        place = Place(root)
        cached = cache.is_complete(root, key, beside)
        if not cached:
            building.build(
                Task(
                    wanted=wanted,
                    place=place,
                    interpreter=interpreter,
                    uv=find_uv(),
                    sandbox=sandbox,
                    options=options,
                    say=say,
                )
            )
            cache.complete(root, key, beside)
        return _rebuilt(wanted, place, interpreter, cached=cached)


def is_cached(
    section: Section, *, bundle: Path, identity: bytes, sandbox: Sandbox, options: Options, portable: bool = False
) -> bool:
    """Whether `rebuild` would take an environment that was built before; arguments as there.

    Raises:
        RefusedInputError: The lock or a wheel's name breaks a rule.
        UnavailableError: The lock or the interpreter is not to be had, or there can be no cache.
    """
    wanted = read_wanted(section, bundle, portable=portable)
    interpreter = find_interpreter(section.interpreter, nearest=portable)
    key = _key(wanted, interpreter, identity=identity, sandbox=sandbox, options=options)
    beside = () if wanted.hashed else tuple(wanted.own.values())
    places = cache.folder().glob(f"{digest_bytes(key)}*")
    return any(cache.is_complete(place, key, beside) for place in places)


def _rebuilt(wanted: Wanted, place: Place, interpreter: Found, *, cached: bool) -> Rebuilt:
    return Rebuilt(
        python=place.python,
        version=interpreter.version,
        reads=(place.environment, *interpreter.folders),
        installer=building.installer_of(place),
        packages=len(presence.installed_versions(place.environment)),
        vendored=len(wanted.own),
        cached=cached,
        hashes=wanted.hashed,
        overlaps=owners.kept(place.root),
    )


def _key(wanted: Wanted, interpreter: Found, *, identity: bytes, sandbox: Sandbox, options: Options) -> bytes:
    """All that decides what the environment holds, as text.

    Without walls, code of a bundle could write into the environment it ran in; so one built for ``none`` is never used
    behind walls. Whether an index may be asked decides only whether it can be built.
    """
    lines = [KEY_VERSION, f"python {interpreter.python.resolve()} {interpreter.implementation} {interpreter.version}"]
    lines += [f"platform {platform.platform()} {platform.machine()}", f"sandbox {sandbox.kind}"]
    lines += [f"index {without_secrets(url)}" for url in options.index_urls]
    lines += [f"folder {folder.absolute()}" for folder in options.find_links]
    lines += ["wheels only" if not options.allow_build else "sources built", "exact" if wanted.closed else "portable"]
    lines += ["wheel {0} {1[0]} {1[1]}".format(path.name, digest_file(path)) for _, path in sorted(wanted.own.items())]
    text = "\n".join(lines).encode("utf-8", "surrogateescape") + b"\n" + write_lock(wanted.pins)
    exact = wanted.hashed and not wanted.own
    return text if exact else text + identity
