"""Whether a script can be imported without doing its work again."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path

CAPTURE = "capture"
_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
_NOT_RUN_AT_IMPORT = (*_FUNCTIONS, ast.ClassDef, ast.Lambda)


def missing_guard(path: Path) -> int | None:
    """The line at which importing a script would capture, and so train, again.

    That is a call of something named ``capture``, or of a function of the script that leads to one, outside functions,
    classes and ``if __name__ == "__main__":``. None when there is none, or the file is no Python of this version.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Python showed them when the script started
        try:
            module = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError):  # ValueError: a null byte in it
            return None
    names = _leading_to_capture(module)
    return next((call.lineno for call in _run_at_import(module.body) if _is_call_of(call, names)), None)


def _leading_to_capture(module: ast.Module) -> frozenset[str]:
    functions = [node for node in ast.walk(module) if isinstance(node, _FUNCTIONS)]
    calls = {f.name: [node for node in ast.walk(f) if isinstance(node, ast.Call)] for f in functions}
    names = frozenset[str]()
    while True:
        more = names | {name for name in calls if any(_is_call_of(call, names) for call in calls[name])}
        if more == names:
            return names
        names = more


def _is_call_of(call: ast.Call, names: frozenset[str]) -> bool:
    if isinstance(call.func, ast.Attribute):
        return call.func.attr == CAPTURE
    return isinstance(call.func, ast.Name) and (call.func.id == CAPTURE or call.func.id in names)


def _run_at_import(body: Sequence[ast.AST]) -> Iterator[ast.Call]:
    for node in body:
        if isinstance(node, ast.If) and _is_guard(node.test):
            yield from _run_at_import(node.orelse)
        elif not isinstance(node, _NOT_RUN_AT_IMPORT):
            if isinstance(node, ast.Call):
                yield node
            yield from _run_at_import(list(ast.iter_child_nodes(node)))


def _is_guard(test: ast.expr) -> bool:
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And):
        return any(_is_guard(value) for value in test.values)
    if not isinstance(test, ast.Compare) or len(test.ops) != 1 or not isinstance(test.ops[0], ast.Eq):
        return False
    sides = (test.left, test.comparators[0])
    has_name = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return has_name and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)
