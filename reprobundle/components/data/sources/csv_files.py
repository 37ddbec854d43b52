"""Tables in text: CSV and TSV files, read row by row.

A file is read twice where a column has no declared dtype: the first time to see what its cells are.
"""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from reprobundle.components.data.blocks import TEXT, Block, Column
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.declared import Declared, declared_columns, recorded_columns
from reprobundle.components.data.sources.inferring import Guess
from reprobundle.components.data.sources.parsing import BadCellError, parsed
from reprobundle.components.data.sources.tables.columns import refuse_twins
from reprobundle.components.data.sources.text_files import opened, shown
from reprobundle.errors import RefusedInputError
from reprobundle.phrases import counted

MAX_ROWS = 4096
BLOCK_CHARACTERS = 4 * 2**20
FIRST_ROW_CHARACTERS = 2**16  # what the first rows are taken to have, until some were seen
MAX_CELL = 2**31 - 1
OTHER_DELIMITERS = (";", "\t", "|")
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


@dataclass(frozen=True)
class Table:
    """A file of rows.

    Attributes:
        place: Where it is.
        delimiter: What stands between two cells.
        names: The columns.
        declared: How those are to be read for which a dtype is declared.
        recorded: How those were read that the bundle records: they are read so again where they can be.
    """

    place: Path
    delimiter: str
    names: tuple[str, ...]
    declared: dict[str, Declared]
    recorded: dict[str, Declared]


def samples_of_csv(place: Path, how: How, *, delimiter: str = ",") -> Samples:
    """The rows of a CSV file whose first line names the columns.

    A column without a declared dtype is what pandas' ``read_csv`` takes it for.

    Args:
        place: The file, in UTF-8, packed by gzip or not.
        how: The declared dtypes, and the recorded leaves.
        delimiter: What stands between two cells.

    Raises:
        UsageError: A declared dtype or its column is not known, or two columns have one name.
        RefusedInputError: The file is no such table.
    """
    table, remarks = _table(place, how, delimiter)
    return Samples(kind="table", count=None, blocks=lambda: _blocks([table]), remarks=remarks)


def samples_of_csv_files(places: Sequence[Path], how: How, *, delimiter: str = ",") -> Samples | None:
    """The rows of files of one table, one file after another; a column's dtype is found out from all of them.

    Returns:
        The rows, or None where the files have not the same columns.
    """
    tables, remarks = zip(*(_table(place, how, delimiter) for place in places), strict=True)
    if len({table.names for table in tables}) > 1:
        return None
    return Samples(kind="table", count=None, blocks=lambda: _blocks(tables), remarks=remarks[0])


def _table(place: Path, how: How, delimiter: str) -> tuple[Table, tuple[str, ...]]:
    """What the first line of a file says, with remarks on it."""
    with opened(place) as text:
        given = _header(place, _Rows(place, text, delimiter))
    names = tuple(_names(given))
    declared, recorded = declared_columns(how, names, place.name), recorded_columns(how, names)
    return Table(place, delimiter, names, declared, recorded), tuple(_remarks(given, names))


def _names(given: Sequence[str]) -> list[str]:
    """The names in the first line; a column without one is called as pandas calls it."""
    names = [name or f"Unnamed: {index}" for index, name in enumerate(given)]
    refuse_twins(names)
    return names


def _remarks(given: Sequence[str], names: Sequence[str]) -> Iterator[str]:
    if not given[0]:
        yield f"its first column has no name and is called {names[0]!r}: an index? to_csv(index=False) leaves it out"
    elif "" in given:
        yield f"a column without a name is called {names[given.index('')]!r}"
    if len(given) == 1 and (found := [mark for mark in OTHER_DELIMITERS if mark in given[0]]):
        yield f"it has one column, {shown(given[0])}: expected commas between cells, found {found[0]!r}"


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
            self._size = max(1, sum(map(len, itertools.chain.from_iterable(portion.rows))) // len(portion.rows))
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
            return portion.rows[0]
    raise RefusedInputError(f"{place.name!r} is empty: expected a line with the columns' names")


def _portions(table: Table) -> Iterator[tuple[Portion, list[tuple[str, ...]]]]:
    """Rows that follow one another, and their cells column by column."""
    with opened(table.place) as text:
        rows = _Rows(table.place, text, table.delimiter)
        _header(table.place, rows)
        while (portion := rows.next()) is not None:
            cells = [row for row in portion.rows if row]
            if cells:
                _refuse_ragged(table, portion, cells)
                yield portion, list(zip(*cells, strict=True))


def _refuse_ragged(table: Table, portion: Portion, rows: Sequence[Sequence[str]]) -> None:
    width = len(table.names)
    if set(map(len, rows)) == {width}:
        return
    index = next(index for index, row in enumerate(rows) if len(row) != width)
    where = f"{table.place.name!r}: line {portion.line(index):,}"
    raise RefusedInputError(f"{where}: expected {counted(width, 'cell')}, found {len(rows[index])}")


def _blocks(tables: Sequence[Table]) -> Iterator[Block]:
    hows = _settled(tables)
    for table in tables:
        for portion, columns in _portions(table):
            yield tuple(
                _column(table.place, name, hows[name], cells, portion)
                for name, cells in zip(table.names, columns, strict=True)
            )


def _settled(tables: Sequence[Table]) -> dict[str, Declared]:
    """How each column is read: as declared, as recorded where that can be, else as what its cells are."""
    table = tables[0]
    known = {**table.recorded, **table.declared}
    doubtful = {name for name, how in table.recorded.items() if how.dtype != TEXT}
    unfit = _unfit(tables, doubtful)
    known = {name: how for name, how in known.items() if name not in unfit}
    open_names = [name for name in table.names if name not in known]
    return known | _guessed(tables, open_names) if open_names else known


def _unfit(tables: Sequence[Table], names: AbstractSet[str]) -> set[str]:
    """Those columns with a cell that is no value of the recorded dtype."""
    unfit: set[str] = set()
    if not names:
        return unfit
    for _, columns in itertools.chain.from_iterable(map(_portions, tables)):
        for name, cells in zip(tables[0].names, columns, strict=True):
            if name in names and name not in unfit and not _can_be(tables[0].recorded[name], cells):
                unfit.add(name)
        if len(unfit) == len(names):
            break
    return unfit


def _can_be(how: Declared, cells: Sequence[str]) -> bool:
    try:
        parsed("", how, cells)
    except BadCellError:
        return False
    return True


def _guessed(tables: Sequence[Table], names: Sequence[str]) -> dict[str, Declared]:
    guesses = {name: Guess() for name in names}
    for _, columns in itertools.chain.from_iterable(map(_portions, tables)):
        for name, cells in zip(tables[0].names, columns, strict=True):
            if name in guesses:
                guesses[name].add(cells)
        if all(guess.is_text for guess in guesses.values()):
            break
    return {name: guess.declared() for name, guess in guesses.items()}


def _column(place: Path, name: str, declared: Declared, cells: Sequence[str], portion: Portion) -> Column:
    try:
        return parsed(name, declared, cells)
    except BadCellError as error:
        where = f"{place.name!r}: line {portion.line(error.index):,}, column {name!r}"
        message = f"{where}: expected {declared.dtype}, found {shown(cells[error.index])}"
        hint = f"declare another dtype for {name!r}, such as float64 or string, or none to have it found out"
        raise RefusedInputError(message, hint=hint) from error
