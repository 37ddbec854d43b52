"""Which recorded output belongs to which, where rows stand at other places and a list has an item for each row."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from reprobundle.worker import tree

Forms = Mapping[str, tuple[str, tuple[int, ...]]]


def placed(before: Any, after: Any, order: Sequence[int], forms: Forms) -> dict[str, str] | None:
    """The name in `before` of each output of `after`; None where no list has an item for each row.

    Args:
        before: Structure of the outputs of the recorded rows.
        after: Structure of those in another order.
        order: Which recorded row stands at each place.
        forms: Dtype and shape of the outputs before, by name.
    """
    if not order or not _lists(before, len(order), forms):
        return None
    return {ours: theirs for theirs, ours in _pairs(before, after, order, forms)}


def _lists(node: Any, rows: int, forms: Forms) -> bool:
    """Whether any list has an item for each row."""
    if not isinstance(node, Mapping):
        return False
    return _is_of_rows(node, rows, forms) or any(_lists(item, rows, forms) for _, item in _below(node))


def _is_of_rows(node: Mapping[str, Any], rows: int, forms: Forms) -> bool:
    """Whether a list holds an item for each row: those that hold every row themselves, such as one for each layer, do not."""
    if node.get("kind") not in {"list", "tuple"} or len(_below(node)) != rows:
        return False
    shapes = [forms[name][1] for name in tree.names(node) if name in forms]
    return bool(shapes) and not all(shape[:1] == (rows,) for shape in shapes)


def _pairs(before: Any, after: Any, order: Sequence[int], forms: Forms) -> Iterator[tuple[str, str]]:
    """Names of outputs before and after that belong together."""
    if not isinstance(before, Mapping) or not isinstance(after, Mapping) or before.get("kind") != after.get("kind"):
        return
    if before.get("kind") == "tensor":
        yield before["name"], after["name"]
        return
    ours, theirs = _below(before), _below(after)
    if len(ours) != len(theirs):
        return
    places = order if _is_of_rows(before, len(order), forms) else range(len(ours))
    for place, (key, item) in zip(places, theirs, strict=True):
        known, recorded = ours[place]
        if places is order or known == key:
            yield from _pairs(recorded, item, order, forms)


def _below(node: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """Key and node of each item of a container."""
    items = node.get("items")
    if not isinstance(items, list):
        return []
    if node.get("kind") == "dict":
        return [(item[0], item[1]) for item in items if isinstance(item, list) and len(item) == 2]
    return list(enumerate(items))
