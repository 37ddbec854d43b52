"""The parts of a sample, recorded and found, beside each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from reprobundle.components.data.section import Kind, Leaf
from reprobundle.components.data.sides import RECORDED, Words


def noun(kind: Kind) -> str:
    """What a part of a sample is called in a split of some kind: a table has columns."""
    return "column" if kind == "table" else "part"


def differences(
    recorded: Sequence[Leaf], found: Sequence[Leaf], words: Words = RECORDED, *, called: str = "part"
) -> Iterator[str]:
    """Which parts of the samples have another name, dtype or shape, in words.

    A length that varies in one of the two agrees with every length: that is a matter of rows.

    Args:
        recorded: The parts of the first side.
        found: Those of the second.
        words: How the sides are told apart.
        called: What a part is called.
    """
    ours, theirs = {leaf.name: leaf for leaf in recorded}, {leaf.name: leaf for leaf in found}
    renamed = dict(_renamed(recorded, found))
    for name, leaf in ours.items():
        other = theirs.get(renamed.get(name, name))
        if other is None:
            yield f"{name!r} {words.gone}"
            continue
        if name in renamed:
            yield f"{name!r} is called {renamed[name]!r}"
        if other.dtype != leaf.dtype:
            yield f"{name!r} is {other.dtype}, {words.was.format(leaf.dtype)}"
        elif not _fits(leaf.shape, other.shape):
            yield f"{name!r} has shape {_shape(other)}, {words.was.format(_shape(leaf))}"
    again = {*renamed.values()}
    yield from (f"{name!r} {words.come}" for name in theirs if name not in ours and name not in again)
    shared = [name for name in theirs if name in ours]
    if shared != [name for name in ours if name in theirs]:
        yield f"the {called}s stand in another order"


def _renamed(recorded: Sequence[Leaf], found: Sequence[Leaf]) -> Iterator[tuple[str, str]]:
    """Parts that have another name and stand where they stood, with the same dtype and shape."""
    if len(recorded) != len(found):
        return
    names = {leaf.name for leaf in recorded}, {leaf.name for leaf in found}
    for ours, theirs in zip(recorded, found, strict=True):
        alone = ours.name not in names[1] and theirs.name not in names[0]
        if alone and ours.dtype == theirs.dtype and _fits(ours.shape, theirs.shape):
            yield ours.name, theirs.name


def _fits(one: tuple[int, ...] | None, other: tuple[int, ...] | None) -> bool:
    if one is None or other is None:
        return True
    return len(one) == len(other) and all(-1 in pair or pair[0] == pair[1] for pair in zip(one, other, strict=True))


def _shape(leaf: Leaf) -> str:
    return "that varies" if leaf.shape is None else str(leaf.shape)
