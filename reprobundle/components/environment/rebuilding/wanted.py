"""What a bundle wants installed: its lock read strictly, its own wheels matched with the pins, its hints to indexes."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reprobundle.components.environment.labels import address_of, hint_of
from reprobundle.components.environment.lock import Pin, is_wheel_of, read_lock
from reprobundle.components.environment.rebuilding.places import Wanted
from reprobundle.components.environment.section import LOCK_PATH, Section
from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.store import inside
from reprobundle.store.writing import disk_errors

FITS_ANYWHERE = "-none-any.whl"


def read_wanted(section: Section, bundle: Path, *, portable: bool) -> Wanted:
    """What is to be installed.

    Args:
        section: The recorded environment.
        bundle: The verified view of the bundle.
        portable: Whether to follow the lock for other platforms in place of the exact one.

    Raises:
        UnavailableError: The bundle has no such lock.
        RefusedInputError: The lock or a wheel's name breaks a rule, or lock and manifest disagree.
    """
    return _portable(section, bundle) if portable else _exact(section, bundle)


def _exact(section: Section, bundle: Path) -> Wanted:
    if section.lock is None:
        hint = "replay in an environment of your own: --env current"
        raise UnavailableError("the bundle has no lock to rebuild its environment from", hint=hint)
    pins = _read(bundle, section.lock.path)
    found = "complete" if pins[0].hashes else "none"
    if found != section.lock.hashes:
        raise RefusedInputError(
            f"{LOCK_PATH}: hashes: the manifest says {section.lock.hashes!r}, the lock has {found!r}"
        )
    own = _matched(bundle, section.wheels, pins, all_pinned=True)
    return Wanted(pins=pins, own=own, closed=True, hints=_hints(section, pins))


def _portable(section: Section, bundle: Path) -> Wanted:
    if section.portable is None:
        hint = "replay with --env rebuild, or in an environment of your own: --env current"
        raise UnavailableError("the bundle has no lock for other platforms", hint=hint)
    pins = _read(bundle, section.portable)
    usable = [path for path in section.wheels if path.endswith(FITS_ANYWHERE)]
    own = _matched(bundle, usable, pins, all_pinned=False)
    return Wanted(pins=pins, own=own, closed=False, hints={})


def _read(bundle: Path, path: str) -> tuple[Pin, ...]:
    with disk_errors(path):
        content = inside(bundle, path).read_bytes()
    return read_lock(content, name=path)


def _matched(bundle: Path, wheels: Sequence[str], pins: tuple[Pin, ...], *, all_pinned: bool) -> dict[str, Path]:
    """The bundle's own wheel of each pin that has one, by the pin's name."""
    found: dict[str, Path] = {}
    for path in wheels:
        name = next((one.name for one in pins if is_wheel_of(_file(path), one.name, one.version)), None)
        if name in found:
            raise RefusedInputError(f"{path}: is a second wheel of {name!r}")
        if name is not None:
            found[name] = inside(bundle, path)
        elif all_pinned:
            raise RefusedInputError(f"{path}: is not a wheel of any pin in the lock")
    return found


def _hints(section: Section, pins: tuple[Pin, ...]) -> dict[str, str]:
    """The address for each pin whose own label says the same as the hint: what is written beside it decides nothing."""
    labels = {one.name: hint_of(one.version) for one in pins}
    agreed = {name: hint for name, hint in section.index_hints.items() if labels.get(name) == hint}
    return {name: address_of(hint) for name, hint in sorted(agreed.items())}


def _file(path: str) -> str:
    return path.rpartition("/")[2]
