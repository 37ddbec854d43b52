"""A licence known by its text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from reprobundle.initialising.project import read_start

READ = 4000  # characters
SIGNS: Sequence[tuple[str, tuple[str, ...]]] = (  # SPDX id, and words its text begins with, all of them
    ("Apache-2.0", ("apache license", "version 2.0")),
    ("AGPL-3.0-only", ("gnu affero general public license", "version 3")),
    ("LGPL-3.0-only", ("gnu lesser general public license", "version 3")),
    ("GPL-3.0-only", ("gnu general public license", "version 3")),
    ("GPL-2.0-only", ("gnu general public license", "version 2")),
    ("MPL-2.0", ("mozilla public license", "2.0")),
    ("CC0-1.0", ("cc0 1.0 universal",)),
    ("CC-BY-NC-4.0", ("attribution-noncommercial 4.0 international",)),
    ("CC-BY-SA-4.0", ("attribution-sharealike 4.0 international",)),
    ("CC-BY-4.0", ("attribution 4.0 international",)),
    ("BSD-3-Clause", ("redistribution and use in source and binary forms", "neither the name")),
    ("BSD-2-Clause", ("redistribution and use in source and binary forms",)),
    ("MIT", ("permission is hereby granted, free of charge", 'the software is provided "as is"')),
)


def licence_of(folder: Path, files: Sequence[str]) -> tuple[str, str] | None:
    """The SPDX id of a licence file at the top of a project, and the file; None where none is known by its text."""
    for name in files:
        if "/" in name:
            continue
        try:
            start = read_start(folder / name, 4 * READ)
        except OSError:  # a pipe of that name, or a file of somebody else's, tells nothing
            continue
        text = " ".join(start.decode("utf-8", "replace")[:READ].lower().split())
        for identifier, words in SIGNS:
            if all(word in text for word in words):
                return identifier, name
    return None
