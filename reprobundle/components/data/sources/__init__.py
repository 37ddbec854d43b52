"""Sources: whatever a person gives as a split, read as a stream of blocks.

Each source is a module with one function, ``samples_of(value, how) -> Samples | None``: None where the value is none of its
kind, so that the next one is asked. None of them imports a library that the value does not come from.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from reprobundle.components.data.blocks import Block
from reprobundle.components.data.given import How
from reprobundle.components.data.section import Kind


@dataclass(frozen=True, kw_only=True)
class Samples:
    """A split whose samples are compared by content.

    Attributes:
        kind: What was given.
        blocks: Gives the samples from the first one on; may be called again unless `once` is set.
        count: Number of samples; None where it is not known before the end.
        once: Whether reading uses the samples up (a generator).
        pair: Whether a sample is a pair, so that its second leaf may be its label.
        remarks: What the person should know.
        size: Bytes of the samples' content, where they are known before reading.
        again: Takes numbers of samples, ascending, and gives those anew, each with its number; a stream gives its first ones,
            as many. None where two reads cannot differ.
    """

    kind: Kind
    blocks: Callable[[], Iterator[Block]]
    count: int | None
    once: bool = False
    pair: bool = False
    remarks: tuple[str, ...] = ()
    size: int | None = None
    again: Callable[[Sequence[int]], Iterator[tuple[int, Any]]] | None = None


Source = Callable[[Any, How], Samples | None]


def open_samples(value: Any, how: How) -> Samples | None:
    """The samples of arrays, a table or a data set; None where it is none of them.

    Raises:
        UsageError: It is one of them, but cannot be read as samples.
    """
    from reprobundle.components.data.sources import arrays, datasets, joined, tables

    sources: tuple[Source, ...] = (arrays.samples_of, tables.samples_of, joined.samples_of, datasets.samples_of)
    for samples_of in sources:
        samples = samples_of(value, how)
        if samples is not None:
            return samples
    return None
