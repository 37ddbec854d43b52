"""Tables in text: CSV and TSV files, read row by row."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobundle.components.data.blocks import Block, Column
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.declared import Declared, declared_columns
from reprobundle.components.data.sources.parsing import BadCellError, parsed
from reprobundle.components.data.sources.tables.columns import refuse_twins
from reprobundle.components.data.sources.text_files import opened, shown
from reprobundle.errors import RefusedInputError
from reprobundle.phrases import counted

MAX_ROWS = 4096
BLOCK_CHARACTERS = 4 * 2**20
FIRST_ROW_CHARACTERS = 2**16  # what the first rows are taken to have, until some were seen
MAX_CELL = 2**31 - 1
LINE_END = re.compile("\r\n|\r|\n")


@dataclass(frozen=True)
class Portion:
    """Some rows of a file that follow one another.

    Attributes:
        before: Number of the line before them.
        rows: Their cells; none for an empty line, which is no row.
    """

    before: int
    rows: list[list[str]]

    def line(self, index: int) -> int:
        """On which line the row ends that is number `index` of those with cells."""
        line = self.before
        for row in self.rows:
            line += 1 + sum(len(LINE_END.findall(cell)) for cell in row)
            index -= bool(row)
            if index < 0:
                break
        return line


def samples_of_csv(place: Path, how: How, *, delimiter: str = ",") -> Samples:
    """The rows of a CSV file whose first line names the columns.

    A column is text, and its empty cells are empty texts, unless a dtype is declared for it.

    Args:
        place: The file, in UTF-8, packed by gzip or not.
        how: The declared dtypes, or the recorded leaves.
        delimiter: What stands between two cells.

    Raises:
        UsageError: A declared dtype or its column is not known, or two columns have one name.
        RefusedInputError: The file is no such table.
    """
    with opened(place) as text:
        names = _header(place, _Rows(place, text, delimiter))
    declared = declared_columns(how, names, place.name)
    return Samples(kind="table", count=None, blocks=lambda: _blocks(place, declared, delimiter))


class _Rows:
    """Rows of a file, some at a time.

    Cells may be as long as memory lets them: the csv module's own limit is lifted while rows are read, and only then.
    """

    def __init__(self, place: Path, text: Any, delimiter: str) -> None:
        self._place = place
        self._reader = csv.reader(text, delimiter=delimiter, strict=True)
        self._size = FIRST_ROW_CHARACTERS

    def next(self) -> Portion | None:
        """The next rows, about as many as make a block; None at the end."""
        portion = self.read(max(1, min(MAX_ROWS, BLOCK_CHARACTERS // self._size)))
        if portion is not None:
            self._size = max(1, sum(len("".join(row)) for row in portion.rows) // len(portion.rows))
        return portion

    def read(self, count: int) -> Portion | None:
        """The next rows, at most so many; None at the end."""
        line = self._reader.line_num
        limit = csv.field_size_limit(MAX_CELL)
        try:
            rows = list(itertools.islice(self._reader, count))
        except csv.Error as error:
            message = f"{self._place.name!r}: line {self._reader.line_num:,}: {error}"
            raise RefusedInputError(message, hint="have it digested by its bytes (as_bytes)") from error
        finally:
            csv.field_size_limit(limit)
        return Portion(line, rows) if rows else None


def _header(place: Path, rows: _Rows) -> list[str]:
    while (portion := rows.read(1)) is not None:
        if portion.rows[0]:
            refuse_twins(portion.rows[0])
            return portion.rows[0]
    raise RefusedInputError(f"{place.name!r} is empty: expected a line with the columns' names")


def _blocks(place: Path, declared: dict[str, Declared], delimiter: str) -> Iterator[Block]:
    with opened(place) as text:
        rows = _Rows(place, text, delimiter)
        _header(place, rows)
        while (portion := rows.next()) is not None:
            cells = [row for row in portion.rows if row]
            if cells:
                yield _block(place, declared, portion, cells)


def _block(place: Path, declared: dict[str, Declared], portion: Portion, rows: Sequence[Sequence[str]]) -> Block:
    width = len(declared)
    if set(map(len, rows)) != {width}:
        index = next(index for index, row in enumerate(rows) if len(row) != width)
        where = f"{place.name!r}: line {portion.line(index):,}"
        raise RefusedInputError(f"{where}: expected {counted(width, 'cell')}, found {len(rows[index])}")
    columns = zip(declared.items(), zip(*rows, strict=True), strict=True)
    return tuple(_column(place, name, how, cells, portion) for (name, how), cells in columns)


def _column(place: Path, name: str, declared: Declared, cells: Sequence[str], portion: Portion) -> Column:
    try:
        return parsed(name, declared, cells)
    except BadCellError as error:
        where = f"{place.name!r}: line {portion.line(error.index):,}, column {name!r}"
        raise RefusedInputError(f"{where}: expected {declared.dtype}, found {shown(cells[error.index])}") from error
