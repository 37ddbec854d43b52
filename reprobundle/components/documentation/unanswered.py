"""What stands in a field and is no answer, such as ``TBD``: the question is as open as where nothing stands."""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from reprobundle.components.documentation.questions import QUESTIONS

MOST_CHARACTERS = 2_000  # in which a placeholder is looked for: a card may be hostile
KEPT = frozenset({"tags", "datasets", "base_model", "evaluation.results"})
"""Fields of names, in which a word such as ``text`` may be one."""

DONE = r"done|added|determined|decided|written|completed|defined|confirmed|filled[ -]?in|announced|described|provided|specified"
_WHOLE = re.compile(
    r"(to\s?do|tb[dac]|fixme|x{2,}|n\.? ?n|wip|placeholder|coming soon|fill (me|this|it)?\s*in( later)?|change\s?me"
    rf"|((is |are )?(still |yet )?to be ({DONE})( (later|soon|here))?)|lorem ipsum"
    r"|(insert|add|enter|your|write|put|describe)( \w+){0,5} here|your (name|title|e-?mail|model|text|description)"
    r"|(first ?name|first) (last ?name|last)|author name|(model|project) (name|title)|foo|bar|baz|foo ?bar|asdf\w*|qwerty\w*|string|text"
    r"|(a |one )?(paragraph|sentence|description)( of (the )?(project|model)( description)?)? goes here|.{0,80}\breplace this (text|paragraph)\b.{0,200}"
    r"|(more )?(information|details)( is| are)? (needed|to (come|follow)))"
)
_HOLE = re.compile(r"\s*(<[^<>]*>|\[[^\[\]]*\]|\.{2,}|…|[?\s]*\?[?\s.!]*|_+)\s*")


def stands_for_nothing(answer: str) -> bool:
    """Whether a whole text is a placeholder: ``TODO``, ``to be determined``, ``<your name>``, ``…``."""
    return bool(_WHOLE.fullmatch(plainly(answer)[:MOST_CHARACTERS]) or _HOLE.fullmatch(answer[:MOST_CHARACTERS]))


def plainly(text: str) -> str:
    """Small letters and single blanks, without the marks around them."""
    folded = unicodedata.normalize("NFKC", text).casefold().replace("_", " ")
    return " ".join(folded.split()).strip(" .,;:!?-\u2013\u2014\u2026*#<>[](){}\"'`|")


def cleared(value: dict[str, Any]) -> dict[str, Any]:
    """The plain values of a card, with nothing where only a placeholder stands."""
    made = dict(value)
    for path in QUESTIONS:
        outer, _, inner = path.partition(".")
        if path in KEPT:
            continue
        part = made.get(outer)
        if inner and isinstance(part, dict) and _is_open(part.get(inner)):
            made[outer] = {**part, inner: None}
        elif not inner and _is_open(part):
            made[outer] = [] if isinstance(part, list) else None
    return made


def _is_open(said: object) -> bool:
    """Whether a text, or each of several, stands for nothing; of an author the name counts."""
    if isinstance(said, list):
        return bool(said) and all(map(_is_open, said))
    text = said.get("name") if isinstance(said, dict) else said
    return isinstance(text, str) and (not _is_visible(text) or stands_for_nothing(text))


def _is_visible(text: str) -> bool:
    """Whether a reader sees anything: no blanks alone, nor signs without a shape such as U+200B."""
    return any(not one.isspace() and unicodedata.category(one) not in {"Cf", "Cc"} for one in text)
