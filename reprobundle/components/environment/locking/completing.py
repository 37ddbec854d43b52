"""Completing a lock later: hashes and wheels that a capture had no index or no budget for."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from pathlib import Path

from reprobundle.components.environment.lock import Pin, read_lock
from reprobundle.components.environment.locking.hashing import hashes_of
from reprobundle.components.environment.locking.making import (
    Locked,
    index_hints,
    pin_of,
    repackable,
    vendor_all,
    write_locks,
)
from reprobundle.components.environment.locking.pinning import Pinned, with_hashes
from reprobundle.components.environment.locking.vendoring import (
    CANNOT_HASH,
    Brought,
    is_installed,
    make_wheels,
    name_of,
)
from reprobundle.components.environment.section import NAME, LeftOut, Section
from reprobundle.components.environment.snapshot.distributions import Installed, installed
from reprobundle.components.interface import Stage, Vendor
from reprobundle.errors import ProcessError, UnavailableError
from reprobundle.store import inside
from reprobundle.store.writing import disk_errors

NOT_HERE = "no index in use offers it, and it is not installed here"
NOT_PACKED = "no index in use offers it, and it was not packed either"
PACK_HINT = "it is installed here, but only a bundle of one's own takes it unasked; to put its source in: --pack {}"


def complete(
    section: Section, stage: Stage, *, root: Path, vendor: Vendor, packable: frozenset[str] | None = None
) -> Section:
    """Find the hashes that a recorded lock lacks, and the wheels that its bundle should bring along.

    The pins stay as recorded, and so do the bundle's own wheels. What no index offers is packed out of this environment
    where it holds exactly the same version and may be; what was never imported, no index offers and is not installed here is left
    out of the new lock, as a capture would have done.

    Args:
        section: The recorded environment.
        stage: Where new files go, and what could not be done is noted; its deadline bounds the look-ups.
        root: The verified bundle.
        vendor: Which distributions travel as wheels.
        packable: Names of what may be packed out of this environment; None: anything the lock names. A stranger's lock
            may name what is private to this person.

    Returns:
        The section that goes with the new files; the same, with the reason in its lock, where it could not be completed.

    Raises:
        RefusedInputError: The recorded lock breaks its grammar.
        UnavailableError: The recorded lock cannot be read, or the disk is full.
        InvalidWheelFilename: A wheel of the bundle is not named as one.
    """
    if section.lock is None:
        return section
    with disk_errors(section.lock.path):
        content = inside(root, section.lock.path).read_bytes()
    pins = read_lock(content, name=section.lock.path)
    foreign = _foreign(section)
    if foreign is not None:
        return _failed(
            section, foreign, stage, hint="run the command with the recorded kind of Python, on such a machine"
        )
    own = _own_wheels(section, pins, root)
    everything = {one.name: one for one in installed()}
    here = {name: one for name, one in everything.items() if packable is None or name in packable}
    withheld = {one.name for one in pins if is_installed(one, everything)} - here.keys()
    pinned = _looked_up(section, pins, own, here, stage)
    if pinned.why is not None and not (vendor == "all" and _can_pack(pinned.pins, here)):
        return _failed(section, pinned.why, stage, hint=_hint_withheld(pinned.why, withheld))
    if own.why is not None:
        return _failed(section, own.why, stage)
    why = NOT_HERE if packable is None else NOT_PACKED  # alike whether it is installed here, which is nobody's business
    return _write(section, pinned, own, here, stage, vendor=vendor, why=why)


def _looked_up(
    section: Section, pins: Sequence[Pin], own: Brought, here: Mapping[str, Installed], stage: Stage
) -> Pinned:
    """The pins that the bundle has no wheel of, with hashes."""
    have = {one.name for one in own.pins}
    imported = {one.name for one in section.distributions if one.imported}
    rest = [one for one in pins if one.name not in have]
    droppable = {one.name for one in rest if one.name not in imported}
    droppable |= {one.name for one in rest if is_installed(one, here) and repackable(here[one.name])}
    archives = {one.name: one.origin.sha256 for one in section.distributions if one.origin.kind == "archive"}
    known = [replace(one, hashes=(f"sha256:{value}",)) for one in rest if (value := archives.get(one.name))]
    asked = [Pin(one.name, one.version) for one in rest if not archives.get(one.name)]
    found = with_hashes(asked, droppable=frozenset(droppable), deadline=stage.deadline)
    return replace(found, pins=(*known, *found.pins))


def _write(
    section: Section,
    pinned: Pinned,
    own: Brought,
    here: Mapping[str, Installed],
    stage: Stage,
    *,
    vendor: Vendor,
    why: str,
) -> Section:
    packed = _packed(section, pinned, here, stage)
    have = {one.name for one in packed.pins}
    dropped = [_dropped(one, packed, why) for one in pinned.dropped if one.name not in have]
    for one in dropped:
        stage.note(NAME, f"{one.name} {one.version} is no longer in the lock: {one.reason}")
    left = [one for one in (*section.left_out, *dropped) if one.name not in have]
    hints, brought = index_hints(pinned.pins), own + replace(packed, failed=())
    if vendor == "all":
        asked = frozenset(pinned.pins)
        pinned, brought = vendor_all(pinned, brought, here, stage, fetch=True)
        fetched = {one for one in brought.pins if one in asked and one.hashes}
        had = {*own.pins, *packed.pins}
        _note_packed([one for one in brought.pins if one not in fetched and one not in had], stage)
    facts, pylock = write_locks(
        pinned, brought, interpreter=section.interpreter, platform=section.platform, stage=stage
    )
    made = Locked(
        facts,
        tuple(sorted(brought.paths)),
        tuple(sorted(left, key=lambda one: one.name)),
        section.portable is not None,
        pylock,
        hints,
    )
    return made.into(section)


def _packed(section: Section, pinned: Pinned, here: Mapping[str, Installed], stage: Stage) -> Brought:
    """Wheels of what no index offers, and of what no wheel could be made of at capture, out of this environment."""
    left = {one.name: one for one in section.left_out if _is_that(one, here)}
    packed = make_wheels(
        [here[one.name] for one in pinned.dropped if is_installed(one, here)] + [here[name] for name in sorted(left)],
        stage,
    )
    _note_packed([one for one in packed.pins if one.name not in left], stage)
    for one in packed.pins:
        if one.name in left:
            message = f"{one.requirement} was packed now, out of this environment: at capture {left[one.name].reason}"
            stage.note(NAME, message, hint="where its files were changed since, the wheel holds the changed ones")
    return packed


def _note_packed(packed: Sequence[Pin], stage: Stage) -> None:
    if packed:
        names = ", ".join(one.requirement for one in packed)
        message = f"packed out of this environment, as no index handed out a wheel: {names}"
        stage.note(NAME, message, hint="look at what you pass on: their source is in the bundle now")


def _hint_withheld(why: str, withheld: AbstractSet[str]) -> str | None:
    name = next((name for name in sorted(withheld) if re.search(rf"(?<![\w.-]){re.escape(name)}==", why)), None)
    return None if name is None else PACK_HINT.format(name)


def _is_that(one: LeftOut, here: Mapping[str, Installed]) -> bool:
    """Whether what the lock does not name is installed here at the same version, spelled as it is recorded."""
    return one.name in here and here[one.name].version == one.version and pin_of(here[one.name]) is not None


def _dropped(one: Pin, packed: Brought, why: str) -> LeftOut:
    failed = next((failed for failed in packed.failed if failed.name == one.name), None)
    return failed or LeftOut(name=one.name, version=one.version, reason=why)


def _own_wheels(section: Section, pins: Iterable[Pin], root: Path) -> Brought:
    """The wheels the bundle has already; the hashes that the lock gives them are kept."""
    recorded = {one.name: one for one in pins}
    places = [inside(root, path) for path in section.wheels]
    try:
        hashes, why = hashes_of(places), None
    except (ProcessError, UnavailableError):
        hashes, why = {}, CANNOT_HASH
    by_name = {name_of(path): path.rpartition("/")[2] for path in section.wheels}
    return Brought(
        tuple(
            recorded[name] if recorded[name].hashes else replace(recorded[name], hashes=(hashes[file],))
            for name, file in by_name.items()
            if name in recorded and (file in hashes or recorded[name].hashes)
        ),
        section.wheels,
        {value: file for file, value in hashes.items()},
        why=why,
        size=sum(place.stat().st_size for place in places),
    )


def _foreign(section: Section) -> str | None:
    """Why the wheels that fit here are not those that fit where it was captured; None where they are."""
    system = section.platform
    recorded = (section.interpreter.implementation, section.interpreter.minor, system.system, system.machine)
    minor = ".".join(platform.python_version_tuple()[:2])
    found = (sys.implementation.name, minor, platform.system(), platform.machine())
    if recorded == found:
        return None
    return f"it is for {' '.join(recorded)}, and this is {' '.join(found)}"


def _can_pack(pins: Iterable[Pin], here: Mapping[str, Installed]) -> bool:
    return all(is_installed(one, here) for one in pins)


def _failed(section: Section, why: str, stage: Stage, *, hint: str | None = None) -> Section:
    """The section as it was, but for the reason."""
    assert section.lock is not None  # asked before
    stage.note(NAME, f"the lock was not completed: {why}", hint=hint)
    facts = section.lock.model_copy(update={"why": why}) if section.lock.hashes == "none" else section.lock
    return section.model_copy(update={"lock": facts})
