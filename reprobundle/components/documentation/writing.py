"""YAML as this program writes it: every text in double quotes, so that nothing can be read as something else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from reprobundle.components.documentation.card import Card
from reprobundle.records import Json

HEAD = "# What people say about this model. Text in quotes; an empty answer is null.\n"

_NOT_PRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")  # YAML forbids them or folds lines at them


def card_bytes(card: Card) -> bytes:
    """The card as strict YAML, fields in their declared order, gaps as null."""
    return (HEAD + "".join(_mapping(card.model_dump(mode="json"), ""))).encode("utf-8")


def _mapping(value: dict[str, Json], indent: str) -> Iterator[str]:
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield f"{indent}{key}:\n"
            yield from _mapping(item, indent + "  ")
        elif isinstance(item, list) and item:
            yield f"{indent}{key}:\n"
            yield from _items(item, indent + "  ")
        else:
            yield f"{indent}{key}: {_scalar(item)}\n"


def _items(items: list[Json], indent: str) -> Iterator[str]:
    for item in items:
        if isinstance(item, dict) and item:
            lines = "".join(_mapping(item, indent + "  "))
            yield f"{indent}- {lines[len(indent) + 2 :]}"
        else:
            yield f"{indent}- {_scalar(item)}\n"


def _scalar(value: Json) -> str:
    text = json.dumps(value, ensure_ascii=False, allow_nan=False)
    return _NOT_PRINTABLE.sub(lambda match: f"\\u{ord(match[0]):04x}", text)
