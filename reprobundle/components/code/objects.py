"""The classes and functions that a replay has to find again, and the cells they come from in a notebook."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from reprobundle import parts
from reprobundle.components.interface import Failure, Source, attempt
from reprobundle.components.recipes import objects as recipes
from reprobundle.entries import MAIN_NAMES, main_file, main_name, parse_entry
from reprobundle.errors import RefusedInputError, UsageError

COMMAND = "-c"


@dataclass(frozen=True)
class Named:
    """A class or function that a replay needs.

    Attributes:
        module: The module it says it is of.
        name: Its name in that module.
    """

    module: str
    name: str


def objects_of(source: Source) -> tuple[Named, ...]:
    """The model's class or factory and the preprocessing function, by name; what has no name is not among them."""
    model = source.model
    is_code = isinstance(model, type) or hasattr(model, "__qualname__")
    needed = [model if is_code else type(model), source.factory]
    needed += recipes.named_in(getattr(source.preprocessing, "transform", None) or _called(source.preprocessing))
    needed += recipes.named_in(getattr(source.splitting, "function", None))
    needed += _classes_of_arguments(source)
    found = (_named(thing) for thing in needed if thing is not None)
    return tuple(dict.fromkeys(named for named in found if named))


def _called(preprocessing: Any) -> Any:
    """A function that was given as the preprocessing itself; None for a configuration."""
    return preprocessing if inspect.isroutine(preprocessing) else None


def _classes_of_arguments(source: Source) -> list[Any]:
    """Classes of the objects that the model's constructor may be called with, and classes and functions among them."""
    if isinstance(source.factory, str):
        return []
    found = attempt(lambda: [thing for value in _arguments(source) for thing in parts.named_in(value)])
    return [] if isinstance(found, Failure) else found


def _arguments(source: Source) -> Iterator[Any]:
    """What the constructor's arguments may have been: as given, or found by their names."""
    yield source.init
    own = getattr(source.model, "__dict__", {})
    given = source.hyperparameters
    known = given if isinstance(given, Mapping) else getattr(given, "__dict__", {})
    for name in inspect.signature(source.factory or type(source.model)).parameters:
        yield known.get(name, own.get(name))
        if name not in known and name not in own:
            yield given  # the whole of it may be the one argument


def names_in_main(source: Source) -> tuple[str, ...]:
    """Top-level names of what the running script or notebook defines and a replay needs, sorted."""
    own = {*MAIN_NAMES, *_name_of_main()}
    return tuple(sorted({named.name.partition(".")[0] for named in objects_of(source) if named.module in own}))


def executed_cells() -> tuple[str, ...]:
    """The code that ran in this notebook or with ``python -c``; empty in a script, and at a prompt that keeps none."""
    if main_file() is not None:
        return ()
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is not None:
        return tuple(str(cell) for cell in shell.user_ns.get("In", ()))
    if sys.argv and sys.argv[0] == COMMAND and len(sys.orig_argv) > len(sys.argv):
        return (sys.orig_argv[-len(sys.argv)],)
    return ()


def _name_of_main() -> tuple[str, ...]:
    try:
        return (main_name(),)
    except UsageError:  # nothing can refer to it by name
        return ()


def _named(thing: Any) -> Named | None:
    if isinstance(thing, str):
        try:
            entry = parse_entry(thing)
        except RefusedInputError:  # whoever records the entry says so
            return None
        return Named(entry.module, entry.name)
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    return Named(module, name) if isinstance(module, str) and isinstance(name, str) else None
