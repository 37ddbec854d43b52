"""Making the lock: pins of what is installed, wheels of what no index offers, hashes while the budget lasts."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from urllib.parse import unquote, urlsplit

from reprobundle.components.environment.labels import hint_of
from reprobundle.components.environment.lock import Pin, is_wheel_of, pin, write_lock
from reprobundle.components.environment.locking.pinning import Pinned, with_hashes
from reprobundle.components.environment.locking.portable import write_portable
from reprobundle.components.environment.locking.pylock import write_pylock
from reprobundle.components.environment.locking.vendoring import (
    Brought,
    begin_wheels,
    bring_all,
    left_out,
    make_wheels,
    name_of,
)
from reprobundle.components.environment.section import (
    LOCK_PATH,
    NAME,
    PORTABLE_PATH,
    PYLOCK_PATH,
    Interpreter,
    LeftOut,
    LockFacts,
    Platform,
    Section,
)
from reprobundle.components.environment.snapshot.distributions import Installed, recorded_files
from reprobundle.components.interface import Stage, Vendor
from reprobundle.phrases import counted

MAX_ARCHIVE_BYTES = 64 * 2**20
MAX_EDITED_BYTES = 512 * 2**20
LATER = "where a package index can be reached, this adds them: reprobundle lock BUNDLE"
NOT_ASKED_FOR = "they were not looked up, as no time was given for it"
LEFT = "they are left to the capture itself"
NO_HASHES = "the lock has no hashes"  # how the note begins that completing the lock takes back
NO_PYLOCK = "no pylock.toml was written"  # as above
MEBIBYTE = 2**20


@dataclass(frozen=True)
class Locked:
    """What came of locking.

    Attributes:
        facts: How the lock was made; None when nothing could be pinned.
        wheels: Paths of the wheels that travel in the bundle.
        left_out: What the lock does not name.
        portable: Whether there is a lock for other platforms.
        pylock: Whether the lock stands in its standard form, too.
        index_hints: Which public index offers a pin of a known local label, by name.
    """

    facts: LockFacts | None
    wheels: tuple[str, ...]
    left_out: tuple[LeftOut, ...]
    portable: bool = False
    pylock: bool = False
    index_hints: Mapping[str, str] = field(default_factory=dict)

    def into(self, section: Section) -> Section:
        """A section with all of it."""
        return section.model_copy(
            update={
                "lock": self.facts,
                "wheels": self.wheels,
                "left_out": self.left_out,
                "portable": PORTABLE_PATH if self.portable else None,
                "pylock": PYLOCK_PATH if self.pylock else None,
                "index_hints": dict(self.index_hints),
            }
        )


def make_lock(
    found: Sequence[Installed],
    stage: Stage,
    *,
    look_up: bool,
    interpreter: Interpreter,
    platform: Platform,
    vendor: Vendor = "needed",
) -> Locked:
    """Write the lock in all its forms, and the wheels it needs.

    Args:
        found: What is installed.
        stage: Where the files go and what is missing is noted.
        look_up: Whether hashes may be looked up on an index.
        interpreter: The Python it is for.
        platform: The platform it is for.
        vendor: Which distributions travel as wheels.
    """
    unpinnable = [left_out(one, "its name or version is not of the standard form") for one in found if not pin_of(one)]
    pinnable = {one.name: one for one in found if pin_of(one)}
    changed = [one for one in pinnable.values() if _is_changed_release(one)]
    large = [one for one in changed if vendor != "all" and _installed_bytes(one) > MAX_EDITED_BYTES]
    edited = make_wheels([one for one in changed if one not in large], stage)
    _note_unpacked(edited.failed, stage)
    _note_large(large, stage)
    rest = _without(pinnable, edited)
    making = begin_wheels([one for one in rest if _needs_wheel(one)], stage)
    pinned = _index_pins([one for one in rest if not _needs_wheel(one)], stage, look_up=look_up)
    nowhere = {one.name for one in pinned.dropped}  # no index offers a wheel that fits: made here like local installs
    own = making() + make_wheels([one for one in rest if one.name in nowhere and not _needs_wheel(one)], stage)
    brought = replace(edited, failed=()) + own
    missing = tuple(sorted([*unpinnable, *own.failed], key=lambda one: one.name))
    for one in missing:
        stage.note(NAME, f"{one.name} {one.version} is not in the lock: {one.reason}")
    hints = index_hints(pinned.pins)
    portable = write_portable(
        pinnable.values(), _file_by_name(brought), frozenset(one.name for one in own.failed), stage
    )
    if vendor == "all":
        pinned, brought = vendor_all(pinned, brought, pinnable, stage, fetch=look_up)
    _note_yanked(pinned, stage)
    facts, pylock = write_locks(pinned, brought, interpreter=interpreter, platform=platform, stage=stage)
    return Locked(facts, tuple(sorted(brought.paths)), missing, portable, pylock, hints)


def pin_of(one: Installed) -> Pin | None:
    """The pin of an installed distribution, without hashes; None where no lock can name it."""
    try:
        return pin(one.name, one.version)
    except ValueError:
        return None


def index_hints(pins: Sequence[Pin]) -> dict[str, str]:
    """Which public index offers a pin whose local label names a known build, by the pin's name."""
    return {one.name: hint for one in pins if (hint := hint_of(one.version)) is not None}


def vendor_all(
    pinned: Pinned, brought: Brought, found: Mapping[str, Installed], stage: Stage, *, fetch: bool
) -> tuple[Pinned, Brought]:
    """Bring a wheel of every pin that has none yet; what cannot be had stays a pin for an index, and is noted."""
    more = bring_all(pinned.pins, found, stage, fetch=fetch and pinned.why is None)
    for one in more.failed:
        if pinned.why == LEFT:
            stage.left.append(f"a wheel of {one.name} {one.version}")
        else:
            stage.note(NAME, f"{one.name} {one.version} does not travel in the bundle: {one.reason}")
    together = brought + replace(more, failed=())
    have = {one.name for one in more.pins}
    rest = tuple(one for one in pinned.pins if one.name not in have)
    bare = [one for one in rest if not one.hashes]
    count = counted(len(together.paths), "wheel")
    travel = "travels" if len(together.paths) == 1 else "travel"
    stage.note(NAME, f"{count} {travel} in the bundle, {together.size / MEBIBYTE:.0f} MiB in all, as was asked for")
    return replace(pinned, pins=rest, why=pinned.why if bare else None), together


def write_locks(
    pinned: Pinned, brought: Brought, *, interpreter: Interpreter, platform: Platform, stage: Stage
) -> tuple[LockFacts | None, bool]:
    """Write the lock, and in its standard form if all file names are known; gives whether that was written."""
    pins = [*pinned.pins, *brought.pins]
    if not pins:
        stage.note(NAME, "no lock was written: nothing installed could be pinned")
        return None, False
    why = pinned.why or brought.why
    if why:
        pins = [Pin(one.name, one.version) for one in pins]
        if why != LEFT:
            stage.note(NAME, f"{NO_HASHES}: {why}", hint=LATER)
    stage.writer.write(LOCK_PATH, write_lock(pins))
    facts = LockFacts(hashes="none" if why else "complete", why=why, by="none" if why else pinned.by)
    if why:
        return facts, False
    by_name = _file_by_name(brought)
    own = frozenset(by_name.values())
    files = {**pinned.files, **brought.files}
    only_own = {value: file for value, file in files.items() if file in own or name_of(file) not in by_name}
    unnamed = write_pylock(pins, only_own, interpreter=interpreter, platform=platform, stage=stage)
    if unnamed:
        stage.note(NAME, f"{NO_PYLOCK}: the file name of a wheel of {unnamed} is not known")
    return facts, unnamed is None


def repackable(one: Installed) -> bool:
    """Whether a wheel of it could be packed from its installed files, and would not be too large to come along unasked."""
    return (one.metadata / "WHEEL").is_file() and _installed_bytes(one) <= MAX_ARCHIVE_BYTES


def _without(pinnable: Mapping[str, Installed], brought: Brought) -> list[Installed]:
    have = {one.name for one in brought.pins}
    return [one for name, one in pinnable.items() if name not in have]


def _file_by_name(brought: Brought) -> dict[str, str]:
    return {name_of(path): path.rpartition("/")[2] for path in brought.paths}


def _needs_wheel(one: Installed) -> bool:
    if one.origin == "archive":  # a large one is pinned by its own hash: whoever replays has to have the file
        return one.sha256 is None or _installed_bytes(one) <= MAX_ARCHIVE_BYTES
    return one.origin in {"vcs", "local", "editable"}


def _is_changed_release(one: Installed) -> bool:
    """Whether what runs is not what an index offers, though it came from one."""
    return one.edited is not None and one.origin in {"index", "conda", "archive"}


def _note_unpacked(failed: Sequence[LeftOut], stage: Stage) -> None:
    for one in failed:
        message = f"the lock names the release of {one.name} {one.version}, not what was changed in it: {one.reason}"
        stage.note(NAME, message, hint="install the changed version from a folder of its own, then capture again")


def _note_large(large: Sequence[Installed], stage: Stage) -> None:
    for one in large:
        size, limit = _installed_bytes(one) // MEBIBYTE, MAX_EDITED_BYTES // MEBIBYTE
        why = f"its {size:,} MiB are more than the {limit} MiB that are packed unasked"
        message = f"{one.name} {one.version} as it was changed is not in the bundle, the lock names its release: {why}"
        stage.note(NAME, message, hint="vendor: all (--vendor all) packs it, whatever its size")


def _installed_bytes(one: Installed) -> int:
    places = (one.site / path for path in recorded_files(one))
    return sum(place.stat().st_size for place in places if place.is_file())


def _index_pins(found: Sequence[Installed], stage: Stage, *, look_up: bool) -> Pinned:
    archives = [one for one in found if one.origin == "archive"]
    own = tuple(pin(one.name, one.version, [f"sha256:{one.sha256}"]) for one in archives)
    files = {f"sha256:{one.sha256}": file for one in archives if (file := _archive_name(one)) is not None}
    rest = [pin(one.name, one.version) for one in found if one.origin != "archive"]
    _note_local_labels(rest, stage)
    if not look_up:
        return Pinned((*own, *rest), "none", NOT_ASKED_FOR)
    if stage.trial:
        stage.left.append("hashes of the lock")
        return Pinned((*own, *rest), "none", LEFT)
    droppable = frozenset(one.name for one in found if not one.imported or repackable(one))
    looked_up = with_hashes(rest, droppable=droppable, deadline=stage.deadline)
    return replace(looked_up, pins=(*own, *looked_up.pins), files={**looked_up.files, **files})


def _archive_name(one: Installed) -> str | None:
    """File name of the wheel it was installed from; None where it was no wheel."""
    try:
        described = json.loads((one.metadata / "direct_url.json").read_bytes())
        file = unquote(PurePosixPath(urlsplit(described["url"]).path).name)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):  # what an installer leaves is not always whole
        return None
    known = pin_of(one)
    return file if known is not None and is_wheel_of(file, known.name, known.version) else None


def _note_local_labels(pins: Sequence[Pin], stage: Stage) -> None:
    for one in pins:
        if "+" in one.version and hint_of(one.version) is None:
            message = f"{one.requirement} carries a local label: only the index or folder with that build offers it"
            stage.note(NAME, message, hint="replay with --index-url or --find-links naming where it came from")


def _note_yanked(pinned: Pinned, stage: Stage) -> None:
    for one in pinned.pins:
        if one.name in pinned.yanked:
            message = f"{one.requirement} is yanked: its index advises against it, but still hands it out"
            stage.note(NAME, message, hint="where that matters, install another version and capture again")
