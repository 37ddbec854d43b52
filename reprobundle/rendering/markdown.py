"""Text of a bundle as Markdown that says the same and does nothing: no link, no picture, no HTML, no list by accident."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from reprobundle.rendering.escaping import SHOWN_PROSE_CHARACTERS, escape

_SPECIAL = re.compile(r"([\\`*_{}\[\]|~$#!@])")  # ``@`` and ``#``: mentions and references where a forge shows the card
_ADDRESS = re.compile(r"(?i)\b(www)\.|:(?=//)|(?<=mailto):|(?<=xmpp):")  # what a renderer turns into a link by itself
_START = re.compile(r"^(\s*)([-+=]|\d+[.)])")
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


def paragraphs(text: str) -> list[str]:
    """Prose as paragraphs: blank lines part them, a line that would begin a list or a heading does not."""
    parts = re.split(r"\n\s*\n", text.strip())
    return [_START.sub(_not_a_list, inline(part)) for part in parts if part.strip()]


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
