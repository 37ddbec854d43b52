"""Parquet, Arrow and feather files, read batch by batch with pyarrow."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from reprobundle import extras
from reprobundle.components.data.blocks import Block
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.tables.batches import blocks_of_batches, rows_at_once
from reprobundle.errors import RefusedInputError, UnavailableError

BUFFER_BYTES = 2**20
IPC_FILE, FEATHER_1 = b"ARROW1", b"FEA1"


def samples_of_parquet(place: Path, how: How) -> Samples:
    """The rows of a Parquet file.

    Raises:
        UnavailableError: pyarrow is not installed.
        RefusedInputError: The file is no Parquet file, or is broken.
    """
    _require_pyarrow(place)
    with _opened_parquet(place) as file:
        count, size = file.metadata.num_rows, _size(file.metadata)
    return Samples(kind="table", count=count, blocks=lambda: _parquet_blocks(place, rows_at_once(count, size)))


def _parquet_blocks(place: Path, step: int) -> Iterator[Block]:
    with _opened_parquet(place) as file:
        yield from blocks_of_batches(_told(place, file.iter_batches(batch_size=step, use_threads=False)))


@contextlib.contextmanager
def _opened_parquet(place: Path) -> Iterator[Any]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    with _refusing(place):  # without read-ahead and with a buffer a column: memory does not grow with the row groups
        file = pq.ParquetFile(pa.OSFile(str(place)), pre_buffer=False, buffer_size=BUFFER_BYTES)
    with file:
        yield file


def _size(metadata: Any) -> int:
    return sum(metadata.row_group(index).total_byte_size for index in range(metadata.num_row_groups))


def samples_of_arrow(place: Path, how: How) -> Samples:
    """The rows of a file in Arrow's IPC format, of its form of files (feather) or of streams.

    Raises:
        UnavailableError: pyarrow is not installed.
        RefusedInputError: The file is none, or is broken.
    """
    _require_pyarrow(place)
    with place.open("rb") as file:
        begin = file.read(len(IPC_FILE))
    if begin.startswith(FEATHER_1):
        hint = "write it again as Parquet, or have it digested by its bytes (as_bytes)"
        raise RefusedInputError(f"{place.name!r} is of feather's first version, which is not read", hint=hint)
    return Samples(kind="table", count=None, blocks=lambda: _arrow_blocks(place, is_file=begin == IPC_FILE))


def _arrow_blocks(place: Path, *, is_file: bool) -> Iterator[Block]:
    import pyarrow as pa

    with _refusing(place), pa.OSFile(str(place)) as source:
        reader = pa.ipc.open_file(source) if is_file else pa.ipc.open_stream(source)
        batches = map(reader.get_batch, range(reader.num_record_batches)) if is_file else iter(reader)
        yield from blocks_of_batches(_told(place, _validated(batches)))


def _validated(batches: Iterator[Any]) -> Iterator[Any]:
    for batch in batches:
        batch.validate(full=True)  # its offsets are a stranger's
        yield batch


def _told(place: Path, batches: Iterator[Any]) -> Iterator[Any]:
    """The batches; what is broken in them is told of the file."""
    with _refusing(place):
        yield from batches


@contextlib.contextmanager
def _refusing(place: Path) -> Iterator[None]:
    import pyarrow as pa

    try:
        yield
    except (pa.ArrowException, OSError) as error:
        if getattr(error, "errno", None) is not None:  # the system's, not what pyarrow found in the file
            raise
        reason = str(error).splitlines()[0].replace(str(place), place.name)
        raise RefusedInputError(f"{place.name!r} cannot be read as a table: {reason}") from error


def _require_pyarrow(place: Path) -> None:
    try:
        import pyarrow  # noqa: F401  asked for here, so that the message comes before the work
    except ImportError as error:
        hint = f"{extras.how_to_install('tables')}, or have it digested by its bytes (as_bytes)"
        raise UnavailableError(f"reading {place.name!r} needs pyarrow, which is not installed", hint=hint) from error
