"""Arrow's record batches as blocks, whatever they were cut into."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from reprobundle.components.data.blocks import Block
from reprobundle.components.data.sources.tables.arrow import Part, blocks_of_parts
from reprobundle.components.data.sources.tables.columns import refuse_twins
from reprobundle.components.data.sources.tables.meaning import INDEX, Meaning, meanings_of

BLOCK_BYTES = 4 * 2**20
BLOCK_ROWS = 65_536


def rows_at_once(rows: int, size: int) -> int:
    """How many rows make a block.

    Args:
        rows: Number of rows of which the size is known.
        size: Their bytes.
    """
    return max(1, min(BLOCK_ROWS, rows * BLOCK_BYTES // max(1, size)))


def blocks_of_batches(batches: Iterable[Any], *, files: bool = False) -> Iterator[Block]:
    """Rows of record batches as blocks; batches of one schema are joined where they are small.

    Args:
        batches: Record batches.
        files: Whether pictures of which only a path is known may be read.

    Raises:
        UsageError: Two columns have one name, or one is of a type that cannot be kept.
    """
    schema, meanings = None, dict[str, Meaning]()
    for batch in _regrouped(batches):
        if schema is None or not batch.schema.equals(schema, check_metadata=True):
            schema = batch.schema
            refuse_twins(schema.names)
            meanings = meanings_of(schema, files=files)
        parts = [
            Part(name, array, meanings.get(name, Meaning()))
            for name, array in zip(batch.schema.names, batch.columns, strict=True)
            if not INDEX.fullmatch(name)  # pandas' index without a name
        ]
        yield from blocks_of_parts(parts)


def _regrouped(batches: Iterable[Any]) -> Iterator[Any]:
    """The same rows in batches of the size of a block: large ones are cut, small ones joined."""
    waiting: list[Any] = []
    rows = size = 0
    for batch in batches:
        if not batch.num_rows:
            continue
        step = rows_at_once(batch.num_rows, batch.nbytes)
        is_full = rows + batch.num_rows > BLOCK_ROWS or size + batch.nbytes > BLOCK_BYTES
        if waiting and (is_full or not batch.schema.equals(waiting[0].schema)):
            yield _joined(waiting)
            waiting, rows, size = [], 0, 0
        if batch.num_rows > step:
            yield from (batch.slice(start, step) for start in range(0, batch.num_rows, step))
        else:
            waiting.append(batch)
            rows, size = rows + batch.num_rows, size + batch.nbytes
    if waiting:
        yield _joined(waiting)


def _joined(batches: list[Any]) -> Any:
    import pyarrow as pa

    if len(batches) == 1:
        return batches[0]
    arrays = [pa.concat_arrays([batch.column(index) for batch in batches]) for index in range(batches[0].num_columns)]
    return pa.RecordBatch.from_arrays(arrays, schema=batches[0].schema)
