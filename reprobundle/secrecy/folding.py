"""What a program puts together of literals: by a plus sign, by standing side by side, by ``join``, in an f-string.

A token that is written in two pieces is meant to be missed by searches. Only literals are put together, no names, and
nothing is run. In a notebook the pieces may also be the lines of a list.
"""

from __future__ import annotations

import ast
import json
import re
import warnings
from collections.abc import Iterator
from itertools import islice
from pathlib import PurePosixPath

from reprobundle.secrecy import joining, programs
from reprobundle.secrecy.assignments import SPEAKS
from reprobundle.secrecy.words import places_of

DATA = frozenset({".json", ".jsonl", ".csv", ".tsv", ".toml", ".cfg", ".ini", ".lock"})  # where nothing is put together
NOTEBOOK = ".ipynb"
SOURCE = '"source"'
QUOTES = "\"'"
SHORTEST = 16  # characters of a whole
SHORTEST_NAMED = 8  # of one whose name speaks of secrets
LONGEST_BEFORE = 120
LOOKED_AHEAD = 80
LONGEST_BETWEEN = 200  # characters between two literals
MOST = 2000  # of each kind in one text
MOST_BROKEN = 20  # cells: telling where each breaks off takes time, too
LONGEST = 4000  # of one literal

Span = tuple[int, int]

_OF_TOKENS = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.+/=~")
_GOES_ON = frozenset("+%.[")
_PREFIX = "rRbBuUfF"
_PLAIN = rf"\"(?:[^\"\\\n]|\\.){{0,{LONGEST}}}\"|'(?:[^'\\\n]|\\.){{0,{LONGEST}}}'"
_SPACE = rf"[\s+()\\]{{0,{LONGEST_BETWEEN}}}"
_BETWEEN = rf"{_SPACE}(?:#[^\n]{{0,{LONGEST_BETWEEN}}}\n{_SPACE}){{0,3}}"
_LITERAL = re.compile(rf"[{_PREFIX}]{{0,2}}(?:{_PLAIN})")
_JOINT = re.compile(rf"[\"']{_BETWEEN}[{_PREFIX}]{{0,2}}[\"']")
_CHAIN = re.compile(rf"{_LITERAL.pattern}(?:{_BETWEEN}{_LITERAL.pattern}){{1,500}}")
_JOIN = ".join("
_LIST = re.compile(r"\.join\(\s{0,20}[\[(]\s{0,20}")
_LISTED = re.compile(rf"{_LITERAL.pattern}(?:\s{{0,80}},\s{{0,80}}{_LITERAL.pattern}){{0,500}}")
_INNER = re.compile(r"\{\s?(?:\"[^\"\n{}]{1,300}\"|'[^'\n{}]{1,300}')\s?\}")
_FORMATTED = re.compile(rf"[rR]?[fF][rR]?(?:{_PLAIN})")
_FILLING = re.compile(r"[\"'](?:\.format\(|\s?%\s?\(?)\s{0,8}(?=[\"'])")
_GAP_ENDS = frozenset("}sr")
_GAP = re.compile(r"\{\w{0,20}\}|%[sr]")
_CELL = re.compile(r"\"(?:source|text|text/[\w.+-]{1,40})\"\s{0,8}:\s{0,8}(?=[\[\"])")
_GIVEN_TO = re.compile(r"([\w.\-]{1,60})[\"']?\]?[ \t]{0,4}[:=][ \t(]{0,4}$")
_DECODER = json.JSONDecoder()


def folded(text: str, path: str) -> Iterator[tuple[str, Span]]:
    """What a text's literals say when they are put together, with their place in the text.

    Args:
        text: A program, a notebook, or words about either.
        path: What it is called: in configuration and tables nothing is put together.
    """
    ending = PurePosixPath(path).suffix.lower()
    if ending == NOTEBOOK:
        yield from _cells(text)
    elif ending not in DATA:
        yield from _program(text)
        if ending in programs.ENDINGS:
            yield from programs.said(text)


def _program(text: str) -> Iterator[tuple[str, Span]]:
    for found in (_chains(text), _joined(text), _formatted(text), _filled(text)):
        for said, span in islice(found, MOST):
            if len(said) >= SHORTEST:
                yield said, span
            if len(said) >= SHORTEST_NAMED and _is_whole(text, span[1]) and (name := _name_before(text, span[0])):
                yield f'{name} = "{said}"', span
    yield from islice(joining.joined(text), MOST)


def _is_whole(text: str, end: int) -> bool:
    """Whether nothing is put to literals that the program alone knows."""
    return text[end : end + LOOKED_AHEAD].lstrip(" \t\r\n)\\")[:1] not in _GOES_ON


def _name_before(text: str, place: int) -> str | None:
    """What a literal is given to, where that speaks of secrets."""
    found = _GIVEN_TO.search(text, max(place - LONGEST_BEFORE, text.rfind("\n", 0, place) + 1), place)
    return found[1] if found is not None and SPEAKS.search(found[1]) else None


def _cells(text: str) -> Iterator[tuple[str, Span]]:
    """What a notebook's sources and outputs say: their lines, where these do not end as lines do, and what a source folds."""
    reached = broken = 0
    sources = []
    for begun in _CELL.finditer(text):
        start = begun.end()
        if start < reached:
            continue
        try:
            value, reached = _DECODER.raw_decode(text, start)
        except (ValueError, RecursionError):  # no notebook after all, or half of one
            broken += 1
            if broken > MOST_BROKEN:
                break
            continue
        lines = [value] if isinstance(value, str) else [line for line in value if isinstance(line, str)]
        said = "".join(lines)
        if any(not line.endswith("\n") for line in lines[:-1]):
            yield said, (start, reached)
        for whole, _ in _program(said):
            yield whole, (start, reached)
        if begun[0].startswith(SOURCE):
            sources.append((said, (start, reached)))
    yield from programs.across(sources)


def _chains(text: str) -> Iterator[tuple[str, Span]]:
    """Literals side by side, with or without a plus sign, where a word goes on from one to the next."""
    reached = 0
    for joint in _JOINT.finditer(text):
        place = joint.start()
        if place < reached or not {text[place - 1 : place], text[joint.end() : joint.end() + 1]} <= _OF_TOKENS:
            continue
        found = _CHAIN.match(text, _start(text, place))
        if found is not None and found.end() > joint.end():
            reached = found.end()
            yield "".join(map(_value, _LITERAL.findall(found[0]))), found.span()


def _joined(text: str) -> Iterator[tuple[str, Span]]:
    for place in places_of(text, (_JOIN,)):
        begun = _LIST.match(text, place) if place and text[place - 1] in QUOTES else None
        found = None if begun is None else _LISTED.match(text, begun.end())
        if found is not None:
            start = _start(text, place - 1)
            between = text[start + 1 : place - 1] if text[start] == text[place - 1] else ""
            yield between.join(map(_value, _LITERAL.findall(found[0]))), (start, found.end())


def _formatted(text: str) -> Iterator[tuple[str, Span]]:
    reached = 0
    for inner in islice(_INNER.finditer(text), MOST):
        if inner.start() < reached:
            continue
        first = max(reached, inner.start() - LONGEST)
        first = max(text.rfind("\n", first, inner.start()) + 1, first)
        for found in _FORMATTED.finditer(text, first, min(len(text), inner.end() + LONGEST)):
            if found.start() < inner.start() < found.end():
                reached = found.end()
                yield _value(found[0]), found.span()
                break


def _filled(text: str) -> Iterator[tuple[str, Span]]:
    """A literal with a gap, and the one that fills it, by ``format`` or a percent sign."""
    for begun in _FILLING.finditer(text):
        ends_with_gap = text[max(begun.start() - 1, 0) : begun.start()] in _GAP_ENDS
        second = _LITERAL.match(text, begun.end()) if ends_with_gap else None
        if second is not None:
            start = _start(text, begun.start())
            first = _value(text[start : begun.start() + 1])
            gap = _GAP.search(first)
            if gap is not None:
                yield first[: gap.start()] + _value(second[0]) + first[gap.end() :], (start, second.end())


def _start(text: str, end: int) -> int:
    """Where the literal begins whose last quote stands at a place; the place itself where that is not to be seen."""
    start = text.rfind(text[end], max(0, end - LONGEST), end)
    if start < 0 or "\n" in text[start:end]:
        return end
    while start and text[start - 1] in _PREFIX and end - start < LONGEST:
        start -= 1
    return start


def _value(literal: str) -> str:
    """What one literal says; of an f-string what it holds of literals."""
    quote = literal[-1]
    begun = literal.index(quote)
    if "\\" not in literal and not ({"f", "F"} & {*literal[:begun]} and "{" in literal):
        return literal[begun + 1 : -1]
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of escapes that Python does not know
            return _folded(ast.parse(literal, mode="eval").body)
    except (SyntaxError, ValueError, MemoryError, RecursionError):  # another language's
        return literal[begun + 1 : -1]


def _folded(node: ast.expr) -> str:
    if isinstance(node, ast.Constant):
        return node.value.decode("latin-1") if isinstance(node.value, bytes) else str(node.value)
    if isinstance(node, ast.JoinedStr):
        return "".join(map(_folded, node.values))
    if isinstance(node, ast.FormattedValue):
        return _folded(node.value)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
        return _folded(node.left) + _folded(node.right)
    return " "  # what only the program itself knows
