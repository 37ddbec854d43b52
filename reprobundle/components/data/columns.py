"""One column of a split by its name, as plain values: what the samples are grouped by."""

from __future__ import annotations

import contextlib
import itertools
import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from reprobundle import rng
from reprobundle.components.data.blocks import DECIMAL, EMPTY, INTEGER, NULL, TEXT, Column
from reprobundle.components.data.given import DataSplit
from reprobundle.components.data.reading import is_consumed_by_reading
from reprobundle.components.data.sources import Samples, open_samples
from reprobundle.components.data.unwrapping import how_of, unwrap
from reprobundle.components.interface import Failure
from reprobundle.errors import UsageError
from reprobundle.phrases import some

SHOWN = 10
SPELLED = frozenset({TEXT, INTEGER, DECIMAL})
_TIME = re.compile(r"(?:timestamp|date)\[(\w+)")
_FILES = "it is not read by rows, and so has no columns"


def column_of(split: Any, name: str) -> Sequence[Any]:
    """What stands in a column of a split, one plain value a sample, in the order of the samples.

    The global random generators are afterwards as they were.

    Args:
        split: What `capture` takes as a split, or a `DataSplit`.
        name: The column, or the part of a sample.

    Returns:
        Numbers, truth values, texts, dates as text, and None where nothing stands.

    Raises:
        ReproBundleError: There is no such column, or the split is private, a generator, read by its bytes, or broken.
    """
    given, _ = unwrap(split)
    if given.private is not None:
        raise UsageError("the split is private, and the names of its groups would tell of its samples")
    if is_consumed_by_reading(given.data):
        raise UsageError("the split is a generator, which gives its samples only once")
    with rng.kept(), _opened(given) as samples:
        if samples is None:
            raise UsageError(_FILES)
        return list(_values(samples, name))


@contextlib.contextmanager
def _opened(given: DataSplit) -> Iterator[Samples | None]:
    """The samples of a split, for as long as a file that was fetched for them is there."""
    from reprobundle.components.data.sources import paths, remote, shards

    how, value = how_of(given, statistics=False, cached=False), given.data
    if isinstance(value, str | os.PathLike):
        value = os.fsdecode(value)
        local = remote.local_path(value) if remote.is_url(value) else value
        if local is None:
            with remote.brought(value, how) as place:
                yield paths.open_path(place, how)
            return
        value = local
        samples = paths.open_path(Path(value), how)
        yield samples if samples is not None else _of_shards(shards.open_shards(value, how))
    elif isinstance(value, list | tuple) and value and all(isinstance(part, str | os.PathLike) for part in value):
        yield _of_shards(shards.open_shards(value, how))
    else:
        yield open_samples(value, how)


def _of_shards(found: Samples | Failure | None) -> Samples | None:
    if isinstance(found, Failure):
        raise UsageError(found.why, hint=found.hint)
    return found


def _values(samples: Samples, name: str) -> Iterator[Any]:
    for block in samples.blocks():
        found = {column.name: column for column in block}
        if name not in found:
            columns = some([repr(one) for one in found], SHOWN)
            raise UsageError(f"there is no such column, there are {columns}")
        yield from _plain(found[name])


def _plain(column: Column) -> Iterator[Any]:
    """The values of a column, None where one is missing."""
    for index, value in enumerate(_present(column)):
        yield None if column.missing is not None and column.missing[index] else value


def _present(column: Column) -> Sequence[Any]:
    time = _TIME.match(column.dtype)
    if column.dtype == NULL:
        return [None] * column.count
    if column.dtype in SPELLED and column.offsets is not None:
        content, ends = column.values.tobytes(), column.offsets.tolist()
        pairs = itertools.pairwise(ends)
        return [content[start:end].decode("utf-8", "replace") for start, end in pairs]
    if column.offsets is not None or column.shape or column.dtype == EMPTY:
        raise UsageError("it does not hold one value a sample")
    if time is not None:
        unit = {"day": "D"}.get(time[1], time[1])
        texts: list[str] = column.values.astype("<i8").view(f"<M8[{unit}]").astype(str).tolist()
        return texts
    values: list[Any] = column.values.tolist()
    return values
