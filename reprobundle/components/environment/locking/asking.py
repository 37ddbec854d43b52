"""Asking the tools that know the indexes for the wheels of pins: what both ways of asking share."""

from __future__ import annotations

import errno
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from reprobundle import process
from reprobundle.components.environment.lock import Pin, pin, read_output, write_lock
from reprobundle.errors import ProcessError, RefusedInputError, UnavailableError

LEAST_SECONDS = 1.0
OVER_BUDGET = "looking them up took longer than was allowed (--budget SECONDS)"
NOT_REACHED = "no package index was reached"
TOLD_FILE = "told.json"

_UNKNOWN = re.compile(
    r"(?:No matching distribution found for|there is no version of|and you require) "
    r"([A-Za-z0-9][A-Za-z0-9._-]*)==([0-9A-Za-z.!+_-]*[0-9A-Za-z])"
)
# in this order: a tool that found the disk full may go on to complain of what it then could not read
_REASONS = (
    (re.compile(r"No space left on device|os error 28\b|Disk quota exceeded"), "the disk is full"),
    (
        re.compile(
            r"connection (broken|error|refused|reset|timed out)|name resolution|service not known|unreachable|dns error"
            r"|tcp connect error|error sending request|CERTIFICATE_VERIFY_FAILED|invalid peer certificate",
            re.IGNORECASE,
        ),
        NOT_REACHED,
    ),
    (
        re.compile(
            r"\b401 (Client )?(Error|Unauthorized)|Missing credentials|User for \S+:",
            re.IGNORECASE,
        ),
        "a package index refuses to answer: it asks for credentials, or refused those it was given",
    ),
    (
        re.compile(
            r"\b5\d\d (Server Error|Internal|Bad Gateway|Service Unavailable|Gateway)|too many 5\d\d", re.IGNORECASE
        ),
        "a package index failed to answer",
    ),
    (
        re.compile(
            r"JSONDecodeError|Received some unexpected (JSON|HTML)|EOF while parsing|expected value at line"
            r"|got Content-Type|Unsupported `Content-Type`"
        ),
        "a package index answered with something that is no list of packages",
    ),
)


class NoHashesError(Exception):
    """One try found no hashes; `unknown` is the pin that no index offers, where the tool said so."""

    def __init__(self, why: str, unknown: Pin | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.unknown = unknown


@dataclass(frozen=True)
class Offers:
    """What the package indexes in use offer of some pins.

    Attributes:
        pins: The pins in the order asked, with the hashes of all their wheels; without where no wheel fits here.
        files: The file name by hash, for the wheels that fit here; others may be missing.
        yanked: Names of pins that their index advises against.
        unknown: Names of pins that no index offers in any form.
    """

    pins: tuple[Pin, ...]
    files: Mapping[str, str] = field(default_factory=dict)
    yanked: frozenset[str] = frozenset()
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Compiled:
    """What a tool made of pins.

    Attributes:
        content: The file it was asked for.
        told: What a script of ours wrote beside; empty where it wrote nothing.
        text: What it printed.
    """

    content: bytes
    told: bytes
    text: str


def left(deadline: float) -> float:
    """Seconds until the deadline.

    Raises:
        NoHashesError: There are too few to start anything.
    """
    seconds = deadline - time.monotonic()
    if seconds < LEAST_SECONDS:
        raise NoHashesError(OVER_BUDGET)
    return seconds


def ask(
    tool: str,
    command: Sequence[str | Path],
    pins: Sequence[Pin],
    *,
    deadline: float,
    variables: Mapping[str, str],
    made: str = "lock.txt",
) -> Compiled:
    """Have a tool make a file of pins, in a folder that is thrown away.

    Args:
        tool: How to call it in a reason.
        command: The tool and its options; where it writes and what it reads is added.
        pins: What it is asked for; their hashes are not handed on.
        deadline: ``time.monotonic()`` at which it is ended.
        variables: Its whole environment.
        made: Name of the file it writes, which may decide on its form.

    Raises:
        NoHashesError: It failed, or the time is over; with the pin that no index offers where it said so.
    """
    try:
        with tempfile.TemporaryDirectory(prefix="reprobundle-") as folder:
            wanted, output, told = Path(folder, "wanted.in"), Path(folder, made), Path(folder, TOLD_FILE)
            wanted.write_bytes(write_lock([Pin(one.name, one.version) for one in pins]))
            finished = _run(tool, [*command, "--output-file", output, wanted], Path(folder), deadline, variables)
            if finished.code != 0 or not output.is_file():
                raise _failure(tool, finished)
            return Compiled(output.read_bytes(), told.read_bytes() if told.is_file() else b"", finished.text)
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        raise NoHashesError(
            f"no temporary file could be written: {'the disk is full' if full else error.strerror}"
        ) from error


def matched(tool: str, pins: Sequence[Pin], content: bytes) -> tuple[Pin, ...]:
    """The same pins in the same order, as a tool wrote them: with hashes, or without where it found none.

    Raises:
        NoHashesError: It wrote something else than a lock, left a pin out or changed its version.
    """
    try:
        pins_only = b"\n".join(line for line in content.split(b"\n") if not line.lstrip().startswith(b"#"))
        found = {one.name: one for one in read_output(pins_only, name=tool)}
    except RefusedInputError as error:
        raise NoHashesError(f"{tool} wrote a lock of another form: {error}") from error
    missing = [one for one in pins if one.name not in found or found[one.name].version != one.version]
    if missing:
        raise NoHashesError(f"{tool} left {missing[0].requirement} out")
    return tuple(found[one.name] for one in pins)


def reason(text: str) -> str | None:
    """Why no index could tell anything, in our own words; None where the tool complains of something else.

    What a tool prints is never handed on: it may name addresses, folders and persons.
    """
    one_line = " ".join(text.split())
    return next((why for pattern, why in _REASONS if pattern.search(one_line)), None)


def _run(
    tool: str, argv: Sequence[str | Path], folder: Path, deadline: float, variables: Mapping[str, str]
) -> process.Finished:
    try:
        return process.run(argv, env=variables, cwd=folder, timeout=left(deadline))
    except ProcessError as error:
        raise NoHashesError(OVER_BUDGET) from error
    except UnavailableError as error:
        raise NoHashesError(f"{tool} could not be started") from error


def _failure(tool: str, finished: process.Finished) -> NoHashesError:
    why = reason(finished.text)
    if why is not None:
        return NoHashesError(why)
    unknown = _UNKNOWN.search(" ".join(finished.text.split()))
    if unknown:
        one = pin(unknown[1], unknown[2])
        return NoHashesError(f"no package index in use offers {one.requirement}", one)
    return NoHashesError(f"{tool} failed with exit status {finished.code}")
