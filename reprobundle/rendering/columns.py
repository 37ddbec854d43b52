"""Columns of text for a terminal: as wide as they need to be where there is room, else folded cell by cell."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from reprobundle.rendering.escaping import columns_of

GAP = 2
NARROWEST_COLUMN = 8


def widths_of(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Columns of the terminal for each column of the table; the widest give way first.

    Args:
        rows: All rows, the header too, of equal length.
        room: Columns of the terminal for the whole table.
    """
    widths = [max(1, *(columns_of(cell) for cell in column)) for column in zip(*rows, strict=True)]
    while sum(widths) + GAP * (len(widths) - 1) > room and max(widths) > NARROWEST_COLUMN:
        widest = widths.index(max(widths))
        widths[widest] -= 1
    return widths


def fold(row: Sequence[str], widths: Sequence[int]) -> Iterator[list[str]]:
    """The lines one row takes: each cell wrapped within its column, filled up with blanks."""
    folded = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    for number in range(max(len(lines) for lines in folded)):
        cells = [lines[number] if number < len(lines) else "" for lines in folded]
        yield [cell + " " * (width - columns_of(cell)) for cell, width in zip(cells, widths, strict=True)]


def _wrapped(cell: str, width: int) -> list[str]:
    return textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
