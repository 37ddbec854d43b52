"""What a transform reads that no bundle holds: names of its module, or of its class, that were set while the program ran.

A fresh process gives each the value that stands in the source. Only what the source says plainly is compared: a name bound
once, at the top level, to a literal; one that no statement there binds at all was set from outside, or under a main guard.
"""

from __future__ import annotations

import ast
import dis
import functools
import inspect
import sys
from collections.abc import Iterator, Mapping
from types import CodeType, FunctionType, MethodType, ModuleType
from typing import Any

from reprobundle.components.interface import Stage
from reprobundle.components.preprocessing.section import NAME
from reprobundle.phrases import some

READS = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
INSTALLED = ("site-packages", "dist-packages")
UNSAID = object()  # bound, but not once and to a literal
EVERYTHING = "*"  # what a module imports all of, it may have any name of
SHOWN = 3
HINT = "hand it over with functools.partial, or as an argument of an object, so that it is recorded"


def note(things: list[Any], stage: Stage) -> None:
    """Say which names a replay will find otherwise than they are now; the values are not told.

    Args:
        things: What was given as the steps of the transform.
        stage: Takes the note.
    """
    found = sorted({name for thing in things for name in _of_thing(thing)})
    if found:
        verb, they = ("is", "it") if len(found) == 1 else ("are", "them")
        message = f"the transform reads {some(found, SHOWN)}, which {verb} not as the source says: a replay gives {they} that value"
        stage.note(NAME, message, hint=HINT)


def _of_thing(thing: Any) -> Iterator[str]:
    while isinstance(thing, functools.partial):
        thing = thing.func
    if isinstance(thing, str):
        thing = _imported(thing)
    if isinstance(thing, FunctionType):
        yield from _of_function(thing, set())
        return
    owner = thing.__self__ if isinstance(thing, MethodType) else thing
    kind = owner if isinstance(owner, type) else type(owner)
    called = thing.__func__ if isinstance(thing, MethodType) else vars(kind).get("__call__", vars(kind).get("forward"))
    if isinstance(called, FunctionType) and _tree_of(kind.__module__) is not None:
        yield from _of_function(called, set())
        yield from _of_class(kind, vars(owner) if hasattr(owner, "__dict__") else {})


def _imported(name: str) -> Any:
    """What a ``module:name`` leads to; None where its module is not imported yet, and so is as its source says."""
    module, _, path = name.partition(":")
    return functools.reduce(lambda found, part: getattr(found, part, None), path.split("."), sys.modules.get(module))


def _of_function(function: FunctionType, seen: set[FunctionType]) -> Iterator[str]:
    """Names that a function reads, and functions of its own module that it calls."""
    tree = _tree_of(function.__module__)
    if tree is None or function in seen:
        return
    seen.add(function)
    said = _bound(tree.body)
    for name in _read(function.__code__):
        value = function.__globals__.get(name, UNSAID)
        if isinstance(value, FunctionType) and value.__module__ == function.__module__:
            yield from _of_function(value, seen)
        elif value is not UNSAID and _is_other(name, value, said):
            yield repr(name) if function.__module__ == "__main__" else repr(f"{function.__module__}.{name}")


def _of_class(kind: type, own: Mapping[str, Any]) -> Iterator[str]:
    """Values of a class that are others than its body says, and that an object has not for itself."""
    tree = _tree_of(kind.__module__)
    bodies = (
        [one.body for one in tree.body if isinstance(one, ast.ClassDef) and one.name == kind.__qualname__]
        if tree
        else []
    )
    for name, said in _bound(bodies[0]).items() if len(bodies) == 1 else ():
        value = vars(kind).get(name, UNSAID)
        if name not in own and value is not UNSAID and _is_other(name, value, {name: said}):
            yield repr(f"{kind.__name__}.{name}")


def _is_other(name: str, value: Any, said: Mapping[str, Any]) -> bool:
    if name not in said:
        return (
            EVERYTHING not in said
            and not name.startswith("__")
            and not isinstance(value, ModuleType | type | FunctionType)
        )
    return said[name] is not UNSAID and repr(value) != repr(said[name])


def _read(code: CodeType) -> Iterator[str]:
    """Global names that code reads, and the code within it."""
    yield from (str(one.argval) for one in dis.get_instructions(code) if one.opname in READS)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _read(constant)


def _tree_of(name: str) -> ast.Module | None:
    """The source of a module of the person's own; None of others, and where there is none."""
    module = sys.modules.get(name)
    file = getattr(module, "__file__", None)
    if module is None or file is None or name.partition(".")[0] in sys.stdlib_module_names:
        return None
    if any(folder in file for folder in INSTALLED):
        return None
    try:
        return ast.parse(inspect.getsource(module))
    except (OSError, SyntaxError, TypeError):
        return None


def _bound(body: list[ast.stmt]) -> dict[str, Any]:
    """Names that statements bind: the value where it is one literal, else `UNSAID`."""
    said: dict[str, Any] = {}
    for statement in body:
        if isinstance(statement, ast.If) and "__name__" in ast.unparse(statement.test):
            continue  # a main guard: no import comes there
        for name, value in _bindings(statement):
            said[name] = UNSAID if name in said else value
    return said


def _bindings(statement: ast.stmt) -> Iterator[tuple[str, Any]]:
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
        yield from _pairs(statement.targets[0], statement.value)
    elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
        yield from _pairs(statement.target, statement.value)
    else:  # an import, a definition, a loop, a branch: whatever it may bind
        yield from _unsaid(statement)


def _unsaid(node: ast.AST) -> Iterator[tuple[str, Any]]:
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
            yield one.id, UNSAID
        elif isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield one.name, UNSAID
        elif isinstance(one, ast.alias):
            yield one.asname or one.name.partition(".")[0], UNSAID


def _pairs(target: ast.expr, value: ast.expr) -> Iterator[tuple[str, Any]]:
    if isinstance(target, ast.Name):
        yield target.id, _literal(value)
    elif isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, its in zip(target.elts, value.elts, strict=True):
            yield from _pairs(one, its)
    else:
        yield from _unsaid(target)


def _literal(value: ast.expr) -> Any:
    try:
        return ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError):
        return UNSAID
