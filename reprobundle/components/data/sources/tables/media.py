"""Cells that are pictures, sounds and the like, as Hugging Face keeps them: bytes, or a path to them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from reprobundle.components.data.blocks import Column
from reprobundle.components.data.sources.tables import columns as making
from reprobundle.components.data.sources.tables.meaning import Meaning
from reprobundle.components.data.sources.tables.plain_arrays import missing_of

MEDIA = frozenset({"bytes", "path"})


def is_media(kind: Any, meaning: Meaning) -> bool:
    """Whether the cells are pictures, sounds and the like: bytes, or a path to them."""
    return (
        isinstance(meaning.feature, dict)
        and isinstance(meaning.feature.get("_type"), str)
        and {field.name for field in kind} == MEDIA
    )


def of_media(name: str, array: Any, meaning: Meaning) -> Column:
    """The bytes themselves, whatever the files were called; a cell without both is missing.

    Raises:
        UsageError: Only a path is known, and it is not this machine's.
    """
    import numpy as np

    missing = missing_of(array)
    cells = array.to_pylist()
    contents = [b"" if cell is None else _content(name, meaning, cell) for cell in cells]
    absent = np.array([content is None for content in contents])
    missing = absent if missing is None else missing | absent
    return making.byte_strings(name, [content or b"" for content in contents], missing)


def _content(name: str, meaning: Meaning, cell: dict[str, Any]) -> bytes | None:
    content, path = cell["bytes"], cell["path"]
    if content is not None or path is None:
        return None if content is None else bytes(content)
    if not meaning.files or "://" in path:
        raise making.refused(name, "a path instead of the content", hint="embed the files in the data set")
    return Path(path).read_bytes()
