"""An object by its class and the arguments that its constructor was called with, found by their names.

What libraries of transforms have in common: a constructor keeps each argument under its own name.
"""

from __future__ import annotations

import functools
import inspect
import sys
import types
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from reprobundle import arrays, parts
from reprobundle.components.recipes.refusals import is_module
from reprobundle.errors import UsageError
from reprobundle.phrases import some

OWN = ("builtins", "collections", "functools", "types")  # Python's own containers and callables are no such objects
MAX_DEPTH = 16
HINT = "give a function at the top level of a module that does the same, as module:name"


def apart(value: Any) -> parts.Apart | None:
    """An object by its class and its constructor's arguments; None for what is made another way: plain values, arrays.

    Raises:
        UsageError: An argument without a default is not kept under its name, or the constructor takes any.
    """
    known = parts.taken_apart(value)
    if known is not None or not is_object(value):
        return known
    if is_module(value) and value.state_dict():
        message = f"a module with a state ({type(value).__name__}) stands inside another object"
        raise UsageError(message, hint="give it as a step of its own, in a list")
    return parts.Apart(type(value), None, arguments_of(value))


def is_object(value: Any) -> bool:
    """Whether a value is an object of a class that some module defines, and no class, function or array itself."""
    if isinstance(value, type) or inspect.isroutine(value) or arrays.is_array(value) or parts.is_number(value):
        return False
    return type(value).__module__.partition(".")[0] not in OWN


def arguments_of(value: Any) -> dict[str, Any]:
    """What an object's constructor was called with, by keyword, as far as the object keeps it.

    Raises:
        UsageError: As `apart`.
    """
    found: dict[str, Any] = {}
    missing = []
    for parameter in _parameters(type(value)):
        if parameter.kind in {parameter.VAR_POSITIONAL, parameter.POSITIONAL_ONLY}:
            missing.append(str(parameter).partition(":")[0])
            continue
        if parameter.kind is parameter.VAR_KEYWORD:
            continue
        name = next((name for name in (parameter.name, f"_{parameter.name}") if _keeps(value, name)), None)
        if name is not None:
            found[parameter.name] = getattr(value, name)
        elif parameter.default is parameter.empty:
            missing.append(repr(parameter.name))
    if missing:
        message = (
            f"{type(value).__name__}: its constructor needs {some(missing)}, which it does not keep under that name"
        )
        raise UsageError(message, hint=HINT)
    return found


def _parameters(kind: type) -> tuple[inspect.Parameter, ...]:
    if kind.__init__ is object.__init__ and kind.__new__ is object.__new__:  # type: ignore[misc, comparison-overlap]
        return ()
    try:
        return tuple(inspect.signature(kind).parameters.values())
    except (TypeError, ValueError) as error:
        raise UsageError(f"{kind.__name__}: the signature of its constructor cannot be read", hint=HINT) from error


def _keeps(value: Any, name: str) -> bool:
    """Whether an object holds a value of its own under a name, and no method."""
    held = name in getattr(value, "__dict__", {}) or name in getattr(value, "_modules", {})
    if not held:
        held = isinstance(inspect.getattr_static(type(value), name, None), property | types.MemberDescriptorType)
    return held and hasattr(value, name)


def is_sequential(value: Any) -> bool:
    """Whether a value is torch's container of modules that are applied one after another."""
    torch = sys.modules.get("torch")
    return torch is not None and type(value) is torch.nn.Sequential


def named_in(value: Any) -> Iterator[Any]:
    """Every class and function that something which can be called cannot be made again without.

    Args:
        value: A function, a bound method, a partial, an object, or several of these in a list or mapping.
    """
    yield from _named_in(value, 0, {})


def _named_in(value: Any, depth: int, seen: dict[int, Any]) -> Iterator[Any]:
    if depth > MAX_DEPTH or id(value) in seen:
        return
    seen[id(value)] = value  # kept, so that no other object takes its number
    if isinstance(value, str):
        if depth <= 1:
            yield value  # an entry names itself
        return
    inner = _inside(value)
    if inner is None:
        yield value
        return
    if is_object(value):
        yield type(value)
    for one in inner:
        yield from _named_in(one, depth + 1, seen)


def _inside(value: Any) -> Iterable[Any] | None:
    """What a value is made of; None for a class or function, which is named itself."""
    if isinstance(value, functools.partial):
        return (value.func, *value.args, *value.keywords.values())
    if isinstance(value, types.MethodType) and not isinstance(value.__self__, type):
        return (value.__self__,)
    if isinstance(value, type) or inspect.isroutine(value):
        return None
    if isinstance(value, Mapping):
        return tuple(value.values())
    if isinstance(value, list | tuple | set | frozenset):
        return tuple(value)
    return tuple(getattr(value, "__dict__", {}).values()) if is_object(value) else ()
