"""Searching bytes for secrets: as text, as wide text, unpacked, and spelled as base64 or hex digits."""

from __future__ import annotations

import re
from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

from reprobundle.secrecy import assignments
from reprobundle.secrecy.decoding import DEEPEST, MAX_BYTES, Packed, hidden, is_binary, unpacked, wide_runs, wide_text
from reprobundle.secrecy.rule import Rule, matches
from reprobundle.secrecy.rules import RULES

Further = Callable[[str], Iterable[tuple[str, int, int]]]
MOST_HITS = 300  # of one rule in one file: what holds so many stays out as a whole


@dataclass(frozen=True)
class Hit:
    """A secret in some bytes, which itself is not kept.

    Attributes:
        rule: The rule that found it.
        line: The line, from 1; None where the bytes are no text.
        start: Where it begins, in characters of the text as `text_of` gives it; None where it cannot be cut out.
        end: Where it ends.
    """

    rule: str
    line: int | None
    start: int | None
    end: int | None


@dataclass(frozen=True)
class _Task:
    """What a search is about, wherever it looks.

    Attributes:
        further: More rules.
        left: How many bytes may still be unpacked.
        met: How many hits each rule had.
    """

    further: Sequence[Further]
    left: Packed = field(default_factory=Packed)
    met: Counter[str] = field(default_factory=Counter)

    def is_full(self, rule: str) -> bool:
        """Whether a rule has found enough: what is beyond is told by one hit without a place."""
        return self.met[rule] > MOST_HITS


def text_of(content: bytes) -> str | None:
    """The text of bytes, from which they can be made again (UTF-8, other bytes escaped); None for what is no text."""
    return None if b"\0" in content else content.decode("utf-8", "surrogateescape")


def search(content: bytes, path: str, *, further: Sequence[Further] = ()) -> tuple[Hit, ...]:
    """The secrets in some bytes, in their order, each once; of a rule at most 300, and then one without a place.

    Args:
        content: The bytes; what is beyond 32 MiB is not read.
        path: What they are called: the ending tells code from configuration.
        further: More rules: each gives names and places for a text.
    """
    found = dict.fromkeys(_search(content[:MAX_BYTES], path, _Task(further), DEEPEST))
    return tuple(sorted(found, key=lambda hit: (hit.line or 0, hit.start or 0, hit.rule)))


def _search(content: bytes, path: str, task: _Task, deep: int) -> Iterator[Hit]:
    for name, inner in unpacked(content, task.left) if deep else ():
        yield from (_nowhere(hit) for hit in _search(inner, name or path, task, deep - 1))
    text = text_of(content)
    if text is not None:
        yield from _in_text(text, path, task, deep, exact=is_binary(content))
        return
    wide = wide_text(content)
    if wide is not None:
        yield from (Hit(hit.rule, hit.line, None, None) for hit in _in_text(wide, path, task, deep))
        return
    for piece in (content.replace(b"\0", b"\n").decode("latin-1"), "\n".join(wide_runs(content))):
        yield from (_nowhere(hit) for hit in _in_text(piece, path, task, deep, exact=True))


def _nowhere(hit: Hit) -> Hit:
    return Hit(hit.rule, None, None, None)


def _in_text(text: str, path: str, task: _Task, deep: int, *, exact: bool = False) -> Iterator[Hit]:
    """The secrets in a text.

    Args:
        text: The text.
        path: What it is called.
        task: What the search is about.
        deep: How many spellings may lie within each other.
        exact: Only look for formats, not for values given to names.
    """
    line_of = _lines(text)
    for rule, start, end in _plain(text, path, task, exact=exact):
        yield _nowhere(Hit(rule, None, None, None)) if task.is_full(rule) else Hit(rule, line_of(start), start, end)
    for inner in hidden(text) if deep else ():
        for hit in _search(inner.content, path, task, deep - 1):
            yield Hit(hit.rule, line_of(inner.start), inner.start, inner.end)


def _plain(text: str, path: str, task: _Task, *, exact: bool) -> Iterator[tuple[str, int, int]]:
    """Each place once, under the first rule that knows it."""
    lowered = _lowered(text)
    taken: list[tuple[int, int]] = []
    for finding in _all(text, lowered, path, task.further, exact=exact):
        for name, start, end in finding:
            if _is_free(taken, start, end):
                insort(taken, (start, end))
                task.met[name] += 1
                yield name, start, end
                if task.is_full(name):
                    break


def _is_free(taken: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether a place overlaps none of those that are taken, which are sorted and apart from each other."""
    index = bisect_left(taken, (start, end))
    return (index == 0 or taken[index - 1][1] <= start) and (index == len(taken) or end <= taken[index][0])


def _all(
    text: str, lowered: str, path: str, further: Sequence[Further], *, exact: bool
) -> Iterator[Iterable[tuple[str, int, int]]]:
    """What each rule finds, rule by rule."""
    for rule in RULES:
        if _may_match(rule, lowered):
            yield ((rule.name, start, end) for start, end in matches(rule, text))
    for more in further:
        yield more(text)
    if not exact:
        code = PurePosixPath(path).suffix.lower() in assignments.CODE
        yield ((assignments.NAME, start, end) for start, end in assignments.assigned(text, lowered, code=code))


def _may_match(rule: Rule, lowered: str) -> bool:
    return any(anchor in lowered for anchor in rule.anchors)


def _lowered(text: str) -> str:
    """In lower case, letter for letter: a few letters of other alphabets become two."""
    lowered = text.lower()
    return lowered if len(lowered) == len(text) else "".join(one.lower() if one.isascii() else one for one in text)


def _lines(text: str) -> Callable[[int], int]:
    """Gives the line, from 1, of a place in the text; the ends of its lines are looked for once, when first asked."""
    ends: list[int] = []

    def line_of(start: int) -> int:
        if not ends:
            ends.extend([found.start() for found in re.finditer("\n", text)] or [len(text)])
        return bisect_left(ends, start) + 1

    return line_of
