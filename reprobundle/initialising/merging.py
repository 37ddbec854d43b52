"""Files that are there already, with what they do not say yet: nothing that a person wrote is changed."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from reprobundle.components.documentation.card import Card, card_of
from reprobundle.errors import RefusedInputError
from reprobundle.initialising.specification_text import Part
from reprobundle.records import Json
from reprobundle.yaml_reading import read_yaml

BYTE_ORDER_MARK = b"\xef\xbb\xbf"
WAY_OUT = "mend it, or move it away and type init again"


@dataclass(frozen=True)
class Merged:
    """What the file says now.

    Attributes:
        text: The file.
        added: Keys that were put into it.
        standing: Keys that it had before.
        asked: A question by key.
        left_out: Keys that were found and could not be put into it, for how it is written.
    """

    text: str
    added: tuple[str, ...]
    standing: tuple[str, ...]
    asked: Mapping[str, str]
    left_out: tuple[str, ...] = ()


def merge(there: bytes, parts: Sequence[Part], *, name: str) -> Merged:
    """Put into a file what it does not say: parts that were found, where nothing or only their question stands.

    Args:
        there: The file.
        parts: What a new file would hold.
        name: How it is called in messages.

    Raises:
        RefusedInputError: The file is no YAML of keys and values.
    """
    there = without_mark(there)
    before = _keys(there, name)
    whole = there.decode("utf-8")
    newline = _newline(whole)
    text = whole.replace(newline, "\n")
    added = []
    for part in parts:
        if part.key in before and before[part.key] is None and part.question is None:
            text, new = _in_place(text, part)
        else:
            text, new = _with(text, part, before)
        added += [part.key] if new and part.question is None else []
    if not _still_says(text, before, added, name):
        found = tuple(part.key for part in parts if part.question is None and part.key not in before)
        asked = {part.key: part.question for part in parts if part.question is not None and not _is_said(part, before)}
        return Merged(whole, (), tuple(key for key in before if before[key] is not None), asked, found)
    asked = {part.key: question for part in parts if (question := _open(part, text, before)) is not None}
    standing = tuple(key for key in before if before[key] is not None and key not in added and key not in asked)
    return Merged(text.replace("\n", newline), tuple(added), standing, asked)


def _is_said(part: Part, before: Mapping[str, Json]) -> bool:
    return any(before.get(key) is not None for key in (part.key, *part.others))


def card_there(content: bytes, *, name: str) -> Card:
    """A person's card; an empty one, and a section with nothing under it, have no answers yet.

    Args:
        content: The file.
        name: How it is called in messages.

    Raises:
        RefusedInputError: It is not strict YAML or breaks the form of a card.
    """
    content = without_mark(content)
    value = {} if says_nothing(content) else read_yaml(content, name=name).value
    if isinstance(value, dict):
        value = {key: said for key, said in value.items() if said is not None or key not in Card.model_fields}
    return card_of({} if value is None else value, name=name)


def without_mark(content: bytes) -> bytes:
    """The same without the mark that some editors of Windows put before the first line."""
    return content.removeprefix(BYTE_ORDER_MARK)


def says_nothing(content: bytes) -> bool:
    """Whether there is nothing but empty lines and comments."""
    return all(not line.strip() or line.lstrip().startswith(b"#") for line in content.splitlines())


def _newline(text: str) -> str:
    """What ends the file's lines."""
    if "\r\n" in text:
        return "\r\n"
    return "\r" if "\r" in text and "\n" not in text else "\n"


def _with(text: str, part: Part, before: Mapping[str, Json]) -> tuple[str, bool]:
    """The text with a part in the place of its question, or after all else; and whether it was changed."""
    asked = next((one for one in part.unanswered if f"\n{one}" in f"\n{text}"), None)
    if asked is not None and part.question is None:
        return f"\n{text}".replace(f"\n{asked}", f"\n{part.text}", 1)[1:], True
    stands = asked is not None or (part.question is not None and f"# {part.question}\n" in text)
    if stands or any(key in before for key in (part.key, *part.others)):
        return text, False
    return f"{text}{'' if text.endswith(chr(10)) or not text else chr(10)}{part.text}", True


def _in_place(text: str, part: Part) -> tuple[str, bool]:
    """The text with a part where its key stands with nothing beside it; a comment behind the key moves above it."""
    line = re.compile(rf"^{re.escape(part.key)}[ \t]*:[ \t]*(?:null|Null|NULL|~)?[ \t]*(#[^\n]*)?$", re.MULTILINE)
    found = line.search(text)
    if found is None:
        return text, False
    remark = f"{found[1]}\n" if found[1] else ""
    return text[: found.start()] + remark + part.text.removesuffix("\n") + text[found.end() :], True


def _open(part: Part, text: str, before: Mapping[str, Json]) -> str | None:
    """The question that still stands in the text, or that a key with nothing beside it leaves open."""
    if part.key in before and before[part.key] is None and part.question is not None:
        return part.question
    if len(part.questions) == 1 and _is_said(part, before):  # its question may be left above it
        return None
    return next((question for question in part.questions if f"# {question}\n" in f"{text}\n"), None)


def _keys(content: bytes, name: str) -> Mapping[str, Json]:
    if says_nothing(content):
        return {}
    try:
        value = read_yaml(content, name=name).value
    except RefusedInputError as error:
        hint = "; ".join(filter(None, (error.hint, WAY_OUT)))
        raise RefusedInputError(str(error), hint=hint) from error
    if not isinstance(value, dict):
        expected = f"{name}: expected keys and values, found {type(value).__name__}"
        raise RefusedInputError(expected, hint=WAY_OUT)
    return value


def _still_says(text: str, before: Mapping[str, Json], added: Sequence[str], name: str) -> bool:
    """Whether all that was said is said by the new text: a mapping in braces takes no further lines."""
    try:
        now = read_yaml(text.encode("utf-8"), name=name).value
    except RefusedInputError:
        return False
    return isinstance(now, dict) and all(key in added or (key in now and now[key] == before[key]) for key in before)
