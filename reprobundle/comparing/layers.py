"""The names of a model's tensors, put together into layers a person would name."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

ROOT = "(root)"


def layer_of(name: str) -> str:
    """The layer a tensor belongs to: its name up to the first number, else without its last part.

    ``bert.encoder.layer.3.attention.query.weight`` belongs to ``bert.encoder.layer.3``, ``head.weight`` to ``head``.
    """
    parts = name.split(".")
    number = next((place for place, part in enumerate(parts[:-1]) if part.isdigit()), None)
    kept = parts[:-1] if number is None else parts[: number + 1]
    return ".".join(kept) or ROOT


def by_layer(names: Iterable[str]) -> dict[str, list[str]]:
    """The tensors of each layer, layers in the order of their first tensor."""
    found: dict[str, list[str]] = {}
    for name in names:
        found.setdefault(layer_of(name), []).append(name)
    return found


def untouched(same: Sequence[str], changed: Iterable[str]) -> tuple[str, ...]:
    """The shortest beginnings, such as ``encoder.``, below which no layer changed, or a layer's own name; in their order.

    Args:
        same: Names of the layers that did not change.
        changed: Names of those that did.
    """
    touched = {beginning for name in changed for beginning in _beginnings(name)}
    return tuple(dict.fromkeys(next((one for one in _beginnings(name) if one not in touched), name) for name in same))


def _beginnings(name: str) -> list[str]:
    """``a.``, ``a.b.`` and ``a.b.c`` of ``a.b.c``."""
    parts = name.split(".")
    return [".".join(parts[: count + 1]) + ("." if count + 1 < len(parts) else "") for count in range(len(parts))]
