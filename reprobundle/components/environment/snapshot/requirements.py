"""Reading what distributions say they require: the one place that parses such a line and asks its marker.

The lines stand in files that anybody's package brought. Old releases break the standard, and a hostile one may nest
brackets or write digits without end; none of that stops a capture.
"""

from __future__ import annotations

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.version import Version

MAX_CHARACTERS = 4000  # below the number of digits from which Python refuses to read a number


def read_requirement(text: str) -> Requirement | None:
    """One requirement; None where it breaks the standard or is too long."""
    if len(text) > MAX_CHARACTERS:
        return None
    try:
        return Requirement(text)
    except (ValueError, RecursionError):  # packaging's own errors are ValueErrors, too
        return None


def applies(requirement: Requirement, extra: str = "") -> bool | None:
    """Whether it counts on this platform, with this extra asked for; None where its marker says nothing sensible."""
    if requirement.marker is None:
        return True
    try:
        return bool(requirement.marker.evaluate({"extra": extra}))
    except (ValueError, KeyError, RecursionError):  # a comparison or a name that is not defined
        return None


def marker_text(requirement: Requirement) -> str | None:
    """Its marker in words; None where it has none, or one nested too deeply."""
    try:
        return None if requirement.marker is None else str(requirement.marker)
    except RecursionError:
        return None


def allows(specifier: SpecifierSet, version: str) -> bool | None:
    """Whether a version is among those a requirement allows; None where the two cannot be compared."""
    try:
        return specifier.contains(Version(version), prereleases=True)
    except ValueError:
        return None
