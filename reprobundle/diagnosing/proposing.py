"""What to try, as a person can type it: the same replay again, with something set otherwise."""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence

Words = tuple[tuple[str, ...], ...]
"""What follows ``reprobundle replay``: the bundle, then each option with its value."""

BUNDLE: Words = (("BUNDLE",),)
WHERE = frozenset({"--env", "--sync"})


def command(words: Words, variables: Mapping[str, str] | None = None, without: Sequence[str] = ()) -> str:
    """A replay, with variables set or unset for it alone.

    Args:
        words: What follows ``reprobundle replay``.
        variables: Variables to set.
        without: Variables to unset.
    """
    unset = [part for name in without for part in ("-u", name)]
    assigned = [shlex.quote(f"{name}={value}") for name, value in (variables or {}).items()]
    start = [*(["env", *unset] if unset else []), *assigned, "reprobundle replay"]
    return " ".join([*start, *(shlex.quote(word) for group in words for word in group)])


def in_recorded_environment(words: Words) -> str:
    """The same replay in the environment that the lock names."""
    return command((*(group for group in words if group[0] not in WHERE), ("--env", "rebuild")))
