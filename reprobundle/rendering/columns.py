"""Columns of text for a terminal: as wide as they need to be where there is room, else folded cell by cell."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence

from reprobundle.rendering.escaping import columns_of

GAP = 2
NARROWEST_COLUMN = 8
LONGEST_NAME = 60  # a longer one is cut, where there is no room


def widths_of(rows: Sequence[Sequence[str]], room: int) -> list[int]:
    """Columns of the terminal for each column of the table; the widest give way first.

    A column is as wide as its longest word, so that a name can be copied; where there is no room, the last give way.

    Args:
        rows: All rows, the header too, of equal length.
        room: Columns of the terminal for the whole table.
    """
    table = list(zip(*rows, strict=True))
    widths = [max(1, *(columns_of(cell) for cell in column)) for column in table]
    room -= GAP * (len(widths) - 1)
    floors = _floors(table, room)
    while sum(widths) > room:
        spare = [width - floor for width, floor in zip(widths, floors, strict=True)]
        if max(spare) <= 0:
            break
        widths[max(range(len(widths)), key=lambda column: (spare[column] > 0, widths[column]))] -= 1
    return widths


def _floors(table: Sequence[Sequence[str]], room: int) -> list[int]:
    """How narrow each column may get: as its longest word; values on the right give way before names on the left, and alike."""
    floors = [max(1, *(columns_of(word) for cell in column for word in cell.split() or [""])) for column in table]
    values = range(len(floors) // 2, len(floors))
    while sum(floors) > room and any(floors[column] > NARROWEST_COLUMN for column in values):
        widest = max(reversed(values), key=lambda column: floors[column])
        floors[widest] -= 1
    for column in reversed(range(len(floors) // 2)):
        floors[column] = max(min(floors[column], LONGEST_NAME), floors[column] - max(0, sum(floors) - room))
    return floors


def fold(row: Sequence[str], widths: Sequence[int]) -> Iterator[list[str]]:
    """The lines one row takes: each cell wrapped within its column, filled up with blanks."""
    folded = [_wrapped(cell, width) for cell, width in zip(row, widths, strict=True)]
    for number in range(max(len(lines) for lines in folded)):
        cells = [lines[number] if number < len(lines) else "" for lines in folded]
        yield [cell + " " * (width - columns_of(cell)) for cell, width in zip(cells, widths, strict=True)]


def _wrapped(cell: str, width: int) -> list[str]:
    return textwrap.wrap(cell, width, break_on_hyphens=False) or [""]
