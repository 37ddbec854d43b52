"""What a person hands over as a split, made fit to be read: what is not of its kind is left out and told."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from reprobundle.components.data.given import DataSplit, How
from reprobundle.components.data.sources.urls import is_url, name_of
from reprobundle.components.interface import Failure, attempt

SHOWN_TYPE = 80


def unwrap(value: Any) -> tuple[DataSplit, tuple[str, ...]]:
    """A split with what is known about it, and what was wrong with that.

    Args:
        value: A `DataSplit`, or what one holds.
    """
    if not isinstance(value, DataSplit):
        return DataSplit(value), ()
    faults = tuple(_faults(value))
    kept = replace(value, **{field: _default(field) for field, _ in faults})
    return kept, tuple(f"{field} is left out: {fault}" for field, fault in faults)


def unused(given: DataSplit) -> tuple[str, ...]:
    """What was said of a split, in words, that its data has no use for."""
    if not given.dtypes or (isinstance(given.data, str | os.PathLike) and not given.as_bytes and _is_text(given.data)):
        return ()
    return ("dtypes is not used: only the columns of a CSV or JSON Lines file can be declared",)


def _is_text(place: str | os.PathLike[str]) -> bool:
    text = os.fsdecode(place)
    name = name_of(text) if is_url(text) else text
    return name.lower().removesuffix(".gz").endswith((".csv", ".tsv", ".jsonl"))


def how_of(given: DataSplit, **more: Any) -> How:
    """How a split is to be read.

    Args:
        given: The split, unwrapped; of a private one nothing is ever kept for the next time.
        **more: Further fields of `How`.
    """
    cached = more.pop("cached", True) and given.private is None
    return How(
        dtypes=given.dtypes,
        label=given.label,
        storage_options=given.storage_options,
        as_bytes=given.as_bytes,
        cached=cached,
        **more,
    )


def _default(field: str) -> Any:
    return {} if field in {"dtypes", "storage_options"} else False if field == "as_bytes" else None


def _faults(given: DataSplit) -> Iterator[tuple[str, str]]:
    """Each field that holds something else than it should, but not `private`: no data is read as public by mistake."""
    if given.label is not None and not isinstance(given.label, str):
        yield "label", f"expected the name of a column, found {_kind(given.label)}"
    if not isinstance(given.as_bytes, bool):
        yield "as_bytes", f"expected True or False, found {_kind(given.as_bytes)}"
    if not _are_texts(given.dtypes):
        yield "dtypes", "expected dtypes by the name of the column, both as text"
    if not isinstance(given.storage_options, Mapping):
        yield "storage_options", f"expected options by name, found {_kind(given.storage_options)}"


def _are_texts(value: Any) -> bool:
    if not isinstance(value, Mapping):
        return False
    found = attempt(lambda: all(isinstance(word, str) for pair in value.items() for word in pair))
    return not isinstance(found, Failure) and found


def _kind(value: Any) -> str:
    return type(value).__name__[:SHOWN_TYPE]
