"""Nested structures: taken apart into named leaves, put together again.

A structure is plain JSON, one node per level::

    {"kind": "tensor", "name": "hidden/0"}          a leaf; the name is its path, "value" for a bare tensor
    {"kind": "dict", "items": [["logits", NODE]]}   keys are strings or integers, in their order
    {"kind": "list" | "tuple", "items": [NODE]}
    {"kind": "plain", "value": null | bool | int | str}
    {"kind": "float", "hex": "0x1.8p+1"}            exact, also for nan and inf

Standard library only; used by the program and by the worker alike.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, Callable

BARE = "value"
MAX_DEPTH = 16


class UnknownLeaf(TypeError):
    """Something in a structure is neither a container, a tensor nor a plain value."""


def flatten(value: Any, is_tensor: Callable[[Any], bool]) -> tuple[Any, dict[str, Any]]:
    """Take a nested structure apart.

    Args:
        value: Tensors, mappings, sequences, named tuples, dataclasses and plain values, nested.
        is_tensor: Whether something is a leaf tensor.

    Returns:
        The structure as JSON, and the tensors by name in the order met.

    Raises:
        UnknownLeaf: Something else is in it, it is nested too deeply, or two leaves share a name.
    """
    leaves: dict[str, Any] = {}
    return _flatten(value, is_tensor, leaves, "", 0), leaves


def _flatten(value: Any, is_tensor: Callable[[Any], bool], leaves: dict[str, Any], path: str, depth: int) -> Any:
    if depth > MAX_DEPTH:
        raise UnknownLeaf("at " + repr(path) + ": nested deeper than " + str(MAX_DEPTH) + " levels")
    if is_tensor(value):
        return _leaf(value, leaves, path or BARE)
    if value is None or isinstance(value, (bool, int, str)):
        return {"kind": "plain", "value": value}
    if isinstance(value, float):
        return {"kind": "float", "hex": value.hex()}

    def below(key: Any, item: Any) -> Any:
        return _flatten(item, is_tensor, leaves, path + "/" + str(key) if path else str(key), depth + 1)

    if dataclasses.is_dataclass(value) and not isinstance(value, (type, Mapping)):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if hasattr(value, "_asdict"):
        value = value._asdict()
    if isinstance(value, Mapping):
        return {"kind": "dict", "items": [[_key(key, path), below(key, item)] for key, item in value.items()]}
    if isinstance(value, (list, tuple)):
        kind = "tuple" if isinstance(value, tuple) else "list"
        return {"kind": kind, "items": [below(index, item) for index, item in enumerate(value)]}
    raise UnknownLeaf("at " + repr(path or BARE) + ": a " + type(value).__name__ + " is no tensor or plain value")


def _leaf(value: Any, leaves: dict[str, Any], name: str) -> Any:
    if name in leaves:
        raise UnknownLeaf("two tensors are both called " + repr(name))
    leaves[name] = value
    return {"kind": "tensor", "name": name}


def _key(key: Any, path: str) -> Any:
    if isinstance(key, (str, int)) and not isinstance(key, bool):
        return key
    raise UnknownLeaf("at " + repr(path or BARE) + ": key " + repr(key) + " is no string or integer")


def unflatten(node: Any, leaves: Mapping[str, Any]) -> Any:
    """Put a structure together again from its JSON and its leaves.

    Named tuples come back as dictionaries in order, dataclasses likewise.
    """
    kind = node["kind"]
    if kind == "tensor":
        return leaves[node["name"]]
    if kind == "dict":
        return {key: unflatten(item, leaves) for key, item in node["items"]}
    if kind == "plain":
        return node["value"]
    if kind == "float":
        return float.fromhex(node["hex"])
    items = [unflatten(item, leaves) for item in node["items"]]
    return tuple(items) if kind == "tuple" else items


def names(node: Any) -> frozenset[str]:
    """The names of all tensors of a structure; of one that is no structure, what of it looks so."""
    if isinstance(node, Mapping):
        if node.get("kind") == "tensor" and isinstance(node.get("name"), str):
            return frozenset([node["name"]])
        return names(node.get("items"))
    if isinstance(node, list):
        return frozenset().union(*map(names, node))
    return frozenset()
