"""Passwords and tokens in tables: the name of a column says what its values are."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from reprobundle.secrecy.assignments import ANCHORS, SHORTEST, is_row_number, is_secret_value

ENDINGS = frozenset({".csv", ".tsv", ".tab", ".psv"})
DELIMITERS = ",\t;|"
LONGEST_HEADER = 64 * 2**10  # characters
MOST_COLUMNS = 50  # that are looked at

_SPEAKS = re.compile("|".join(map(re.escape, ANCHORS)), re.IGNORECASE)


def columns(text: str, path: str) -> Iterator[tuple[int, int]]:
    """Where the values of columns begin and end whose name speaks of secrets, and which look like one.

    Args:
        text: A table whose first line has the names.
        path: What it is called; by its ending it is a table.
    """
    header = text[: LONGEST_HEADER + 1].partition("\n")[0]
    if PurePosixPath(path).suffix.lower() not in ENDINGS or len(header) > LONGEST_HEADER or not _SPEAKS.search(header):
        return
    delimiter = max(DELIMITERS, key=header.count)
    lines = _Lines(text)
    try:
        rows = csv.reader(lines, delimiter=delimiter)
        names = next(rows)
        speaking = [index for index, name in enumerate(names) if _SPEAKS.search(name)][:MOST_COLUMNS]
        while speaking:
            start = lines.reached
            row = next(rows, None)
            if row is None:
                return
            yield from _values(
                text, start, lines.reached, [(names[one], row[one]) for one in speaking if one < len(row)]
            )
    except csv.Error:  # a field of more than 128 KiB: no table of passwords
        return


class _Lines:
    """Gives the lines of a text, and remembers how far it came."""

    def __init__(self, text: str) -> None:
        self._text = text
        self.reached = 0

    def __iter__(self) -> Iterator[str]:
        while self.reached < len(self._text):
            end = self._text.find("\n", self.reached) + 1 or len(self._text)
            line = self._text[self.reached : end].replace("\0", " ")
            self.reached = end
            yield line


def _values(text: str, start: int, end: int, pairs: list[tuple[str, str]]) -> Iterator[tuple[int, int]]:
    for name, value in pairs:
        if len(value) >= SHORTEST and is_secret_value(name, value) and not is_row_number(name.strip(), value):
            place = text.find(value, start, end)
            if place >= 0:
                yield place, place + len(value)
