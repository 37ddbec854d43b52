"""Hashes for the pins of a lock, from the indexes in use: by uv where it is there, else by pip-compile."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.installers import find_uv, read_configuration
from reprobundle.components.environment.lock import Pin, pin, read_output, write_lock
from reprobundle.components.environment.section import LockTool
from reprobundle.errors import ProcessError, RefusedInputError, UnavailableError

LEAST_SECONDS = 1.0
MAX_DROPPED = 5
OVER_BUDGET = "not run: budget"
COMPILING = Path(__file__).with_name("compiling.py")

_UNKNOWN = re.compile(
    r"(?:No matching distribution found for|there is no version of|and you require) "
    r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9A-Za-z.!+_-]*[0-9A-Za-z])"
)
_NO_NETWORK = re.compile(
    r"connection (broken|error|refused|reset|timed out)|name resolution|service not known|unreachable|dns error"
    r"|tcp connect error|error sending request",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Pinned:
    """Pins, with hashes if they could be found.

    Attributes:
        pins: Sorted by name.
        by: The tool that found the hashes.
        why: Why there are none, in words; None when every pin has them.
        dropped: Pins that no index offers and that may be left out.
    """

    pins: tuple[Pin, ...]
    by: LockTool
    why: str | None
    dropped: tuple[Pin, ...] = ()


class _NoHashesError(Exception):
    """One try found no hashes; `unknown` is the pin that no index offers, where the tool said so."""

    def __init__(self, why: str, unknown: Pin | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.unknown = unknown


def with_hashes(pins: Sequence[Pin], *, droppable: frozenset[str], deadline: float) -> Pinned:
    """Give every pin the hashes of its archives.

    Args:
        pins: What an index is expected to offer.
        droppable: Names that may be left out when no index offers them.
        deadline: ``time.monotonic()`` at which it must have ended.

    Returns:
        All pins with hashes, fewer by what was dropped; or all pins without, and why.
    """
    wanted = tuple(sorted(pins, key=lambda one: one.name))
    dropped: list[Pin] = []
    while True:
        rest = tuple(one for one in wanted if one not in dropped)
        try:
            found, by = _look_up(rest, deadline)
        except _NoHashesError as error:
            unknown = error.unknown
            if unknown in rest and unknown.name in droppable and len(dropped) < MAX_DROPPED:
                dropped.append(unknown)
                continue
            return Pinned(wanted, "none", error.why)
        return Pinned(found, by, None, tuple(dropped))


def _look_up(pins: tuple[Pin, ...], deadline: float) -> tuple[tuple[Pin, ...], LockTool]:
    if not pins:
        return (), "none"
    uv = find_uv()
    if uv is None:
        return _complete(_pip_compile(pins, deadline)), "pip-tools"
    try:
        found = _uv_compile(uv, pins, deadline)
    except _NoHashesError as error:
        if error.unknown is not None or error.why == OVER_BUDGET:
            raise
        return _complete(_pip_compile(pins, deadline)), "pip-tools"
    gaps = tuple(one for one in found if not one.hashes)  # uv does not hash archives of a local folder
    filled = {one.name: one for one in (_pip_compile(gaps, deadline) if gaps else ())}
    return _complete(tuple(filled.get(one.name, one) for one in found)), "uv"


def _complete(pins: tuple[Pin, ...]) -> tuple[Pin, ...]:
    bare = [one for one in pins if not one.hashes]
    if bare:
        raise _NoHashesError(f"no hash was found for {bare[0].requirement}")
    return pins


def _uv_compile(uv: Path, pins: tuple[Pin, ...], deadline: float) -> tuple[Pin, ...]:
    configuration = read_configuration(_left(deadline))
    command: list[str | Path] = [
        uv,
        "pip",
        "compile",
        "--no-deps",
        "--generate-hashes",
        "--no-annotate",
        "--no-header",
        "--quiet",
    ]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-strip-extras", "--no-progress", "--color", "never"]
    command += [*configuration.uv_options, "--python", sys.executable]
    return _compile("uv", command, pins, deadline, configuration.uv_variables)


def _pip_compile(pins: tuple[Pin, ...], deadline: float) -> tuple[Pin, ...]:
    command: list[str | Path] = [
        sys.executable,
        COMPILING,
        "--no-config",
        "--generate-hashes",
        "--allow-unsafe",
        "--strip-extras",
    ]
    command += ["--no-emit-options", "--no-annotate", "--no-header", "--quiet"]
    return _compile("pip-compile", command, pins, deadline, {"PIP_RETRIES": "1"})


def _compile(
    tool: str, command: Sequence[str | Path], pins: tuple[Pin, ...], deadline: float, variables: Mapping[str, str]
) -> tuple[Pin, ...]:
    with tempfile.TemporaryDirectory(prefix="reprobundle-") as folder:
        wanted, made = Path(folder, "wanted.in"), Path(folder, "lock.txt")
        wanted.write_bytes(write_lock([Pin(one.name, one.version) for one in pins]))
        argv = [*command, "--output-file", made, wanted]
        finished = _run(tool, argv, Path(folder), deadline, variables)
        if finished.code != 0 or not made.is_file():
            raise _reason(tool, finished)
        return _matched(tool, pins, made.read_bytes())


def _run(
    tool: str, argv: Sequence[str | Path], folder: Path, deadline: float, variables: Mapping[str, str]
) -> process.Finished:
    try:
        return process.run(argv, env={**variables, **os.environ}, cwd=folder, timeout=_left(deadline))
    except ProcessError as error:
        raise _NoHashesError(OVER_BUDGET) from error
    except UnavailableError as error:
        raise _NoHashesError(f"{tool} could not be started") from error


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left < LEAST_SECONDS:
        raise _NoHashesError(OVER_BUDGET)
    return left


def _reason(tool: str, finished: process.Finished) -> _NoHashesError:
    """Why it failed, in our own words: what the tool printed may name addresses and folders."""
    text = " ".join(finished.text.split())
    if _NO_NETWORK.search(text):
        return _NoHashesError("no package index was reached")
    unknown = _UNKNOWN.search(text)
    if unknown:
        one = pin(unknown[1], unknown[2])
        return _NoHashesError(f"no package index in use offers {one.requirement}", one)
    return _NoHashesError(f"{tool} failed with exit status {finished.code}")


def _matched(tool: str, pins: tuple[Pin, ...], content: bytes) -> tuple[Pin, ...]:
    try:
        pins_only = b"\n".join(line for line in content.split(b"\n") if not line.startswith(b"#"))
        found = {one.name: one for one in read_output(pins_only, name=tool)}
    except RefusedInputError as error:
        raise _NoHashesError(f"{tool} wrote a lock of another form: {error}") from error
    missing = [one for one in pins if found.get(one.name, one).version != one.version or one.name not in found]
    if missing:
        raise _NoHashesError(f"{tool} left {missing[0].requirement} out")
    return tuple(found[one.name] for one in pins)
