"""Whether what is installed fits together: what each distribution requires, beside what is there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from packaging.utils import canonicalize_name

from reprobundle.components.environment.section import NAME
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.components.environment.snapshot.requirements import allows, applies, read_requirement
from reprobundle.components.interface import Stage

SHOWN = 20
HINT = "the environment is locked as it is; pip check lists the same, and an install of what is missing mends it"


def note_conflicts(found: Sequence[Installed], stage: Stage) -> None:
    """Note each requirement that what is installed does not meet, at most 20 and how many more.

    Args:
        found: What is installed.
        stage: Where it is noted.
    """
    lines = list(conflicts(found))
    for line in lines[:SHOWN]:
        stage.note(NAME, line, hint=HINT)
    if len(lines) > SHOWN:
        stage.note(NAME, f"{len(lines) - SHOWN} more requirements of installed distributions are not met", hint=HINT)


def conflicts(found: Sequence[Installed]) -> Iterator[str]:
    """One line for each requirement that is not met, in the order of the distributions; extras are not asked for."""
    here = {one.name: one.version for one in found}
    for one in found:
        for text in dict.fromkeys(one.requires):
            line = None if _is_for_an_extra(text) else _conflict(one, text, here)
            if line is not None:
                yield line


def _is_for_an_extra(text: str) -> bool:
    """Told without a parser, which takes most of the time: nearly all that is under an extra ends in one comparison."""
    marker = text.partition(";")[2]
    return "extra ==" in marker and " or " not in marker


def _conflict(one: Installed, text: str, here: Mapping[str, str]) -> str | None:
    label = f"{one.name} {one.version}"
    wanted = read_requirement(text)
    counts = None if wanted is None else applies(wanted)
    if wanted is None or counts is None:
        return f"{label} has a requirement that cannot be read"
    if not counts:
        return None
    name = str(canonicalize_name(wanted.name))
    if name not in here:
        return f"{label} requires {name}{wanted.specifier}, which is not installed"
    if allows(wanted.specifier, here[name]) is not False:  # a version that cannot be read is noted by the lock
        return None
    return f"{label} requires {name}{wanted.specifier}, but {name} {here[name]} is installed"
