"""What a program puts together of names that it gave literals to: ``a = "hf_"``, then ``token = a + b``.

Only a statement on one line is read, by the parser of Python, and only where it uses a name whose literal looks drawn at
random: few lines of a program do. Nothing is run.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice

from reprobundle.secrecy.placeholders import is_drawn

SHORTEST = 6  # characters of a literal that looks drawn
LONGEST_LINE = 500  # characters
MOST_GIVEN = 20_000  # literals, in one text
MOST_USES = 1000

Span = tuple[int, int]

_GIVEN = re.compile(r"=[ \t]?[rbuRBU]?(?P<quote>[\"'])(?P<value>[A-Za-z0-9_\-.+/=~!@#$%^&*]{1,300})(?P=quote)")
_DRAWN = re.compile(
    r"=[ \t]?[\[(]?[ \t]?[rbuRBU]?[\"']([A-Za-z_\-.+/=~!@#$%^&*]{0,300}[0-9][A-Za-z0-9_\-.+/=~!@#$%^&*]{0,300})[\"']"
)
_NAME = re.compile(r"(?<!\w)([A-Za-z_]\w{0,60})(?:[ \t]?:[ \t]?[\w.\[\]]{1,40})?[ \t]?$")
_IDENTIFIER = re.compile(r"[A-Za-z_]\w*")
_LONGEST_NAME = 120
_WORD = re.compile(r"(?:const|let|var|export|private|public|static|final|return)[ \t]+")
_JOINS = ("+", "{", "%", "join")
_PLACEHOLDER = re.compile(r"\{\w{0,20}\}")


def joined(text: str) -> Iterator[tuple[str, Span]]:
    """The lines that put literals together by their names, as they read once that is done, with their places.

    Args:
        text: A program.
    """
    if not any(map(_is_part, numbered(text))):  # as in nearly every program
        return
    literals = _literals(text)
    names = {name for name, value in literals.items() if _may_be_part(value)}
    reached = 0
    for found in islice((one for one in _IDENTIFIER.finditer(text) if one[0] in names), MOST_USES):
        if found.start() < reached:
            continue
        start, reached = _line(text, found.start())
        line = text[start:reached]
        if len(line) <= LONGEST_LINE and any(sign in line for sign in _JOINS):
            said = _read(line, literals)
            if said is not None:
                yield said, (start, reached)


def numbered(text: str) -> Sequence[str]:
    """The literals with a digit that a program gives to names, alone or first in a list."""
    return _DRAWN.findall(text)


def _is_part(value: str) -> bool:
    return len(value) >= SHORTEST and is_drawn(value)


def _may_be_part(value: str) -> bool:
    return value[-1] in "_-" or any(map(str.isdigit, value))


def _literals(text: str) -> dict[str, str]:
    """What names are given, where it is one literal of the letters of tokens; the last of several."""
    found: dict[str, str] = {}
    for given in islice(_GIVEN.finditer(text), MOST_GIVEN):
        first = text.rfind("\n", 0, given.start()) + 1
        name = _NAME.search(text, max(first, given.start() - _LONGEST_NAME), given.start())
        if name is None:
            continue
        before = text[first : name.start()].rstrip(" \t")
        if before.endswith(",") and "(" not in before:
            found.update(_several(text[slice(*_line(text, given.start()))]))
        else:
            found[name[1]] = given["value"]
    return found


def _several(line: str) -> Mapping[str, str]:
    """What names are given by one statement, as in ``a, b = "x", "y"``."""
    try:
        tree = ast.parse(line.strip()[:LONGEST_LINE])
    except (SyntaxError, ValueError, MemoryError, RecursionError):  # arguments of a call, most of the time
        return {}
    found = {}
    for node in tree.body:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Tuple)
            and isinstance(node.value, ast.Tuple)
        ):
            for name, value in zip(node.targets[0].elts, node.value.elts, strict=False):  # one may take several
                if isinstance(name, ast.Name) and isinstance(value, ast.Constant) and isinstance(value.value, str):
                    found[name.id] = value.value
    return {name: value for name, value in found.items() if value}


def _line(text: str, place: int) -> Span:
    end = text.find("\n", place)
    return text.rfind("\n", 0, place) + 1, len(text) if end < 0 else end


def _read(line: str, literals: Mapping[str, str]) -> str | None:
    """A statement with what it puts together in the place of how it does; None where it is none, or joins nothing."""
    plain = line.strip().rstrip(";")
    while word := _WORD.match(plain):
        plain = plain[word.end() :]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            tree = ast.parse(f"{plain} pass" if plain.endswith(":") else plain)
        folding = _Folding(literals)
        folding.visit(tree)
        return " ".join(ast.unparse(tree).split()) if folding.joins else None
    except (SyntaxError, ValueError, MemoryError, RecursionError):  # another language's, or a part of a statement
        return None


class _Folding(ast.NodeTransformer):
    """Puts a literal in the place of what is put together of names.

    Attributes:
        joins: How often it did.
    """

    def __init__(self, literals: Mapping[str, str]) -> None:
        self._literals = literals
        self.joins = 0

    def visit(self, node: ast.AST) -> ast.AST:
        """The node, or a literal for it."""
        if isinstance(node, ast.AugAssign) and isinstance(node.op, ast.Add):
            before, after = self._text(node.target), self._text(node.value)
            if before and after:
                self.joins += 1
                return ast.copy_location(ast.Assign([node.target], ast.Constant(before + after)), node)
        if isinstance(node, (ast.BinOp, ast.JoinedStr, ast.Call)):
            said = self._text(node)
            if said is not None:
                self.joins += 1
                return ast.copy_location(ast.Constant(said), node)
        return self.generic_visit(node)

    def _text(self, node: ast.AST) -> str | None:
        """What an expression says; None where only the program knows."""
        if isinstance(node, ast.Constant):
            return node.value if isinstance(node.value, str) else None
        if isinstance(node, ast.Name):
            return self._literals.get(node.id)
        if isinstance(node, ast.Attribute):
            return self._literals.get(node.attr)
        if isinstance(node, ast.FormattedValue):
            return self._text(node.value)
        if isinstance(node, ast.JoinedStr):
            return self._all(node.values)
        if isinstance(node, ast.BinOp):
            return self._operated(node)
        return self._called(node) if isinstance(node, ast.Call) else None

    def _all(self, nodes: list[ast.expr], between: str = "") -> str | None:
        parts = [self._text(node) for node in nodes]
        known = [part for part in parts if part is not None]
        return between.join(known) if known and len(known) == len(parts) else None

    def _operated(self, node: ast.BinOp) -> str | None:
        if isinstance(node.op, ast.Add):
            return self._all([node.left, node.right])
        if not isinstance(node.op, ast.Mod) or not isinstance(node.left, ast.Constant):
            return None
        filled = node.right.elts if isinstance(node.right, ast.Tuple) else [node.right]
        return self._filled(str(node.left.value), "%s", filled)

    def _called(self, node: ast.Call) -> str | None:
        """What ``"".join([a, b])`` and ``"hf_{}".format(b)`` give."""
        if not isinstance(node.func, ast.Attribute) or not isinstance(node.func.value, ast.Constant) or not node.args:
            return None
        of = node.func.value.value
        if not isinstance(of, str) or node.keywords:
            return None
        if node.func.attr == "join" and isinstance(node.args[0], (ast.List, ast.Tuple)):
            return self._all(node.args[0].elts, of)
        return self._filled(of, "{}", node.args) if node.func.attr == "format" else None

    def _filled(self, of: str, gap: str, nodes: list[ast.expr]) -> str | None:
        """A text with its gaps filled in their order."""
        parts = [self._text(node) for node in nodes]
        pieces = _PLACEHOLDER.sub("{}", of).split(gap) if gap == "{}" else of.split(gap)
        if len(pieces) != len(parts) + 1:
            return None
        known = [part for part in parts if part is not None]
        if len(known) != len(parts):
            return None
        return "".join(piece + part for piece, part in zip(pieces, [*known, ""], strict=True))
