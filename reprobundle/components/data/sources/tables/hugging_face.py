"""Hugging Face's data sets, through the Arrow data behind them: never their fingerprint, whatever format is set."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from reprobundle.components.data.blocks import Block
from reprobundle.components.data.gathering import blocks_of
from reprobundle.components.data.sources import Samples
from reprobundle.components.data.sources.tables.batches import blocks_of_batches, rows_at_once
from reprobundle.errors import UsageError

MAX_STREAMED = 1_000_000
STREAMED_ROWS = 1000


def samples_of(value: Any) -> Samples:
    """The rows of a Dataset or an IterableDataset.

    Raises:
        UsageError: It is a DatasetDict, which holds several splits.
    """
    if isinstance(value, dict):
        names = ", ".join(map(repr, value))
        raise UsageError(f"a {type(value).__name__} holds several splits: {names}", hint="give one of them")
    plain = value.with_format("arrow")
    if not hasattr(value, "__len__"):
        if (
            value.features is None
        ):  # Arrow would take the types of each portion from its rows, and lose a mixture of them
            return Samples(kind="dataset", count=None, blocks=lambda: blocks_of(_examples(value)))
        return Samples(kind="dataset", count=None, blocks=lambda: _blocks(_bounded(plain)))
    step = rows_at_once(len(value.data), value.data.nbytes)
    return Samples(kind="dataset", count=len(value), blocks=lambda: _blocks(plain.iter(step)))


def _blocks(tables: Iterator[Any]) -> Iterator[Block]:
    return blocks_of_batches((batch for table in tables for batch in table.to_batches()), files=True)


def _examples(streamed: Any) -> Iterator[Any]:
    for index, example in enumerate(streamed.with_format(None)):
        if index >= MAX_STREAMED:
            raise _endless()
        yield example


def _endless() -> UsageError:
    return UsageError(f"gives more than {MAX_STREAMED:,} samples")


def _bounded(streamed: Any) -> Iterator[Any]:
    count = 0
    for table in streamed.iter(STREAMED_ROWS):
        count += table.num_rows
        if count > MAX_STREAMED:
            raise _endless()
        yield table
