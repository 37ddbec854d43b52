"""What the expressions of a program say, as far as they are made of literals; nothing is run.

A program is gone through once, in its order. What its names were given last counts, whatever function they stand in.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, TypeAlias

from reprobundle.secrecy.assignments import SHORTEST, SPEAKS, WRAPPERS, is_secret_value
from reprobundle.secrecy.placeholders import is_drawn

LONGEST = 4000  # characters of a text
MOST_LISTED = 500
LEAST_MADE = 16  # characters; no format is shorter
PAIRS = frozenset(
    {"auth", "basic_auth", "http_auth", "proxy_auth", "login", "credentials", "creds"}
)  # user and password
GETTERS = frozenset({"get", "getenv", "getattr", "pop", "setdefault"})
SAME = frozenset({"encode", "decode", "strip", "lstrip", "rstrip", "format"})  # methods that change no letter

Value: TypeAlias = "str | tuple[Value | None, ...] | dict[str, Value | None]"

_GAP = re.compile(r"\{(\w{0,60})(?:![rsa])?(?::s?)?\}|%(?:\((\w{1,60})\))?[sr]")
_NAME = re.compile(r"[\w.\-]{1,60}")
_SETTER = re.compile(r"set_?\w{0,20}(?:passw|passphrase|secret|token)", re.IGNORECASE)
_LOGIN = re.compile(r"(?:Basic|Digest|Proxy)Auth", re.IGNORECASE)


@dataclass
class Evaluation:
    """A program that is gone through.

    Attributes:
        told: What is worth a search, with the part of the program that says it.
    """

    told: list[tuple[str, ast.AST]] = field(default_factory=list)
    _names: dict[str, Value] = field(default_factory=dict)

    def value(self, node: ast.AST) -> Value | None:
        """What a part of the program says; None where only the program knows, or where it is no expression."""
        evaluate = _OF_KIND.get(type(node))
        if evaluate is not None:
            return evaluate(self, node)
        for child in ast.iter_child_nodes(node):
            self.value(child)
        return None

    def constant(self, node: ast.Constant) -> Value | None:
        """A literal's text; bytes count as well."""
        said = node.value.decode("latin-1") if isinstance(node.value, bytes) else node.value
        return said if isinstance(said, str) and len(said) <= LONGEST else None

    def name(self, node: ast.Name) -> Value | None:
        """What a name was given."""
        return self._names.get(node.id)

    def attribute(self, node: ast.Attribute) -> Value | None:
        """What an attribute was given, whatever it is one of."""
        self.value(node.value)
        return self._names.get(node.attr)

    def sequence(self, node: ast.Tuple | ast.List) -> Value | None:
        """The items of a list; None of a long one."""
        items = tuple(map(self.value, node.elts))
        return items if len(items) <= MOST_LISTED else None

    def mapping(self, node: ast.Dict) -> Value | None:
        """What a dictionary says by its names."""
        said: dict[str, Value | None] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            name = None if key is None else self.value(key)
            found = self.value(value)
            if isinstance(name, str):
                said[name] = found
                self._given(name, found, value)
        return said

    def subscript(self, node: ast.Subscript) -> Value | None:
        """An item of what is known, or what was given to the same key."""
        of = self.value(node.value)
        key = node.slice.value if isinstance(node.slice, ast.Constant) else self.value(node.slice)
        if isinstance(of, tuple) and isinstance(key, int) and -len(of) <= key < len(of):
            return of[key]
        if isinstance(key, str):
            return of.get(key) if isinstance(of, dict) else self._names.get(repr(key))
        return None

    def operation(self, node: ast.BinOp) -> Value | None:
        """What a plus sign or a percent sign puts together."""
        told = len(self.told)
        left, right = self.value(node.left), self.value(node.right)
        if isinstance(node.op, ast.Add):
            return self._made(_sum(left, right), node, told)
        if isinstance(node.op, ast.Mod) and isinstance(left, str) and right is not None:
            filling = right if isinstance(right, (tuple, dict)) else (right,)
            return self._made(_filled(left, filling), node, told)
        return None

    def formatted(self, node: ast.JoinedStr) -> Value | None:
        """What an f-string says."""
        told = len(self.told)
        parts = [self.value(one.value if isinstance(one, ast.FormattedValue) else one) for one in node.values]
        return self._made(_joined("", parts), node, told)

    def one_of(self, node: ast.BoolOp | ast.IfExp) -> Value | None:
        """The longest of what an expression may give: ``os.environ.get("PASSWORD") or "…"``."""
        parts = node.values if isinstance(node, ast.BoolOp) else [node.test, node.body, node.orelse]
        texts = [text for text in [self.value(part) for part in parts] if isinstance(text, str)]
        said = max(texts, key=len, default=None)
        for name in filter(None, map(_name_of, parts)):
            self._given(name, said, node)
        return said

    def comparison(self, node: ast.Compare) -> Value | None:
        """What a name is compared with is what it may be."""
        parts = [node.left, *node.comparators]
        texts = [text for text in map(self.value, parts) if isinstance(text, str)]
        if len(parts) == 2 and isinstance(node.ops[0], (ast.Eq, ast.NotEq)):
            for name in filter(None, map(_name_of, parts)):
                self._given(name, max(texts, key=len, default=None), node)
        return None

    def call(self, node: ast.Call) -> Value | None:
        """What a call gives that puts texts together, or that looks for one and says what else to take."""
        told = len(self.told)
        of = self.value(node.func.value) if isinstance(node.func, ast.Attribute) else None
        arguments = [self.value(one) for one in node.args]
        options = {one.arg: self.value(one.value) for one in node.keywords if one.arg}
        if not isinstance(node.func, (ast.Attribute, ast.Name)):
            self.value(node.func)
        called = _called(node)
        if isinstance(of, str) and (said := _method(of, called, arguments, options)) is not None:
            return self._made(said, node, told)
        for option in node.keywords:
            self._given(option.arg or "", options.get(option.arg or ""), option.value)
        if called in GETTERS:
            return self._looked_up(node, arguments, options)
        if arguments and (_SETTER.match(called) or (len(arguments) == 2 and _LOGIN.search(called))):
            self._given("password", arguments[-1], node)
        return arguments[0] if len(arguments) == 1 and not options and called.lower().endswith(WRAPPERS) else None

    def _looked_up(
        self, node: ast.Call, arguments: Sequence[Value | None], options: Mapping[str, Value | None]
    ) -> Value | None:
        """What ``os.environ.get("PASSWORD", "…")`` gives where nothing is set."""
        said = options.get("default", arguments[-1] if len(arguments) > 1 else None)
        if (name := _name_of(node)) is not None:
            self._given(name, said, node)
        return said

    def assignment(self, node: ast.Assign) -> None:
        """Names that are given something."""
        said = self.value(node.value)
        for target in node.targets:
            self._bind(target, said, node.value)

    def declaration(self, node: ast.AnnAssign | ast.NamedExpr) -> Value | None:
        """One name that is given something, with or without its type."""
        said = None if node.value is None else self.value(node.value)
        self._bind(node.target, said, node.value or node)
        return said

    def addition(self, node: ast.AugAssign) -> None:
        """A name that grows; by anything else than a text nobody knows it any more."""
        told = len(self.told)
        before, after = self.value(node.target), self.value(node.value)
        said = _sum(before, after) if isinstance(node.op, ast.Add) else None
        self._bind(node.target, self._made(said, node, told), node)

    def defaults(self, node: ast.arguments) -> None:
        """What the parameters of a function are where they are not given."""
        last = [*node.posonlyargs, *node.args][::-1]
        pairs = [*zip(last, node.defaults[::-1], strict=False), *zip(node.kwonlyargs, node.kw_defaults, strict=True)]
        for parameter, default in pairs:
            if default is not None:
                self._bind(ast.Name(parameter.arg), self.value(default), default)

    def _bind(self, target: ast.AST, said: Value | None, node: ast.AST) -> None:
        if isinstance(target, (ast.Tuple, ast.List)):
            self._bind_all(target.elts, said if isinstance(said, tuple) else (), node)
            return
        name = _name_of(target)
        if name is None:
            return
        key = repr(name) if isinstance(target, ast.Subscript) else name
        if said is None:
            self._names.pop(key, None)
        else:
            self._names[key] = said
        self._given(name, said, node)

    def _bind_all(self, targets: Sequence[ast.AST], items: Sequence[Value | None], node: ast.AST) -> None:
        """Each of several names with its item; what a star takes is a list, of no interest."""
        star = next((place for place, one in enumerate(targets) if isinstance(one, ast.Starred)), len(targets))
        after = targets[star + 1 :]
        parts = node.elts if isinstance(node, (ast.Tuple, ast.List)) and len(node.elts) == len(items) else ()
        nodes: list[ast.AST] = list(parts) or [node] * len(items)
        pairs = zip_longest(targets[:star], items[:star], nodes[:star])
        for target, item, part in [*pairs, *zip(after[::-1], items[::-1], nodes[::-1], strict=False)]:
            if target is not None:
                self._bind(target, item, part or node)

    def _given(self, name: str, said: Value | None, node: ast.AST) -> None:
        """Tell what a name is given that speaks of secrets."""
        if isinstance(said, tuple) and len(said) == 2 and name.lower() in PAIRS:
            said = said[1] if isinstance(said[1], str) and is_drawn(said[1]) else None
            name = "password"
        if not isinstance(said, str) or len(said) < SHORTEST or not SPEAKS.search(name):
            return
        if not any(map(str.isspace, said)) and is_secret_value(name, said):
            self.told.append((f'{name if _NAME.fullmatch(name) else "password"} = "{said}"', node))

    def _made(self, said: Value | None, node: ast.AST, told: int) -> Value | None:
        """A value that was put together; what its parts told is told by the whole."""
        if isinstance(said, str) and LEAST_MADE <= len(said) <= LONGEST:
            del self.told[told:]
            self.told.append((said, node))
        return None if isinstance(said, str) and len(said) > LONGEST else said


def _sum(left: Value | None, right: Value | None) -> Value | None:
    if isinstance(left, str) and isinstance(right, str):
        return left + right
    if isinstance(left, tuple) and isinstance(right, tuple) and len(left) + len(right) <= MOST_LISTED:
        return left + right
    return None


def _joined(between: str, parts: Sequence[Value | None]) -> str | None:
    texts = [part for part in parts if isinstance(part, str)]
    return between.join(texts) if texts and len(texts) == len(parts) <= MOST_LISTED else None


def _filled(of: str, filling: Sequence[Value | None] | Mapping[str, Value | None]) -> str | None:
    """A text with its gaps filled, by their order or by their names."""
    said: list[str] = []
    reached = number = 0
    for gap in _GAP.finditer(of):
        name = gap[1] or gap[2] or str(number)
        number += not (gap[1] or gap[2])
        if isinstance(filling, Mapping):
            part = filling.get(name)
        else:
            part = filling[int(name)] if name.isdecimal() and int(name) < len(filling) else None
        if not isinstance(part, str) or sum(map(len, said)) > LONGEST:
            return None
        said += [of[reached : gap.start()], part]
        reached = gap.end()
    return "".join([*said, of[reached:]]) if reached else None


def _method(of: str, called: str, arguments: Sequence[Value | None], options: Mapping[str, Value | None]) -> str | None:
    """What a method of a text gives."""
    if called == "join" and len(arguments) == 1 and isinstance(arguments[0], tuple):
        return _joined(of, arguments[0])
    if called == "format" and (arguments or options):
        numbered = {str(number): one for number, one in enumerate(arguments)}
        return _filled(of, {**numbered, **options})
    if called == "replace" and len(arguments) == 2:
        old, new = arguments
        return of.replace(old, new[:LEAST_MADE]) if isinstance(old, str) and isinstance(new, str) and old else None
    return of if called in SAME else None


def _called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Attribute):
        return node.func.attr
    return node.func.id if isinstance(node.func, ast.Name) else ""


def _name_of(node: ast.AST) -> str | None:
    """What a value goes by: a name, an attribute, a key, or what a call looks for."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    key: ast.AST | None = node.slice if isinstance(node, ast.Subscript) else None
    if isinstance(node, ast.Call) and _called(node) in GETTERS:
        key = next((one for one in node.args if isinstance(one, ast.Constant)), None)
    return key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else None


_OF_KIND: Mapping[type[ast.AST], Callable[[Evaluation, Any], Value | None]] = {
    ast.Constant: Evaluation.constant,
    ast.Name: Evaluation.name,
    ast.Attribute: Evaluation.attribute,
    ast.Tuple: Evaluation.sequence,
    ast.List: Evaluation.sequence,
    ast.Dict: Evaluation.mapping,
    ast.Subscript: Evaluation.subscript,
    ast.BinOp: Evaluation.operation,
    ast.JoinedStr: Evaluation.formatted,
    ast.BoolOp: Evaluation.one_of,
    ast.IfExp: Evaluation.one_of,
    ast.Compare: Evaluation.comparison,
    ast.Call: Evaluation.call,
    ast.Assign: Evaluation.assignment,
    ast.AnnAssign: Evaluation.declaration,
    ast.NamedExpr: Evaluation.declaration,
    ast.AugAssign: Evaluation.addition,
    ast.arguments: Evaluation.defaults,
}
