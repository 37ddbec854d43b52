"""What a project's README says first: the heading is what it is called, the paragraph below is what it does."""

from __future__ import annotations

import codecs
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path

from reprobundle.components.documentation.filling import Fact
from reprobundle.components.documentation.unanswered import stands_for_nothing
from reprobundle.initialising.project import Tell, read_start, tell_nobody

NAMES = ("README.md", "readme.md", "Readme.md", "README.markdown")
MOST_BYTES = 100_000
LONGEST = 1_000  # characters of a description
LONGEST_LINE = 2_000  # characters of a line that people wrote as prose
OWN = "*Made by reprobundle from"  # a card of ours, made of a bundle
_HEADING = re.compile(r"#{1,2}[ \t]+(.+?)[ \t#]*")
_UNDERLINE = re.compile(r"=+[ \t]*|-{3,}[ \t]*")
_NAME, _PLACE = r"\[[^\[\]\n]{0,300}\]", r"\([^()\n]{0,500}\)"
_PICTURE = re.compile(rf"!{_NAME}{_PLACE}|\[!{_NAME}{_PLACE}\]{_PLACE}|<img\b[^<>]{{0,500}}>", re.IGNORECASE)
_LINK = re.compile(rf"\[([^\[\]\n]{{0,300}})\](?:{_PLACE}|{_NAME})")
_MARKS = re.compile(r"\*\*|__|`|(?<!\w)[*_](?=\S)|(?<=\S)[*_](?!\w)|</?[a-z][^<>]{0,500}>", re.IGNORECASE)
_NO_PROSE = re.compile(r"[ \t]*(?:[-*+|>]|\d+[.)]|#{3,})[ \t]|[ \t]*(?:\||```|~~~|<!--)|    |\t")


def readme_facts(folder: Path, tell: Tell = tell_nobody) -> Iterator[Fact]:
    """Title and description, each with its line.

    Args:
        folder: The project.
        tell: Told of a page that could not be read.
    """
    name = next((one for one in NAMES if (folder / one).is_file() and not (folder / one).is_symlink()), None)
    if name is None:
        return
    try:
        text = _text(read_start(folder / name, MOST_BYTES))
    except OSError as error:
        tell(f"{name}: {error.strerror}")
        return
    if text is None:
        tell(f"{name}: is not UTF-8 text")
    elif OWN not in text:
        yield from _facts(_shown(text).splitlines(), name)


def _text(content: bytes) -> str | None:
    """The page as text, a character that its end cuts left out; None where it is of another coding, or was once read as one."""
    try:
        text = codecs.getincrementaldecoder("utf-8-sig")().decode(content)
    except UnicodeDecodeError:
        return None
    return None if {"\0", "\ufffd"} & set(text) else text  # in UTF-16 every other byte may be zero


def _shown(text: str) -> str:
    """What a browser shows of it: without comments and without signs that have no form; every line where it was."""
    parts = []
    while "<!--" in text:
        before, _, rest = text.partition("<!--")
        comment, _, text = rest.partition("-->")
        parts += [before, "\n" * len(comment.splitlines()[1:])]
    plain = "".join([*parts, text])
    return "".join(sign for sign in plain if sign in "\n\t\r" or unicodedata.category(sign) not in {"Cc", "Cf"})


def _facts(lines: list[str], name: str) -> Iterator[Fact]:
    start = _after_front_matter(lines)
    heading = next(((number, title) for number, title in _headings(lines, start)), None)
    if heading is not None and not stands_for_nothing(heading[1]) and heading[1].casefold() != "readme":
        yield Fact("title", heading[1], (f"{name}:{heading[0] + 1}",))
    below = start if heading is None else heading[0] + 1
    number, words = _paragraph(lines, below)
    if words and not stands_for_nothing(words):
        yield Fact("description", words[:LONGEST], (f"{name}:{number + 1}",))


def _after_front_matter(lines: list[str]) -> int:
    """The line after what stands between two lines of dashes at the top."""
    if lines and lines[0].strip() == "---":
        return next((number + 1 for number, line in enumerate(lines) if number and line.strip() == "---"), len(lines))
    return 0


def _headings(lines: list[str], start: int) -> Iterator[tuple[int, str]]:
    """The first heading, if it stands before any prose ends: a line with a sign, or one that is underlined."""
    for number in range(start, len(lines)):
        if len(lines[number]) > LONGEST_LINE:
            continue
        found = _HEADING.fullmatch(lines[number])
        below = lines[number + 1] if number + 1 < len(lines) else ""
        title = found[1] if found else lines[number] if _UNDERLINE.fullmatch(below) else ""
        if _plain(title):
            yield number, _plain(title)
            return


def _paragraph(lines: list[str], start: int) -> tuple[int, str]:
    """The first paragraph of prose before the next heading: no list, table, code, quotation or row of pictures."""
    begun, fenced = start, False
    words: list[str] = []
    for number in range(start, len(lines)):
        line = lines[number]
        fenced ^= line.lstrip().startswith(("```", "~~~"))
        plain = "" if fenced or _NO_PROSE.match(line) or _UNDERLINE.fullmatch(line) else _plain(line)
        if len(line) <= LONGEST_LINE and _HEADING.fullmatch(line):
            break
        if not words:
            begun = number
        if plain:
            words.append(plain)
        elif words:
            break
    return begun, " ".join(words)


def _plain(text: str) -> str:
    """Text without pictures, links and marks; a line that nobody writes by hand has none."""
    if len(text) > LONGEST_LINE:
        return ""
    return " ".join(_MARKS.sub("", _LINK.sub(r"\1", _PICTURE.sub("", text))).rstrip("\\").split())
