"""Tables: each row is a sample, the mapping of the columns' names to the row's cells, whatever library holds it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

from reprobundle import extras
from reprobundle.components.data.blocks import Block
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.tables import frames, hugging_face, structured
from reprobundle.components.data.sources.tables.arrow import Part, blocks_of_parts
from reprobundle.components.data.sources.tables.batches import blocks_of_batches, rows_at_once
from reprobundle.components.data.sources.tables.columns import refused
from reprobundle.components.data.sources.tables.meaning import Meaning
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.worker.tree import BARE

Opener = Callable[[Any], Samples]

_HUGGING_FACE = ("Dataset", "IterableDataset", "DatasetDict", "IterableDatasetDict")


def samples_of(value: Any, how: How) -> Samples | None:
    """The rows of a table; None where the value is none.

    Args:
        value: A DataFrame or Series of pandas or polars; Arrow's Table, RecordBatch, RecordBatchReader, array or Dataset; a
            data set of Hugging Face; a structured array of numpy; or what gives an Arrow stream (``__arrow_c_stream__``).
        how: Says nothing that a table does not know itself.

    Raises:
        UsageError: It is a table, but a column cannot be kept without loss.
        UnavailableError: It needs pyarrow, which is not installed.
    """
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.ndarray):
        return structured.samples_of(value) if value.dtype.names is not None else None
    opener = _opener(value)
    return None if opener is None else opener(value)


def _opener(value: Any) -> Opener | None:
    if _is_of(value, "pandas", "DataFrame", "Series"):
        return frames.samples_of
    if _is_of(value, "polars", "DataFrame", "Series", "LazyFrame"):
        return _of_polars
    if _is_of(value, "datasets", *_HUGGING_FACE):
        return hugging_face.samples_of
    if _is_of(value, "pyarrow", "Table", "RecordBatch"):
        return _of_table
    if _is_of(value, "pyarrow", "Array", "ChunkedArray"):
        return _of_array
    if _is_of(value, "pyarrow", "RecordBatchReader"):
        return lambda reader: Samples(kind="table", count=None, once=True, blocks=lambda: blocks_of_batches(reader))
    if _is_of(value, "pyarrow.dataset", "Dataset"):
        return _of_arrow_dataset
    return _of_stream if hasattr(value, "__arrow_c_stream__") else None


def _is_of(value: Any, module: str, *names: str) -> bool:
    """Whether a value is of a library's class, without importing the library."""
    library = sys.modules.get(module)
    return library is not None and any(isinstance(value, getattr(library, name, ())) for name in names)


def _of_table(table: Any) -> Samples:
    batches = table.to_batches if hasattr(table, "to_batches") else lambda: [table]
    return Samples(kind="table", count=table.num_rows, blocks=lambda: blocks_of_batches(batches()))


def _of_array(array: Any) -> Samples:
    chunks = array.chunks if hasattr(array, "chunks") else [array]

    def blocks() -> Iterator[Block]:
        for chunk in chunks:
            step = rows_at_once(len(chunk), chunk.nbytes)
            for start in range(0, len(chunk), step):
                yield from blocks_of_parts([Part(BARE, chunk.slice(start, step), Meaning())])

    return Samples(kind="array", count=len(array), blocks=blocks)


def _of_arrow_dataset(dataset: Any) -> Samples:
    return Samples(kind="table", count=None, blocks=lambda: blocks_of_batches(dataset.to_batches()))


def _of_polars(value: Any) -> Samples:
    polars = sys.modules["polars"]
    if isinstance(value, polars.LazyFrame):
        raise UsageError("a LazyFrame of polars is a query, no table", hint="give what its collect() returns")
    _refuse_objects(value)
    _require_pyarrow("polars' tables")
    if isinstance(value, polars.Series):
        return _of_array(value.to_arrow())
    step = rows_at_once(value.height, int(value.estimated_size()))

    def blocks() -> Iterator[Block]:
        portions = (value.slice(start, step).to_arrow() for start in range(0, value.height, step))
        return blocks_of_batches(batch for portion in portions for batch in portion.to_batches())

    return Samples(kind="table", count=value.height, blocks=blocks)


def _refuse_objects(value: Any) -> None:
    """Refuse columns of Python's objects, which polars hands out as their addresses, and integers that Arrow has not."""
    columns = {BARE: value.dtype} if not hasattr(value, "schema") else value.schema
    for name, dtype in columns.items():
        if str(dtype) in {"Object", "Int128", "UInt128"}:
            raise refused(name, f"dtype {dtype}", hint="turn it into text, numbers of 64 bits, or decimal numbers")


def _of_stream(value: Any) -> Samples:
    """A table of any other library that hands out Arrow's stream (DuckDB, Ibis, cuDF, …)."""
    _require_pyarrow("an Arrow stream")
    import pyarrow as pa

    return Samples(kind="table", count=None, blocks=lambda: blocks_of_batches(pa.RecordBatchReader.from_stream(value)))


def _require_pyarrow(what: str) -> None:
    try:
        import pyarrow  # noqa: F401  asked for here, so that the message comes before the work
    except ImportError as error:
        hint = extras.how_to_install("tables")
        raise UnavailableError(f"reading {what} needs pyarrow, which is not installed", hint=hint) from error
