"""New data that no comparison can be made of: why, and what the person can do about it."""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from reprobundle.components.data.reading import Reading
from reprobundle.components.data.section import FILE_KINDS, Leaf, Split
from reprobundle.components.interface import Failure
from reprobundle.errors import UnavailableError
from reprobundle.phrases import counted, some

NEW = "the new data"
GIVE = "give a path, a glob or a URL; in Python also arrays, a table or a data set"
SAMPLES = "give the samples themselves: a table (CSV, Parquet), arrays (npz, npy, safetensors), images or texts"
DELIMITERS = (";", "\t", "|")
SHOWN_NAMES = 3
# advice on a capture, which is none on a comparison
OF_CAPTURE = re.compile(r"(, or )?(have it digested by its bytes \(as_bytes\)|leave the split out)")


def unreadable(failure: Failure) -> UnavailableError:
    """New data that cannot be read; what a hint says of a capture is put in terms of a comparison."""
    return UnavailableError(f"{NEW} cannot be read: {failure.why}", hint=_hint_of(failure))


def _hint_of(failure: Failure) -> str | None:
    if ", column " in failure.why:
        return "say another dtype for the column (--dtypes COLUMN=DTYPE, in Python dtypes=), such as float64 or text"
    if failure.why.startswith("expected "):
        return GIVE
    return OF_CAPTURE.sub("", failure.hint or "") or None


def refuse_undescribed(found: Reading, data: Any) -> None:
    """Make sure that statistics were taken of the new data.

    Raises:
        UnavailableError: There are none, as of files whose content is not looked into.
    """
    if found.statistics is not None:
        return
    if found.kind in FILE_KINDS:
        raise UnavailableError(f"{_named(data)}: only its bytes can be read, so nothing can be compared", hint=SAMPLES)
    raise UnavailableError(f"{NEW}: no statistics could be taken of it", hint="; ".join(found.remarks) or SAMPLES)


def refuse_other_kind(found: Reading, split: Split, recorded: Sequence[str]) -> None:
    """Make sure that files are not compared with the rows of a table.

    Args:
        found: The new data, with statistics.
        split: The captured split.
        recorded: Names of its features.

    Raises:
        UnavailableError: One side is files, the other samples, and they have no feature in common.
    """
    now = set() if found.statistics is None else {feature.name for feature in found.statistics.features}
    if (found.kind in FILE_KINDS) == (split.kind in FILE_KINDS) or now & set(recorded):
        return
    told = f"{NEW} is {_described(found.kind, found.count, found.leaves)}"
    was = f"the captured split {split.name!r} {_described(split.kind, split.count, split.leaves)}"
    raise UnavailableError(f"{told}, {was}: they cannot be compared", hint="give data of the captured kind")


def refuse_other_delimiter(found: Reading, split: Split) -> None:
    """Make sure that the columns of a table in text were told apart.

    Raises:
        UnavailableError: There is one column where several were recorded, with another delimiter in its name.
    """
    if len(found.leaves) != 1 or len(split.leaves) < 2:
        return
    name = found.leaves[0].name
    used = max(DELIMITERS, key=name.count)
    if used not in name:
        return
    hint = f"its cells are separated by {used!r}: write it with commas, or read it with pandas and give the table"
    expected = f"expected {counted(len(split.leaves), 'column')}"
    raise UnavailableError(f"{NEW} has one column, {name!r:.80}: {expected}", hint=hint)


def _described(kind: str, count: int, leaves: Sequence[Leaf]) -> str:
    if kind in FILE_KINDS:
        return f"{counted(count, 'file')}" if kind != "file" else "a file"
    columns = some([repr(leaf.name) for leaf in leaves], SHOWN_NAMES)
    return f"{counted(count, 'sample')} of {columns}"


def _named(data: Any) -> str:
    """The new data by the name that the person gave it, where it has one."""
    return f"{NEW}, {PurePath(data).name!r}" if isinstance(data, str | os.PathLike) and os.fsdecode(data) else NEW
