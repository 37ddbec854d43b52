"""Passwords and tokens in tables: the name of a column says what its values are."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from reprobundle.secrecy.assignments import SHORTEST, SPEAKS, is_row_number, is_secret_value

ENDINGS = frozenset({".csv", ".tsv", ".tab", ".psv"})
DELIMITERS = ",\t;|"
LONGEST_HEADER = 64 * 2**10  # characters
MOST_COLUMNS = 50  # that are looked at
MOST_BEFORE = 20  # lines before the header

_SEPARATOR = re.compile(r"\ufeff?sep=(.)\r?\n", re.IGNORECASE)  # as spreadsheets write it
_COMMENT = re.compile(r"\ufeff?[ \t]*(?:#[^\n]*)?\n")


def columns(text: str, path: str) -> Iterator[tuple[int, int]]:
    """Where the values of columns begin and end whose name speaks of secrets, and which look like one.

    Args:
        text: A table whose first line has the names, but for comments and what tells the separator.
        path: What it is called; by its ending it is a table.
    """
    if PurePosixPath(path).suffix.lower() not in ENDINGS:
        return
    begun, separator = _begun(text)
    header = text[begun : begun + LONGEST_HEADER + 1].partition("\n")[0]
    if len(header) > LONGEST_HEADER or not SPEAKS.search(header):
        return
    delimiter = separator or max(DELIMITERS, key=header.count)
    lines = _Lines(text, begun)
    try:
        rows = csv.reader(lines, delimiter=delimiter)
        names = next(rows)
        speaking = [index for index, name in enumerate(names) if SPEAKS.search(name)][:MOST_COLUMNS]
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


def _begun(text: str) -> tuple[int, str | None]:
    """Where the header begins, and the separator where a line tells it."""
    begun, separator = 0, None
    for _ in range(MOST_BEFORE):
        told = _SEPARATOR.match(text, begun)
        found = told or (_COMMENT.match(text, begun) if not _is_header(text, begun) else None)
        if found is None:
            break
        begun, separator = found.end(), told[1] if told else separator
    return begun, separator


def _is_header(text: str, place: int) -> bool:
    """Whether a line that begins like a comment has the names of columns, as in ``#user,password``."""
    line, _, after = text[place : place + LONGEST_HEADER].partition("\n")
    counts = {sign: line.count(sign) for sign in DELIMITERS if sign in line}
    following = after.partition("\n")[0]
    return any(
        following.count(sign) == number and not following.startswith("#") for sign, number in counts.items()
    ) and (SPEAKS.search(following) is None)


class _Lines:
    """Gives the lines of a text, and remembers how far it came."""

    def __init__(self, text: str, begun: int) -> None:
        self._text = text
        self.reached = begun

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
