"""Whether the tables beside an object's arguments fit them: each place exists, and what stands there is of that kind."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping

from reprobundle.components.recipes.form import Arguments, step
from reprobundle.components.recipes.values import MAX_BYTES
from reprobundle.entries import parse_entry
from reprobundle.errors import RefusedInputError
from reprobundle.records import Json

FILED = frozenset({"array", "tensor"})
WITH_OBJECT = frozenset({"enum", "coded"})  # of which the class stands in the other table
_DTYPE = re.compile(
    r"bool|bfloat16|complex\d+|bits\d+(x\d+)?|q?u?int\d+(x\d+)?|float\d+(_e\d+m\d+[a-z0-9_]*)?", re.ASCII
)
_DEVICE = re.compile(r"[a-z][a-z0-9_]*(:\d+)?", re.ASCII)
_NO_NUMBER = frozenset({"nan", "inf", "-inf"})


def faults(init: Arguments, where: str = "model.init", *, filed: bool = False) -> Iterator[str]:
    """Every way in which the tables of objects and kinds do not fit the arguments, in words.

    Args:
        init: The arguments.
        where: How the field that holds them is called.
        filed: Whether arrays may stand in a file beside them.
    """
    places = dict(_places(init))
    for table, named in (("objects", init.objects), ("kinds", init.kinds)):
        for place in named:
            if place not in places:
                yield f"{where}.{table}: names {place!r:.200}, where no argument stands"
    for place, kind in init.kinds.items():
        if place in places and not _fits(kind, places[place], place, init):
            yield f"{where}.kinds: {place!r:.200}: expected {EXPECTED[kind]} for {kind!r}, found {places[place]!r:.80}"
        if kind in FILED and not filed:
            yield f"{where}.kinds: {place!r:.200}: is {kind!r}, which stands in a file, and there is none"
    for place in init.objects:
        if place in places and not _is_made(place, places[place], init):
            yield f"{where}.objects: {place!r:.200}: expected the parts of an object, found {places[place]!r:.80}"


def _places(init: Arguments) -> Iterator[tuple[str, Json]]:
    """Every value with its place, outer ones first."""
    waiting: list[tuple[str, Json]] = [(f"/args/{index}", value) for index, value in enumerate(init.args)]
    waiting += [(f"/kwargs/{step(name)}", value) for name, value in init.kwargs.items()]
    while waiting:
        place, value = waiting.pop()
        yield place, value
        if isinstance(value, list):
            waiting += [(f"{place}/{index}", item) for index, item in enumerate(value)]
        elif isinstance(value, dict):
            waiting += [(f"{place}/{step(name)}", item) for name, item in value.items()]


def _is_made(place: str, value: Json, init: Arguments) -> bool:
    kind = init.kinds.get(place)
    return isinstance(value, dict) if kind is None else kind in WITH_OBJECT


def _fits(kind: str, value: Json, place: str, init: Arguments) -> bool:
    if kind == "complex":
        return (
            isinstance(value, list)
            and len(value) == 2
            and all(
                _is_float(item) or init.kinds.get(f"{place}/{index}") == "float" for index, item in enumerate(value)
            )
        )
    if kind in WITH_OBJECT and place not in init.objects:
        return False
    return FITTING[kind](value)


def _is_float(value: Json) -> bool:
    return isinstance(value, float | int) and not isinstance(value, bool)


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _is_text(value: Json) -> bool:
    return isinstance(value, str)


def _is_size(value: Json) -> bool:
    return isinstance(value, list) and all(type(extent) is int for extent in value)


def _is_base64(value: Json) -> bool:
    if not isinstance(value, str):
        return False
    try:
        return len(base64.b64decode(value, validate=True)) <= MAX_BYTES
    except (binascii.Error, ValueError):
        return False


def _is_entry(value: Json) -> bool:
    if not isinstance(value, str):
        return False
    try:
        parse_entry(value)
    except RefusedInputError:
        return False
    return True


FITTING: Mapping[str, Callable[[Json], bool]] = {
    "tuple": _is_list,
    "set": _is_list,
    "frozenset": _is_list,
    "float": lambda value: isinstance(value, str) and value in _NO_NUMBER,
    "bytes": _is_base64,
    "path": lambda value: isinstance(value, str) and not value.startswith("/"),
    "dtype": lambda value: isinstance(value, str) and _DTYPE.fullmatch(value) is not None,
    "device": lambda value: isinstance(value, str) and _DEVICE.fullmatch(value) is not None,
    "size": _is_size,
    "enum": _is_text,
    "entry": _is_entry,
    "coded": lambda _: True,
    "array": _is_text,
    "tensor": _is_text,
}
EXPECTED: Mapping[str, str] = {
    "tuple": "a list",
    "set": "a list",
    "frozenset": "a list",
    "float": "'nan', 'inf' or '-inf'",
    "complex": "two numbers",
    "bytes": f"base64 of at most {MAX_BYTES:,} bytes",
    "path": "a relative path",
    "dtype": "the name of one of torch's dtypes",
    "device": "a device such as 'cuda:0'",
    "size": "a list of integers",
    "enum": "a member's name and its class in objects",
    "entry": "'module:name'",
    "coded": "its class in objects",
    "array": "the name of a tensor",
    "tensor": "the name of a tensor",
}
