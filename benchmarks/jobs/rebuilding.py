"""Rebuild an environment from its lock. Needs a package index."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

from benchmarks.environments import MissingError, interpreter_of, own_program, uv_settings
from benchmarks.files import remove
from benchmarks.job import Bed, Job, Missing, Target, Way, attempt
from benchmarks.jobs.own import act, caches

FEWEST_FOR_PIP_SYNC = 10
UV, PIP, PIP_SYNC = "uv venv + uv pip sync", "venv + pip install", "venv + pip-sync"
WANTED = [
    "click",
    "tqdm",
    "attrs",
    "pyyaml",
    "pluggy",
    "jinja2",
    "requests",
    "rich",
    "aiohttp",
    "black",
    "boto3",
    "flask",
    "fsspec",
    "httpx",
    "isort",
    "joblib",
    "jsonschema",
    "markdown",
    "networkx",
    "pillow",
    "pydantic",
    "pytest",
    "ruamel.yaml",
    "sortedcontainers",
    "sqlalchemy",
    "sympy",
    "tabulate",
    "tomlkit",
    "typer",
    "xxhash",
]


def prepare_lock(bed: Bed) -> None:
    """A hashed lock of small real distributions and what they need, in a bundle's own form."""
    from reprobundle.components.environment.lock import read_output, write_lock

    options, variables = uv_settings()
    (bed.folder / "wanted.in").write_text("\n".join(WANTED[: bed.amount]), encoding="utf-8")
    more = ["--quiet", "--generate-hashes", "--no-header", "--no-annotate", "--output-file", "made.txt", "wanted.in"]
    command = [str(own_program("uv")), "pip", "compile", *options, *more]
    subprocess.run(command, cwd=bed.folder, env={**os.environ, **variables}, check=True, capture_output=True)
    made = [
        line
        for line in (bed.folder / "made.txt").read_bytes().split(b"\n")
        if not line.lstrip().startswith((b"#", b"--f", b"--i", b"--e"))
    ]
    locked(bed).write_bytes(write_lock(read_output(b"\n".join(made), name="lock")))


def locked(bed: Bed) -> Path:
    """The lock that is rebuilt."""
    return bed.folder / "requirements.txt"


def rebuilt_by_us(bed: Bed) -> Iterator[Way]:
    """Cold, with filled caches, and with the environment there already."""
    for label, options in (("with uv", ()), ("without uv", ("--without-uv",))):
        cache = bed.folder / "caches" / label.replace(" ", "-")
        command = act("own_environment", "rebuild", locked(bed), "--cache", cache, *options)

        def way(
            kind: str, before: Callable[[], None] | None, label: str = label, command: tuple[str, ...] = command
        ) -> Way:
            name = f"reprobundle {label}, {kind}"
            return Way(name=name, command=command, kind="ours", clock="call", before=before, once=label != "with uv")

        yield way("cold", partial(remove, cache))
        yield way("warm", partial(remove, cache / "environments"))
        yield way("again", None)


def rebuilt_by_others(bed: Bed) -> Iterator[Way | Missing]:
    """The installers alone: a new environment, filled from the same lock."""
    for name, make in ((UV, _uv), (PIP, _pip), (PIP_SYNC, _pip_sync)):
        for kind in ("warm",) if make is _pip_sync else ("cold", "warm"):
            yield attempt(f"{name}, {kind}", make, bed, kind)


def _uv(bed: Bed, kind: str) -> Way:
    uv, (options, variables) = str(own_program("uv")), uv_settings()
    python = str(interpreter_of(_venv(bed)))
    make = (uv, "venv", "--quiet", "--python", sys.executable, str(_venv(bed)))
    sync = (uv, "pip", "sync", "--quiet", "--require-hashes", "--python", python, *options, str(locked(bed)))
    return _installer(bed, UV, kind, (make, sync), variables, once=False)


def _pip(bed: Bed, kind: str) -> Way:
    make = (sys.executable, "-m", "venv", str(_venv(bed)))
    python = str(interpreter_of(_venv(bed)))
    install = (python, "-m", "pip", "install", "--quiet", "--no-deps", "--require-hashes", "-r", str(locked(bed)))
    return _installer(bed, PIP, kind, (make, install), {}, once=True)


def _pip_sync(bed: Bed, kind: str) -> Way:
    if bed.amount < FEWEST_FOR_PIP_SYNC:
        raise MissingError("it is the slowest of all: measured with --size full only")
    make = (sys.executable, "-m", "venv", str(_venv(bed)))
    program = str(bed.peers.program("pip-tools", "pip-sync"))
    sync = (program, "--quiet", "--python-executable", str(interpreter_of(_venv(bed))), str(locked(bed)))
    return _installer(bed, PIP_SYNC, kind, (make, sync), {}, once=True, cache=PIP)


def _venv(bed: Bed) -> Path:
    return bed.folder / "venv"


def _installer(
    bed: Bed,
    name: str,
    kind: str,
    commands: tuple[tuple[str, ...], ...],
    variables: dict[str, str],
    *,
    once: bool,
    cache: str = "",
) -> Way:
    label = (cache or name).replace(" ", "-")
    filled = bed.folder / "caches" / label

    def before() -> None:
        remove(_venv(bed))
        if kind == "cold":
            remove(filled)

    script = " && ".join(" ".join(f"'{word}'" for word in command) for command in commands)
    everything = {**variables, **caches(bed, label)}
    return Way(name=f"{name}, {kind}", command=("sh", "-c", script), variables=everything, before=before, once=once)


REBUILD = Job(
    name="rebuild",
    title="rebuild an environment from the lock of {amount}",
    unit="wanted distributions",
    amounts={"small": 4, "full": len(WANTED)},
    prepare=prepare_lock,
    ours=rebuilt_by_us,
    peers=rebuilt_by_others,
    targets=(
        Target(way="reprobundle with uv, cold", to=f"{UV}, cold", times=1.1),
        Target(way="reprobundle with uv, warm", to=f"{UV}, warm", times=1.1),
        Target(way="reprobundle without uv, cold", to=f"{PIP}, cold", times=1.1),
        Target(way="reprobundle without uv, warm", to=f"{PIP}, warm", times=1.1),
        Target(way="reprobundle with uv, again", plus=1.0),
        Target(way="reprobundle without uv, again", plus=1.0),
    ),
    rounds=3,
    note="needs a package index; cold: empty caches, warm: filled ones and a new environment, again: the environment is there",
)
