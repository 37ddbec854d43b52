"""What capture had no network or no budget for, done later, in a resealed bundle: lock hashes, wheels, further runs."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename

from reprobundle import bundle as bundles
from reprobundle import captures
from reprobundle.bundle import VerifiedBundle
from reprobundle.components.environment import NAME, Section
from reprobundle.components.environment import lock as locks
from reprobundle.components.environment.locking.making import NO_HASHES
from reprobundle.components.interface import Stage, Vendor
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.finishing.documenting import document
from reprobundle.finishing.measuring import calibrate
from reprobundle.manifest import Manifest
from reprobundle.phrases import some
from reprobundle.resealing import Resealed, reseal
from reprobundle.store import inside

__all__ = ["calibrate", "default_folder", "document", "lock"]

SUFFIX = "-locked"
LOCK_BUDGET = 300.0  # seconds; a person waits for this one, no training run does
SHOWN = 5
OTHER_INDEX = (
    "pip config list shows which indexes were asked; PIP_INDEX_URL names another, PIP_FIND_LINKS a folder of wheels"
)


def lock(
    path: str | os.PathLike[str],
    *,
    out: str | os.PathLike[str] | None = None,
    vendor: Vendor = "needed",
    pack: Iterable[str] = (),
    budget: float = LOCK_BUDGET,
) -> Resealed | None:
    """Complete the lock of a bundle that was captured without a package index, in a new bundle.

    Hashes are looked up on the indexes of this person's own pip configuration. What no index offers is made into a wheel
    out of this environment, where the very same version is installed: unasked only for a bundle that this user captured
    here, because a stranger's lock may name what is private to this person. The bundle itself stays as it is; the new one
    names it, and keeps the proof as it was recorded.

    Args:
        path: The bundle.
        out: The folder to make; it must not exist. Default: `default_folder`.
        vendor: ``needed`` packs wheels of what no index offers; ``all`` packs every distribution.
        pack: Names of distributions that may be packed out of this environment into a bundle that is not one's own.
        budget: Seconds that looking up hashes may take.

    Returns:
        The new bundle, or None when nothing was missing, and then nothing was made.

    Raises:
        RefusedInputError: The bundle breaks a rule of the format, or differs from its manifest.
        UsageError: `out` exists, or `pack` names what the lock does not.
        UnavailableError: The lock could not be completed; nothing was made.
    """
    bundle = bundles.verify(path)
    if not _is_missing(bundle.manifest.environment, bundle.path, vendor):
        return None

    packable = _packable(bundle, pack)

    def change(manifest: Manifest, stage: Stage) -> Manifest:
        section = _completed(manifest.environment, stage, bundle.path, vendor, packable)
        notes = tuple(note for note in manifest.notes if not note.message.startswith(NO_HASHES))
        return manifest.model_copy(update={"environment": section, "notes": notes})

    return reseal(bundle, Path(out) if out is not None else default_folder(bundle.path), change, budget=budget)


def default_folder(path: str | os.PathLike[str]) -> Path:
    """Where a completed bundle goes unless told otherwise: ``NAME-locked`` beside ``NAME``."""
    place = Path(path).resolve()
    return place.with_name(place.name + SUFFIX)


def _packable(bundle: VerifiedBundle, named: Iterable[str]) -> frozenset[str] | None:
    """Names of what may be packed out of this environment; None for anything.

    Raises:
        UsageError: One is not in the lock, nor among what was left out of it.
    """
    section = bundle.manifest.environment
    assert section.lock is not None  # asked before
    names = frozenset(str(canonicalize_name(name)) for name in named)
    pins = locks.read_lock(inside(bundle.path, section.lock.path).read_bytes(), name=section.lock.path)
    unknown = names - {pin.name for pin in pins} - {one.name for one in section.left_out}
    if unknown:
        raise UsageError(f"pack: expected names of distributions that the bundle names, found {min(unknown)!r}")
    return None if captures.is_own(bundle.bundle.content, bundle.path) else names


def _completed(section: Section, stage: Stage, root: Path, vendor: Vendor, packable: frozenset[str] | None) -> Section:
    """The section with its lock complete.

    Raises:
        UnavailableError: It could not be completed.
    """
    from reprobundle.components.environment.locking.completing import complete

    made = complete(section, stage, root=root, vendor=vendor, packable=packable)
    if made.lock is None or made.lock.hashes == "none":
        why = made.lock.why if made.lock else None
        message = f"the lock could not be completed: {why or 'the reason is not known'}"
        raise UnavailableError(message, hint=_hints(stage, why) or OTHER_INDEX)
    written = {entry.path for entry in stage.writer.entries}
    bare = _without_wheel(made, stage.root if made.lock.path in written else root) if vendor == "all" else ()
    if bare:
        message = f"not every distribution could be packed: no wheel of {some(bare, SHOWN)}"
        raise UnavailableError(message, hint=_hints(stage) or "--vendor needed packs what no index offers")
    return made


def _hints(stage: Stage, why: str | None = None) -> str | None:
    told = (note.hint or note.message for note in stage.notes if note.kind == NAME)
    return next((words for words in told if why is None or why not in words), None)


def _is_missing(section: Section, root: Path, vendor: Vendor) -> bool:
    """Whether there is anything to complete.

    Raises:
        UnavailableError: There is no lock at all.
    """
    if section.lock is None:
        message = "the bundle has no lock that could be completed: nothing that was installed could be pinned"
        raise UnavailableError(message, hint="capture again, in an environment made by pip, uv or conda")
    bare = _without_wheel(section, root)
    return section.lock.hashes == "none" or (vendor == "all" and bool(bare))


def _without_wheel(section: Section, root: Path) -> tuple[str, ...]:
    """The pins of the lock that no wheel of the bundle is of, as ``name==version``."""
    assert section.lock is not None  # asked before
    pins = locks.read_lock(inside(root, section.lock.path).read_bytes(), name=section.lock.path)
    packed = {_requirement(path) for path in section.wheels}
    return tuple(pin.requirement for pin in pins if pin.requirement not in packed)


def _requirement(path: str) -> str:
    """What a wheel of the bundle is a wheel of, as ``name==version``.

    Raises:
        RefusedInputError: Its name is not that of a wheel.
    """
    try:
        name, version, _, _ = parse_wheel_filename(path.rpartition("/")[2])
    except InvalidWheelFilename as error:
        raise RefusedInputError(f"{path}: is not the name of a wheel: {error}") from error
    return f"{name}=={version}"
