"""Hashes for the pins of a lock, from the indexes in use: by uv where it can tell all of them, else by pip-compile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from reprobundle.components.environment.installers import find_uv, read_configuration
from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.locking.asking import OVER_BUDGET, NoHashesError, Offers, left
from reprobundle.components.environment.locking.asking_pip_compile import ask_pip_compile
from reprobundle.components.environment.locking.asking_uv import ask_uv, can_tell
from reprobundle.components.environment.section import LockTool

MAX_UNKNOWN = 5

__all__ = ["OVER_BUDGET", "Pinned", "with_hashes"]


@dataclass(frozen=True)
class Pinned:
    """Pins, with the hashes of their wheels if they could be found.

    Attributes:
        pins: Sorted by name.
        by: The tool that found the hashes.
        why: Why there are none, in words; None when every pin has them.
        dropped: Pins that no index offers as a wheel that fits here, and that may be left out.
        files: File name by hash, for wheels that fit here.
        yanked: Names of pins that their index advises against.
    """

    pins: tuple[Pin, ...]
    by: LockTool
    why: str | None
    dropped: tuple[Pin, ...] = ()
    files: Mapping[str, str] = field(default_factory=dict)
    yanked: tuple[str, ...] = ()


def with_hashes(pins: Sequence[Pin], *, droppable: frozenset[str], deadline: float) -> Pinned:
    """Give every pin the hashes of its wheels, for a replay installs nothing else.

    Args:
        pins: What an index is expected to offer.
        droppable: Names that may be left out when no index offers them, or no wheel of them that fits here.
        deadline: ``time.monotonic()`` at which it must have ended.

    Returns:
        All pins with hashes, fewer by what was dropped; or all pins without, and why.
    """
    wanted = tuple(sorted(pins, key=lambda one: one.name))
    unknown: list[Pin] = []
    while True:
        rest = tuple(one for one in wanted if one not in unknown)
        try:
            found, by = _look_up(rest, deadline)
            return _without_wheelless(found, by, droppable, unknown)
        except NoHashesError as error:
            one = error.unknown
            if one not in rest or one.name not in droppable or len(unknown) == MAX_UNKNOWN:
                return Pinned(wanted, "none", error.why)
            unknown.append(one)


def _without_wheelless(found: Offers, by: LockTool, droppable: frozenset[str], unknown: list[Pin]) -> Pinned:
    """Drop the pins without hashes: those that no index offers as a wheel that fits."""
    bare = [one for one in found.pins if not one.hashes]
    for one in bare:
        if one.name not in droppable:
            what = (
                one.requirement if one.name in found.unknown else f"a wheel of {one.requirement} that fits this machine"
            )
            raise NoHashesError(f"no package index in use offers {what}")
    pins = tuple(one for one in found.pins if one.hashes)
    kept = frozenset(value for one in pins for value in one.hashes)
    return Pinned(
        pins,
        by,
        None,
        dropped=(*unknown, *bare),
        files={value: file for value, file in found.files.items() if value in kept},
        yanked=tuple(one.name for one in pins if one.name in found.yanked),
    )


def _look_up(pins: tuple[Pin, ...], deadline: float) -> tuple[Offers, LockTool]:
    """What is offered of the pins, and the tool that told most of it."""
    if not pins:
        return Offers(()), "none"
    uv = find_uv()
    configuration = read_configuration(left(deadline)) if uv else None
    if uv is None or configuration is None or not can_tell(configuration):
        return ask_pip_compile(pins, deadline), "pip-tools"
    try:
        found, elsewhere = ask_uv(uv, pins, configuration, deadline)
    except NoHashesError as error:
        if error.why == OVER_BUDGET:
            raise
        return ask_pip_compile(pins, deadline), "pip-tools"
    doubtful = tuple(one for one in pins if one.name in elsewhere)
    if not doubtful:
        return found, "uv"
    settled = ask_pip_compile(doubtful, deadline, reached=any(one.hashes for one in found.pins))
    return _joined(found, settled), "uv" if len(doubtful) < len(pins) else "pip-tools"


def _joined(found: Offers, settled: Offers) -> Offers:
    """What uv told, with what pip-compile had to tell in its place."""
    by_name = _by_name(settled.pins)
    return Offers(
        tuple(by_name.get(one.name, one) for one in found.pins),
        {**found.files, **settled.files},
        found.yanked | settled.yanked,
        settled.unknown,
    )


def _by_name(pins: Iterable[Pin]) -> dict[str, Pin]:
    return {one.name: one for one in pins}
