"""Two versions of a text file: how many lines changed, and the first of them with what stands around them.

The files are a stranger's: what is no text, or too long to be compared in moments, is only said to differ.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from reprobundle.phrases import counted

SHOWN_LINES = 40  # of all files of one kind together
MAX_TEXT_BYTES = 2**18
MAX_LINES = 4000
LONGEST_LINE = 500  # characters; a longer one is cut, as in a file that is all one line
AROUND = 2  # unchanged lines shown beside a changed one
HEADER = 2  # lines that name the two files
NO_NEWLINE = "(no newline at the end)"


@dataclass(frozen=True)
class Changed:
    """How a text changed.

    Attributes:
        words: Lines added and removed, in words.
        lines: The first lines of the difference: each begins with ``@``, a blank, ``+`` or ``-``.
        left_out: How many more there are.
    """

    words: str
    lines: tuple[str, ...]
    left_out: int


def changed(first: Path, second: Path, shown: int = SHOWN_LINES) -> Changed | None:
    """What changed between two files; None where one of them is no text of moderate length.

    Args:
        first: The one whose lines are called removed.
        second: The one whose lines are called added.
        shown: How many lines of the difference are kept.
    """
    ours, theirs = _lines(first), _lines(second)
    if ours is None or theirs is None:
        return None
    found = [*difflib.unified_diff(ours, theirs, n=AROUND, lineterm="")][HEADER:]
    added, removed = (sum(line.startswith(sign) for line in found) for sign in "+-")
    words = f"{counted(added, 'line')} added, {counted(removed, 'line')} removed"
    kept = tuple(line if len(line) <= LONGEST_LINE else line[: LONGEST_LINE - 1] + "…" for line in found[:shown])
    return Changed(words, kept, len(found) - len(kept))


def _lines(file: Path) -> Sequence[str] | None:
    if file.stat().st_size > MAX_TEXT_BYTES:
        return None
    content = file.read_bytes()
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return None
    if "\0" in text or text.count("\n") > MAX_LINES:
        return None
    lines = text.split("\n")  # not at a form feed, as splitlines() would
    return lines[:-1] if not lines[-1] else [*lines[:-1], f"{lines[-1]}  {NO_NEWLINE}"]
