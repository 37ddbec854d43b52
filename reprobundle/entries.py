"""Names of things in code: ``module:name``, the only way a bundle refers to a class or a function.

`entry_of` finds the name under which a thing can be imported again in a fresh process, `parse_entry` reads such a name
strictly, `resolve` imports it (the user's own code only; a stranger's is resolved by the worker in its sandbox).
"""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import MethodType, ModuleType
from typing import Annotated, Any

import pydantic

from reprobundle.errors import RefusedInputError, UsageError

NOTEBOOK_MODULE = "notebook_main"
MAX_ENTRY_CHARACTERS = 500
MAIN_NAMES = frozenset({"__main__", "__mp_main__"})

_ENTRY = re.compile(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*:[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", re.ASCII)
_MOVE = "move it to the top level of a module, under a name of its own"


def _legal(text: str) -> str:
    try:
        parse_entry(text)
    except RefusedInputError as error:
        raise ValueError(str(error)) from error
    return text


EntryName = Annotated[str, pydantic.AfterValidator(_legal), pydantic.Field(description="module:name")]


@dataclass(frozen=True)
class Entry:
    """A class or function by name.

    Attributes:
        module: Dotted name of the module, as it is imported.
        name: Name in the module, dotted for something inside a class.
    """

    module: str
    name: str

    def __str__(self) -> str:
        """The name as it stands in documents: ``module:name``."""
        return f"{self.module}:{self.name}"


def parse_entry(text: str) -> Entry:
    """Read ``module:name``.

    Raises:
        RefusedInputError: It is not of that form: ASCII identifiers joined by dots, one colon, no double underscore.
    """
    if len(text) > MAX_ENTRY_CHARACTERS or "__" in text or not _ENTRY.fullmatch(text):
        message = f"entry {text[:200]!r}: expected 'module:name' in ASCII letters, digits, '_' and '.', without '__'"
        raise RefusedInputError(message)
    module, name = text.split(":")
    return Entry(module, name)


def entry_of(thing: Any) -> str:
    """The name under which a class or function can be imported again.

    What a script run as ``__main__`` defines is named after its file, ``python -m`` after its real module, a notebook
    after ``notebook_main``, the module that capture writes from its cells. A string is checked and given back.

    Raises:
        UsageError: It has no such name: a lambda, something defined inside a function, an object that is neither a
            class nor a function, or a name that leads to something else.
        RefusedInputError: A string that is no entry.
    """
    if isinstance(thing, str):
        return str(parse_entry(thing))
    module, name = _names(thing)
    for mark, what in (("<lambda>", "a lambda"), ("<locals>", "defined inside a function")):
        if mark in name:
            raise UsageError(f"{module}:{name}: is {what}, which no other process can import", hint=_MOVE)
    _refuse_other(thing, module, name)
    entry = f"{_importable(module)}:{name}"
    try:
        return str(parse_entry(entry))
    except RefusedInputError as error:
        raise UsageError(f"{entry}: is not a name that a bundle can hold: {error}", hint=_MOVE) from error


def resolve(text: str) -> Any:
    """Import the module of an entry and give what stands under its name. Runs the module's code.

    Raises:
        RefusedInputError: The text is no entry.
        UsageError: The module cannot be imported, or has no such name.
    """
    entry = parse_entry(text)
    try:
        found: Any = importlib.import_module(entry.module)
    except ImportError as error:
        hint = "run from the folder it lies in, or name that folder as the project"
        raise UsageError(f"entry {text!r}: cannot import {entry.module!r}: {error}", hint=hint) from error
    for part in entry.name.split("."):
        if not hasattr(found, part):
            raise UsageError(f"entry {text!r}: module {entry.module!r} has no {entry.name!r}")
        found = getattr(found, part)
    return found


def main_name() -> str:
    """The name by which another process can import what runs here as ``__main__``.

    Raises:
        UsageError: There is none: the script's file name is no Python identifier with the ending ``.py``, or it is a
            package's ``__main__.py``.
    """
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), main_file()
    if spec is not None:
        return _plain(spec.name, f"module {spec.name!r}")
    if file is None:
        return NOTEBOOK_MODULE
    if file.suffix != ".py":
        raise UsageError(f"script {file.name!r}: cannot be imported: its name does not end in '.py'", hint="rename it")
    return _plain(file.stem, f"script {file.name!r}")


def main_file() -> Path | None:
    """The file that runs as ``__main__``, absolute; None in a notebook, at a prompt and with ``python -c``."""
    file = getattr(sys.modules["__main__"], "__file__", None)
    return None if file is None else Path(file).absolute()


def _plain(name: str, what: str) -> str:
    if "__" in name or not _ENTRY.fullmatch(f"{name}:x"):
        hint = "rename it to letters, digits and '_', or move its classes and functions to a module of another name"
        raise UsageError(f"{what}: cannot be imported by another process under that name", hint=hint)
    return name


def _names(thing: Any) -> tuple[str, str]:
    module, name = getattr(thing, "__module__", None), getattr(thing, "__qualname__", None)
    if not isinstance(module, str) or not isinstance(name, str):
        message = f"a {type(thing).__name__} object has no name of its own: expected a class or a function"
        raise UsageError(message, hint="give a class, or a function at the top level of a module")
    return module, name


def _importable(module: str) -> str:
    return main_name() if module in MAIN_NAMES else module


def _refuse_other(thing: Any, module: str, name: str) -> None:
    loaded: ModuleType | None = sys.modules.get(module)
    if loaded is None:
        raise UsageError(f"{module}:{name}: module {module!r} is not loaded under that name", hint=_MOVE)
    found: Any = loaded
    for part in name.split("."):
        found = getattr(found, part, None)
    if not _is_same(found, thing):
        raise UsageError(f"{module}:{name}: the module holds something else under that name", hint=_MOVE)


def _is_same(found: Any, thing: Any) -> bool:
    if found is thing:
        return True
    if isinstance(thing, MethodType):  # of a class it is made anew at each look; of an instance it needs the instance
        return isinstance(thing.__self__, type) and bool(found == thing)
    if isinstance(found, type) and isinstance(thing, type):  # a module was reloaded, or a notebook's cell run again
        return found.__qualname__ == thing.__qualname__ and found.__module__ == thing.__module__
    code = getattr(thing, "__code__", None)
    return code is not None and bool(getattr(found, "__code__", None) == code)
