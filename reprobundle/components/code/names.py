"""Which global names a statement reads: at once, when a function of it is called, and in its annotations."""

from __future__ import annotations

import ast
import symtable
from dataclasses import dataclass
from typing import TypeVar

COMPREHENSIONS = frozenset({"listcomp", "setcomp", "dictcomp", "genexpr"})
SCOPES = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)

_FunctionT = TypeVar("_FunctionT", ast.FunctionDef, ast.AsyncFunctionDef)


@dataclass(frozen=True)
class Names:
    """Global names that a statement reads.

    Attributes:
        eager: While it runs.
        deferred: When a function of it is called.
        annotations: In its annotations, those written as text included.
    """

    eager: frozenset[str]
    deferred: frozenset[str]
    annotations: frozenset[str]


def names_read(node: ast.stmt) -> Names:
    """The global names a statement reads; arguments, locals and variables of comprehensions are none."""
    stripper = _Annotations()
    stripped = ast.unparse(ast.fix_missing_locations(stripper.visit(ast.parse(ast.unparse(node)))))
    table = symtable.symtable(stripped, "<cell>", "exec")
    eager = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_referenced()}
    deferred: set[str] = set()
    for child in table.get_children():
        _collect(child, eager, deferred, called=False)
    return Names(frozenset(eager), frozenset(deferred), frozenset(stripper.names))


def awaits(node: ast.AST) -> bool:
    """Whether it awaits at the top level, which a notebook's cell may and a module may not."""
    if isinstance(node, (*SCOPES, ast.Lambda)):
        return False
    if isinstance(node, ast.Await) or (isinstance(node, ast.comprehension) and node.is_async):
        return True
    return any(awaits(child) for child in ast.iter_child_nodes(node))


def _collect(table: symtable.SymbolTable, eager: set[str], deferred: set[str], *, called: bool) -> None:
    runs_at_once = table.get_type() == "class" or table.get_name().strip("<>") in COMPREHENSIONS
    called = called or not runs_at_once
    names = {symbol.get_name() for symbol in table.get_symbols() if symbol.is_global() and symbol.is_referenced()}
    (deferred if called else eager).update(names)
    for child in table.get_children():
        _collect(child, eager, deferred, called=called)


class _Annotations(ast.NodeTransformer):
    """Empties annotations, and keeps the names that stood in them."""

    def __init__(self) -> None:
        self.names: set[str] = set()

    def visit_arg(self, node: ast.arg) -> ast.arg:
        self._keep(node.annotation)
        node.annotation = None
        return node

    def visit_AnnAssign(self, node: ast.AnnAssign) -> ast.AnnAssign:
        self._keep(node.annotation)
        node.annotation = ast.Constant(value=None)
        self.generic_visit(node)
        return node

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.FunctionDef:
        return self._function(node)

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> ast.AsyncFunctionDef:
        return self._function(node)

    def _function(self, node: _FunctionT) -> _FunctionT:
        self._keep(node.returns)
        node.returns = None
        self.generic_visit(node)
        return node

    def _keep(self, annotation: ast.expr | None) -> None:
        for node in ast.walk(annotation) if annotation else ():
            if isinstance(node, ast.Name):
                self.names.add(node.id)
            elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                self.names |= _names_in(node.value)


def _names_in(text: str) -> set[str]:
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError):
        return set()
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
