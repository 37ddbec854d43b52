"""Splits whose samples come one by one: data sets, loaders, sequences and streams.

Every sample is read through the data set's own ``__getitem__`` or iterator, in this process, so that a Subset or a
concatenation gives what training saw.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from reprobundle.components.data.gathering import blocks_of
from reprobundle.components.data.given import How
from reprobundle.components.data.sources import Samples, lists, open_samples
from reprobundle.components.interface import Failure, attempt
from reprobundle.errors import UsageError

MAX_SAMPLES = 10_000_000
MAX_STREAMED = 1_000_000
UNEVEN = "a tuple of {} lists that are not equally long is taken as that many samples"

_END = object()


def samples_of(value: Any, how: How, *, limit: int | None = None) -> Samples | None:
    """Samples of a data set, a loader's data set, a sequence or an iterable; None for anything else.

    Args:
        value: Has ``__getitem__`` and ``__len__``, or can be iterated.
        how: How it is to be read.
        limit: How many samples an iterable may give at most, since it may never end; 1,000,000 unless given.

    Raises:
        UsageError: There are more than 10,000,000.
    """
    if hasattr(value, "batch_sampler") and hasattr(value, "dataset"):
        return open_samples(value.dataset, how)  # a DataLoader: its samples, not its shuffled batches
    if isinstance(value, str | bytes | bytearray | memoryview | Mapping | set | frozenset):
        return None
    if _is_map_style(value):
        return _map_style(value)
    return _stream(value, MAX_STREAMED if limit is None else limit) if isinstance(value, Iterable) else None


def _is_map_style(value: Any) -> bool:
    torch = sys.modules.get("torch")
    if torch is not None and isinstance(value, torch.utils.data.IterableDataset):
        return False
    return hasattr(value, "__getitem__") and hasattr(value, "__len__")


def _map_style(value: Any) -> Samples:
    count = len(value)
    if count > MAX_SAMPLES:
        raise UsageError(f"holds {count} samples, at most {MAX_SAMPLES} are listed")

    def item(index: int) -> Any:
        return _sample(index, lambda: value[index])

    def again(rows: Sequence[int]) -> Iterator[tuple[int, Any]]:
        for index in rows:
            yield index, item(index)

    return Samples(
        kind="dataset",
        blocks=lambda: blocks_of(map(item, range(count))),
        count=count,
        again=again,
        remarks=(UNEVEN.format(count),) if lists.are_uneven(value) else (),
    )


def _stream(value: Any, limit: int) -> Samples:
    once = isinstance(value, Iterator)
    return Samples(
        kind="dataset",
        blocks=lambda: blocks_of(_bounded(value, limit)),
        count=None,
        once=once,
        again=None if once else lambda rows: enumerate(itertools.islice(_bounded(value, limit), len(rows))),
    )


def _bounded(value: Iterable[Any], limit: int) -> Iterator[Any]:
    samples = _sample(0, lambda: iter(value))
    for index in itertools.count():
        sample = _sample(index, lambda: next(samples, _END))
        if sample is _END:
            return
        if index >= limit:
            hint = "give a part of it that ends, such as a list or a Subset"
            raise UsageError(f"gives more than {limit} samples, and may never end", hint=hint)
        yield sample


def _sample(index: int, read: Callable[[], Any]) -> Any:
    """What the person's own code gives, which may raise anything.

    Raises:
        UsageError: It raised; says at which sample.
    """

    def plainly() -> Any:
        try:
            return read()
        except OSError as error:  # whose own words name a place on this machine
            return Failure(f"{type(error).__name__}: {error.strerror or 'the system refused'}")

    found = attempt(plainly)
    if isinstance(found, Failure):
        raise UsageError(
            f"sample {index}: {found.why}",
            hint=found.hint or f"read it by itself, as data[{index}], to see all of the error",
        )
    return found
