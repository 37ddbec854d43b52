"""One format of a key or token, and the letters without which it cannot match.

The letters are looked for first, in lower case, which is a hundred times as fast as the pattern: an ordinary file meets
few patterns. A pattern's last group, where it has one, is the secret itself; else all of the match is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from reprobundle.secrecy.placeholders import is_drawn, is_key_body, is_mixed, is_placeholder, is_varied

WHOLE_WORD, WORD_ENDS = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
NO_KEY = re.compile(  # the name says that its value is something else
    r"(?:commit|sha|rev|revision|hash|id|path|dir|file|model|checkpoint|ckpt|version|name|embedder|url|uri|bucket|digest)"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)
TRACKER_KEY = r"[\w.\-]{0,30}\\{0,3}[\"']?\]?\s{0,3}[:=,(\s]\s{0,3}(?:[\w.]{1,20}\s{0,2}=\s{0,2})?\\{0,3}[\"']?"
URL = r":\\{0,3}/\\{0,3}/"  # JSON may write each slash with a backslash
SHORTEST_PASSWORD = 6
Looks = Literal["any", "varied", "mixed", "drawn", "key", "login"]


@dataclass(frozen=True)
class Rule:
    """One format.

    Attributes:
        name: What a person reads, and types to allow it.
        anchors: Texts in lower case, one of which stands in every match.
        pattern: The format.
        looks: What a match must look like besides: ``any`` thing, ``varied`` as if drawn at random, ``mixed``, of capital
            and small letters and digits, too, ``drawn``, no words with numbers, the body of a private ``key``, or a
            ``login`` of a name and a password in base64.
        by_name: Whether only the name before tells the secret: then one such as ``wandb_git_commit`` tells that it is none.
    """

    name: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    looks: Looks = "varied"
    by_name: bool = False


def _is_any(_secret: str) -> bool:
    return True


def is_login(text: str) -> bool:
    """Whether a text is base64 of a name, a colon and a password that is no example."""
    try:
        plain = base64.b64decode(text + "=" * (-len(text) % 4), validate=True).decode("utf-8")
    except (binascii.Error, UnicodeDecodeError):  # not base64 of a text
        return False
    _, colon, password = plain.partition(":")
    return bool(colon) and len(password) >= SHORTEST_PASSWORD and plain.isprintable() and not is_placeholder(password)


LOOKS: Mapping[Looks, Callable[[str], bool]] = {
    "any": _is_any, "varied": is_varied, "mixed": is_mixed, "drawn": is_drawn, "key": is_key_body, "login": is_login
}  # fmt: skip
SAID_ELSEWISE = frozenset(
    {"key", "login"}
)  # what is not itself the secret: an example's words may stand in it by chance


def matches(rule: Rule, text: str) -> Iterator[tuple[int, int]]:
    """Where a rule's secrets begin and end in a text; examples and templates are none."""
    for found in rule.pattern.finditer(text):
        group = found.lastindex or 0
        secret = found[group]
        shown = rule.looks not in SAID_ELSEWISE and is_placeholder(secret)
        other = rule.by_name and NO_KEY.search(text, found.start(), found.start(group)) is not None
        if not shown and not other and LOOKS[rule.looks](secret):
            yield found.span(group)


def rule(
    name: str, anchors: str, pattern: str, *, looks: Looks = "varied", flags: int = 0, by_name: bool = False
) -> Rule:
    """A rule.

    Args:
        name: What a person reads.
        anchors: With spaces between them.
        pattern: The format; its last group, where one matches, is the secret.
        looks: What a match must look like besides.
        flags: Of the regular expression.
        by_name: Whether only the name before tells the secret.
    """
    return Rule(name, tuple(anchors.split()), re.compile(pattern, flags), looks, by_name)


def word(pattern: str) -> str:
    """A pattern that stands as a word of its own."""
    return f"{WHOLE_WORD}(?:{pattern}){WORD_ENDS}"
