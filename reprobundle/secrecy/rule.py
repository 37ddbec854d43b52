"""One format of a key or token, and the letters without which it cannot match.

Most formats are one long word, so they are tried on a text's long words alone, a tenth of it, behind the letters that each
begins with. What is known by a name before it is tried only where that name stands. A pattern's last group, where it has
one, is the secret itself; else all of the match is.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from reprobundle.secrecy.placeholders import is_drawn, is_key_body, is_mixed, is_placeholder, is_varied
from reprobundle.secrecy.words import Words, places_of

WHOLE_WORD, WORD_ENDS = r"(?<![A-Za-z0-9_])", r"(?![A-Za-z0-9_])"
_ALONE = re.compile(r"\(\?<!(\[[^\]]+\])\)")
_UNLESS_ESCAPED = r"(?<!\1(?<!\\\\[nrt])(?<![0-9\[;]m))"  # the n of an escaped new line, the m that ends a colour
NO_KEY = re.compile(  # the name says that its value is something else
    r"(?:commit|sha|rev|revision|hash|id|path|dir|file|model|checkpoint|ckpt|version|name|embedder|url|uri|bucket|digest)"
    r"(?![A-Za-z])",
    re.IGNORECASE,
)
TRACKER_KEY = r"[\w.\-]{0,30}\\{0,3}[\"']?\]?\s{0,3}[:=,(\s]\s{0,3}(?:[\w.]{1,20}\s{0,2}=\s{0,2})?\\{0,3}[\"']?"
URL = r":\\{0,3}/\\{0,3}/"  # JSON may write each slash with a backslash
SHORTEST_PASSWORD = 6
SOON = 700  # characters: a name of a hundred, a password of two hundred with each sign escaped
Looks = Literal["any", "varied", "mixed", "drawn", "key", "login", "user"]


@dataclass(frozen=True)
class Rule:
    """One format.

    Attributes:
        name: What a person reads, and types to allow it.
        anchors: Texts one of which stands in every match: as they are in a rule of a word, else in lower case.
        pattern: The format.
        looks: What a match must look like besides: ``any`` thing, ``varied`` as if drawn at random, ``mixed``, of capital
            and small letters and digits, too, ``drawn``, no words with numbers, the body of a private ``key``, a
            ``login`` of a name and a password in base64, or the number of a ``user`` in base64 and more.
        by_name: Whether only the name before tells the secret: then one such as ``wandb_git_commit`` tells that it is none.
        is_word: Whether every match lies in one of the long words of a text, as `Words` has them.
        starts: Texts in lower case with which a match begins, but for `lead`; of a rule of a word they are not used.
        lead: How many characters may come before that.
        until: What must come soon after that; empty: nothing.
        value: What must be found in a long word with a digit; None: nothing.
    """

    name: str
    anchors: tuple[str, ...]
    pattern: re.Pattern[str]
    looks: Looks = "varied"
    by_name: bool = False
    is_word: bool = True
    starts: tuple[str, ...] = ()
    lead: int = 0
    until: str = ""
    value: re.Pattern[str] | None = None


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


def is_user(text: str) -> bool:
    """Whether a text begins with base64 of the number that Discord gives a user."""
    first = text.partition(".")[0]
    try:
        return base64.b64decode(first + "=" * (-len(first) % 4), altchars=b"-_", validate=True).isdigit()
    except binascii.Error:
        return False


LOOKS: Mapping[Looks, Callable[[str], bool]] = {
    "any": _is_any, "varied": is_varied, "mixed": is_mixed, "drawn": is_drawn, "key": is_key_body, "login": is_login,
    "user": is_user,
}  # fmt: skip
SAID_ELSEWISE = frozenset(
    {"key", "login"}
)  # what is not itself the secret: an example's words may stand in it by chance


def matches(rule: Rule, text: str, lowered: str, words: Words) -> Iterator[tuple[int, int]]:
    """Where a rule's secrets begin and end in a text that has one of its anchors; examples and templates are none.

    Args:
        rule: The rule.
        text: Where to look.
        lowered: The same in lower case, letter for letter.
        words: Its long words.
    """
    for found in _found(rule, text, lowered, words):
        group = found.lastindex or 0
        secret = found[group]
        shown = rule.looks not in SAID_ELSEWISE and is_placeholder(secret)
        other = rule.by_name and NO_KEY.search(text, found.start(), found.start(group)) is not None
        if not shown and not other and LOOKS[rule.looks](secret):
            yield found.span(group)


def _found(rule: Rule, text: str, lowered: str, words: Words) -> Iterator[re.Match[str]]:
    if rule.value is not None and not words.have(rule.value, numbered=True):
        return
    if not rule.is_word:
        yield from _from_starts(rule, text, lowered)
    elif words.have(rule.pattern):
        yield from rule.pattern.finditer(text)


def _from_starts(rule: Rule, text: str, lowered: str) -> Iterator[re.Match[str]]:
    """The matches that begin where a match may begin, in order, none within another."""
    reached = 0
    for place in places_of(lowered, rule.starts):
        if rule.until and lowered.find(rule.until, place, place + SOON) < 0:
            continue
        tries = (rule.pattern.match(text, start) for start in range(max(place - rule.lead, reached), place + 1))
        found = next(filter(None, tries), None)
        if found is not None:
            yield found
            reached = found.end()


def rule(name: str, anchors: str, pattern: str, *, looks: Looks = "varied", value: str | None = None) -> Rule:
    """A rule of a format that is one word.

    Args:
        name: What a person reads.
        anchors: With spaces between them.
        pattern: The format; its last group, where one matches, is the secret.
        looks: What a match must look like besides.
        value: What must be found in a long word with a digit.
    """
    needed = None if value is None else re.compile(value)
    return Rule(name, tuple(anchors.split()), _compiled(pattern), looks, value=needed)


def named(
    name: str,
    anchors: str | tuple[str, ...],
    pattern: str,
    *,
    looks: Looks = "varied",
    flags: int = 0,
    by_name: bool = False,
    starts: tuple[str, ...] = (),
    lead: int = 0,
    until: str = "",
    value: str | None = None,
) -> Rule:
    """A rule of what is known by what stands before it.

    Args:
        name: What a person reads.
        anchors: In lower case, with spaces between them or one by one.
        pattern: The format; its last group, where one matches, is the secret.
        looks: What a match must look like besides.
        flags: Of the regular expression.
        by_name: Whether only the name before tells the secret.
        starts: What a match begins with, in lower case; default: the anchors.
        lead: How many characters may come before that.
        until: What must come soon after that.
        value: What must be found in a long word with a digit.
    """
    given = tuple(anchors.split()) if isinstance(anchors, str) else anchors
    needed = None if value is None else re.compile(value)
    return Rule(name, given, _compiled(pattern, flags), looks, by_name, False, starts or given, lead, until, needed)


def _compiled(pattern: str, flags: int = 0) -> re.Pattern[str]:
    """A pattern, in which what must not stand before it may, where it is the end of an escape."""
    return re.compile(_ALONE.sub(_UNLESS_ESCAPED, pattern), flags)


def word(pattern: str) -> str:
    """A pattern that stands as a word of its own."""
    return f"{WHOLE_WORD}(?:{pattern}){WORD_ENDS}"
