"""YAML as this program writes it: every text in double quotes, so that nothing can be read as something else.

Above an empty field stands its question, above an answer that was filled in where it comes from; neither is read again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from reprobundle.components.documentation.card import Card
from reprobundle.components.documentation.filling import CAPTURED, renewable
from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.records import Json

HEAD = "# What people say about this model. Text in quotes; an empty answer is null.\n"
MARKS = (
    "# Answers that were filled in, where each comes from, and its digest: they are renewed, until you change one.\n"
    "# Then it is yours and stays.\n"
)
LONGEST = 140

_NOT_PRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # YAML forbids them or folds lines at them
_PLAIN_KEY = re.compile(r"[a-z_][a-z0-9_.]*")


def card_bytes(card: Card) -> bytes:
    """The card as strict YAML, fields in their declared order, gaps as null with their questions."""
    sources = {path: mark.source for path, mark in renewable(card).items()}
    value = card.model_dump(mode="json")
    marks = value.pop(CAPTURED)
    text = "".join(_mapping(value, "", sources, ""))
    if marks:
        text += MARKS + "".join(_mapping({CAPTURED: marks}, "", {}, None))
    return (HEAD + text).encode("utf-8")


def _mapping(
    value: dict[str, Json], indent: str, sources: dict[str, tuple[str, ...]], place: str | None
) -> Iterator[str]:
    """Lines of a mapping; `place` is its path in the card, None where nothing is asked."""
    for key, item in value.items():
        path = None if place is None else f"{place}.{key}" if place else key
        yield from _remark(path, item, indent, sources)
        if isinstance(item, dict) and item:
            yield f"{indent}{_key(key)}:\n"
            yield from _mapping(item, indent + "  ", sources, path)
        elif isinstance(item, list) and item:
            yield f"{indent}{_key(key)}:\n"
            yield from _items(item, indent + "  ")
        else:
            yield f"{indent}{_key(key)}: {_scalar(item)}\n"


def _remark(path: str | None, item: Json, indent: str, sources: dict[str, tuple[str, ...]]) -> Iterator[str]:
    if path is None:
        return
    if path in sources:
        shown = ", ".join(sources[path])
        yield f"{indent}# captured: {_one_line(shown)}\n"
    elif path in QUESTIONS and not item:
        yield f"{indent}# {QUESTIONS[path]}\n"


def _one_line(text: str) -> str:
    """Text that cannot end a comment, nor fill the screen."""
    shown = "".join(character if character.isprintable() else "?" for character in text[: LONGEST + 1])
    return shown[:LONGEST] + "…" if len(shown) > LONGEST else shown


def _items(items: list[Json], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and item:
            lines = "".join(_mapping(item, indent + "  ", {}, None))
            yield f"{indent}- {lines[len(indent) + 2 :]}"
        else:
            yield f"{indent}- {_scalar(item)}\n"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else _scalar(key)


def _scalar(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NOT_PRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
