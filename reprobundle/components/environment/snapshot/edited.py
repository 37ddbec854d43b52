"""Files in site-packages that are no longer what their installer wrote: found by size and time, confirmed by digest.

Sizes stand in RECORD. A file of the recorded size that was written after RECORD is only suspected: `pip hash` tells,
in one process for all of them. An edit that keeps the size and sets back the time, or that reaches the file through a
package cache's hard link, is not seen. Where conda or a system's package manager owns the files, its own steps change
some after RECORD is written; there a file counts only when it is newer source code with another digest.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

from reprobundle import process
from reprobundle.components.environment.installers import pip_command
from reprobundle.components.environment.section import MAX_SHOWN_EDITED, NAME, Edited
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.components.environment.snapshot.recorded import RECORD, Row
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.phrases import counted

CERTIFICATES = frozenset({"crt", "pem"})  # administrators add their own, which are nobody else's business
NEVER_RUN = CERTIFICATES | frozenset(  # endings of what computes nothing: each question takes its microseconds
    {"css", "js", "map", "md", "mo", "po", "pot", "pxd", "pyc", "pyi", "pyx", "rst", "ts", "typed", "woff", "woff2"}
)
NEVER_RUN_FOLDERS = ("/tests/", "/include/")
SOURCE = ".py"
ALGORITHMS = frozenset({"sha256", "sha384", "sha512"})
MAX_SUSPECTS = 2_000
MAX_SUSPECT_BYTES = 512 * 2**20
MAX_COMMAND_CHARACTERS = 20_000  # Windows takes 32,767 in all
HASH_SECONDS = 60.0
SHOWN = 5
MAX_SHOWN_PATH = 200
MAX_SIZE_DIGITS = 20

_HASH = re.compile(r"--hash=([a-z0-9]+):([0-9a-f]+)\s*$", re.MULTILINE)


class Noting(Protocol):
    """Whoever is told what a person should know: a capture's stage, or a replay."""

    def note(self, kind: str, message: str, *, hint: str | None = None) -> None:
        """Take one line."""


@dataclass(frozen=True)
class _Suspect:
    path: str
    place: str
    digest: str
    size: int


@dataclass
class _Seen:
    """What sizes and times say of one distribution."""

    one: Installed
    changed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    suspects: list[_Suspect] = field(default_factory=list)


def with_edits(found: Sequence[Installed], stage: Noting) -> tuple[Installed, ...]:
    """The distributions, each with what was changed in it since it was installed.

    Args:
        found: What is installed.
        stage: Where it is noted, once for each distribution.
    """
    seen = [_look_at(one) for one in found]
    _confirm(seen, stage)
    return tuple(_told(one, stage) for one in seen)


def _look_at(one: Installed) -> _Seen:
    seen = _Seen(one)
    written = _record_time(one)
    if written is None:
        return seen
    strict = _keeps_its_record(one)
    for path, digest, size, status in _odd(one, _counted(one, strict=strict), written):
        if status is None:
            seen.missing += [path] if strict else []
        elif strict and _is_another_size(size, status.st_size):
            seen.changed.append(path)
        elif status.st_mtime_ns > written:
            seen.suspects.append(_Suspect(path, os.path.join(one.site, path), digest, status.st_size))
    return seen


def _is_another_size(recorded: str, found: int) -> bool:
    return recorded.isdecimal() and (len(recorded) > MAX_SIZE_DIGITS or int(recorded) != found)


def _keeps_its_record(one: Installed) -> bool:
    """Whether nobody but the installer that wrote RECORD has a say about the files."""
    return one.installer is not None and one.origin != "conda"


def _record_time(one: Installed) -> int | None:
    try:
        return os.stat(one.metadata / RECORD).st_mtime_ns
    except OSError:  # without the list nothing can be compared with it
        return None


def _counted(one: Installed, *, strict: bool) -> list[Row]:
    """The files that decide what runs, without those that the installer itself writes."""
    elsewhere = ("..", "/", f"{one.metadata.name}/")
    return [
        row
        for row in one.rows
        if row[1]
        and row[0].rpartition(".")[2] not in NEVER_RUN
        and not row[0].startswith(elsewhere)
        and NEVER_RUN_FOLDERS[0] not in row[0]
        and NEVER_RUN_FOLDERS[1] not in row[0]
        and (strict or row[0].endswith(SOURCE))
    ]


def _odd(one: Installed, rows: list[Row], written: int) -> Iterator[tuple[str, str, str, os.stat_result | None]]:
    """The rows of files that are gone, of another size than recorded, or written after RECORD."""
    for (path, digest, size), status in zip(rows, _statuses(one.site, [row[0] for row in rows]), strict=True):
        if status is None or str(status.st_size) != size or status.st_mtime_ns > written:
            yield path, digest, size, status


def _statuses(site: Path, paths: list[str]) -> Sequence[os.stat_result | None]:
    """What the file system says of each file; None where it is gone or may not be asked."""
    if os.stat not in os.supports_dir_fd:
        return [_status(path, site, None) for path in paths]
    descriptor = os.open(site, os.O_RDONLY)  # from a folder's descriptor twice as fast as by whole paths
    try:
        return [os.stat(path, dir_fd=descriptor) for path in paths]
    except (OSError, ValueError):  # one is gone: each by itself then, which is slower
        return [_status(path, site, descriptor) for path in paths]
    finally:
        os.close(descriptor)


def _status(path: str, site: Path, descriptor: int | None) -> os.stat_result | None:
    try:
        return os.stat(path if descriptor is not None else site / path, dir_fd=descriptor)
    except (OSError, ValueError):
        return None


def _confirm(seen: Sequence[_Seen], stage: Noting) -> None:
    """Move the suspects whose digest differs to what is changed; tell how many could not be asked."""
    everyone = sorted(((one, suspect) for one in seen for suspect in one.suspects), key=lambda pair: pair[1].size)
    asked, left = [], 0
    for index, (one, suspect) in enumerate(everyone):
        left += suspect.size
        if index >= MAX_SUSPECTS or left > MAX_SUSPECT_BYTES:
            break
        asked.append((one, suspect))
    digests = _digests([suspect for _, suspect in asked])
    unknown = len(everyone) - len(asked)
    for one, suspect in asked:
        found = digests.get(suspect.place)
        if found is None:
            unknown += 1
        elif found != _hexadecimal(suspect.digest):
            one.changed.append(suspect.path)
    if unknown:
        message = f"{unknown} installed files are newer than their installation and were not compared with its digests"
        stage.note(
            NAME, message, hint="an environment that was copied looks so; make it anew where edits must be found"
        )


def _digests(suspects: Sequence[_Suspect]) -> dict[str, str]:
    """Digest by file as pip computes it, ``sha256=…`` in hexadecimal digits; without those that pip could not read."""
    found: dict[str, str] = {}
    algorithms = sorted({suspect.digest.partition("=")[0] for suspect in suspects} & ALGORITHMS)
    for algorithm in algorithms:
        places = [suspect.place for suspect in suspects if suspect.digest.startswith(f"{algorithm}=")]
        for batch in _batches(places):
            found.update(_hashed(batch, algorithm))
    return found


def _hashed(places: Sequence[str], algorithm: str) -> Mapping[str, str]:
    try:
        finished = process.run([*pip_command(), "hash", "--algorithm", algorithm, *places], timeout=HASH_SECONDS)
    except (ProcessError, UnavailableError):  # the caller counts and tells what has no digest
        return {}
    told = _HASH.findall(finished.stdout.decode("utf-8", "replace"))
    if finished.code != 0 or len(told) != len(places):
        return {}
    return {place: f"{kind}={digest}" for place, (kind, digest) in zip(places, told, strict=True)}


def _batches(places: Sequence[str]) -> Iterator[list[str]]:
    batch: list[str] = []
    for place in places:
        if batch and sum(map(len, batch)) + len(place) > MAX_COMMAND_CHARACTERS:
            yield batch
            batch = []
        batch.append(place)
    if batch:
        yield batch


def _hexadecimal(digest: str) -> str:
    """A digest as RECORD spells it, in the spelling of `_digests`; one that is broken equals none."""
    algorithm, _, value = digest.partition("=")
    try:
        content = base64.urlsafe_b64decode(value + "=" * (-len(value) % 4))
    except ValueError:
        return ""
    return f"{algorithm}={content.hex()}"


def _told(seen: _Seen, stage: Noting) -> Installed:
    one = seen.one
    label = f"{one.name} {one.version}"
    missing = tuple(sorted(map(_printable, seen.missing)))
    if not seen.changed:
        if missing:
            count = counted(len(missing), "file")
            message = f"{count} of {label} that its installer wrote {_are(missing)} gone: {_some(missing)}"
            stage.note(NAME, message, hint="a rebuilt environment has them again; install it anew and capture again")
        return replace(one, missing=missing)
    changed = sorted(map(_printable, seen.changed))
    count = counted(len(changed), "file")
    message = f"{count} of {label} {_are(changed)} not as installed, so what ran is no release: {_some(changed)}"
    stage.note(NAME, message, hint="meant: keep such changes in a package of your own; not meant: install it anew")
    both = sorted({*changed, *missing})
    return replace(one, edited=Edited(count=len(both), paths=tuple(both[:MAX_SHOWN_EDITED])), missing=missing)


def _printable(path: str) -> str:
    return path.encode("utf-8", "backslashreplace").decode()[:MAX_SHOWN_PATH]


def _are(paths: Sequence[str]) -> str:
    return "is" if len(paths) == 1 else "are"


def _some(paths: Sequence[str]) -> str:
    return ", ".join(map(repr, paths[:SHOWN])) + (", …" if len(paths) > SHOWN else "")
