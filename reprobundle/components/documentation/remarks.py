"""Comments that people wrote into a card: read with the field that each stands above, to be written again with it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from reprobundle.components.documentation.card import Card
from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.records import Record
from reprobundle.yaml_reading import read_yaml

CAPTURED = "# captured: "
FOUND = "# found: "
CHECK = "# check: "
AT_THE_END = ""
FORMER = frozenset(
    {
        "who made it? a name, or name, orcid, affiliation",
        "who owns the data?",
        "which further terms of use does the data have?",
        "how do others get the data?",
        "which metrics, on which tasks and splits?",
    }
)
_OF_THE_PROGRAM = frozenset(f"# {question}" for question in (*QUESTIONS.values(), *FORMER))


def remarks_of(content: bytes, own: frozenset[str]) -> Mapping[str, tuple[str, ...]]:
    """A person's comments in a card by the field that follows them, ``""`` for those after the last; questions are not theirs.

    Args:
        content: A card that can be read.
        own: Further lines that this program writes.

    Raises:
        RefusedInputError: It is no strict YAML.
    """
    fields = _fields(read_yaml(content, name="card.yaml").lines)
    found: dict[str, list[str]] = {}
    for line, text in _comments(content.decode("utf-8")):
        if text in own or text in _OF_THE_PROGRAM or text.startswith((CAPTURED, FOUND, CHECK)):
            continue
        path = next((fields[place] for place in sorted(fields) if place >= line), AT_THE_END)
        found.setdefault(path, []).append(text)
    return {path: tuple(texts) for path, texts in found.items()}


def _fields(lines: Mapping[str, int]) -> Mapping[int, str]:
    """Fields of the card by the line on which each stands; what lies in a list or deeper belongs to its field."""
    found: dict[int, str] = {}
    for path, line in lines.items():
        outer, _, inner = path.partition(".")
        if outer in Card.model_fields and "[" not in outer and line not in found:
            found[line] = (
                outer if not inner or not _has_parts(outer) else f"{outer}.{inner.partition('[')[0].partition('.')[0]}"
            )
    return found


def _has_parts(name: str) -> bool:
    return isinstance(Card.model_fields[name].default, Record)


def _comments(text: str) -> Iterator[tuple[int, str]]:
    """Each comment with its line, from 1; a sign of one within a text is none."""
    import yaml

    ends: dict[int, int] = {}
    inside: set[int] = set()
    for token in yaml.scan(text, Loader=yaml.SafeLoader):
        start, end = token.start_mark, token.end_mark
        ends[end.line] = max(ends.get(end.line, 0), end.column)
        inside |= set(_covered(start, end))
    for number, line in enumerate(text.splitlines()):
        _, sign, words = line[ends.get(number, 0) :].partition("#")
        if sign and number not in inside:
            yield number + 1, f"# {words.strip()}"


def _covered(start: Any, end: Any) -> range:
    """Lines that a text of several lines fills; on the last one something may follow it."""
    return range(start.line + 1, end.line)
