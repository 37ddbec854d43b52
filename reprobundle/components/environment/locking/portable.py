"""The lock for another platform: public versions of what was imported and of what that needs, and nothing else.

What is needed on some platforms only, as its own requirement says, is left to whoever installs on the other one: a build
of CUDA pulls in a dozen libraries that no other machine has.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from reprobundle.components.environment.lock import Pin, pin, write_lock
from reprobundle.components.environment.section import NAME, PORTABLE_PATH
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.components.environment.snapshot.requirements import allows, applies, marker_text, read_requirement
from reprobundle.components.interface import Stage

NEEDED_TO_REPLAY = ("numpy", "safetensors", "xxhash")

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ABOUT_PLATFORM = re.compile(
    r"\b(sys_platform|os_name|platform_(system|machine|release|version|python_implementation)|implementation_name)\b"
)
_PURE = re.compile(r"-(?:[a-z0-9]+\.)*py3[0-9]*(?:\.[a-z0-9]+)*-none-any\.whl$")


@dataclass(frozen=True)
class Needs:
    """What one distribution requires.

    Attributes:
        everywhere: What is required on every platform with this Python.
        somewhere: Names required on some platforms only.
    """

    everywhere: tuple[Requirement, ...]
    somewhere: frozenset[str]


def write_portable(found: Iterable[Installed], own: Mapping[str, str], nowhere: frozenset[str], stage: Stage) -> bool:
    """Write ``requirements.portable.txt``, if anything was imported.

    Args:
        found: What is installed and has a pin.
        own: File name of the wheel made of each distribution that no index offers, by name.
        nowhere: Names of distributions that no index offers and no wheel was made of.
        stage: Where it is written, and what it leaves out is noted.

    Returns:
        Whether it was written.
    """
    installed = {one.name: one for one in found}
    pins = []
    for name in needed(installed):
        one, wheel = installed[name], own.get(name)
        if name in nowhere or (wheel is not None and not _PURE.search(wheel)):
            why = "no index offers it, and " + (
                "its wheel fits this platform only" if wheel else "no wheel of it was made"
            )
            stage.note(NAME, f"{one.name} {one.version} is not in the lock for other platforms: {why}")
            continue
        pins.append(_pin(one, whole=wheel is not None))
    if not pins:
        return False
    stage.writer.write(PORTABLE_PATH, write_lock(pins))
    return True


def needed(installed: Mapping[str, Installed]) -> tuple[str, ...]:
    """Names of what was imported and of all that it needs on every platform, sorted.

    What was pulled in only, and is of a version that somebody's requirement forbids, is left out as well: an installer
    that looks at requirements could not install both.
    """
    roots = {name for name, one in installed.items() if one.imported}
    if not roots:
        return ()
    always = {name for name in NEEDED_TO_REPLAY if name in installed}
    asked_for = {name for name in roots if installed[name].requested}
    found = _closure(roots | always, installed)
    only_here = (roots & found.somewhere) - found.everywhere - always - asked_for
    kept = _closure((roots | always) - only_here, installed)
    return tuple(sorted(kept.names - (kept.unmet - roots - always)))


def needs(one: Installed, extras: frozenset[str]) -> Needs:
    """What a distribution says it requires; a requirement that breaks the standard is passed over."""
    everywhere, somewhere = [], set()
    for text in one.requires:
        read = read_requirement(text)
        if read is None:  # old releases hold some; an installer would have refused or ignored it as well
            continue
        if _ABOUT_PLATFORM.search(_QUOTED.sub("", marker_text(read) or "")):
            somewhere.add(_name(read))
        elif any(applies(read, extra) for extra in ("", *sorted(extras))):
            everywhere.append(read)
    return Needs(tuple(everywhere), frozenset(somewhere))


@dataclass(frozen=True)
class _Reached:
    """What was found on the way from some roots: the names, those required by one of them, those of another version."""

    names: frozenset[str]
    everywhere: frozenset[str]
    somewhere: frozenset[str]
    unmet: frozenset[str]


def _closure(roots: Iterable[str], installed: Mapping[str, Installed]) -> _Reached:
    asked: dict[str, frozenset[str]] = {}
    everywhere: set[str] = set()
    somewhere: set[str] = set()
    unmet: set[str] = set()
    waiting = [(name, frozenset[str]()) for name in sorted(roots)]
    while waiting:
        name, extras = waiting.pop()
        if name not in installed or (name in asked and extras <= asked[name]):
            continue
        asked[name] = asked.get(name, frozenset()) | extras
        found = needs(installed[name], asked[name])
        somewhere |= found.somewhere - {name}
        everywhere |= {_name(required) for required in found.everywhere} - {name}
        unmet |= {_name(required) for required in found.everywhere if _is_unmet(required, installed)}
        waiting += [(_name(required), frozenset(required.extras)) for required in found.everywhere]
    return _Reached(frozenset(asked), frozenset(everywhere), frozenset(somewhere), frozenset(unmet))


def _name(required: Requirement) -> str:
    return str(canonicalize_name(required.name))


def _is_unmet(required: Requirement, installed: Mapping[str, Installed]) -> bool:
    one = installed.get(_name(required))
    return one is not None and allows(required.specifier, one.version) is False


def _pin(one: Installed, *, whole: bool) -> Pin:
    """Its public version; the whole one where the bundle brings its wheel."""
    return pin(one.name, one.version if whole else Version(one.version).public)
