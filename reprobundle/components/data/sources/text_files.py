"""Files of text, packed by gzip or not, line by line."""

from __future__ import annotations

import contextlib
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from reprobundle.errors import RefusedInputError

SHOWN = 80


@contextlib.contextmanager
def opened(place: Path) -> Iterator[IO[str]]:
    """A file of UTF-8 text, with or without its mark at the beginning; line ends are left as they are.

    Raises:
        RefusedInputError: It is in another encoding, or its packing is broken.
    """
    with place.open("rb") as file:
        packed = place.suffix.lower() == ".gz"
        content = gzip.GzipFile(fileobj=file) if packed else file
        with io.TextIOWrapper(content, encoding="utf-8-sig", newline="") as text:
            try:
                yield text
            except UnicodeDecodeError as error:
                hint = "write it again in UTF-8, or have it digested by its bytes (as_bytes)"
                raise RefusedInputError(f"{place.name!r} is not in UTF-8: {error.reason}", hint=hint) from error
            except (EOFError, zlib.error, gzip.BadGzipFile) as error:
                raise RefusedInputError(f"{place.name!r} is no whole gzip file") from error


def shown(cell: str) -> str:
    """A cell as a message shows it: escaped, and cut when it is long."""
    return repr(cell) if len(cell) <= SHOWN else f"{cell[:SHOWN]!r} and {len(cell) - SHOWN:,} more characters"
