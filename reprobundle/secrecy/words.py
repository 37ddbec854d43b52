"""The long words of a text: most keys and tokens are one, and of ordinary source they are less than a tenth."""

from __future__ import annotations

import re
import string
from collections.abc import Iterator, Sequence

SHORTEST = 20  # characters; the shortest format of all has as many
OF_WORDS = (string.ascii_letters + string.digits + "_-.~+/=%:?&;").encode("ascii")  # what formats are made of
ESCAPES = (rb"\n", rb"\r", rb"\t")
COLOURED = (b"\x1b[", b"1b[", b"1B[", b"33[")  # as it is, and as JSON, Python and shells escape it
_COLOUR = re.compile(rb"(?:\x1b|1[bB]|33)\[[0-9;]{0,20}m")
_DIGIT = re.compile(rb"[0-9]")
_APART = bytes(byte if byte in OF_WORDS else 32 for byte in range(256))


class Words:
    """The long words of a text, each once, and what was found in them.

    Attributes:
        text: The words, one a line.
        numbered: Those with a digit, as nearly all have that were drawn at random, and few names.
    """

    def __init__(self, content: bytes) -> None:
        """Take the words of at least twenty letters, digits and signs from a text in UTF-8, or in Latin-1."""
        for escape in ESCAPES:  # its letter would begin the word
            content = content.replace(escape, b" ")
        if any(sign in content for sign in COLOURED):
            content = _COLOUR.sub(b" ", content)
        long = dict.fromkeys([word for word in content.translate(_APART).split() if len(word) >= SHORTEST])
        self.text = b"\n".join(long).decode("ascii")
        self.numbered = b"\n".join(word for word in long if _DIGIT.search(word)).decode("ascii")
        self._known: dict[re.Pattern[str], bool] = {}

    def have(self, pattern: re.Pattern[str], *, numbered: bool = False) -> bool:
        """Whether a pattern is found in a word, or in one with a digit; each is looked for once."""
        known = self._known.get(pattern)
        if known is None:
            text = self.numbered if numbered else self.text
            known = self._known[pattern] = pattern.search(text) is not None
        return known


def places_of(text: str, anchors: Sequence[str]) -> Sequence[int]:
    """Where any of some texts stands, in order, each place once."""
    if len(anchors) == 1:
        return list(_places(text, anchors[0]))
    return sorted({place for anchor in anchors for place in _places(text, anchor)})


def _places(text: str, anchor: str) -> Iterator[int]:
    place = text.find(anchor)
    while place >= 0:
        yield place
        place = text.find(anchor, place + len(anchor))
