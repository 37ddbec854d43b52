"""What the cells of a column of text are, as pandas' ``read_csv`` takes them."""

from __future__ import annotations

import re
from collections.abc import Sequence

from reprobundle.components.data.blocks import TEXT
from reprobundle.components.data.sources.declared import Declared

MARKERS = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "-1.#IND", "-1.#QNAN", "-NaN", "-nan", "1.#IND", "1.#QNAN", "<NA>", "N/A", "NA", "NULL",
    "NaN", "None", "n/a", "nan", "null",
})  # fmt: skip
"""Cells that say that there is no value: those that pandas takes for missing unless told otherwise."""

BOOLEANS = frozenset({"True", "TRUE", "true", "False", "FALSE", "false"})
I64, U64 = range(-(2**63), 2**63), range(2**64)
BLANKS = b" \t\n\v\f\r"
OF_INTEGERS, OF_FLOATS = b"0123456789+-" + BLANKS, b"0123456789+-.eE" + BLANKS
MAX_CHARACTERS = 4000  # of a number; Python itself reads integers of 4,300 digits

_INFINITE = re.compile(r"[+-]?inf(?:inity)?", re.IGNORECASE)
_OF_INFINITE = b"infityINFITY"


class Guess:
    """What a column is, as far as its cells were seen."""

    def __init__(self) -> None:
        """Begin with no cell."""
        self._kind: str | None = None
        self._missing = False
        self._least = self._most = 0

    @property
    def is_text(self) -> bool:
        """Whether the column is text, whatever follows."""
        return self._kind == TEXT

    def add(self, cells: Sequence[str]) -> None:
        """Take in some cells."""
        if self.is_text:
            return
        if not MARKERS.isdisjoint(cells):
            self._missing = True
            cells = [cell for cell in cells if cell not in MARKERS]
        if cells:
            kind = self._kind_of(cells)
            self._kind = kind if self._kind in {None, kind} else _joined(self._kind, kind)

    def declared(self) -> Declared:
        """How the column is to be read.

        Integers that 64 bits cannot hold, or no float beside a missing one, stay the texts they are.
        """
        if self._kind == "I64":
            return self._of_integers()
        if self._kind == TEXT:
            return Declared(TEXT)
        return Declared("BOOL") if self._kind == "BOOL" else Declared("F64", empty=True)

    def _of_integers(self) -> Declared:
        if self._least in I64 and self._most in I64:
            return Declared("F64", empty=True) if self._missing else Declared("I64")
        fits = self._least in U64 and self._most in U64 and not self._missing
        return Declared("U64") if fits else Declared(TEXT, empty=True)

    def _kind_of(self, cells: Sequence[str]) -> str:
        if cells[0] in BOOLEANS:
            return "BOOL" if BOOLEANS.issuperset(cells) else TEXT
        if max(map(len, cells)) > MAX_CHARACTERS:
            return TEXT
        integers = integers_of(cells)
        if integers is not None:
            self._least, self._most = min(self._least, *integers), max(self._most, *integers)
            return "I64"
        return TEXT if floats_of(cells) is None else "F64"


def _joined(one: str | None, other: str) -> str:
    return "F64" if {one, other} == {"I64", "F64"} else TEXT


def integers_of(cells: Sequence[str]) -> list[int] | None:
    """The integers that cells of text are, each with blanks around it or not; None where one is none."""
    if _rest("".join(cells), OF_INTEGERS) != b"" or max(map(len, cells), default=0) > MAX_CHARACTERS:
        return None
    try:
        return list(map(int, cells))
    except ValueError:
        return None


def floats_of(cells: Sequence[str]) -> list[float] | None:
    """The correctly rounded floats that cells of text are, infinite ones too; None where one is none."""
    rest = _rest("".join(cells), OF_FLOATS)
    if rest is None or rest.translate(None, _OF_INFINITE):
        return None
    if rest and not all(_INFINITE.fullmatch(cell) or _rest(cell, OF_FLOATS) == b"" for cell in cells):
        return None
    try:
        return list(map(float, cells))
    except ValueError:
        return None


def _rest(text: str, allowed: bytes) -> bytes | None:
    """What a text holds beside these characters, as it is much quicker to find than by an expression; None: not in ASCII."""
    return text.encode("ascii").translate(None, allowed) if text.isascii() else None
