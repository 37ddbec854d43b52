"""One top-level statement of a notebook: what it binds, what it reads and when, and whether it can be carried over."""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace

from reprobundle.components.code.names import SCOPES, awaits, names_read

ADDING_METHODS = frozenset({"append", "extend", "update", "add", "insert", "setdefault"})
TRANSPARENT_MAGICS = frozenset({"time", "capture"})

_MAGIC_LINE = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)
_BRANCHES = (ast.If, ast.Try)


@dataclass(frozen=True)
class Statement:
    """A top-level statement.

    Attributes:
        text: Its source.
        binds: Names that mean something else after it.
        adds_to: Those among them that it changes without replacing: ``x += 1``, ``config["a"] = 1``, ``import a.b``.
        eager: Global names read while it runs.
        deferred: Global names read when a function of it is called.
        annotations: Names in its annotations.
        carried: Whether it can stand in a module as it is.
        is_star: ``from x import *``.
        is_future: ``from __future__ import …``.
    """

    text: str
    binds: frozenset[str] = frozenset()
    adds_to: frozenset[str] = frozenset()
    eager: frozenset[str] = frozenset()
    deferred: frozenset[str] = frozenset()
    annotations: frozenset[str] = frozenset()
    carried: bool = True
    is_star: bool = False
    is_future: bool = False


def statements_of(cell: str) -> Iterator[Statement]:
    """The statements of a cell, in order; none when it is no Python even without its magic lines."""
    source = cell.replace("\r\n", "\n")
    tree = _parse(source)
    if tree is None:
        source = _MAGIC_LINE.sub(r"\1pass", source)
        tree = _parse(source)
    if tree is None:
        return
    for node in tree.body:
        inner = _cell_of_magic(node)
        if inner is not None:
            yield from statements_of(inner)
        else:
            yield from _statements(node, _text(node, tree, source))


def _parse(source: str) -> ast.Module | None:
    flags = ast.PyCF_ONLY_AST | ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the notebook showed them when the cell ran
        try:
            tree = compile(source, "<cell>", "exec", flags, dont_inherit=True)
        except (SyntaxError, ValueError):  # ValueError: a null byte in it
            return None
    assert isinstance(tree, ast.Module)  # what the mode "exec" gives
    return tree


def _text(node: ast.stmt, tree: ast.Module, source: str) -> str:
    """The statement as it was written, or spelled anew when it shares a line with another."""
    first, last = _lines(node)
    if any(other is not node and _lines(other)[0] <= last and first <= _lines(other)[1] for other in tree.body):
        return ast.unparse(node)
    return "\n".join(source.split("\n")[first - 1 : last]).rstrip()


def _lines(node: ast.stmt) -> tuple[int, int]:
    decorators = node.decorator_list if isinstance(node, SCOPES) else []
    return min([node.lineno, *(decorator.lineno for decorator in decorators)]), node.end_lineno or node.lineno


def _cell_of_magic(node: ast.stmt) -> str | None:
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)):
        return None
    call = node.value
    if not (isinstance(call.func, ast.Attribute) and call.func.attr == "run_cell_magic"):
        return None
    values = [argument.value for argument in call.args if isinstance(argument, ast.Constant)]
    is_transparent = len(values) == len(("name", "line", "cell")) and values[0] in TRANSPARENT_MAGICS
    return str(values[2]) if is_transparent else None


def _statements(node: ast.stmt, text: str) -> Iterator[Statement]:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        yield from _imports(node, text)
        return
    statement = _bindings(node, text)
    if statement.carried:
        statement = _with_names(statement, node)
    if "get_ipython" in statement.eager:
        statement = replace(statement, carried=False)
    yield statement


def _imports(node: ast.Import | ast.ImportFrom, text: str) -> Iterator[Statement]:
    if isinstance(node, ast.ImportFrom) and node.module == "__future__":
        yield Statement(text, is_future=True)
        return
    for alias in node.names:
        single = text if len(node.names) == 1 else ast.unparse(_only(node, alias))
        if alias.name == "*":
            yield Statement(single, is_star=True)
        else:
            binds = frozenset({alias.asname or alias.name.partition(".")[0]})
            is_part = isinstance(node, ast.Import) and alias.asname is None and "." in alias.name
            yield Statement(single, binds=binds, adds_to=binds if is_part else frozenset())


def _only(node: ast.Import | ast.ImportFrom, alias: ast.alias) -> ast.stmt:
    if isinstance(node, ast.Import):
        return ast.Import(names=[alias])
    return ast.ImportFrom(module=node.module, names=[alias], level=node.level)


def _bindings(node: ast.stmt, text: str) -> Statement:
    if isinstance(node, SCOPES):
        return Statement(text, binds=frozenset({node.name}))
    if isinstance(node, ast.Assign):
        return _assignment(node.targets, text)
    if isinstance(node, ast.AnnAssign):
        return _assignment([node.target] if node.value else [], text)
    if isinstance(node, ast.AugAssign):
        names = _roots([node.target])
        return Statement(text, binds=names, adds_to=names)
    if type(node).__name__ == "TypeAlias":  # since Python 3.12
        return _assignment([node.name], text)  # type: ignore[attr-defined]  # the class is not there in 3.10
    if isinstance(node, ast.Expr) and (root := _added_to(node.value)):
        return Statement(text, binds=frozenset({root}), adds_to=frozenset({root}))
    if isinstance(node, _BRANCHES) and _is_plain(node):
        stored = _stored(node)
        return Statement(text, binds=stored, adds_to=stored)
    return Statement(text, binds=_stored(node), carried=False)


def _assignment(targets: list[ast.expr], text: str) -> Statement:
    names = frozenset(node.id for target in targets for node in _leaves(target) if isinstance(node, ast.Name))
    roots = _roots(targets)
    return Statement(text, binds=roots, adds_to=roots - names)


def _leaves(target: ast.expr) -> Iterator[ast.expr]:
    if isinstance(target, (ast.Tuple, ast.List)):
        for element in target.elts:
            yield from _leaves(element)
    elif isinstance(target, ast.Starred):
        yield from _leaves(target.value)
    else:
        yield target


def _roots(targets: list[ast.expr]) -> frozenset[str]:
    return frozenset(root for target in targets for leaf in _leaves(target) if (root := _root(leaf)))


def _root(node: ast.expr) -> str | None:
    while isinstance(node, (ast.Attribute, ast.Subscript)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _added_to(value: ast.expr) -> str | None:
    if isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute) and value.func.attr in ADDING_METHODS:
        return _root(value.func.value)
    return None


def _is_plain(node: ast.If | ast.Try) -> bool:
    """Whether a branching statement holds nothing but definitions, and does not ask who runs it."""
    if isinstance(node, ast.If) and any(isinstance(n, ast.Name) and n.id == "__name__" for n in ast.walk(node.test)):
        return False
    handlers = node.handlers if isinstance(node, ast.Try) else []
    blocks = [node.body, node.orelse, *(handler.body for handler in handlers)]
    blocks.append(node.finalbody if isinstance(node, ast.Try) else [])
    return all(_is_definition(inner) for block in blocks for inner in block)


def _is_definition(node: ast.stmt) -> bool:
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return all(alias.name != "*" for alias in node.names)
    if isinstance(node, (*SCOPES, ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Pass, ast.Raise)):
        return True
    return isinstance(node, _BRANCHES) and _is_plain(node)


def _stored(node: ast.AST) -> frozenset[str]:
    """Names that running a statement binds or changes, not looking into functions and classes."""
    found: set[str] = set()
    if isinstance(node, SCOPES):
        return frozenset({node.name})
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return frozenset(alias.asname or alias.name.partition(".")[0] for alias in node.names)
    if isinstance(node, ast.Lambda):
        return frozenset()
    if isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)) and isinstance(node.ctx, ast.Store):
        found.add(_root(node) or "")
    children = ast.iter_child_nodes(node)
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        children = (inner for inner in ast.walk(node) if isinstance(inner, ast.NamedExpr))  # only these leak out
    for child in children:
        found |= _stored(child)
    return frozenset(found - {""})


def _with_names(statement: Statement, node: ast.stmt) -> Statement:
    if awaits(node):
        return replace(statement, carried=False)
    names = names_read(node)
    return replace(statement, eager=names.eager, deferred=names.deferred, annotations=names.annotations)
