"""Whether a text that stands where a secret could is one, or an example, a template or a name."""

from __future__ import annotations

import math
import re
from collections import Counter
from itertools import pairwise

LEAST_VARIED = 2.7  # bits a character; eight different characters have three
WORDS = re.compile(
    r"example|sample|placeholder|change[_-]?(?:me|it|this)|replace|your|dummy|fake|insert|redacted|hidden|"
    r"(?:(?:secret|token|key|password)[_-]?)?here|x{4,}|\*{3,}|\.{3,}|…|todo|fixme|foo[_-]?bar|deadbeef|0?123456(?:7(?:890?)?)?|"
    r"abcdef(?:g[a-z]*)?|0{7,}|left out:",
    re.IGNORECASE,
)
DOCUMENTED = re.compile(r"EXAMPLE(?:KEY)?$|\.{3}|…")  # as vendors end or shorten the keys of their manuals
LIKE_LETTERS = str.maketrans("013457@$", "oieastas")  # pa55word
SHORTEST_WORD = 3
LEAST_DIGITS = 1
LEAST_CHANGES = 0.27  # of the pairs of letters; drawn ones have 0.4 to 0.5
LEAST_IN_KEY = 4.0  # bits a character
KEY_LINE = re.compile(r"[A-Za-z0-9+/=]{40,}")
MOST = 0.5  # of a text; three letters of a word stand in random ones, half of them do not
TEMPLATE = re.compile(r"\$\{|\$\(|\{\{|\}\}|%\(|<[^>]*>|^\$|^\{.*\}$|^%.*%$|\\u003c|[Aa]-[Zz]|0-9[Aa]-|[Ff]0-9")
PLAIN = frozenset(
    [
        "password",
        "passwd",
        "pass",
        "secret",
        "token",
        "pwd",
        "user",
        "username",
        "login",
        "admin",
        "root",
        "guest",
        "test",
        "testing",
        "none",
        "null",
        "true",
        "false",
        "default",
        "password1",
        "password123",
        "secret123",
        "hunter2",
        "letmein",
        "changeit",
        "postgres",
        "mysql",
        "oauth2",
        "basic",
    ]
)
REPEATED = re.compile(r"(.)\1{6,}|^(.{1,3})\2{3,}$")


def is_placeholder(text: str) -> bool:
    """Whether a text only shows where a secret goes: a word for that stands alone in it, or makes up most of it."""
    plain = text.strip("\"'`").lower()
    if plain in PLAIN or plain.strip("!.?").translate(LIKE_LETTERS) in PLAIN:
        return True
    return bool(DOCUMENTED.search(text) or TEMPLATE.search(text) or REPEATED.search(text)) or _is_of_words(text)


def _is_of_words(text: str) -> bool:
    """A random text may hold any word: only one that stands alone tells, or several that make up most of the text."""
    covered = 0
    for found in WORDS.finditer(text):
        start, end = found.span()
        covered += end - start
        alone = not text[max(start - 1, 0) : start].isalnum() and not text[end : end + 1].isalnum()
        if (alone and len(found[0]) > SHORTEST_WORD) or covered >= MOST * len(text):
            return True
    return False


def is_varied(text: str) -> bool:
    """Whether a text has as many different characters as one that was drawn at random."""
    return entropy(text) >= LEAST_VARIED


def is_mixed(text: str) -> bool:
    """Whether a text is varied and has capital and small letters and digits, as random letters nearly always have."""
    return is_varied(text) and all(re.search(kind, text) for kind in ("[A-Z]", "[a-z]", "[0-9]"))


def is_drawn(text: str) -> bool:
    """Whether letters and digits change as often as where each was drawn for itself; in a name they stand in words."""
    pairs = changes = 0
    for one, other in pairwise(text):
        if one.isalnum() and other.isalnum():
            pairs += 1
            changes += _changes(one, other)
    return is_varied(text) and sum(map(str.isdigit, text)) >= LEAST_DIGITS and changes >= LEAST_CHANGES * max(pairs, 1)


def _changes(one: str, other: str) -> bool:
    """Whether a word would not go on so; a capital letter and small ones after it begin one."""
    return one.isdigit() != other.isdigit() or (one.islower() and other.isupper())


def is_key_body(text: str) -> bool:
    """Whether a text has a line of base64 as a private key has, and no gap that an example has."""
    line = KEY_LINE.search(text)
    return line is not None and entropy(line[0]) >= LEAST_IN_KEY and "..." not in text


def entropy(text: str) -> float:
    """Bits a character, as the characters are spread within the text itself."""
    counts = Counter(text).values()
    return -sum(count / len(text) * math.log2(count / len(text)) for count in counts)
