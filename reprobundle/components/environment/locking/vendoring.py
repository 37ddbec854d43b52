"""Putting wheels into the bundle: made of what is installed here, or fetched from the indexes in use."""

from __future__ import annotations

import os
import re
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from packaging.utils import canonicalize_name, parse_wheel_filename

from reprobundle import process
from reprobundle.components.environment.installers import pip_command
from reprobundle.components.environment.lock import Pin, pin, write_lock
from reprobundle.components.environment.locking import wheels
from reprobundle.components.environment.locking.hashing import hashes_of
from reprobundle.components.environment.locking.packing import CannotVendorError
from reprobundle.components.environment.section import NAME, WHEELS_FOLDER, LeftOut
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.components.interface import Stage
from reprobundle.errors import ProcessError, ReproBundleError, UnavailableError
from reprobundle.phrases import counted

FETCH_SECONDS = 1800.0
MAX_UNKNOWN = 5
SHOWN_SECRETS = 5
MAX_SHOWN_PATH = 200
PROGRAM = "reprobundle"  # whose modules are never captured as the person's own
NOT_INHERITED = frozenset({"PIP_REQUIRE_VIRTUALENV", "PIP_DRY_RUN", "PIP_TARGET", "PIP_PREFIX", "PIP_NO_BINARY"})
CANNOT_HASH = "pip could not hash the wheels made here"
IN_CODE = "; the modules of it that were imported travel in code/, its other files do not"

_UNKNOWN = re.compile(r"No matching distribution found for ([A-Za-z0-9][A-Za-z0-9._-]*)==")


@dataclass(frozen=True)
class Brought:
    """Wheels that were put into the bundle.

    Attributes:
        pins: The pin of each; with the hash of its wheel, unless that could not be computed.
        paths: Where they are, relative to the bundle.
        files: File name by hash.
        failed: What no wheel could be had of, and why.
        why: Why they have no hashes; None where they have.
        size: Bytes of all of them.
    """

    pins: tuple[Pin, ...] = ()
    paths: tuple[str, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    failed: tuple[LeftOut, ...] = ()
    why: str | None = None
    size: int = 0

    def __add__(self, other: Brought) -> Brought:
        """Both together."""
        return Brought(
            (*self.pins, *other.pins),
            (*self.paths, *other.paths),
            {**self.files, **other.files},
            (*self.failed, *other.failed),
            self.why or other.why,
            self.size + other.size,
        )


def make_wheels(own: Sequence[Installed], stage: Stage) -> Brought:
    """Make a wheel of each installed distribution and put it into the bundle."""
    if not own:
        return Brought()
    with _folder(stage) as folder:
        made: list[Path] = []
        failed: list[LeftOut] = []
        for index, one in enumerate(own):
            work = folder / str(index)
            work.mkdir()
            try:
                done = wheels.vendor(one, work, deadline=stage.deadline, gate=stage.gate, withheld=stage.withheld)
            except CannotVendorError as error:
                failed.append(left_out(one, _reason(one, error)))
                continue
            made.append(done.wheel)
            _note_secrets(one, done.without, stage)
        return _keep(made, {}, stage, tuple(failed))


def begin_wheels(own: Sequence[Installed], stage: Stage) -> Callable[[], Brought]:
    """Begin to make wheels beside what follows, such as questions to an index, which only waits.

    Args:
        own: As of `make_wheels`.
        stage: Likewise; nothing else may write into the bundle meanwhile.

    Returns:
        A function that waits for the wheels, notes what is to be said of them, and gives them or raises why there are none.
    """
    aside, made = replace(stage, notes=[]), Future[Brought]()

    def run() -> None:
        try:
            made.set_result(make_wheels(own, aside))
        except (ReproBundleError, OSError) as error:
            made.set_exception(error)  # raised where the wheels are waited for
        finally:
            if not made.done():
                made.set_exception(UnavailableError("the wheels could not be made: their thread ended by itself"))

    def wait() -> Brought:
        brought = made.result()
        stage.notes.extend(aside.notes)
        return brought

    threading.Thread(target=run, daemon=True).start()  # whoever ends the program waits for none of it
    return wait


def bring_all(pins: Sequence[Pin], found: Mapping[str, Installed], stage: Stage, *, fetch: bool) -> Brought:
    """Put a wheel of every pin into the bundle: fetched if it can be, else packed again from what is installed here.

    Args:
        pins: What has no wheel in the bundle yet.
        found: What is installed here, by name.
        stage: Where the wheels go.
        fetch: Whether an index may be asked.

    Returns:
        The pins of which there is now a wheel: a fetched one keeps all its hashes, a packed one has its own alone.
    """
    hashed = [one for one in pins if one.hashes]
    fetched = _fetch(hashed, stage) if fetch and hashed else Brought()
    have = {one.name for one in fetched.pins}
    here = [one for one in pins if one.name not in have and is_installed(one, found)]
    packed = make_wheels([found[one.name] for one in here], stage)
    elsewhere = [one for one in pins if one.name not in have and not is_installed(one, found)]
    nowhere = tuple(LeftOut(name=one.name, version=one.version, reason="it is not installed here") for one in elsewhere)
    return fetched + packed + Brought(failed=nowhere)


def is_installed(one: Pin, found: Mapping[str, Installed]) -> bool:
    """Whether exactly this version is installed here."""
    if one.name not in found:
        return False
    try:
        return pin(one.name, found[one.name].version).version == one.version
    except ValueError:
        return False


def left_out(one: Installed, reason: str) -> LeftOut:
    """An installed distribution that the lock does not name."""
    return LeftOut(name=one.name[:200], version=one.version[:200], reason=reason)


def name_of(path: str) -> str:
    """The distribution that a wheel is of, by its path in the bundle.

    Raises:
        InvalidWheelFilename: It is not named as a wheel is.
    """
    return str(parse_wheel_filename(path.rpartition("/")[2])[0])


@contextmanager
def _folder(stage: Stage) -> Iterator[Path]:
    """A folder to work in, on the disk of the bundle: a framework may not fit where temporary files lie."""
    with tempfile.TemporaryDirectory(prefix=".wheels-", dir=stage.root) as folder:
        yield Path(folder)


def _fetch(pins: Sequence[Pin], stage: Stage) -> Brought:
    """The wheels of pins from the indexes in use, every hash checked by pip; none where pip cannot have them."""
    rest = list(pins)
    for _ in range(MAX_UNKNOWN):
        with _folder(stage) as folder:
            unknown = _download(rest, folder)
            if unknown is None:
                return _keep(sorted(folder.glob("*.whl")), {one.name: one for one in rest}, stage)
        rest = [one for one in rest if one.name != unknown]
        if not unknown or not rest:
            break
    return Brought()


def _download(pins: Sequence[Pin], folder: Path) -> str | None:
    """Have pip download; gives None, or what it could not find, or nothing where it failed in another way."""
    lock = folder / "wanted.txt"
    lock.write_bytes(write_lock(pins))
    command: list[str | Path] = ["download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command += ["--require-hashes", "--progress-bar", "off", "--dest", folder, "--requirement", lock]
    inherited = {name: value for name, value in os.environ.items() if name not in NOT_INHERITED}
    try:
        finished = process.run([*pip_command(), *command], env=inherited, cwd=folder, timeout=FETCH_SECONDS)
    except (ProcessError, UnavailableError):
        return ""
    if finished.code == 0:
        return None
    unknown = _UNKNOWN.search(finished.text)
    return str(canonicalize_name(unknown[1])) if unknown else ""


def _keep(made: Sequence[Path], known: Mapping[str, Pin], stage: Stage, failed: tuple[LeftOut, ...] = ()) -> Brought:
    """Copy wheels into the bundle; `known` are the pins whose hashes are those of an index."""
    try:
        hashes, why = hashes_of(made), None
    except (ProcessError, UnavailableError):
        hashes, why = {}, CANNOT_HASH
    entries = [stage.writer.copy(f"{WHEELS_FOLDER}/{wheel.name}", wheel) for wheel in made]
    return Brought(
        tuple(known.get(name_of(wheel.name)) or _pin_of(wheel, hashes) for wheel in made),
        tuple(entry.path for entry in entries),
        {value: file for file, value in hashes.items()},
        failed,
        why,
        sum(entry.size for entry in entries),
    )


def _pin_of(wheel: Path, hashes: Mapping[str, str]) -> Pin:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return Pin(str(name), str(version), (hashes[wheel.name],) if wheel.name in hashes else ())


def _reason(one: Installed, error: CannotVendorError) -> str:
    carried = one.origin == "editable" and one.imported and one.name != PROGRAM
    in_code = IN_CODE if carried else ""
    return f"no wheel could be made of it ({one.origin} install): {error}{in_code}"


def _note_secrets(one: Installed, without: Sequence[str], stage: Stage) -> None:
    if without:
        names = ", ".join(repr(path[:MAX_SHOWN_PATH]) for path in without[:SHOWN_SECRETS])
        more = ", …" if len(without) > SHOWN_SECRETS else ""
        count = counted(len(without), "file")
        message = (
            f"the wheel made of {one.name} {one.version} is without {count} that by name hold secrets: {names}{more}"
        )
        stage.note(NAME, message, hint="where the code needs such a file, give it another name")
