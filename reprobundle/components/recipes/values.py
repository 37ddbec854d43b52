"""Arguments of a constructor as a bundle holds them: JSON, and beside it what each value is that JSON has no form for.

``worker/arguments.py`` makes them again; ``docs/format.md`` has the table that both follow.
"""

from __future__ import annotations

import base64
import inspect
import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import PurePath
from typing import Any

from reprobundle import arrays, entries, parts
from reprobundle.components.recipes.form import Arguments, Kind, step
from reprobundle.components.recipes.refusals import refusal
from reprobundle.errors import ReproBundleError, UsageError

MAX_DEPTH = 32
MAX_BYTES = 64 * 1024
BUILT_IN = (
    "torch",
    "torch.nn.functional",
    "torch.special",
    "math",
    "operator",
)  # where functions written in C are found


@dataclass(frozen=True)
class Coded:
    """An argument in the form that a `PyTorchModelHubMixin` class's own coder gives it.

    Attributes:
        by: The class, whose coder also reads it.
        value: The encoded form.
    """

    by: type
    value: Any


def recorded(
    args: Iterable[Any],
    kwargs: Mapping[str, Any],
    *,
    apart: Callable[[Any], parts.Apart | None] = parts.taken_apart,
    filed: dict[str, Any] | None = None,
    within: str = "",
) -> Arguments:
    """Arguments as they stand in a bundle.

    Args:
        args: By position.
        kwargs: By keyword.
        apart: Takes an object apart into the class and the parts it is made with; None for what is no such object.
        filed: Takes the arrays among the values, for a file beside the recipe, by name; None: they are refused.
        within: What the names of these arrays begin with.

    Raises:
        UsageError: A value, which is named, cannot be made again from a bundle; the hint is the way out.
    """
    taking = _Taking(apart, filed, within)
    plain = {"args": taking.plain(list(args), "/args", 0), "kwargs": taking.plain(dict(kwargs), "/kwargs", 0)}
    return Arguments(args=tuple(plain["args"]), kwargs=plain["kwargs"], objects=taking.objects, kinds=taking.kinds)


@dataclass
class _Taking:
    """One walk through arguments; remembers which values are more than JSON."""

    apart: Callable[[Any], parts.Apart | None]
    filed: dict[str, Any] | None
    within: str
    objects: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, Kind] = field(default_factory=dict)

    def plain(self, value: Any, place: str, depth: int) -> Any:
        """The value as JSON holds it."""
        if depth > MAX_DEPTH:
            raise UsageError(f"{_named(place)}: nested deeper than {MAX_DEPTH} levels", hint="give a flat structure")
        if isinstance(value, Enum):
            return self.member(value, place)
        if isinstance(value, Coded):
            self.objects[place] = entries.entry_of(value.by)
            return self.of_kind("coded", place, self.plain(value.value, place, depth + 1))
        if value is None or isinstance(value, bool | int | float | complex | str | bytes | PurePath):
            return self.scalar(value, place)
        if isinstance(value, type) or inspect.isroutine(value) or _is_ufunc(value):
            return self.of_kind("entry", place, _entry(value, place))
        torch = sys.modules.get("torch")
        if torch is not None and isinstance(value, torch.dtype | torch.device | torch.Size):
            return self.of_torch(value, place, torch)
        return self.nested(value, place, depth)

    def of_kind(self, kind: Kind, place: str, plain: Any) -> Any:
        """Remember what a value is."""
        self.kinds[place] = kind
        return plain

    def scalar(self, value: Any, place: str) -> Any:
        """A single value."""
        if isinstance(value, PurePath):
            return self.of_kind("path", place, _relative(value, place))
        if isinstance(value, bytes):
            return self.of_kind("bytes", place, _text(value, place))
        if isinstance(value, str):
            return _valid(str(value), place)
        if isinstance(value, complex):
            return self.of_kind(
                "complex", place, [self.scalar(value.real, f"{place}/0"), self.scalar(value.imag, f"{place}/1")]
            )
        if isinstance(value, float):
            return float(value) if value - value == 0 else self.of_kind("float", place, str(float(value)))
        return value if value is None or isinstance(value, bool) else int(value)

    def member(self, value: Enum, place: str) -> Any:
        """An enum member, by its class and name."""
        kind = type(value)
        if kind.__members__.get(str(value.name)) is not value:
            raise UsageError(
                f"{_named(place)}: {value!r} is no single member of {kind.__name__}", hint="give its number"
            )
        self.objects[place] = _entry(kind, place)
        return self.of_kind("enum", place, value.name)

    def of_torch(self, value: Any, place: str, torch: Any) -> Any:
        """torch's own small values."""
        if isinstance(value, torch.Size):
            return self.of_kind("size", place, list(value))
        if isinstance(value, torch.dtype):
            return self.of_kind("dtype", place, str(value).removeprefix("torch."))
        return self.of_kind("device", place, str(value))

    def nested(self, value: Any, place: str, depth: int) -> Any:
        """A value that holds others; else there is no way to make it again."""
        apart = self.apart(value)
        if apart is not None:
            made_by = _entry(apart.kind, place)
            self.objects[place] = f"{made_by}.{apart.method}" if apart.method else made_by
            value = apart.parts
        if isinstance(value, set | frozenset):
            kind: Kind = "set" if isinstance(value, set) else "frozenset"
            return self.of_kind(kind, place, self.items(sorted(value, key=_order), place, depth))
        if isinstance(value, tuple):
            return self.of_kind("tuple", place, self.items(value, place, depth))
        if isinstance(value, list):
            return self.items(value, place, depth)
        if isinstance(value, Mapping):
            return {
                self.key(key, place): self.plain(item, f"{place}/{step(key)}", depth + 1) for key, item in value.items()
            }
        if parts.is_number(value):
            return self.plain(value.item(), place, depth + 1)
        if self.filed is not None and arrays.is_array(value):
            name = f"{self.within}{place[1:]}"
            self.filed[name] = value
            return self.of_kind("tensor" if arrays.is_torch(value) else "array", place, name)
        raise refusal(value, _named(place))

    def items(self, value: Iterable[Any], place: str, depth: int) -> list[Any]:
        """The items of a sequence."""
        return [self.plain(item, f"{place}/{index}", depth + 1) for index, item in enumerate(value)]

    def key(self, key: Any, place: str) -> str:
        """A key of a mapping, which JSON wants to be text."""
        if not isinstance(key, str) or isinstance(key, Enum):
            message = f"{_named(place)}: the key {key!r:.60} is no text, and keys in JSON are"
            raise UsageError(message, hint="give a list of pairs, or text that the constructor turns into keys")
        return _valid(str(key), place)


def _named(place: str) -> str:
    """A place as a person calls it."""
    where, _, rest = place[1:].partition("/")
    if not rest:
        return "the arguments"
    return f"argument {rest!r}" if where == "kwargs" else f"argument {rest} by position"


def _entry(thing: Any, place: str) -> str:
    """The name by which a class or function is imported again; of one written in C, the public one.

    Raises:
        UsageError: It has none.
    """
    if not isinstance(thing, type):
        name = str(getattr(thing, "__name__", ""))
        for module in BUILT_IN:
            if inspect.isbuiltin(thing) and getattr(sys.modules.get(module), name, None) is thing:
                return f"{module}:{name}"
    try:
        return entries.entry_of(thing)
    except ReproBundleError as error:
        raise UsageError(f"{_named(place)}: {error}", hint=error.hint) from error


def _is_ufunc(value: Any) -> bool:
    numpy = sys.modules.get("numpy")
    return numpy is not None and isinstance(value, numpy.ufunc)


def _relative(value: PurePath, place: str) -> str:
    if value.is_absolute():
        message = f"{_named(place)}: the path {value.name!r} is given by its place on this machine"
        raise UsageError(message, hint="give a file of the project by its path beside the module that reads it")
    return _valid(value.as_posix(), place)


def _text(value: bytes, place: str) -> str:
    if len(value) > MAX_BYTES:
        message = f"{_named(place)}: {len(value):,} bytes, expected at most {MAX_BYTES:,}"
        raise UsageError(message, hint="keep them in a file of the project, which the constructor reads")
    return base64.b64encode(value).decode("ascii")


def _valid(text: str, place: str) -> str:
    if any("\ud800" <= character <= "\udfff" for character in text):
        raise UsageError(f"{_named(place)}: {text!r:.60} is not valid Unicode", hint="give it as valid text")
    return text


def _order(value: Any) -> tuple[str, str]:
    """Where an item of a set stands, in every process alike."""
    taken = recorded((value,), {})
    return type(value).__name__, json.dumps(taken.model_dump(mode="json"), sort_keys=True)
