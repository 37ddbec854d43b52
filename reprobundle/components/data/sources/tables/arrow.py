"""Arrow's arrays as columns of a block; memory is shared where Arrow's layout is a block's.

A list of texts and a struct have other leaves in a row where they are longer or null. So every leaf that any row has is
made a column first, together with the rows that have it, and rows with the same leaves then make a block.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from reprobundle.components.data.blocks import EMPTY, Block, Column
from reprobundle.components.data.digesting import rows_of
from reprobundle.components.data.sources.tables import columns as making
from reprobundle.components.data.sources.tables.leaves import is_list, is_tensor, leaf_of
from reprobundle.components.data.sources.tables.meaning import Meaning
from reprobundle.components.data.sources.tables.media import is_media, of_media
from reprobundle.components.data.sources.tables.plain_arrays import missing_of, numbers_of, plain

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

MAX_CELLS = 2**20  # that may be laid out for rows of several forms before they are taken in two halves


@dataclass(frozen=True)
class Part:
    """A column of a table that is still Arrow's.

    Attributes:
        name: Its name.
        array: An Arrow array with a cell for each row.
        meaning: How its cells are to be read.
    """

    name: str
    array: Any
    meaning: Meaning


class _Held(NamedTuple):
    """A leaf of some rows.

    Attributes:
        column: Its cells, one for each row of the table.
        rows: Shape (rows,), Boolean: which rows have it; None: all.
    """

    column: Column
    rows: Array | None


class _TooWideError(Exception):
    """Rows of very different lengths would take much more memory than they hold."""


def blocks_of_parts(parts: Sequence[Part | Column]) -> Iterator[Block]:
    """Rows of a table as blocks, in their order."""
    if not parts:
        return
    first = parts[0]
    count = first.count if isinstance(first, Column) else len(first.array)
    try:
        held = list(itertools.chain.from_iterable(map(_held_of, parts)))
    except _TooWideError:
        for start, stop in ((0, count // 2), (count // 2, count)):
            yield from blocks_of_parts([_sliced(part, start, stop) for part in parts])
        return
    for start, stop in itertools.pairwise([0, *_changes(held), count]):
        if start < stop:
            yield _block(held, start, stop)


def _sliced(part: Part | Column, start: int, stop: int) -> Part | Column:
    if isinstance(part, Column):
        return rows_of(part, start, stop)
    return Part(part.name, part.array.slice(start, stop - start), part.meaning)


def _changes(held: Sequence[_Held]) -> list[int]:
    """Rows that have other leaves than the one before."""
    import numpy as np

    changed = [leaf.rows[1:] != leaf.rows[:-1] for leaf in held if leaf.rows is not None]
    return (np.flatnonzero(np.logical_or.reduce(changed)) + 1).tolist() if changed else []


def _block(held: Sequence[_Held], start: int, stop: int) -> Block:
    block = tuple(rows_of(leaf.column, start, stop) for leaf in held if leaf.rows is None or leaf.rows[start])
    making.refuse_twins([column.name for column in block])
    return block


def _held_of(part: Part | Column) -> Iterator[_Held]:
    if isinstance(part, Column):
        yield _Held(part, None)
    elif getattr(part.array.type, "extension_name", None) == "arrow.fixed_shape_tensor":
        if part.array.type.permutation not in (None, [*range(len(part.array.type.shape))]):
            hint = "store it in the order of its shape"
            raise making.refused(part.name, "a tensor with permuted dimensions", hint=hint)
        yield from _leaves(Part(part.name, part.array.storage, Meaning(tensor=tuple(part.array.type.shape))))
    else:
        yield from _leaves(Part(part.name, plain(part.name, part.array), part.meaning))


def _leaves(part: Part) -> Iterator[_Held]:
    """Every leaf that a row of a plain array has, in the order of a row's structure."""
    import pyarrow as pa

    name, array, meaning = part.name, part.array, part.meaning
    kind = array.type
    is_struct = pa.types.is_struct(kind)
    if pa.types.is_null(kind) or (array.null_count == len(array) and (is_struct or is_list(kind))):
        yield _Held(making.nulls(name, len(array)), None)
    elif is_struct and is_media(kind, meaning):
        yield _Held(of_media(name, array, meaning), None)
    elif is_struct:
        yield from _of_struct(part)
    elif is_list(kind):
        yield from _of_tensors(part) if meaning.shape is not None else _of_lists(part)
    else:
        yield _Held(leaf_of(name, array, meaning), None)


def _only(held: Iterator[_Held], rows: Array | None) -> Iterator[_Held]:
    """The leaves that some of `rows` have."""
    for leaf in held:
        both = leaf.rows if rows is None else rows if leaf.rows is None else rows & leaf.rows
        if both is None or both.any():
            yield _Held(leaf.column, both)


def _of_struct(part: Part) -> Iterator[_Held]:
    missing = missing_of(part.array)
    present = None if missing is None else ~missing
    if missing is not None:
        yield _Held(making.nulls(part.name, len(missing)), missing)
    if not len(part.array.type):
        yield _Held(_empty(part.name, len(part.array)), present)
    for field, child in zip(part.array.type, part.array.flatten(), strict=True):
        below = Part(f"{part.name}/{field.name}", plain(part.name, child), part.meaning.field(field.name))
        yield from _only(_leaves(below), present)


def _empty(name: str, count: int) -> Column:
    import numpy as np

    return Column(name=name, dtype=EMPTY, values=np.zeros(count, np.uint8))


def _unnested(array: Any) -> tuple[Array, Any]:
    """Lengths of lists (-1 for a null one), and their elements one after another."""
    import numpy as np
    import pyarrow.compute as pc

    lengths = pc.fill_null(pc.list_value_length(array), -1).to_numpy(zero_copy_only=False).astype(np.int64)
    return lengths, plain("", array.flatten())


def _of_lists(part: Part) -> Iterator[_Held]:
    import numpy as np

    lengths, content = _unnested(part.array)
    element = part.meaning.element()
    if not is_tensor(content.type):
        yield from _only(iter([_Held(making.nulls(part.name, len(lengths)), None)]), lengths < 0)
        yield from _only(iter([_Held(_empty(part.name, len(lengths)), None)]), lengths == 0)
        yield from _elements(part.name, lengths, content, element, lengths > 0)
        return
    holes = _holes(lengths, content, element)
    column = _of_number_lists(part.name, lengths, content, element)
    if holes is None:
        yield _Held(column, None)
        return
    yield from _only(iter([_Held(making.taken(column, np.where(holes, -1, np.arange(len(lengths)))), None)]), ~holes)
    yield from _elements(part.name, lengths, content, element, holes)


def _holes(lengths: Array, content: Any, meaning: Meaning) -> Array | None:
    """Shape (rows,): which lists of numbers have nulls among them; None if none has."""
    import numpy as np
    import pyarrow as pa

    if not content.null_count or (meaning.nan and pa.types.is_floating(content.type)):
        return None
    places = making.offsets_of(np.maximum(lengths, 0))
    before = making.offsets_of(np.asarray(missing_of(content)))
    holes: Array = before[places[1:]] > before[places[:-1]]
    return holes


def _elements(name: str, lengths: Array, content: Any, element: Meaning, rows: Array) -> Iterator[_Held]:
    """The elements of the lists of some rows, each place in a list a leaf, or several."""
    import numpy as np
    import pyarrow as pa

    begins = making.offsets_of(np.maximum(lengths, 0))[:-1]
    longest = int(lengths[rows].max()) if rows.any() else 0
    _refuse_waste(len(lengths), longest, len(content))
    for index in range(longest):
        some = rows & (lengths > index)
        cells = content.take(pa.array(np.where(some, begins + index, 0), mask=~some))
        yield from _only(_leaves(Part(f"{name}/{index}", cells, element)), some)


def _refuse_waste(count: int, width: int, cells: int) -> None:
    if count > 1 and count * width > MAX_CELLS + 2 * cells:
        raise _TooWideError


def _of_number_lists(name: str, lengths: Array, content: Any, element: Meaning) -> Column:
    """Lists of numbers: tensors of one dimension, of one shape where all are equally long."""
    import numpy as np

    leaf = leaf_of(name, content, element)
    missing = lengths < 0
    widths = np.unique(lengths[~missing])
    if len(widths) == 1 and widths[0]:
        values = np.zeros((len(lengths), int(widths[0])), leaf.values.dtype)
        values[~missing] = leaf.values.reshape(-1, int(widths[0]))
        return making.numbers(name, values, missing)
    offsets = making.offsets_of(np.maximum(lengths, 0))
    return Column(
        name=name, dtype=leaf.dtype, values=leaf.values, offsets=offsets, missing=missing if missing.any() else None
    )


def _of_tensors(part: Part) -> Iterator[_Held]:
    """Tensors of several dimensions, which Arrow keeps as lists of lists; the first may vary from row to row."""
    import numpy as np

    shape = part.meaning.shape
    assert shape is not None
    lengths, _ = _unnested(part.array)
    if shape[0] is not None:
        yield _Held(_of_whole_tensors(part, (shape[0], *(side or 0 for side in shape[1:])), lengths < 0), None)
        return
    if (lengths < 0).any():
        yield _Held(making.nulls(part.name, len(lengths)), lengths < 0)
    for length in np.unique(lengths[lengths >= 0]).tolist():
        whole = (length, *(side or 0 for side in shape[1:]))
        _refuse_waste(len(lengths), math.prod(whole), MAX_CELLS)
        yield _Held(_of_whole_tensors(part, whole, lengths != length), lengths == length)


def _of_whole_tensors(part: Part, shape: tuple[int, ...], absent: Array) -> Column:
    """A column of tensors of one shape; zero where one is absent."""
    import numpy as np
    import pyarrow as pa

    content = part.array.filter(pa.array(~absent))
    while is_list(content.type):
        content = plain(part.name, content.flatten())
    if content.null_count or not is_tensor(content.type):
        raise making.refused(part.name, f"a tensor of {content.type} with nulls in it")
    count = int((~absent).sum())
    if len(content) != count * math.prod(shape):
        raise making.refused(part.name, f"a tensor of another shape than {list(shape)}")
    numbers = numbers_of(content)
    if not absent.any():
        return making.numbers(part.name, numbers.reshape(count, *shape))
    values = np.zeros((len(absent), *shape), numbers.dtype)
    values[~absent] = numbers.reshape(count, *shape)
    return making.numbers(part.name, values, absent)
