"""Whether samples still have the form that was recorded: their leaves, with dtype and shape."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from reprobundle.components.data.blocks import TEXT
from reprobundle.components.data.section import Leaf
from reprobundle.drifts import StructureChange

INDEX = re.compile(r"|Unnamed: \d+|__index_level_\d+__")  # what a column without a name is called
INDEX_HINT = "a table's index? to_csv(index=False) leaves it out"
WHOLE = ("I", "U")
NUMERIC = (*WHOLE, "F", "BF")  # how the names of the dtypes of numbers begin


def changes(recorded: Sequence[Leaf], found: Sequence[Leaf], *, label: str | None) -> Iterator[StructureChange]:
    """What is no longer as recorded: leaves that are missing, then others of another form, then new ones.

    A label that is missing is no change: new data seldom has one.

    Args:
        recorded: The leaves of the captured split.
        found: Those of the new data.
        label: The leaf that holds the label.
    """
    then, now = ({leaf.name: leaf for leaf in leaves} for leaves in (recorded, found))
    gone = [leaf for leaf in recorded if leaf.name not in now and leaf.name != label]
    added = [leaf for leaf in found if leaf.name not in then]
    for leaf in gone:
        yield StructureChange(name=leaf.name, change="missing", recorded=_form(leaf), hint=_renamed(leaf, gone, added))
    for leaf in recorded:
        if leaf.name in now:
            yield from _form_changes(leaf, now[leaf.name])
    for leaf in added:
        hint = INDEX_HINT if INDEX.fullmatch(leaf.name) else None
        yield StructureChange(name=leaf.name, change="new", found=_form(leaf), hint=hint)


def _form_changes(then: Leaf, now: Leaf) -> Iterator[StructureChange]:
    if then.dtype != now.dtype:
        hint = _other_dtype(then, now)
        yield StructureChange(name=then.name, change="dtype", recorded=then.dtype, found=now.dtype, hint=hint)
    elif then.shape != now.shape and not _varies_as_well(then.shape, now.shape):
        yield StructureChange(name=then.name, change="shape", recorded=_shape(then.shape), found=_shape(now.shape))


def _other_dtype(then: Leaf, now: Leaf) -> str | None:
    """What may have happened to a column whose dtype is another."""
    if then.dtype == TEXT and now.dtype.startswith(NUMERIC):
        return "captured as text: capture the split again, with dtypes, to have its values compared"
    if then.dtype.startswith(NUMERIC) and now.dtype == TEXT:
        return f"a cell of it is no number: in a CSV file, --dtypes {then.name}={then.dtype} says which"
    if then.dtype.startswith(WHOLE) and now.dtype == "F64" and then.shape == ():
        return f"a missing value makes floats of whole numbers: in a CSV file, --dtypes {then.name}=Int64 reads them"
    return None


def _varies_as_well(then: tuple[int, ...] | None, now: tuple[int, ...] | None) -> bool:
    """Whether the recorded shape left open what differs."""
    if then is None:
        return True
    return now is not None and len(then) == len(now) and all(a in {b, -1} for a, b in zip(then, now, strict=True))


def _renamed(leaf: Leaf, gone: Sequence[Leaf], added: Sequence[Leaf]) -> str | None:
    """The one new leaf of this form, where this is the only one missing of it."""
    alike = [[other for other in leaves if _form(other) == _form(leaf)] for leaves in (gone, added)]
    return f"perhaps it is called {alike[1][0].name!r} now" if [len(one) for one in alike] == [1, 1] else None


def _form(leaf: Leaf) -> str:
    return leaf.dtype if leaf.shape == () else f"{leaf.dtype} {_shape(leaf.shape)}"


def _shape(shape: tuple[int, ...] | None) -> str:
    if shape is None:
        return "of any rank"
    sizes = ", ".join("any" if size == -1 else str(size) for size in shape)
    return f"({sizes},)" if len(shape) == 1 else f"({sizes})"
