"""One object as a step: its class, what that is called with, what was set on it later, and its state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from reprobundle import arrays, entries
from reprobundle.components.interface import Failure, attempt
from reprobundle.components.preprocessing.section import Step
from reprobundle.components.recipes.form import Arguments
from reprobundle.components.recipes.objects import HINT, apart, arguments_of
from reprobundle.components.recipes.refusals import is_module
from reprobundle.components.recipes.values import recorded
from reprobundle.errors import UsageError
from reprobundle.parts import Apart, taken_apart

LATER = "attributes/"


def step(name: str, thing: Any, method: str | None, filed: dict[str, Any]) -> Step:
    """The recipe of an object.

    Args:
        name: The step's name.
        thing: The object.
        method: Which method of it is the step; None: it is called itself.
        filed: Takes its arrays by name.

    Raises:
        UsageError: It cannot be made again.
    """
    found = taken_apart(thing) or Apart(type(thing), None, arguments_of(thing))
    made_by = entries.entry_of(found.kind)
    init = recorded((), found.parts, apart=apart, filed=filed, within="init/")
    module = is_module(thing)
    if module:
        filed.update({f"state/{key}": value for key, value in thing.state_dict().items() if arrays.is_array(value)})
    return Step(
        name=name,
        form="object",
        entry=f"{made_by}.{found.method}" if found.method else made_by,
        init=init,
        attributes=None if module or found.method else _later(thing, found, filed),
        method=method,
        module=module,
    )


def _later(thing: Any, found: Apart, filed: dict[str, Any]) -> Arguments | None:
    """What an object holds besides what its constructor gave it, such as what it was fitted to.

    Raises:
        UsageError: It cannot be made a second time, or holds something that no bundle can hold.
    """
    own = getattr(thing, "__dict__", {})
    again = attempt(lambda: found.kind(**found.parts))
    if isinstance(again, Failure):
        message = f"{type(thing).__name__}: called with what it keeps of its arguments, its class raises {again.why}"
        raise UsageError(message, hint=HINT)
    fresh: Mapping[str, Any] = getattr(again, "__dict__", {})
    changed = {name: value for name, value in own.items() if not _is_same(value, fresh, name)}
    if not changed:
        return None
    return recorded((), changed, apart=apart, filed=filed, within=LATER)


def _is_same(value: Any, fresh: Mapping[str, Any], name: str) -> bool:
    """Whether the constructor gave an attribute its value; where neither can be recorded, whether both are of one class."""
    if name not in fresh:
        return False
    ours, theirs = _told(value), _told(fresh[name])
    if ours is None or theirs is None:
        return ours is theirs and type(value) is type(fresh[name])
    return ours == theirs


def _told(value: Any) -> tuple[Arguments, dict[str, tuple[str, tuple[int, ...], bytes]]] | None:
    """A value in a form that can be compared; None where it has none."""
    filed: dict[str, Any] = {}
    made = attempt(lambda: recorded((value,), {}, apart=apart, filed=filed))
    if isinstance(made, Failure):
        return None
    plain = {name: arrays.to_array(array) for name, array in filed.items()}
    return made, {name: (str(array.dtype), array.shape, array.tobytes()) for name, array in plain.items()}
