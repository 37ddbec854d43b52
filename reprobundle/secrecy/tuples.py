"""Values that are given to several names at once: ``user, password = "bob", "…"``."""

from __future__ import annotations

import re

SPAN = 300  # characters before a name that are looked at for others
MOST = 8  # names

_NAME = r"\*?[\w.\[\]\"']{1,60}"
_REVERSED = re.compile(r"[ \t]{0,4},[ \t]{0,4}[\w.\[\]\"']{1,60}\*?")  # a name and its comma, read backwards
_AFTER = re.compile(
    rf"(?:[\"']?\])?(?:[ \t]{{0,4}},[ \t]{{0,4}}{_NAME}){{0,{MOST}}}[ \t]{{0,4}},?[)\]]?[ \t]{{0,4}}=(?!=)[ \t]{{0,4}}[(\[]?\s{{0,40}}"
)
_QUOTED = r"[rbufRBUF]?\\{0,3}(?P<quote>[\"'])(?:(?!(?P=quote))[^\n\\]){0,300}\\{0,3}(?P=quote)"
_CALL = r"[\w.\-]{1,60}(?:[(\[][^()\[\]\n]{0,100}[)\]]){0,2}"
_ITEM = re.compile(rf"(?:{_QUOTED}|{_CALL})[ \t]{{0,4}},\s{{0,40}}")


def place_of(text: str, start: int, end: int) -> int | None:
    """Where the value of one of several names begins; None where it is no such name.

    Args:
        text: Where the name stands.
        start: Where it begins.
        end: Where it ends.
    """
    alone = not _follows_comma(text, start)
    if alone and text[end : end + 4].lstrip(" \t\"']")[:1] != ",":
        return None
    given = _AFTER.match(text, end)
    if given is None or (alone and "," not in given[0]):
        return None
    place = given.end()
    for _ in range(0 if alone else _names_before(text, start)):
        item = _ITEM.match(text, place)
        if item is None:
            return None
        place = item.end()
    return place


def _follows_comma(text: str, start: int) -> bool:
    return text[max(start - 5, 0) : start].rstrip(" \t")[-1:] == ","


def _names_before(text: str, start: int) -> int:
    """How many names stand before another, with commas between them."""
    before = text[max(start - SPAN, text.rfind("\n", 0, start) + 1, 0) : start][::-1]
    number = place = 0
    while number < MOST and (found := _REVERSED.match(before, place)):
        number, place = number + 1, found.end()
    return number
