"""Searching bytes for secrets: as text, as wide text, unpacked, and spelled as base64 or hex digits."""

from __future__ import annotations

import os
import re
from bisect import bisect_left, insort
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath

import xxhash

from reprobundle.secrecy import assignments
from reprobundle.secrecy.columns import columns
from reprobundle.secrecy.decoding import DEEPEST, hidden, together, wide_runs, wide_text
from reprobundle.secrecy.folding import folded
from reprobundle.secrecy.formats import formatted
from reprobundle.secrecy.rule import matches
from reprobundle.secrecy.rules import possible
from reprobundle.secrecy.unpacking import MAX_BYTES, Packed, is_archive, is_binary, is_printable, unpacked
from reprobundle.secrecy.words import Words

Further = Callable[[str], Iterable[tuple[str, int, int]]]
SALT_BYTES = 16
MOST_HITS = 300  # of one rule in one file: what holds so many stays out as a whole
MOST_NULLS = 0.01  # of a text, in which somebody left a few
FEW_NULLS, WIDEST = 16, 4

_NULLS = re.compile(rb"\0{64,}")
_ESCAPES = re.compile(r"\\+[nrt]|[\s\\\"',]")


@dataclass(frozen=True)
class Hit:
    """A secret in some bytes, which itself is not kept.

    Attributes:
        rule: The rule that found it.
        line: The line, from 1; None where the bytes are no text.
        start: Where it begins, in characters of the text as `text_of` gives it; None where it cannot be cut out.
        end: Where it ends.
        mark: What the same secret has in every place, drawn anew for each `Marker`; None where there may be several.
    """

    rule: str
    line: int | None
    start: int | None
    end: int | None
    mark: bytes | None = field(default=None, repr=False)


class Marker:
    """Tells whether two secrets are the same one, for as long as it lives: its salt is drawn at random and never kept."""

    def __init__(self) -> None:
        self._salt = os.urandom(SALT_BYTES)

    def __call__(self, secret: str) -> bytes:
        """The digest of a secret and the salt; how lines end, and are escaped, makes no difference."""
        plain = _ESCAPES.sub("", secret).encode("utf-8", "surrogatepass")
        return xxhash.xxh3_128_digest(self._salt + plain)


@dataclass(frozen=True)
class _Task:
    """What a search is about, wherever it looks.

    Attributes:
        further: More rules.
        mark: Gives secrets their marks.
        left: How many bytes may still be unpacked.
        met: How many hits each rule had.
    """

    further: Sequence[Further]
    mark: Marker
    left: Packed = field(default_factory=Packed)
    met: Counter[str] = field(default_factory=Counter)

    def is_full(self, rule: str) -> bool:
        """Whether a rule has found enough: what is beyond is told by one hit without a place."""
        return self.met[rule] > MOST_HITS


def text_of(content: bytes) -> str | None:
    """The text of bytes, from which they can be made again (UTF-8, other bytes escaped); None for what is no text."""
    return None if b"\0" in content else content.decode("utf-8", "surrogateescape")


def search(
    content: bytes,
    path: str,
    *,
    further: Sequence[Further] = (),
    marker: Marker | None = None,
    packed: Packed | None = None,
) -> tuple[Hit, ...]:
    """The secrets in some bytes, in their order, each once; of a rule at most 300, and then one without a place.

    Args:
        content: The bytes; what is beyond 32 MiB is not read.
        path: What they are called: the ending tells code from configuration.
        further: More rules: each gives names and places for a text.
        marker: Gives secrets their marks; None: one of its own.
        packed: Is told whether something within was not read.
    """
    task = _Task(further, marker or Marker(), packed or Packed())
    found = dict.fromkeys(_search(content[:MAX_BYTES], path, task, DEEPEST))
    return tuple(sorted(found, key=lambda hit: (hit.line or 0, hit.start or 0, hit.rule)))


def _search(content: bytes, path: str, task: _Task, deep: int) -> Iterator[Hit]:
    for name, inner in unpacked(content, task.left) if deep else ():
        yield from (_nowhere(hit) for hit in _search(inner, name or path, task, deep - 1))
    task.left.is_cut = task.left.is_cut or (not deep and is_archive(content))
    text = text_of(content)
    if text is not None:
        yield from _in_text(text, path, task, deep, exact=is_binary(content))
        return
    content = _NULLS.sub(_shorter, content)
    wide = wide_text(content)
    if wide is not None:
        yield from (Hit(hit.rule, hit.line, None, None, hit.mark) for hit in _in_text(wide, path, task, deep))
        return
    exact = content.count(0) > max(len(content) * MOST_NULLS, 4) or not is_printable(content)
    for piece in (content.replace(b"\0", b"\n").decode("latin-1"), "\n".join(wide_runs(content))):
        yield from (_nowhere(hit) for hit in _in_text(piece, path, task, deep, exact=exact))


def _shorter(nulls: re.Match[bytes]) -> bytes:
    """Few null bytes for many, which take as long as letters; where wide letters begin after them stays the same."""
    return bytes(FEW_NULLS + len(nulls[0]) % WIDEST)


def _nowhere(hit: Hit) -> Hit:
    return Hit(hit.rule, None, None, None, hit.mark)


def _in_text(text: str, path: str, task: _Task, deep: int, *, exact: bool = False) -> Iterator[Hit]:
    """The secrets in a text.

    Args:
        text: The text.
        path: What it is called.
        task: What the search is about.
        deep: How many spellings may lie within each other.
        exact: Only look for formats, not for values given to names.
    """
    line_of, words = _lines(text), Words(text.encode("utf-8", "surrogatepass"))
    plain = []
    for rule, start, end in _plain(text, path, task, words, exact=exact):
        full, mark = task.is_full(rule), task.mark(text[start:end])
        plain.append(Hit(rule, None, None, None) if full else Hit(rule, line_of(start), start, end, mark))
    yield from plain
    told = _Told(plain)
    for inner in (*hidden(text, words), *together(folded(text, path))) if deep else ():
        for hit in _search(inner.content, path, task, deep - 1):
            start, end = inner.span(hit.line)
            if not told.has(hit, start, end, nearly=inner.nearly):
                told.add(hit, start, end)
                yield Hit(hit.rule, line_of(start), start, end, hit.mark)


class _Told:
    """What was found in a text as it stands."""

    def __init__(self, hits: Sequence[Hit]) -> None:
        self._marks = {hit.mark for hit in hits if hit.mark is not None}
        self._places: dict[str, _Taken] = defaultdict(_Taken)
        self._inner: dict[bytes | None, _Taken] = defaultdict(_Taken)
        for hit in hits:
            if hit.start is not None and hit.end is not None:
                self._places[hit.rule].take(hit.start, hit.end)

    def has(self, hit: Hit, start: int, end: int, *, nearly: bool) -> bool:
        """Whether a secret in another spelling is one of these, or at a place where its rule found one, or it was told of one."""
        if hit.mark in self._marks or (nearly and not self._places[hit.rule].is_free(start, end)):
            return True
        return hit.mark in self._inner and not self._inner[hit.mark].is_free(start, end)

    def add(self, hit: Hit, start: int, end: int) -> None:
        """Remember one in another spelling: what a line says, and the program of which it is one, is told once."""
        if hit.mark is not None:
            self._inner[hit.mark].take(start, end)


def _plain(text: str, path: str, task: _Task, words: Words, *, exact: bool) -> Iterator[tuple[str, int, int]]:
    """Each place once, under the first rule that knows it."""
    taken = _Taken()
    for finding in _all(text, path, task.further, words, exact=exact):
        for name, start, end in finding:
            if taken.take(start, end):
                task.met[name] += 1
                yield name, start, end
                if task.is_full(name):
                    break


class _Taken:
    """Places of a text under which something was found, sorted and apart from each other."""

    def __init__(self) -> None:
        self._places: list[tuple[int, int]] = []

    def is_free(self, start: int, end: int) -> bool:
        """Whether a place overlaps none of those that were taken."""
        index = bisect_left(self._places, (start, end))
        if index and self._places[index - 1][1] > start:
            return False
        return index == len(self._places) or end <= self._places[index][0]

    def take(self, start: int, end: int) -> bool:
        """Whether a place was free; then it is taken."""
        free = self.is_free(start, end)
        if free:
            insort(self._places, (start, end))
        return free


def _all(
    text: str, path: str, further: Sequence[Further], words: Words, *, exact: bool
) -> Iterator[Iterable[tuple[str, int, int]]]:
    """What each rule finds, rule by rule."""
    lowered = _lowered(text)
    for rule in possible(lowered, words):
        yield ((rule.name, start, end) for start, end in matches(rule, text, lowered, words))
    for more in further:
        yield more(text)
    if not exact:
        code = PurePosixPath(path).suffix.lower() in assignments.CODE
        yield ((assignments.NAME, start, end) for start, end in assignments.assigned(text, lowered, code=code))
        yield ((assignments.NAME, start, end) for start, end in columns(text, path))
        yield ((assignments.NAME, start, end) for start, end in formatted(text, path))


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
