"""Splits of several parts side by side, one of them a table: such as a DataFrame and the Series of its labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from reprobundle.components.data.blocks import Block
from reprobundle.components.data.digesting import rows_of
from reprobundle.components.data.gathering import blocks_of
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples, arrays, lists, tables
from reprobundle.errors import UsageError
from reprobundle.worker.tree import BARE

Parts = Mapping[str, Samples]


def samples_of(value: Any, how: How) -> Samples | None:
    """Samples of a tuple, list or mapping of tables, arrays and lists, at least one a table; None for anything else.

    Sample number i is the tuple, or mapping, of the parts' i-th rows.

    Raises:
        UsageError: The parts are not equally long, or one cannot be kept.
    """
    if isinstance(value, Mapping):
        named = {str(key): part for key, part in value.items()}
        if len(named) != len(value):
            raise UsageError("two parts have the same name as text")
    elif isinstance(value, tuple | list) and 1 < len(value) <= lists.MAX_COLUMNS:
        named = {str(index): part for index, part in enumerate(value)}
    else:
        return None
    parts = _opened(named, how)
    if parts is None:
        return None
    counts = {name: part.count for name, part in parts.items() if part.count is not None}
    if len(set(counts.values())) > 1:
        raise UsageError(f"its parts are not equally long: {counts}")
    return Samples(
        kind="table" if any(part.kind == "table" for part in parts.values()) else "array",
        blocks=lambda: _side_by_side(parts),
        count=next(iter(counts.values()), None),
        once=any(part.once for part in parts.values()),
        pair=len(parts) == 2 and not isinstance(value, Mapping),
        remarks=tuple(remark for part in parts.values() for remark in part.remarks),
    )


def _opened(named: Mapping[str, Any], how: How) -> Parts | None:
    """Each part as samples; None where one is something else, or none is a table."""
    found = {name: tables.samples_of(part, how) for name, part in named.items()}
    if not any(found.values()):
        return None
    parts = {name: found[name] or _other(part, how) for name, part in named.items()}
    return None if None in parts.values() else {name: part for name, part in parts.items() if part is not None}


def _other(part: Any, how: How) -> Samples | None:
    if isinstance(part, list | range):
        return Samples(kind="array", blocks=lambda: blocks_of(part), count=len(part))
    return arrays.samples_of(part, how)


class _Stream:
    """The blocks of one part, cut to the length that all parts have."""

    def __init__(self, name: str, samples: Samples) -> None:
        self._rename: Callable[[str], str] = lambda leaf: name if _is_bare(leaf, samples) else f"{name}/{leaf}"
        self._blocks = samples.blocks()
        self._block: Block = ()
        self._start = 0

    def left(self) -> int:
        """Rows of the current block that were not taken, or of the next one; 0 at the end."""
        while not self._block or self._start >= self._block[0].count:
            following = next(self._blocks, None)
            if following is None:
                return 0
            self._block, self._start = following, 0
        return self._block[0].count - self._start

    def take(self, count: int) -> Block:
        """That many rows, their leaves named as those of a part."""
        stop = self._start + count
        taken = [rows_of(column, self._start, stop) for column in self._block]
        self._start = stop
        return tuple(replace(column, name=self._rename(column.name)) for column in taken)


def _is_bare(leaf: str, samples: Samples) -> bool:
    return samples.kind == "array" and leaf == BARE


def _side_by_side(parts: Parts) -> Iterator[Block]:
    streams: Sequence[_Stream] = [_Stream(name, samples) for name, samples in parts.items()]
    while True:
        lengths = [stream.left() for stream in streams]
        if not any(lengths):
            return
        if not all(lengths):
            raise UsageError("its parts are not equally long")
        yield tuple(column for stream in streams for column in stream.take(min(lengths)))
