"""This program's acts on environments: see what is installed, the facts that change numbers, lock, rebuild."""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

from benchmarks.acts.clock import timed

LIMIT = 600.0  # seconds


def main() -> None:
    """Do one act."""
    parser = argparse.ArgumentParser()
    parser.add_argument("act", choices=("list", "snapshot", "facts", "lock", "rebuild"))
    parser.add_argument("source", help="a site-packages folder, the framework that is loaded, or a file of pins")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--without-uv", action="store_true")
    given = parser.parse_args()
    acts: dict[str, Callable[[], None]] = {
        "list": lambda: list_only(given.source),
        "snapshot": lambda: snapshot(given.source),
        "facts": lambda: facts(given.source),
        "lock": lambda: lock(Path(given.source), without_uv=given.without_uv),
        "rebuild": lambda: rebuild(Path(given.source), given.cache, without_uv=given.without_uv),
    }
    acts[given.act]()


def snapshot(site: str) -> None:
    """What capture records of a folder of distributions: names, origins, edited files, conflicts."""
    from reprobundle.components.environment.snapshot.consistency import note_conflicts
    from reprobundle.components.environment.snapshot.distributions import survey
    from reprobundle.components.environment.snapshot.edited import with_edits
    from reprobundle.components.interface import Stage
    from reprobundle.store import Writer

    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(writer=Writer(Path(folder)))

        def see(place: str) -> None:
            found = survey([place]).found
            with_edits(found, stage)
            note_conflicts(found, stage)

        timed(lambda: see(site), first=lambda: see(folder))


def list_only(site: str) -> None:
    """Names, versions, origins and lists of files: what other programs list, and some more."""
    from reprobundle.components.environment.snapshot.distributions import survey

    with tempfile.TemporaryDirectory() as folder:
        timed(lambda: survey([site]), first=lambda: survey([folder]))


def facts(framework: str) -> None:
    """All facts that change numbers, read for the first time in a process that has loaded a framework."""
    from reprobundle.worker import numerics

    importlib.import_module(framework)
    sys.path.insert(0, str(Path(numerics.__file__).parent))
    timed(numerics.facts)


def lock(pins: Path, *, without_uv: bool) -> None:
    """Hashes for every pin."""
    from reprobundle.components.environment.installers import find_uv
    from reprobundle.components.environment.lock import pin
    from reprobundle.components.environment.locking import pinning

    wanted = tuple(pin(*line.split("==")) for line in pins.read_text(encoding="utf-8").split())
    uv = None if without_uv else find_uv()

    def make() -> None:
        droppable = frozenset(one.name for one in wanted)
        made = pinning.with_hashes(wanted, droppable=droppable, deadline=time.monotonic() + LIMIT)
        if made.why:
            raise SystemExit(made.why)

    with mock.patch.object(pinning, "find_uv", return_value=uv):
        timed(make)


def rebuild(locked: Path, cache: Path, *, without_uv: bool) -> None:
    """A new environment from a hashed lock, with this program's own cache in a folder that is given."""
    from reprobundle.components.environment.installers import find_uv
    from reprobundle.components.environment.rebuilding import rebuild as rebuilding
    from reprobundle.components.environment.rebuilding.places import Options
    from reprobundle.components.environment.section import LOCK_PATH, Interpreter, LockFacts, Platform, Section
    from reprobundle.sandbox import Sandbox, bwrap_failure

    implementation, version = sys.implementation.name, platform.python_version()
    section = Section(
        interpreter=Interpreter(implementation=implementation, version=version, build="", cache_tag=None),
        platform=Platform(system="", machine="", libc=None),
        distributions=(),
        numerics={},
        lock=LockFacts(hashes="complete", why=None, by="uv"),
    )
    sandbox = Sandbox("none" if bwrap_failure() else "bwrap")
    uv = None if without_uv else find_uv()
    os.environ.update({"REPROBUNDLE_CACHE": str(cache), "PIP_CACHE_DIR": str(cache / "pip")})
    cache.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, mock.patch.object(rebuilding, "find_uv", return_value=uv):
        bundle = Path(name).resolve()
        (bundle / "environment").mkdir()
        (bundle / LOCK_PATH).write_bytes(locked.read_bytes())

        def make() -> None:
            options = Options()
            told: list[str] = []
            rebuilding.rebuild(section, bundle=bundle, identity=b"", sandbox=sandbox, options=options, say=told.append)

        timed(make)


if __name__ == "__main__":
    main()
