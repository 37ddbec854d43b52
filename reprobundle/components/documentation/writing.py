"""YAML as this program writes it: every text in double quotes, so that nothing can be read as something else.

Above an empty field stands its question, above an answer that was filled in where it comes from; neither is read again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping

from reprobundle.components.documentation.card import Card
from reprobundle.components.documentation.filling import CAPTURED, is_of_manifest, renewable
from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.components.documentation.remarks import AT_THE_END
from reprobundle.components.documentation.remarks import CAPTURED as FROM_MANIFEST
from reprobundle.components.documentation.remarks import FOUND as FROM_FILES
from reprobundle.records import Json

HEAD = "# What people say about this model. Text in quotes; an empty answer is null.\n"
MARKS = (
    "# Answers that were filled in, where each comes from, and its digest: they are renewed, until you change one.\n"
    "# Then it is yours and stays.\n"
)
OWN_LINES = frozenset(f"{HEAD}{MARKS}".splitlines())
LONGEST = 140

_NOT_PRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # YAML forbids them or folds lines at them
_PLAIN_KEY = re.compile(r"[a-z_][a-z0-9_.]*")


Remarks = Mapping[str, tuple[str, ...]]


def card_bytes(card: Card, remarks: Remarks | None = None) -> bytes:
    """The card as strict YAML, fields in their declared order, gaps as null with their questions.

    Args:
        card: What is said.
        remarks: Comments by the field to write them above, ``""`` for the end; None: none.
    """
    said = remarks or {}
    sources = {path: mark.source for path, mark in renewable(card).items()}
    value = card.model_dump(mode="json")
    marks = value.pop(CAPTURED)
    text = "".join(_mapping(value, "", (sources, said), ""))
    if marks:
        text += MARKS + "".join(_mapping({CAPTURED: marks}, "", ({}, {}), None))
    ends = "".join(f"{_visible(line)}\n" for name in (CAPTURED, AT_THE_END) for line in said.get(name, ()))
    return (HEAD + text + ends).encode("utf-8")


def _mapping(value: dict[str, Json], indent: str, sources: tuple[Remarks, Remarks], place: str | None) -> Iterator[str]:
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


def _remark(path: str | None, item: Json, indent: str, remarks: tuple[Remarks, Remarks]) -> Iterator[str]:
    """What a person remarked on a field, then where its answer comes from, or what is asked."""
    if path is None:
        return
    sources, said = remarks
    yield from (f"{indent}{_visible(line)}\n" for line in said.get(path, ()))
    if path in sources:
        shown = ", ".join(sources[path])
        yield f"{indent}{FROM_MANIFEST if is_of_manifest(sources[path]) else FROM_FILES}{_one_line(shown)}\n"
    elif path in QUESTIONS and not item:
        yield f"{indent}# {QUESTIONS[path]}\n"


def _one_line(text: str) -> str:
    """Text that cannot end a comment, nor fill the screen."""
    shown = _visible(text[: LONGEST + 1])
    return shown[:LONGEST] + "…" if len(shown) > LONGEST else shown


def _visible(text: str) -> str:
    """Text that cannot end a comment."""
    return "".join(character if character.isprintable() else "?" for character in text.expandtabs(4))


def _items(items: list[Json], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and item:
            lines = "".join(_mapping(item, indent + "  ", ({}, {}), None))
            yield f"{indent}- {lines[len(indent) + 2 :]}"
        else:
            yield f"{indent}- {_scalar(item)}\n"


def _key(key: str) -> str:
    return key if _PLAIN_KEY.fullmatch(key) else _scalar(key)


def _scalar(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NOT_PRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
