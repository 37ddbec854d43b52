"""A label that the new data calls otherwise than the captured split."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from reprobundle.components.data.section import Leaf
from reprobundle.components.data.statistics.form import Feature, Statistics

Named = TypeVar("Named", Leaf, Feature)


@dataclass(frozen=True, kw_only=True)
class NewSide:
    """The new data as it is compared.

    Attributes:
        leaves: Parts of a sample.
        statistics: What the samples look like.
        notes: What the person should know.
    """

    leaves: tuple[Leaf, ...]
    statistics: Statistics
    notes: tuple[str, ...]


def leaves_for(recorded: Sequence[Leaf], *, label: str | None, called: str | None) -> tuple[Leaf, ...]:
    """The recorded leaves by the names that they have in the new data.

    Args:
        recorded: Of the captured split.
        label: Its label.
        called: What the label is called in the new data; None: as it was.
    """
    if called is None or called == label:
        return tuple(recorded)
    kept = [leaf for leaf in recorded if leaf.name != called]
    return (*kept, *(_renamed(leaf, label, called) for leaf in recorded if label is not None and leaf.name == label))


def with_recorded_label(side: NewSide, *, label: str | None, called: str) -> NewSide:
    """The new data with its label under the recorded name.

    Args:
        side: The new data.
        label: The label of the captured split.
        called: What it is called in the new data, where it is.
    """
    if label is None:
        note = f"the captured split has no label: {called!r} is compared like any other part of a sample"
        return replace(side, notes=(*side.notes, note))
    if called == label:
        return side
    leaves = tuple(_renamed(leaf, called, label) for leaf in side.leaves if leaf.name != label)
    features = tuple(_renamed(one, called, label) for one in side.statistics.features if one.name != label)
    statistics = side.statistics.model_copy(update={"features": features, "label": label})
    note = f"the label {label!r} is called {called!r} in the new data"
    twice = any(leaf.name == label for leaf in side.leaves)
    hidden = [f"{label!r} of the new data: not compared: {called!r} is its label"] if twice else []
    return NewSide(leaves=leaves, statistics=statistics, notes=(*side.notes, note, *hidden))


def _renamed(named: Named, old: str | None, new: str) -> Named:
    """A leaf, or a feature of it, under another name."""
    return named.model_copy(update={"name": new}) if named.name == old else named
