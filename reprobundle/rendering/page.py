"""A page of text for a terminal: lines wrapped, aligned and coloured in one place."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.rendering import columns

NARROWEST = 60
WIDEST = 120
LABEL = 13
SHORT = 12  # characters: what is shorter stands in many a sentence by chance

GREEN, RED, YELLOW, BOLD, DIM = "32", "31", "33", "1", "2"


@dataclass(frozen=True)
class Row:
    """One line of a table whose cells may be wrapped.

    Attributes:
        cells: The texts, escaped.
        codes: Colours of one of them.
        tinted: Which one, from 0.
        note: What stands below the row, indented; empty for nothing.
    """

    cells: tuple[str, ...]
    codes: tuple[str, ...] = ()
    note: str = ""
    tinted: int = 0


class Page:
    """Lines of text being put together, wrapped and coloured in one place."""

    def __init__(self, *, colour: bool, width: int) -> None:
        """Start empty; `width` in columns."""
        self._colour = colour
        self._width = width
        self._lines: list[str] = []

    def paint(self, text: str, *codes: str) -> str:
        """The text in a colour, if there are colours."""
        return f"\x1b[{';'.join(codes)}m{text}\x1b[0m" if self._colour and codes else text

    def room(self, indent: int) -> int:
        """Columns left beside an indent."""
        return self._width - indent

    def line(self, text: str = "", *codes: str) -> None:
        """Add one line as it is."""
        self._lines.append(self.paint(text, *codes) if text else "")

    def heading(self, text: str) -> None:
        """Add a blank line and a heading."""
        self.line()
        self.line(text, BOLD)

    def paragraph(self, text: str, *, indent: int = 2, codes: Sequence[str] = ()) -> None:
        """Add wrapped text."""
        for line in wrapped(text, self.room(indent)):
            self.line(" " * indent + self.paint(line, *codes))

    def field(self, label: str, *values: str, codes: Sequence[str] = ()) -> None:
        """Add a label with its values under one another, wrapped beside it."""
        lines = [line for value in values for line in wrapped(value, self.room(LABEL))]
        for number, line in enumerate(lines):
            shown = f"{label if number == 0 else '':<{LABEL}}"
            self.line(self.paint(shown, DIM) + self.paint(line, *codes))

    def folded(self, rows: Sequence[Row]) -> None:
        """Add columns whose cells are wrapped where they do not fit; the first row is the header."""
        widths = columns.widths_of([row.cells for row in rows], self.room(2))
        for row in rows:
            for number, cells in enumerate(columns.fold(row.cells, widths)):
                if number == 0:
                    cells[row.tinted] = self.paint(cells[row.tinted], *row.codes)
                self.line("  " + "  ".join(cells).rstrip())
            if row.note:
                self.paragraph(row.note, indent=min(2 + widths[0] + columns.GAP, LABEL), codes=(DIM,))

    def text(self) -> str:
        """Everything added so far."""
        return "\n".join(self._lines)


def wrapped(text: str, columns: int) -> list[str]:
    """The text in lines, at least one; a path or a digest is never cut, so that it can be copied."""
    return textwrap.wrap(text, columns, break_long_words=False, break_on_hyphens=False) or [""]


def unsaid(text: str, said: str) -> str:
    """The text, or nothing where it stands in what was said before."""
    return "" if len(text) >= SHORT and text in said else text
