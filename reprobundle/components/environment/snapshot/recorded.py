"""Reading RECORD, the list of files that an installer leaves beside a distribution's metadata."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

RECORD = "RECORD"

Row = tuple[str, str, str]
"""Path relative to the site folder, digest as ``sha256=…`` in URL-safe base64, size in bytes; the last two may be empty."""


def read_rows(metadata: Path) -> tuple[Row, ...]:
    """The rows of a metadata folder's RECORD, in its order; none where it has none.

    Raises:
        OSError: It cannot be read.
    """
    try:
        with open(os.path.join(metadata, RECORD), "rb") as file:
            text = file.read().decode("utf-8", "surrogateescape")
    except (FileNotFoundError, NotADirectoryError):
        return ()
    return _plain(text) or tuple(_quoted(text))


def _plain(text: str) -> tuple[Row, ...] | None:
    """All lines at once, ten times faster than a reader of CSV files; None where one needs such a reader."""
    if '"' in text or "\r" in text or text.count(",") != 2 * text.count("\n"):
        return None
    fields = text.replace("\n", ",").split(",")
    sizes = fields[2::3]
    if fields[-1] or not ("".join(sizes) or "0").isdecimal():
        return None
    return tuple(zip(fields[0:-1:3], fields[1::3], sizes, strict=True))


def _quoted(text: str) -> Iterator[Row]:
    import csv

    for fields in csv.reader(text.splitlines()):
        if fields:
            path, digest, size = (*fields, "", "")[:3]
            yield path, digest, size
