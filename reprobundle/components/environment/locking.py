"""Making the lock: pins of what is installed, wheels of what no index offers, hashes while the budget lasts."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from packaging.utils import parse_wheel_filename

from reprobundle.components.environment import wheels
from reprobundle.components.environment.distributions import Installed, recorded_files
from reprobundle.components.environment.lock import Pin, pin, write_lock
from reprobundle.components.environment.pinning import OVER_BUDGET, Pinned, with_hashes
from reprobundle.components.environment.section import LOCK_PATH, NAME, WHEELS_FOLDER, LeftOut, LockFacts
from reprobundle.components.interface import Stage
from reprobundle.errors import ProcessError, UnavailableError

MAX_ARCHIVE_BYTES = 64 * 2**20
SHOWN_SECRETS = 5
MAX_SHOWN_PATH = 200
LATER = "a later capture with a package index in reach and a larger budget adds them"


@dataclass(frozen=True)
class Locked:
    """What came of locking.

    Attributes:
        facts: How the lock was made; None when nothing could be pinned.
        wheels: Paths of the wheels that were made.
        left_out: What the lock does not name.
    """

    facts: LockFacts | None
    wheels: tuple[str, ...]
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True)
class _Vendored:
    pins: tuple[Pin, ...]
    paths: tuple[str, ...]
    why: str | None
    failed: tuple[LeftOut, ...]


def make_lock(found: Sequence[Installed], stage: Stage, *, look_up: bool) -> Locked:
    """Write the lock and the wheels it needs.

    Args:
        found: What is installed.
        stage: Where the files go and what is missing is noted.
        look_up: Whether hashes may be looked up on an index.
    """
    unpinnable = [_left_out(one, "its name or version is not of the standard form") for one in found if not pin_of(one)]
    pinnable = [one for one in found if pin_of(one)]
    pinned = _index_pins([one for one in pinnable if not _needs_wheel(one)], stage, look_up=look_up)
    nowhere = {one.name for one in pinned.dropped}  # no index offers a wheel that fits: made here like local installs
    vendored = _vendor([one for one in pinnable if _needs_wheel(one) or one.name in nowhere], stage)
    left_out = tuple(sorted([*unpinnable, *vendored.failed], key=lambda one: one.name))
    for one in left_out:
        stage.note(NAME, f"{one.name} {one.version} is not in the lock: {one.reason}")
    facts = _write([*pinned.pins, *vendored.pins], pinned, vendored.why, stage)
    return Locked(facts, vendored.paths, left_out)


def pin_of(one: Installed) -> Pin | None:
    """The pin of an installed distribution, without hashes; None where no lock can name it."""
    try:
        return pin(one.name, one.version)
    except ValueError:
        return None


def _needs_wheel(one: Installed) -> bool:
    if one.origin == "archive":  # a large one is pinned by its own hash: whoever replays has to have the file
        return one.sha256 is None or _installed_bytes(one) <= MAX_ARCHIVE_BYTES
    return one.origin in {"vcs", "local", "editable"}


def _fits_in_a_wheel(one: Installed) -> bool:
    return (one.metadata / "WHEEL").is_file() and _installed_bytes(one) <= MAX_ARCHIVE_BYTES


def _installed_bytes(one: Installed) -> int:
    places = (one.site / path for path in recorded_files(one))
    return sum(place.stat().st_size for place in places if place.is_file())


def _vendor(own: Sequence[Installed], stage: Stage) -> _Vendored:
    with tempfile.TemporaryDirectory(prefix="reprobundle-") as temporary:
        made: list[Path] = []
        failed: list[LeftOut] = []
        for index, one in enumerate(own):
            folder = Path(temporary, str(index))
            folder.mkdir()
            try:
                done = wheels.vendor(one, folder, deadline=stage.deadline)
            except wheels.CannotVendorError as error:
                failed.append(_left_out(one, f"no wheel could be made of it ({one.origin} install): {error}"))
                continue
            made.append(done.wheel)
            _note_secrets(one, done.without, stage)
        hashes, why = _hashes(made)
        paths = tuple(sorted(_keep(wheel, stage) for wheel in made))
    pins = tuple(_pin_of_wheel(wheel, hashes) for wheel in made)
    return _Vendored(pins, paths, why, tuple(failed))


def _note_secrets(one: Installed, without: Sequence[str], stage: Stage) -> None:
    if without:
        names = ", ".join(repr(path[:MAX_SHOWN_PATH]) for path in without[:SHOWN_SECRETS])
        more = ", …" if len(without) > SHOWN_SECRETS else ""
        count = f"{len(without)} file" + ("" if len(without) == 1 else "s")
        message = (
            f"the wheel made of {one.name} {one.version} is without {count} that by name hold secrets: {names}{more}"
        )
        stage.note(NAME, message, hint="where the code needs such a file, give it another name")


def _keep(wheel: Path, stage: Stage) -> str:
    return stage.writer.copy(f"{WHEELS_FOLDER}/{wheel.name}", wheel).path


def _hashes(made: list[Path]) -> tuple[dict[str, str], str | None]:
    try:
        return wheels.hashes_of(made), None
    except (ProcessError, UnavailableError):
        return {}, "pip could not hash the wheels made here"


def _pin_of_wheel(wheel: Path, hashes: dict[str, str]) -> Pin:
    name, version, _, _ = parse_wheel_filename(wheel.name)
    return Pin(str(name), str(version), (hashes[wheel.name],) if wheel.name in hashes else ())


def _index_pins(found: Sequence[Installed], stage: Stage, *, look_up: bool) -> Pinned:
    archives = [one for one in found if one.origin == "archive"]
    own = tuple(pin(one.name, one.version, [f"sha256:{one.sha256}"]) for one in archives)
    rest = [pin(one.name, one.version) for one in found if one.origin != "archive"]
    _note_local_labels(rest, stage)
    if not look_up:
        return Pinned((*own, *rest), "none", OVER_BUDGET)
    droppable = frozenset(one.name for one in found if not one.imported or _fits_in_a_wheel(one))
    looked_up = with_hashes(rest, droppable=droppable, deadline=stage.deadline)
    return replace(looked_up, pins=(*own, *looked_up.pins))


def _note_local_labels(pins: Sequence[Pin], stage: Stage) -> None:
    for one in pins:
        if "+" in one.version:
            message = f"{one.requirement} carries a local label: only the index or folder with that build offers it"
            stage.note(NAME, message, hint="replay with --index-url or --find-links naming where it came from")


def _write(pins: list[Pin], pinned: Pinned, why_not_wheels: str | None, stage: Stage) -> LockFacts | None:
    if not pins:
        stage.note(NAME, "no lock was written: nothing installed could be pinned")
        return None
    why = pinned.why or why_not_wheels
    if why:
        pins = [Pin(one.name, one.version) for one in pins]
        stage.note(NAME, f"the lock has no hashes: {why}", hint=LATER)
    stage.writer.write(LOCK_PATH, write_lock(pins))
    return LockFacts(hashes="none" if why else "complete", why=why, by="none" if why else pinned.by)


def _left_out(one: Installed, reason: str) -> LeftOut:
    return LeftOut(name=one.name[:200], version=one.version[:200], reason=reason)
