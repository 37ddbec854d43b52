"""Asking the tools that know the indexes, uv and pip-compile, for the hashes of the wheels of pins."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from reprobundle import process
from reprobundle.components.environment.compiling import any_fits
from reprobundle.components.environment.installers import Configuration
from reprobundle.components.environment.lock import Pin, pin, read_output, write_lock
from reprobundle.errors import ProcessError, RefusedInputError, UnavailableError

LEAST_SECONDS = 1.0
OVER_BUDGET = "not run: budget"
YEAR_OF_ONE_SOURCE = 2020  # releases from before may have several source archives, of which uv names one
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


class NoHashesError(Exception):
    """One try found no hashes; `unknown` is the pin that no index offers, where the tool said so."""

    def __init__(self, why: str, unknown: Pin | None = None) -> None:
        super().__init__(why)
        self.why = why
        self.unknown = unknown


def ask_pip_compile(pins: Sequence[Pin], deadline: float) -> tuple[Pin, ...]:
    """The pins with the hashes of all their wheels; without where an index offers no wheel that fits here.

    Raises:
        NoHashesError: An index does not know a pin, none was reached, or the time is over.
    """
    command: list[str | Path] = [
        sys.executable,
        COMPILING,
        "--no-config",
        "--generate-hashes",
        "--allow-unsafe",
        "--strip-extras",
    ]
    command += ["--no-emit-options", "--no-annotate", "--no-header", "--quiet"]
    content = _compile("pip-compile", command, pins, deadline, {"PIP_RETRIES": "1"})
    return _matched("pip-compile", pins, content)


def can_tell(configuration: Configuration) -> bool:
    """Whether uv can say the same as pip-compile here.

    Of one version uv takes the archives of one index alone, while pip takes those of all places together; and what it
    writes to tell wheels from other archives is read by Python 3.11 and later.
    """
    return sys.version_info >= (3, 11) and not (configuration.extra_index_urls or configuration.find_links)


def ask_uv(uv: Path, pins: Sequence[Pin], configuration: Configuration, deadline: float) -> tuple[Pin, ...]:
    """The pins with the hashes of all their wheels; without where uv cannot vouch for a wheel that fits here.

    uv is asked twice: one answer holds the hashes of every archive, the other tells what kind of archives they are, but
    names only those wheels that may fit here.

    Raises:
        NoHashesError: An index does not know a pin, none was reached, or the time is over.
    """
    command: list[str | Path] = [uv, "pip", "compile", "--no-deps", "--no-annotate", "--no-header", "--quiet"]
    command += ["--no-emit-index-url", "--no-emit-find-links", "--no-strip-extras", "--no-progress", "--color", "never"]
    command += [*configuration.uv_options, "--python", sys.executable]
    variables = configuration.uv_variables
    hashed = _compile("uv", [*command, "--generate-hashes"], pins, deadline, variables)
    told = _compile("uv", [*command, "--format", "pylock.toml"], pins, deadline, variables, made="pylock.toml")
    sources = _sources_beside_wheels(told)
    return tuple(
        Pin(one.name, one.version, tuple(value for value in one.hashes if value not in sources[one.name]))
        if one.name in sources
        else Pin(one.name, one.version)
        for one in _matched("uv", pins, hashed)
    )


def left(deadline: float) -> float:
    """Seconds until the deadline.

    Raises:
        NoHashesError: There are too few to start anything.
    """
    seconds = deadline - time.monotonic()
    if seconds < LEAST_SECONDS:
        raise NoHashesError(OVER_BUDGET)
    return seconds


def _sources_beside_wheels(pylock: bytes) -> dict[str, frozenset[str]]:
    """The hash of the source archive by name, for each package of a pylock.toml that certainly has a fitting wheel."""
    try:
        packages = _read_toml(pylock)["packages"]
        fitting = [one for one in packages if any_fits(_file_name(wheel) for wheel in one.get("wheels", ()))]
        certain = [one for one in fitting if "sdist" not in one or _is_the_only_source(one["sdist"])]
        return {one["name"]: frozenset(_sha256(one.get("sdist", {}))) for one in certain}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise NoHashesError("uv wrote a lock of another form") from error


def _read_toml(content: bytes) -> dict[str, Any]:
    if sys.version_info >= (3, 11):
        import tomllib

        return tomllib.loads(content.decode("utf-8"))
    raise NoHashesError("uv's answer is read by Python 3.11 and later")


def _is_the_only_source(archive: dict[str, Any]) -> bool:
    uploaded = archive.get("upload-time")
    return uploaded is not None and bool(uploaded.year >= YEAR_OF_ONE_SOURCE)


def _file_name(archive: dict[str, Any]) -> str:
    place = str(archive.get("name") or archive.get("url") or archive.get("path") or "")
    return unquote(PurePosixPath(place).name)


def _sha256(archive: dict[str, Any]) -> list[str]:
    value = archive.get("hashes", {}).get("sha256")
    return [f"sha256:{value}"] if value else []


def _compile(
    tool: str,
    command: Sequence[str | Path],
    pins: Sequence[Pin],
    deadline: float,
    variables: Mapping[str, str],
    *,
    made: str = "lock.txt",
) -> bytes:
    """What a tool wrote of the pins."""
    with tempfile.TemporaryDirectory(prefix="reprobundle-") as folder:
        wanted, output = Path(folder, "wanted.in"), Path(folder, made)
        wanted.write_bytes(write_lock([Pin(one.name, one.version) for one in pins]))
        argv = [*command, "--output-file", output, wanted]
        finished = _run(tool, argv, Path(folder), deadline, variables)
        if finished.code != 0 or not output.is_file():
            raise _reason(tool, finished)
        return output.read_bytes()


def _run(
    tool: str, argv: Sequence[str | Path], folder: Path, deadline: float, variables: Mapping[str, str]
) -> process.Finished:
    try:
        return process.run(argv, env={**variables, **os.environ}, cwd=folder, timeout=left(deadline))
    except ProcessError as error:
        raise NoHashesError(OVER_BUDGET) from error
    except UnavailableError as error:
        raise NoHashesError(f"{tool} could not be started") from error


def _reason(tool: str, finished: process.Finished) -> NoHashesError:
    """Why it failed, in our own words: what the tool printed may name addresses and folders."""
    text = " ".join(finished.text.split())
    if _NO_NETWORK.search(text):
        return NoHashesError("no package index was reached")
    unknown = _UNKNOWN.search(text)
    if unknown:
        one = pin(unknown[1], unknown[2])
        return NoHashesError(f"no package index in use offers {one.requirement}", one)
    return NoHashesError(f"{tool} failed with exit status {finished.code}")


def _matched(tool: str, pins: Sequence[Pin], content: bytes) -> tuple[Pin, ...]:
    try:
        pins_only = b"\n".join(line for line in content.split(b"\n") if not line.startswith(b"#"))
        found = {one.name: one for one in read_output(pins_only, name=tool)}
    except RefusedInputError as error:
        raise NoHashesError(f"{tool} wrote a lock of another form: {error}") from error
    missing = [one for one in pins if found.get(one.name, one).version != one.version or one.name not in found]
    if missing:
        raise NoHashesError(f"{tool} left {missing[0].requirement} out")
    return tuple(found[one.name] for one in pins)
