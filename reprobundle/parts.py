"""Objects made of named parts: dataclasses, named tuples, namespaces and pydantic models, taken apart and made again.

Such an object is recorded as the name of its class and its parts; calling the class with the parts makes an equal one.
"""

from __future__ import annotations

import collections
import dataclasses
import inspect
import json
import sys
import types
import typing
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import Any

MAX_DEPTH = 16
GROUPS = (list, tuple, set, frozenset)
PLAIN_MAPPINGS = (dict, collections.defaultdict)  # the second comes back as the first: its function has no name


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


@dataclasses.dataclass(frozen=True)
class Apart:
    """An object taken apart.

    Attributes:
        kind: Its class.
        method: The method of the class that makes it again, where that is not the class itself.
        parts: What the class or its method is called with, by keyword.
    """

    kind: Any
    method: str | None
    parts: Mapping[str, Any]


def taken_apart(value: Any) -> Apart | None:
    """An object by what makes an equal one again; None for what is no such object.

    Besides those of `parts_of`: nodes of OmegaConf, configurations of transformers, numpy's dtypes, and dictionaries of
    a class of their own, whose keys may be read as attributes.
    """
    if _is_a(value, "omegaconf", "Container"):
        omegaconf = sys.modules["omegaconf"].OmegaConf
        return Apart(omegaconf, "create", {"obj": omegaconf.to_container(value, resolve=True)})
    if _is_a(value, "transformers.configuration_utils", "PretrainedConfig"):
        return Apart(type(value), "from_dict", {"config_dict": json.loads(value.to_json_string(use_diff=False))})
    if _is_a(value, "numpy", "dtype") and value.isbuiltin == 1:
        return Apart(sys.modules["numpy"].dtype, None, {"dtype": value.str})
    parts = parts_of(value)
    if parts is None and isinstance(value, dict) and type(value) not in PLAIN_MAPPINGS:
        parts = dict(value)
    return None if parts is None else Apart(type(value), None, parts)


def is_training_arguments(value: Any) -> bool:
    """Whether these are the options of transformers' Trainer, which no model is made of."""
    return _is_a(value, "transformers.training_args", "TrainingArguments")


def is_number(value: Any) -> bool:
    """Whether a value is a number or text of numpy's own kind, whose Python value is the same."""
    return _is_a(value, "numpy", "number") or _is_a(value, "numpy", "bool_")


def named_in(value: Any, depth: int = 0) -> Iterator[Any]:
    """Every class and function that a nested value cannot be made again without."""
    if isinstance(value, type) or inspect.isroutine(value):
        yield value
    elif isinstance(value, Enum):
        yield type(value)
    elif depth <= MAX_DEPTH:
        apart = parts_of(value)
        if apart is not None:
            yield type(value)
        inner = value if apart is None else apart
        for part in inner.values() if isinstance(inner, Mapping) else inner if isinstance(inner, GROUPS) else ():
            yield from named_in(part, depth + 1)


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
    kind = getattr(loaded, name, None)
    return kind is not None and isinstance(value, kind)
