"""Files of one form that together are one table or array: the shards of a split, read one after another."""

from __future__ import annotations

import glob
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reprobundle.components.data.blocks import Block
from reprobundle.components.data.files.rows import Rows
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples, remote
from reprobundle.components.data.sources.csv_files import samples_of_csv_files
from reprobundle.components.data.sources.paths import OPENERS, end_of, of_rows
from reprobundle.components.interface import Failure
from reprobundle.errors import ReproBundleError
from reprobundle.phrases import counted

if TYPE_CHECKING:
    from reprobundle.components.data.reading import Reading

MAX_SHARDS = 10_000
DELIMITERS = {".csv": ",", ".csv.gz": ",", ".tsv": "\t", ".tsv.gz": "\t"}
FREE = frozenset({".jsonl", ".jsonl.gz"})  # where each row names its own cells
NOT_ALIKE = "only files of one form in one folder, with nothing beside them, are read as one table"


def open_shards(value: Any, how: How) -> Samples | Failure | None:
    """The samples of a folder, pattern or list whose files all hold tables, or arrays, of one form.

    The files of a folder and those that a pattern matches follow one another by name, those of a list as they stand in it.

    Args:
        value: The path, the pattern, or the list of paths.
        how: How they are to be read.

    Returns:
        The samples, None where the files are no shards by their names, or why their contents are none.

    Raises:
        UsageError: The pattern matches no file.
    """
    if how.as_bytes or not how.sharded:
        return None
    places = _places(value)
    ends = {end_of(place.name) for place in places}
    end = next(iter(ends)) if len(ends) == 1 else None
    if end is None or len({place.parent for place in places}) > 1:
        return None
    if len(places) > MAX_SHARDS:
        return Failure(f"there are {len(places):,} of them, at most {MAX_SHARDS:,} are read as one table")
    try:
        samples = _joined(places, end, how)
    except ReproBundleError as error:
        if how.leaves:  # a copy that is to be compared with recorded samples: as files it could not be
            raise
        return Failure(str(error), error.hint)
    return samples or Failure("their columns, dtypes or shapes are not the same")


def with_remark(reading: Reading, how: How, why: Failure | None) -> Reading:
    """What was read of files, with a remark where some hold tables whose rows were not looked at.

    Args:
        reading: The files.
        how: How they were read; who asked for bytes is told nothing.
        why: Why they were not read as one table.
    """
    if how.as_bytes or not how.sharded or reading.kind == "file":
        return reading
    rows = reading.rows
    named = of_rows(rows.names if isinstance(rows, Rows) else [row.name for row in rows])
    if not named:
        return reading
    ends = sorted({end for name in named if (end := end_of(name)) is not None})
    told = f"{counted(len(named), 'file')} of rows ({', '.join(ends)}) digested by bytes"
    reason = NOT_ALIKE if why is None else why.why
    remark = f"{told}: a row that stands in another split is not found, and nothing is described: {reason}"
    return replace(reading, remarks=(*reading.remarks, remark))


def _places(value: Any) -> list[Path]:
    """The files that were given, if all of them can be shards; else none."""
    if isinstance(value, str | os.PathLike):
        text = os.fsdecode(value)
        if Path(text).is_dir():
            return _in_folder(text)
        return _matching(text) if glob.has_magic(text) and not Path(text).exists() else []
    named = [os.fsdecode(one) for one in value]
    local = [remote.local_path(one) if remote.is_url(one) else one for one in named]
    places = [Path(os.path.abspath(one)) for one in local if one is not None]
    return places if len(places) == len(named) and all(place.is_file() for place in places) else []


def _in_folder(folder: str) -> list[Path]:
    """The files of a folder, by name; none as soon as something else is met, since a folder may hold millions."""
    found = []
    with os.scandir(folder) as entries:
        for entry in entries:
            if end_of(entry.name) is None or entry.name.startswith((".", "_")) or not entry.is_file():
                return []
            found.append(os.path.abspath(entry.path))
    return [Path(path) for path in sorted(found)]


def _matching(pattern: str) -> list[Path]:
    from reprobundle.components.data.files.places import matching

    return [Path(os.path.abspath(path)) for path in matching(pattern)]


def _joined(places: Sequence[Path], end: str, how: How) -> Samples | None:
    """The samples of all files, one file after another; None where they are not of one form."""
    if end in DELIMITERS:
        samples = samples_of_csv_files(places, how, delimiter=DELIMITERS[end])
    else:
        samples = _one_by_one(places, end, how)
    if samples is None or len(places) == 1:
        return samples
    remark = f"its {counted(len(places), 'file')} are read as one {samples.kind}, one after another"
    return replace(samples, remarks=(*samples.remarks, f"{remark}; with as_bytes each is a sample by itself"))


def _one_by_one(places: Sequence[Path], end: str, how: How) -> Samples | None:
    first = OPENERS[end](places[0], how)
    count, size = first.count, first.size
    forms = {_form(first, end)}
    for place in places[1:]:  # opened anew when it is read: of thousands, few are open at a time
        other = OPENERS[end](place, how)
        forms.add(_form(other, end))
        if other.kind != first.kind or len(forms - {()}) > 1:
            return None
        count = None if count is None or other.count is None else count + other.count
        size = None if size is None or other.size is None else size + other.size
    return replace(first, count=count, size=size, blocks=lambda: _blocks(places, end, how))


def _form(samples: Samples, end: str) -> tuple[Any, ...]:
    """What the files of one split have in common: the columns of tables, of arrays also dtypes and shapes.

    Empty where a file has no rows, or each row names its own cells.
    """
    block: Block = () if end in FREE else next(samples.blocks(), ())
    if samples.kind == "table":
        return tuple(dict.fromkeys(column.name.split("/", 1)[0] for column in block))
    return tuple((column.name, column.dtype, column.shape) for column in block)


def _blocks(places: Sequence[Path], end: str, how: How) -> Iterator[Block]:
    for place in places:
        yield from OPENERS[end](place, how).blocks()
