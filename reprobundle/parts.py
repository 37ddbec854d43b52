"""Objects made of named parts: dataclasses, named tuples, namespaces and pydantic models, taken apart and made again.

Such an object is recorded as the name of its class and its parts; calling the class with the parts makes an equal one.
"""

from __future__ import annotations

import dataclasses
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Any

MAX_DEPTH = 16


def parts_of(value: Any) -> Mapping[str, Any] | None:
    """The parts that an object's class is called with, by keyword; None for anything that is no such object."""
    if isinstance(value, type):
        return None
    if dataclasses.is_dataclass(value):
        return {part.name: getattr(value, part.name) for part in dataclasses.fields(value) if part.init}
    if isinstance(value, tuple) and hasattr(value, "_asdict"):
        return dict(value._asdict())
    if isinstance(value, types.SimpleNamespace) or _is_a(value, "argparse", "Namespace"):
        return dict(vars(value))
    if _is_a(value, "pydantic", "BaseModel"):
        return {name: getattr(value, name) for name in type(value).model_fields}
    return None


def objects_in(value: Any, depth: int = 0) -> Iterator[Any]:
    """Every such object in a nested value, outer ones first."""
    if depth > MAX_DEPTH:
        return
    parts = parts_of(value)
    if parts is not None:
        yield value
    inner = parts if parts is not None else value
    if isinstance(inner, Mapping):
        inner = tuple(inner.values())
    if isinstance(inner, list | tuple):
        for part in inner:
            yield from objects_in(part, depth + 1)


def fitted(value: Any, hint: Any) -> Any:
    """A mapping as the dataclass that an annotation asks for, its own parts likewise; any other value as it is.

    Raises:
        TypeError: The mapping does not hold the parts of that class; its constructor may raise anything else.
    """
    asked = _dataclass_in(hint)
    if asked is None or not isinstance(value, Mapping):
        return value
    hints = typing.get_type_hints(asked)
    return asked(**{name: fitted(part, hints.get(name)) for name, part in value.items()})


def names_of(hint: Any) -> tuple[str, ...] | None:
    """The names of the parts of the dataclass that an annotation asks for; None where it asks for none."""
    asked = _dataclass_in(hint)
    return None if asked is None else tuple(part.name for part in dataclasses.fields(asked) if part.init)


def _dataclass_in(hint: Any) -> Any:
    """The one dataclass that an annotation names, alone or beside None."""
    asked = [
        kind for kind in (hint, *typing.get_args(hint)) if isinstance(kind, type) and dataclasses.is_dataclass(kind)
    ]
    plain = hint in asked or typing.get_origin(hint) in {typing.Union, types.UnionType}
    return asked[0] if plain and len(asked) == 1 else None


def _is_a(value: Any, module: str, name: str) -> bool:
    loaded = sys.modules.get(module)  # nobody has such an object without it
    return loaded is not None and isinstance(value, getattr(loaded, name))
