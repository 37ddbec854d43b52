"""Passwords in files that are known by their name, and in pairs whose value stands before its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from reprobundle.secrecy.assignments import CODE, SHORTEST, SPEAKS, is_secret_value
from reprobundle.secrecy.words import places_of

Span = tuple[int, int]

_CONTAINER = re.compile(r"(?:.*[._-])?(?:dockerfile|containerfile)(?:[._-].*)?", re.IGNORECASE)
_SET = re.compile(r"^[ \t]*(?:ENV|ARG)[ \t]+(\w{1,60})[ \t]+[\"']?([^\s\"'=]{6,300})[\"']?[ \t\r]*$", re.MULTILINE)
_DATABASE = re.compile(
    r"^[^:\s#][^:\n]{0,200}:(?:\d{1,5}|\*):[^:\n]{1,100}:[^:\n]{1,100}:([^\n\r]{6,300})", re.MULTILINE
)
_HASHED = re.compile(r"^[^:\s#][^:\n]{0,100}:((?:\$[\w-]{1,10}\$|\{SHA\})[^\s:]{16,200})", re.MULTILINE)
_BY_NAME = {".pgpass": _DATABASE, "pgpass.conf": _DATABASE, ".htpasswd": _HASHED}
_VALUES = ('"value"', '\\"value\\"')
_PAIR = re.compile(
    r"\\{0,3}\"value\\{0,3}\"\s{0,8}:\s{0,8}\\{0,3}\"(?P<value>[^\"\s\\]{8,300})\\{0,3}\"\s{0,8},\s{0,80}"
    r"\\{0,3}\"(?:name|key)\\{0,3}\"\s{0,8}:\s{0,8}\\{0,3}\"(?P<name>[\w.\-]{1,60})\\{0,3}\""
)


def formatted(text: str, path: str) -> Iterator[Span]:
    """Where passwords begin and end that no name before them tells.

    Args:
        text: Where to look.
        path: What it is called: a ``Dockerfile``, ``.pgpass`` or ``.htpasswd`` is known by that.
    """
    name = PurePosixPath(path).name
    if name in _BY_NAME:
        yield from (found.span(1) for found in _BY_NAME[name].finditer(text))
    elif _CONTAINER.fullmatch(name):
        yield from (found.span(2) for found in _SET.finditer(text) if _is_secret(found[1], found[2]))
    for place in () if PurePosixPath(path).suffix.lower() in CODE else places_of(text, _VALUES):
        pair = _PAIR.match(text, place)
        if pair is not None and _is_secret(pair["name"], pair["value"]):
            yield pair.span("value")


def _is_secret(name: str, value: str) -> bool:
    return len(value) >= SHORTEST and SPEAKS.search(name) is not None and is_secret_value(name, value)
