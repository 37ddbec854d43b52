"""What the tests of rebuilding share: a recorded environment of this very Python, a bundle of a lock, walls."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from reprobundle import sandbox
from reprobundle.components.environment.rebuilding import rebuild
from reprobundle.components.environment.section import Interpreter, LockFacts, Platform, Section

VERSION = ".".join(str(part) for part in sys.version_info[:3])
UNHASHED = LockFacts(hashes="none", why="not run: budget", by="none")
HASHED = LockFacts(hashes="complete", why=None, by="pip-tools")
HERE = Interpreter(implementation=sys.implementation.name, version=VERSION, build="", cache_tag=None)


def silent(line: str) -> None:
    """Progress that nobody reads."""


def walls(kind: sandbox.Kind) -> sandbox.Sandbox:
    """A sandbox of one kind; bubblewrap may be missing, unless the run demands it."""
    failure = sandbox.bwrap_failure() if kind == "bwrap" else None
    if failure and "bwrap" not in os.environ.get("REPROBUNDLE_REQUIRE", ""):
        pytest.skip(failure)
    assert failure is None
    return sandbox.Sandbox(kind)


def section(**changes: object) -> Section:
    """A recorded environment of this very Python with a lock without hashes."""
    fields: dict[str, object] = {
        "interpreter": HERE,
        "platform": Platform(system="Linux", machine="x86_64", libc=None),
        "distributions": (),
        "numerics": {},
        "lock": UNHASHED,
    }
    return Section.model_validate({**fields, **changes})


def build(
    bundle: Path,
    recorded: Section,
    kind: sandbox.Kind = "none",
    *,
    identity: bytes = b"manifest",
    said: list[str] | None = None,
    portable: bool = False,
    **options: object,
) -> rebuild.Rebuilt:
    """A rebuild without ceremony."""
    return rebuild.rebuild(
        recorded,
        bundle=bundle,
        identity=identity,
        sandbox=walls(kind),
        options=rebuild.Options(**options),  # type: ignore[arg-type]
        say=silent if said is None else said.append,
        portable=portable,
    )


def with_lock(folder: Path, content: bytes, wheels: Sequence[Path] = ()) -> Path:
    """A bundle that holds nothing but a lock and wheels."""
    place = folder / "environment"
    (place / "wheels").mkdir(parents=True)
    (place / "requirements.txt").write_bytes(content)
    for wheel in wheels:
        (place / "wheels" / wheel.name).write_bytes(wheel.read_bytes())
    return folder


def paths(*wheels: Path) -> tuple[str, ...]:
    """The wheels as a section names them."""
    return tuple(sorted(f"environment/wheels/{wheel.name}" for wheel in wheels))


def said_by(built: rebuild.Rebuilt, code: str, kind: sandbox.Kind = "none") -> str:
    """What a line of Python prints in a rebuilt environment."""
    argv: list[str | Path] = [built.python, "-I", "-B", "-c", code]
    finished = walls(kind).run(argv, reads=built.reads, writes=(), env={}, timeout=60)
    assert finished.code == 0, finished.text
    return finished.text
