"""Which group each sample of a claim is in: values that were given, or a column of the claim's split by its name."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from reprobundle.components.interface import Failure, attempt

ColumnOf = Callable[[Any, str], Sequence[Any]]


class MisfitError(ValueError):
    """What is given does not fit together."""

    def __init__(self, message: str, hint: str) -> None:
        super().__init__(message)
        self.hint = hint


def column(given: Mapping[str, Any], splits: Mapping[str, Any], column_of: ColumnOf | None) -> Sequence[Any]:
    """Each sample's group.

    Args:
        given: The fields of a claim as a person gave them; ``group`` is there.
        splits: Data splits by name, as handed to ``capture``.
        column_of: Reads a column of a split by its name; None: only a mapping or a table in memory has columns.

    Raises:
        MisfitError: It names no column of a split, or more than one.
    """
    group, split = given["group"], given.get("split")
    if isinstance(group, Mapping):
        if len(group) != 1:
            raise MisfitError(f"group: expected one column by its name, found {len(group)}", "group={'sex': [...]}")
        return listed_of(next(iter(group.values())))
    if not isinstance(group, str):
        return listed_of(group)
    own = "give the values themselves: group={" + repr(group) + ": [...]}"
    if split is None or split not in splits:
        where = "the claim names no split" if split is None else f"split {split!r} was not given"
        raise MisfitError(f"group: {group!r} is the name of a column, but {where}", f"split='test'; or {own}")
    found = attempt(lambda: listed_of((column_of or _looked_up)(splits[split], group)))
    if isinstance(found, Failure):
        plain = found.why.partition(": ")[2] or found.why
        raise MisfitError(
            f"group: column {group!r} of split {split!r}: {plain}", "; or ".join(filter(None, [found.hint, own]))
        )
    return found


def _looked_up(split: Any, name: str) -> Any:
    return getattr(split, "data", split)[name]


def listed_of(values: Any) -> list[Any]:
    """Plain values, one a sample: of a list, an array, a tensor or the column of a table.

    Raises:
        MisfitError: They have no order, or are no values of samples: names, a text, a whole table.
    """
    if getattr(getattr(values, "dtype", None), "kind", "") == "M":  # whose own lists hold numbers for some units
        return [None if text == "NaT" else text for text in values.astype(str).tolist()]
    if hasattr(values, "tolist"):
        values = values.tolist()
    elif hasattr(values, "to_list"):
        values = values.to_list()
    _refuse_unordered(values)
    return list(values)


def _refuse_unordered(values: Any) -> None:
    """What Python would take for a list of something else: of a mapping its names, of a text its letters."""
    for kind, hint in NO_LIST:
        if isinstance(values, kind):
            raise MisfitError(f"expected a list, one value a sample, found {type(values).__name__}", hint)
    if hasattr(values, "columns") or hasattr(values, "column_names"):
        raise MisfitError(f"expected one column, found a table: {type(values).__name__}", "name one: table['sex']")


NO_LIST: tuple[tuple[Any, str], ...] = (
    (Mapping, "give its values in the order of the samples: [given[name] for name in names]"),
    (AbstractSet, "a set has no order: give a list, in the order of the samples"),
    ((str, bytes), "give a list of one value a sample, such as ['a', 'b', 'b']"),
)
