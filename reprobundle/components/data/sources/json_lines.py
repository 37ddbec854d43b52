"""JSON lines: each line is a sample, most often an object with a name for each cell."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reprobundle.components.data.blocks import Column
from reprobundle.components.data.gathering import blocks_of
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.declared import FLOATS, INTEGERS, Declared, declared
from reprobundle.components.data.sources.parsing import BadCellError, parsed
from reprobundle.components.data.sources.text_files import opened, shown
from reprobundle.errors import RefusedInputError

MAX_LINE = 64 * 2**20
ROWS = 1024
EMPTY = frozenset({""})  # JSON has null for what is missing: a text such as NA is a text


def samples_of_json_lines(place: Path, how: How) -> Samples:
    """The values of a file with one JSON value a line.

    A number is I64 or F64 as JSON writes it, unless another dtype is declared for its name.

    Raises:
        UsageError: A declared dtype is not known.
        RefusedInputError: The file is not of that form.
    """
    kinds = {name: declared(name, dtype) for name, dtype in how.dtypes.items()} or dict(_recorded(how))
    return Samples(kind="table", count=None, blocks=lambda: blocks_of(_rows(place, kinds)))


def _recorded(how: How) -> Iterator[tuple[str, Declared]]:
    """Leaves that JSON does not tell by itself."""
    for leaf in how.leaves:
        plain = leaf.shape == () and leaf.dtype in (*INTEGERS, *FLOATS)
        if (plain and leaf.dtype not in {"I64", "F64"}) or leaf.dtype.startswith(
            ("timestamp", "duration", "time[", "date")
        ):
            yield leaf.name, declared(leaf.name, leaf.dtype)


def _rows(place: Path, kinds: dict[str, Declared]) -> Iterator[Any]:
    lines = _values(place)
    while portion := list(itertools.islice(lines, ROWS)):
        for name, kind in kinds.items():
            _declare(place, name, kind, [(line, value) for line, value in portion if _has(value, name)])
        yield from (value for _, value in portion)


def _has(value: Any, name: str) -> bool:
    return isinstance(value, dict) and isinstance(value.get(name), bool | int | float | str)


def _declare(place: Path, name: str, kind: Declared, rows: Sequence[tuple[int, dict[str, Any]]]) -> None:
    """Put numbers of the declared dtype in the place of JSON's."""
    cells = [row[name] if isinstance(row[name], str) else json.dumps(row[name]) for _, row in rows]
    try:
        column = parsed(name, kind, cells, markers=EMPTY)
    except BadCellError as error:
        where = f"{place.name!r}: line {rows[error.index][0]:,}, column {name!r}"
        raise RefusedInputError(f"{where}: expected {kind.dtype}, found {shown(cells[error.index])}") from error
    for (_, row), cell in zip(rows, _cells(column), strict=True):
        row[name] = cell


def _cells(column: Column) -> Iterator[Any]:
    """The cells of a column as values of which a sample can be made."""
    import decimal

    import numpy as np

    for index in range(column.count):
        if column.missing is not None and column.missing[index]:
            yield None
        elif column.offsets is not None:
            text = bytes(column.values[column.offsets[index] : column.offsets[index + 1]]).decode(
                "utf-8", "surrogatepass"
            )
            yield text if column.dtype == "text" else decimal.Decimal(text)
        elif column.dtype in {"BOOL", *INTEGERS, *FLOATS}:
            yield column.values[index]
        else:
            yield _time(column, np.int64(column.values[index]))


def _time(column: Column, count: Any) -> Any:
    import datetime

    kind, unit = column.dtype.rstrip("]").split("[")
    if kind == "time" or "UTC" in unit:
        raise RefusedInputError(f"column {column.name!r}: {column.dtype} is not read from JSON lines")
    if kind == "date":
        return datetime.date.fromordinal(datetime.date(1970, 1, 1).toordinal() + int(count))
    return count.view(f"{'M8' if kind == 'timestamp' else 'm8'}[{unit}]")


def _values(place: Path) -> Iterator[tuple[int, Any]]:
    with opened(place) as text:
        for number in itertools.count(1):
            line = text.readline(MAX_LINE + 1)
            if not line:
                return
            if len(line) > MAX_LINE:
                raise RefusedInputError(f"{place.name!r}: line {number:,} has more than {MAX_LINE:,} characters")
            if not line.isspace():
                yield number, _value(place, number, line)


def _value(place: Path, number: int, line: str) -> Any:
    try:
        return json.loads(line, object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        reason = getattr(error, "msg", None) or (str(error) if isinstance(error, ValueError) else "nested too deeply")
        raise RefusedInputError(f"{place.name!r}: line {number:,}: no JSON value: {reason}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) != len(pairs):
        names = [name for name, _ in pairs]
        raise ValueError(f"the name {next(name for name in names if names.count(name) > 1)!r} stands twice")
    return made
