"""Lock the pins of an environment with hashes. Needs a package index."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from pathlib import Path

from benchmarks.environments import PINS, MissingError, own_program, uv_settings
from benchmarks.files import remove
from benchmarks.job import Bed, Job, Missing, Way, attempt
from benchmarks.jobs.own import act, caches

MOST_FOR_PIP_COMPILE = 30
LOCK_UV, LOCK_PIP = "reprobundle with uv", "reprobundle without uv"


def pins(bed: Bed) -> Path:
    """The file of pins that is locked."""
    return bed.folder / "pins.txt"


def prepare_pins(bed: Bed) -> None:
    """So many lines of the large environment's."""
    lines = (PINS / "environment.txt").read_text(encoding="utf-8").splitlines()[: bed.amount]
    pins(bed).write_text("\n".join([*lines, ""]), encoding="utf-8")


def locked_by_us(bed: Bed) -> Iterator[Way]:
    """With the tool that is quick, and with the one that is always there."""
    for name, options in ((LOCK_UV, ()), (LOCK_PIP, ("--without-uv",))):
        command = act("own_environment", "lock", pins(bed), *options)
        yield Way(name=name, command=command, kind="ours", clock="call", variables=caches(bed, "lock"))


def locked_by_others(bed: Bed) -> Iterator[Way | Missing]:
    """The tools alone."""
    yield attempt("uv pip compile", _uv_compile, bed)
    yield attempt("pip-compile", _pip_compile, bed)


def _uv_compile(bed: Bed) -> Way:
    options, variables = uv_settings()
    command = (
        str(own_program("uv")),
        "pip",
        "compile",
        "--quiet",
        "--no-deps",
        "--generate-hashes",
        *options,
        str(pins(bed)),
    )
    return Way(name="uv pip compile", command=command, variables={**variables, **caches(bed, "uv-compile")})


def _pip_compile(bed: Bed) -> Way:
    if bed.amount > MOST_FOR_PIP_COMPILE:
        raise MissingError("for so many pins it may fetch gigabytes, every file of each release, to digest it")
    program, made = bed.peers.program("pip-tools", "pip-compile"), bed.folder / "made.txt"
    command = (
        str(program),
        "--quiet",
        "--generate-hashes",
        "--allow-unsafe",
        "--strip-extras",
        "-o",
        str(made),
        str(pins(bed)),
    )
    return Way(
        name="pip-compile",
        command=command,
        variables=caches(bed, "pip-compile"),
        before=partial(remove, made),
        once=True,
    )


LOCK = Job(
    name="lock",
    title="lock {amount} with hashes",
    unit="pins",
    amounts={"small": 8, "full": 227},
    prepare=prepare_pins,
    ours=locked_by_us,
    peers=locked_by_others,
    rounds=3,
    note="needs a package index; the caches are filled, but for what is done once",
)
