"""Text of a bundle as Markdown that says the same and does nothing: no link, no picture, no HTML, no list by accident."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from reprobundle.rendering.escaping import SHOWN_PROSE_CHARACTERS, escape

REST = "the rest stands in `documentation/card.yaml`."
MOST_CHARACTERS = 40_000  # of one answer; all of it stands in the card's file
_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$#!@])")  # ``@`` and ``#``: mentions and references where a forge shows the card
_ADDRESS = re.compile(r"(?i)\b(www)\.|:(?=//)|(?<=mailto):|(?<=xmpp):")  # what a renderer turns into a link by itself
_START = re.compile(r"^(\s*)([-+=]|\d+[.)])")
_ITEM = re.compile(r"^\s*(?:[-*+\u2022]|(?P<number>\d{1,3})[.)])\s+(?=\S)")
_FORMULA = re.compile(r"^([-+=])(?=.)")
_TICKS = re.compile(r"`+")


def inline(text: object) -> str:
    """Text inside a line."""
    plain = escape(" ".join(str(text).split()), limit=SHOWN_PROSE_CHARACTERS)
    plain = plain.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    marked = _SPECIAL.sub(r"\\\1", plain)
    return _ADDRESS.sub(_unlinked, marked)


def _unlinked(match: re.Match[str]) -> str:
    return f"{match[1]}&#46;" if match[1] else "&#58;"


def paragraphs(text: str, rest: str = "") -> list[str]:
    """Prose as paragraphs and lists: blank lines part them; two lines or more with marks of a list are one.

    Args:
        text: The prose.
        rest: Where all of it stands, as Markdown, for a text that is longer than a page shows.
    """
    parts = re.split(r"\n\s*\n", text[:MOST_CHARACTERS].strip())
    shown = [made for part in parts if part.strip() for made in _parted(part)]
    return [*shown, f"… {rest}".rstrip()] if len(text) > MOST_CHARACTERS else shown


def is_list(paragraph: str) -> bool:
    """Whether one of the `paragraphs` is a list, which begins a line of its own."""
    return _ITEM.match(paragraph) is not None


def _parted(part: str) -> Iterator[str]:
    """One paragraph, and the lists in it."""
    for listed, lines in groupby(_lines(part), key=lambda line: _ITEM.match(line) is not None):
        told = list(lines)
        if listed and len(told) > 1:
            yield "\n".join(_item(line) for line in told)
        else:
            yield from (_line(piece) for piece in _pieces(" ".join(" ".join(told).split())))


def _lines(part: str) -> list[str]:
    """The lines of a paragraph; what is set in below an item of a list belongs to it."""
    made: list[list[str]] = []
    for line in part.strip("\n").splitlines():
        if made and line[:1].isspace() and _ITEM.match(made[-1][0]) and not _ITEM.match(line):
            made[-1].append(line.strip())
        else:
            made.append([line])
    return [" ".join(lines) for lines in made]


def _item(line: str) -> str:
    """One line of a list, with the number that it has."""
    mark = _ITEM.match(line)
    assert mark is not None  # as it was listed
    return f"{mark['number'] + '.' if mark['number'] else '-'} {_line(line[mark.end() :])}"


def _pieces(text: str) -> Iterator[str]:
    """A text in pieces that are each shown whole, parted at blanks."""
    while len(text) > SHOWN_PROSE_CHARACTERS:
        end = text.rfind(" ", 0, SHOWN_PROSE_CHARACTERS) + 1 or SHOWN_PROSE_CHARACTERS
        yield text[:end]
        text = text[end:]
    yield text


def _line(text: str) -> str:
    """Text at the beginning of a line."""
    return _START.sub(_not_a_list, inline(text))


def cell(text: object) -> str:
    """Text in a cell of a table; one that a spreadsheet would take for a formula begins with a backslash."""
    return _FORMULA.sub(r"\\\1", inline(text))


def _not_a_list(match: re.Match[str]) -> str:
    mark = match[2]
    return f"{match[1]}{mark[:-1]}\\{mark[-1]}"


def code(text: object, *, limit: int = 200) -> str:
    """Text as a code span, inside a table too."""
    plain = escape(text, limit=limit) or " "
    longest = max((len(run) for run in _TICKS.findall(plain)), default=0)
    fence, pad = "`" * (longest + 1), " " if "`" in plain else ""
    return f"{fence}{pad}{plain}{pad}{fence}".replace("|", "\\|")


def block(lines: Iterable[str], language: str) -> str:
    """Lines as a fenced block."""
    body = "\n".join(lines)
    longest = max((len(run) for run in _TICKS.findall(body)), default=0)
    fence = "`" * max(3, longest + 1)
    return f"{fence}{language}\n{body}\n{fence}"


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of cells that are Markdown already."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
