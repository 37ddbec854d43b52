"""Hashes for the pins of a lock, from the indexes in use: by uv where it can tell all of them, else by pip-compile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.components.environment.asking import (
    OVER_BUDGET,
    NoHashesError,
    ask_pip_compile,
    ask_uv,
    can_tell,
    left,
)
from reprobundle.components.environment.installers import find_uv, read_configuration
from reprobundle.components.environment.lock import Pin
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
    """

    pins: tuple[Pin, ...]
    by: LockTool
    why: str | None
    dropped: tuple[Pin, ...] = ()


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


def _without_wheelless(found: tuple[Pin, ...], by: LockTool, droppable: frozenset[str], unknown: list[Pin]) -> Pinned:
    """Drop the pins without hashes: those that no index offers as a wheel that fits."""
    bare = [one for one in found if not one.hashes]
    for one in bare:
        if one.name not in droppable:
            raise NoHashesError(f"no package index in use offers a wheel of {one.requirement} that fits this machine")
    return Pinned(tuple(one for one in found if one.hashes), by, None, (*unknown, *bare))


def _look_up(pins: tuple[Pin, ...], deadline: float) -> tuple[tuple[Pin, ...], LockTool]:
    """The pins with hashes; without where no wheel that fits is offered."""
    if not pins:
        return (), "none"
    uv = find_uv()
    configuration = read_configuration(left(deadline)) if uv else None
    if uv is None or configuration is None or not can_tell(configuration):
        return ask_pip_compile(pins, deadline), "pip-tools"
    try:
        found = ask_uv(uv, pins, configuration, deadline)
    except NoHashesError as error:
        if error.unknown is not None or error.why == OVER_BUDGET:
            raise
        return ask_pip_compile(pins, deadline), "pip-tools"
    doubtful = tuple(one for one in found if not one.hashes)
    settled = {one.name: one for one in (ask_pip_compile(doubtful, deadline) if doubtful else ())}
    return tuple(settled.get(one.name, one) for one in found), "uv"
