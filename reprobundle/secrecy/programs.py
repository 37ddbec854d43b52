"""What a Python program says when its literals are followed through its names: it is parsed once, and never run.

Few programs are parsed: those that have a literal which looks drawn at random where a name is given something, or
anywhere beside a name that speaks of passwords. The others are read line by line alone, as are those of other languages.
"""

from __future__ import annotations

import ast
import re
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from itertools import accumulate, islice

from reprobundle.secrecy.evaluating import Evaluation
from reprobundle.secrecy.joining import numbered
from reprobundle.secrecy.placeholders import is_drawn, is_mixed, is_placeholder

ENDINGS = frozenset({".py", ".pyi", ".pyw"})
LONGEST = 2**19  # characters; what is longer was generated, and takes a second to parse
MOST_SIGNS = 300_000  # each is a node or less
DEEPEST = 150  # nodes within each other; deep trees end Python 3.10
MOST_BRANCHES = 100  # of one kind: each elif lies within the one before
SHORTEST = 8  # characters of a literal that looks drawn
MOST = 2000
SPEAKING = ("passw", "PASSW", "SECRET", "API_KEY", "auth=", "BasicAuth(")  # few: all of a text is searched

Span = tuple[int, int]

_VALUE = r"[A-Za-z_\-.+/=~!@#$%^&*]{0,300}[0-9][A-Za-z0-9_\-.+/=~!@#$%^&*]{0,300}"
_LITERAL = re.compile(rf"[\"']({_VALUE})[\"']")
_MAGIC = re.compile(r"^([ \t]*)[%!?].*$", re.MULTILINE)  # what a notebook gives to a shell
_SIGN = re.compile(
    r"\"\"\"(?:[^\"\\]|\\[\s\S]|\"(?!\"\"))*\"\"\"|'''(?:[^'\\]|\\[\s\S]|'(?!''))*'''"
    r"|\"(?:[^\"\\\n]|\\[\s\S])*\"|'(?:[^'\\\n]|\\[\s\S])*'|#[^\n]*"
    r"|[()\[\]{}\n,;]|[-+*/%&|^~@.<>=!]+|\b(?:not|if|lambda|elif|await)\b"
)


def said(text: str) -> Iterator[tuple[str, Span]]:
    """What a program's literals say when they are put together, with their places; nothing where it does not parse.

    Args:
        text: A program.
    """
    tree = parsed(text) if may_say(text) else None
    if tree is None:
        return
    place_of = _places(text)
    for what, node in islice(_evaluated([tree])[0], MOST):
        yield what, place_of(node)


def across(cells: Sequence[tuple[str, Span]]) -> Iterator[tuple[str, Span]]:
    """What the cells of a notebook say together, each with the place of its cell; a cell that is no Python says nothing.

    Args:
        cells: Their sources, with their places in the notebook.
    """
    if not may_say("\n".join(source for source, _ in cells)):
        return
    trees = [(parsed(_MAGIC.sub(r"\1pass", source)), span) for source, span in cells]
    known = [(tree, span) for tree, span in trees if tree is not None]
    for (_, span), told in zip(known, _evaluated([tree for tree, _ in known]), strict=True):
        yield from ((what, span) for what, _ in islice(told, MOST))


def may_say(text: str) -> bool:
    """Whether a program has a literal of which a secret may be made."""
    if len(text) > LONGEST:
        return False
    if any(map(_may_be_part, numbered(text))):
        return True
    return any(name in text for name in SPEAKING) and any(map(_may_be_part, _LITERAL.findall(text)))


def _may_be_part(value: str) -> bool:
    """Whether a literal looks drawn at random, and is no digest: of what is made of hex digits the lines tell."""
    return len(value) >= SHORTEST and is_drawn(value) and is_mixed(value) and not is_placeholder(value)


def parsed(text: str) -> ast.Module | None:
    """A program as its tree; None of what is no program, or one too large or too deep."""
    if not _is_shallow(text):
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            return ast.parse(text)
    except (SyntaxError, ValueError, MemoryError, RecursionError):  # another language's, or half of one
        return None


def _is_shallow(text: str) -> bool:
    """Whether no part of a program has many operators within each other, by its signs alone."""
    within, branches = [0], 0
    for number, found in enumerate(_SIGN.finditer(text)):
        sign = found[0]
        if sign in {",", ";"} or (sign == "\n" and len(within) == 1):
            within[-1] = 0
        elif sign in {")", "]", "}"}:
            within[-1:] = [] if len(within) > 1 else [0]
        elif sign[0] not in "\"'#\n":
            within[-1] += len(sign)
            branches += sign == "elif"
            within += [0] if sign in {"(", "[", "{"} else []
            if sum(within) > DEEPEST or branches > MOST_BRANCHES:
                return False
        if number > MOST_SIGNS:
            return False
    return True


def _evaluated(trees: Sequence[ast.Module]) -> list[list[tuple[str, ast.AST]]]:
    """What each of some programs tells that run one after the other, statement by statement."""
    evaluation = Evaluation()
    told = []
    for tree in trees:
        evaluation.told = []
        for statement in tree.body:
            _evaluate(evaluation, statement)
        told.append(evaluation.told)
    return told


def _evaluate(evaluation: Evaluation, statement: ast.stmt) -> None:
    with suppress(RecursionError):  # its caller stands deeper than usual; the lines were read
        evaluation.value(statement)


def _places(text: str) -> Callable[[ast.AST], Span]:
    """Gives the place of a part of a program in its text; columns are counted in bytes of UTF-8."""
    lines = text.split("\n")
    starts = [0, *accumulate(len(line) + 1 for line in lines)]

    def place(number: int, column: int) -> int:
        line = lines[min(number, len(lines)) - 1]
        return starts[min(number, len(lines)) - 1] + len(
            line.encode("utf-8", "replace")[:column].decode("utf-8", "ignore")
        )

    def place_of(node: ast.AST) -> Span:
        first, last = getattr(node, "lineno", 1), getattr(node, "end_lineno", None) or 1
        return place(first, getattr(node, "col_offset", 0)), place(last, getattr(node, "end_col_offset", None) or 0)

    return place_of
