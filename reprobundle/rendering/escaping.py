r"""The one escaper: whatever comes from a bundle passes here before it reaches a terminal or a page.

A stranger's text can hold terminal commands, characters that turn the reading direction, and characters nobody sees.
All of them are shown as what they are (``\x1b``, ``\u202e``), and one text is always one line.
"""

from __future__ import annotations

import re
import unicodedata

SHOWN_CHARACTERS = 200
SHOWN_PROSE_CHARACTERS = 4000

_UNSEEN = re.compile(
    # Unicode's Default_Ignorable_Code_Point, plus the blank braille pattern: printable by category, seen by nobody
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u2800\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)


def escape(text: object, *, limit: int = SHOWN_CHARACTERS) -> str:
    """The text on one line, with everything that is not plainly visible spelled out.

    Args:
        text: What to show; other values than text are shown by their ``str``.
        limit: How many of its characters are shown; a longer text ends with ``…``.
    """
    whole = str(text)
    shown = whole[:limit]
    if not shown.isprintable() or _UNSEEN.search(shown):
        shown = "".join(_visible(character) for character in shown)
    return shown + "…" if len(whole) > limit else shown


def prose(text: object) -> str:
    """As `escape`, for sentences: longer, and any white space becomes one blank."""
    return escape(" ".join(str(text).split()), limit=SHOWN_PROSE_CHARACTERS)


def _visible(character: str) -> str:
    if character.isprintable() and not _UNSEEN.match(character):
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def columns_of(text: str) -> int:
    """How many columns of a terminal the escaped text takes."""
    return sum(_columns(character) for character in text) if not text.isascii() else len(text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1
