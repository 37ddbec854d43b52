"""Fetching and installing in one process of uv, inside the walls, where it starts nothing of the bundle.

What uv has unpacked is kept in a cache of our own, one for each kind of sandbox, and the environment's files are hard
links to it: so the two must lie under one mount, and nothing may write into such an environment once it holds anything.
The bundle's own wheels therefore come second, without a network, with a cache that is thrown away; then the rest of the
environment is made of copies.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from urllib.parse import unquote, urlsplit

from reprobundle import process
from reprobundle.components.environment.installers import Configuration
from reprobundle.components.environment.lock import Pin, write_lock
from reprobundle.components.environment.rebuilding import cache, failures
from reprobundle.components.environment.rebuilding.pip_files import read_sources
from reprobundle.components.environment.rebuilding.places import Place, Task, site_of
from reprobundle.components.environment.rebuilding.watching import Unpacked, installed, told, watch

VENV_SECONDS = 120.0
QUIET = ("--no-config", "--no-progress", "--color", "never")
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
PATIENCE = ("UV_HTTP_RETRIES", "UV_HTTP_TIMEOUT")
CERTIFICATES = ("SSL_CERT_FILE", "SSL_CERT_DIR")
RETRIES = {"UV_HTTP_RETRIES": "1"}  # a public index that a hint names is tried, not waited for


class NotThisWayError(Exception):
    """uv could not fetch all; pip, which knows more of the reviewer's settings, may."""


def install(task: Task, uv: Path) -> str:
    """Make the environment and fill it.

    Returns:
        The installer with its version.

    Raises:
        NotThisWayError: uv could not fetch what an index has to offer.
        ReproBundleError: Nobody could.
    """
    room = Place(cache.room(f"uv-{task.sandbox.kind}"))
    building = Place(room.root / "building" / task.place.root.name)
    shutil.rmtree(building.root, ignore_errors=True)  # left by a rebuild that was killed
    building.root.mkdir(mode=0o700, parents=True)
    try:
        make(building, task, uv, room.root / "cache")
        if task.wanted.from_index:
            _from_indexes(task, uv, building, room.root)
        building.environment.rename(task.place.environment)
    finally:
        shutil.rmtree(building.root, ignore_errors=True)
    if task.wanted.from_bundle:
        from_house(task, uv, task.wanted.from_bundle, list(task.wanted.own.values()))
    return process.run([uv, "--version"], timeout=VENV_SECONDS).required("uv --version").text.partition("(")[0].strip()


def make(place: Place, task: Task, uv: Path, cache_folder: Path) -> None:
    """Make an empty environment that may be moved; only the machine's own interpreter is started.

    Raises:
        NotThisWayError: uv refuses.
    """
    command: list[str | Path] = [uv, "venv", *QUIET, "--offline", "--no-project", "--relocatable"]
    command += ["--cache-dir", cache_folder, "--python", task.interpreter.python, place.environment]
    finished = process.run(command, env=_own_variables(), cwd=place.root, timeout=VENV_SECONDS)
    if finished.code != 0:
        raise NotThisWayError(str(failures.explain(finished.text, "making an environment", finished.code)))


def from_house(task: Task, uv: Path, pins: Sequence[Pin], wheels: Sequence[Path]) -> None:
    """Install pins from wheels at hand, without network, keeping nothing for others.

    Raises:
        ReproBundleError: It failed.
    """
    place = task.place
    place.lock.write_bytes(write_lock(pins))
    place.scratch.mkdir(exist_ok=True)
    house = place.house
    house.mkdir(exist_ok=True)
    for wheel in wheels:
        shutil.copyfile(wheel, house / wheel.name)
    command = [*_command(uv, place, place.scratch), "--offline", "--no-index", "--find-links", house, "--no-deps"]
    finished = task.sandbox.run(
        [*command, "--link-mode", "copy", *_hashes(pins), "--requirement", place.lock],
        reads=[uv, house, place.lock, *task.interpreter.folders],
        writes=[place.environment, place.scratch],
        env={},
        timeout=task.options.timeout,
        cwd=place.environment,
    )
    if finished.code != 0:
        failures.note(finished, place)
        raise failures.explain(finished.text, f"installing {len(pins)} packages", finished.code)


def _from_indexes(task: Task, uv: Path, building: Place, room: Path) -> None:
    sources = read_sources(task.options)
    tries: list[tuple[str, ...]] = [()]
    if task.wanted.hints and not task.options.offline:
        tries.append(tuple(sorted(set(task.wanted.hints.values()))))
    for number, extra in enumerate(tries):
        if number:
            _make_anew(building, task, uv, room / "cache")
            task.say(f"looking for {', '.join(task.wanted.hints)} at the public index of its build too")
        finished = _sync(task, uv, building, room, sources, extra)
        if finished.code == 0:
            break
        error = failures.explain(finished.text, "fetching", finished.code)
        if failures.is_final(error):
            failures.note(finished, task.place)
            raise error
    else:
        failures.note(finished, task.place)
        raise NotThisWayError(str(error))
    for withdrawn in failures.yanked(finished.text):
        task.say(f"{withdrawn} was withdrawn by its authors since it was locked")


def _make_anew(building: Place, task: Task, uv: Path, cache_folder: Path) -> None:
    """What an installer that failed has left is neither taken for installed nor started."""
    shutil.rmtree(building.environment)
    make(building, task, uv, cache_folder)


def _sync(
    task: Task, uv: Path, building: Place, room: Path, sources: Configuration, extra: tuple[str, ...]
) -> process.Finished:
    pins, offline = task.wanted.from_index, task.options.offline
    building.lock.write_bytes(write_lock(pins))
    command = [*_command(uv, building, room / "cache"), "--no-build", "--index-strategy", "unsafe-best-match"]
    command += ["--no-deps"] if task.wanted.closed else []
    command += [*_hashes(pins), *(["--no-index"] if sources.no_index else []), *(["--offline"] if offline else [])]
    command += ["--link-mode", "copy"] if task.wanted.own else []
    variables = {**_certificates(), **sources.uv_variables, **(RETRIES if extra else {}), **_own_variables()}
    variables["UV_EXTRA_INDEX_URL"] = " ".join([*sources.extra_index_urls, *extra])
    variables["UV_FIND_LINKS"] = ",".join(_absolute(link) for link in sources.find_links)
    return task.sandbox.run(
        [*command, "--requirement", building.lock],
        reads=[uv, *task.interpreter.folders, *_local_places(sources, variables)],
        writes=[room],
        env={},
        secrets=variables,
        network=not offline,
        timeout=task.options.timeout,
        cwd=building.root,
        watch=_watch(task, building, room / "cache"),
    )


def _command(uv: Path, place: Place, cache_folder: Path) -> list[str | Path]:
    return [uv, "pip", "install", *QUIET, "--python", place.python, "--cache-dir", cache_folder]


def _hashes(pins: Sequence[Pin]) -> list[str]:
    return ["--require-hashes"] if pins[0].hashes else []


def _watch(task: Task, building: Place, cache_folder: Path) -> Callable[[], None]:
    unpacked, total = Unpacked(cache_folder), len(task.wanted.from_index) if task.wanted.closed else None

    def describe() -> str:
        done = installed(site_of(building.environment))
        if done:
            return told("installed", done, total)
        size = unpacked.look()
        return told("fetched", unpacked.count, total, size)

    return watch(task.say, describe)


def _own_variables() -> dict[str, str]:
    """What the reviewer's own environment says of the way to the network."""
    names = (*PATIENCE, *(spelt for name in PROXIES for spelt in (name, name.lower())))
    return {name: os.environ[name] for name in names if name in os.environ}


def _certificates() -> dict[str, str]:
    return {name: os.environ[name] for name in CERTIFICATES if name in os.environ}


def _local_places(sources: Configuration, variables: Mapping[str, str]) -> list[Path]:
    """The folders of this machine that packages come from, and the certificates that are trusted."""
    indexes = (sources.index_url or "", *sources.extra_index_urls)
    found = [_of_index(Path(unquote(urlsplit(url).path))) for url in indexes if urlsplit(url).scheme == "file"]
    found += [Path(os.path.abspath(os.path.expanduser(link))) for link in sources.find_links if "://" not in link]
    found += [Path(unquote(urlsplit(link).path)) for link in sources.find_links if link.startswith("file:")]
    found += [Path(variables[name]) for name in CERTIFICATES if name in variables]
    return [place for place in found if place.exists()]


def _of_index(folder: Path) -> Path:
    """Its parent, because pages of an index link to files beside it; but never a whole home or disk."""
    parent = folder.parent
    wide = len(parent.parts) < 2 or Path(os.path.expanduser("~")).is_relative_to(parent)
    return folder if wide else parent


def _absolute(link: str) -> str:
    """As uv's variable wants it, where a comma ends a link: an address, which may hold a password, or a path."""
    if "://" in link:
        return link.replace(",", "%2C")
    path = os.path.abspath(os.path.expanduser(link))
    return Path(path).as_uri().replace(",", "%2C") if "," in path else path
