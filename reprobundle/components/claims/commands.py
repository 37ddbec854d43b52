"""The command that computes a claim: a program and its arguments, in a list, or in one text that is parted as a shell does."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

RESULT = "{out}"
PROGRAM = "expected a program and its arguments"


def parted(given: str | Sequence[str]) -> tuple[str, ...]:
    """Program and arguments.

    Raises:
        ValueError: There is no program, a quotation mark is open, or a part holds a zero byte, which none can be given.
    """
    try:
        words = tuple(shlex.split(given)) if isinstance(given, str) else tuple(given)
    except ValueError as error:
        raise ValueError(f"{PROGRAM}: {str(error)[:1].lower()}{str(error)[1:]}") from error
    if not words or not words[0].strip():
        raise ValueError(PROGRAM)
    if any("\0" in word for word in words):
        raise ValueError(f"{PROGRAM}, found a zero byte")
    return words


def gives_nothing(words: Sequence[str]) -> bool:
    """Whether a command is told of no file for its number; what it prints does not count."""
    return bool(words) and not any(RESULT in word for word in words)
