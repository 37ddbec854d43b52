"""What else the letters of a file say: wide text, base64, hex digits, the escapes of addresses and of HTML."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from html import unescape
from urllib.parse import unquote

from reprobundle.secrecy.unpacking import PROBED, is_packed, is_printable
from reprobundle.secrecy.words import Words

DEEPEST = 3
BINARY_RUN = 80  # characters; what is shorter and no text is a digest or a name
BINARY_LINE = 60  # of a run that is wrapped
LEAST_LETTERS = 12  # different ones, of a run that is no text
LEAST_WIDE = 0.25  # of all bytes are null bytes
WIDE_BOMS = (
    (b"\xff\xfe\0\0", "utf-32-le"),
    (b"\0\0\xfe\xff", "utf-32-be"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
SHORTEST_RUN = 24  # characters; a secret of 16 bytes has 24 in base64
FIRST_LETTERS = "ACDIJKLMNOPQRSTUVWXYZabcdef"  # of base64, in each fourth place where what is spelled is a text
BACKSLASHES = ("\\u00", "\\x")
ENTITIES = ("&#", "&quot;", "&lt;")
SHORT = 4096  # bytes; more is searched for itself
LEAST_SAID = 8  # bytes beside null bytes
MOST_APART = 8  # lines
FIRST_OF_PACKED = ("H4sI", "UEsD", "/Td6", "Qlpo", "eA", "eF", "eJ", "eN")

_RUN = r"[A-Za-z0-9+/_-]{24,}"
_EOL = r"(?:(?:\\r)?\\n|\r?\n)"
_LAST = r"[A-Za-z0-9+/_-]{1,23}(?![A-Za-z0-9+/_-])"  # the rest of a wrapped text
_BASE64 = re.compile(rf"(?<![A-Za-z0-9+/_-]){_RUN}(?:{_EOL}{_RUN})*(?:{_EOL}{_LAST})?={{0,2}}")
_ALONE = re.compile(_RUN)
_DIGIT = re.compile("[0-9]")
_HEX = re.compile(r"(?:[0-9a-fA-F]{2}){20,}")
_LINE_ENDS = re.compile(r"(?:\\r)?\\n|\s+")
_CHARACTERS = re.compile(
    rb"(?:[\t\r\n -~]\0){8,}|(?:\0[\t\r\n -~]){8,}|(?:[\t\r\n -~]\0{3}){8,}|(?:\0{3}[\t\r\n -~]){8,}"
)
_ESCAPED = re.compile(r"%[0-9A-Fa-f]{2}")
_ADDRESS = re.compile(r"[^\s\"'<>\\]+")
_ENTITY = re.compile(r"&(?:#|quot;|lt;)")
_BACKSLASHED = re.compile(r"\\{1,2}(?:u00([2-7][0-9A-Fa-f])|x([2-7][0-9A-Fa-f]))")
_LITERAL = re.compile(r"[^\s\"'<>]+")
_LINE = re.compile(r"[^\n]+")
_LINES_APART = re.compile(r"[\r\n]+")
_NOT_FIRST = {ord(letter): None for letter in FIRST_LETTERS}


@dataclass(frozen=True)
class Hidden:
    """Bytes that stand in a text in another spelling.

    Attributes:
        content: The bytes: of one place, or a line for each of several.
        spans: Where each spelling begins and ends in the text.
        nearly: Whether the text itself says nearly the same, so that a rule that found something there has said enough.
    """

    content: bytes
    spans: Sequence[tuple[int, int]]
    nearly: bool = False

    def span(self, line: int | None) -> tuple[int, int]:
        """Where in the text a line of the bytes stands."""
        return self.spans[min((line or 1) - 1, len(self.spans) - 1)]


def together(said: Iterable[tuple[str, tuple[int, int]]], *, nearly: bool = False) -> Iterator[Hidden]:
    """Several short texts as one, each with its place, as each search of its own takes time; none of none."""
    kept = list(said)
    if kept:
        content = "\n".join(_LINES_APART.sub(" ", text) for text, _ in kept)
        yield Hidden(content.encode("utf-8", "surrogatepass"), [span for _, span in kept], nearly)


def wide_text(content: bytes) -> str | None:
    """The text of bytes in UTF-16 or UTF-32; None of others. Without a mark it must be of one letter and null bytes."""
    for mark, name in WIDE_BOMS:
        if content.startswith(mark):
            return content[len(mark) :].decode(name, "replace")
    found = _CHARACTERS.match(content)
    if found is None or len(found[0]) < len(content) * LEAST_WIDE:
        return None
    return content.decode(_width(found[0]), "replace")


def wide_runs(content: bytes) -> Iterator[str]:
    """The words in UTF-16 and UTF-32 among other bytes, as arrays of text have them."""
    yield from (found[0].replace(b"\0", b"").decode("ascii") for found in _CHARACTERS.finditer(content))


def _width(run: bytes) -> str:
    wide = run[:4].count(b"\0") == 3
    return f"utf-{32 if wide else 16}-{'be' if run.startswith(bytes(1)) else 'le'}"


def hidden(text: str, words: Words) -> Iterator[Hidden]:
    """What a text holds as base64 or hex digits, where that is itself a text or packed, and behind escapes.

    Args:
        text: The text.
        words: Its long words.
    """
    if any(_hides(found[0]) for found in _ALONE.finditer(words.text)):
        short = []
        for found in _BASE64.finditer(text):
            for content in _said_by(found[0]):
                if len(content) - content.count(0) < LEAST_SAID:
                    continue
                if len(content) <= SHORT and b"\0" not in content and is_printable(content) and not is_packed(content):
                    short.append((content.decode("utf-8", "surrogateescape"), found.span()))
                else:
                    yield Hidden(content, [found.span()])
        yield from together(short)
    if words.have(_ESCAPED):
        yield from together(_unescaped(text, _ESCAPED, unquote, _ADDRESS), nearly=True)
    if any(escape in text for escape in BACKSLASHES):
        yield from together(_unescaped(text, _BACKSLASHED, _unbackslashed, _LITERAL), nearly=True)
    if "&" in text and any(entity in text for entity in ENTITIES):
        yield from together(_unescaped(text, _ENTITY, unescape, _LINE), nearly=True)


def _unescaped(
    text: str, escape: re.Pattern[str], plain: Callable[[str], str], part: re.Pattern[str]
) -> Iterator[tuple[str, tuple[int, int]]]:
    """What the parts of a text that hold an escape say without it."""
    reached = 0
    for line in escape.finditer(text):
        if line.start() < reached:
            continue
        first = max(text.rfind("\n", 0, line.start()) + 1, reached)
        last = text.find("\n", line.end())
        reached = len(text) if last < 0 else last
        for found in part.finditer(text, first, reached):
            said = plain(found[0])
            if said != found[0]:
                yield said, found.span()


def _unbackslashed(text: str) -> str:
    """A literal of JSON or a program with its letters in the place of their numbers."""
    return _BACKSLASHED.sub(lambda found: chr(int(found[1] or found[2], 16)), text)


def _hides(run: str) -> bool:
    """Whether a run of letters of base64, of one line, says something: nearly all runs are names and paths."""
    mixed = not (run.islower() or run.isupper()) and _DIGIT.search(run) is not None
    if mixed and len(run) >= BINARY_LINE and len(set(run)) >= LEAST_LETTERS:
        return True
    return _may_be_spelled(run) and next(_said_by(run), None) is not None


def _may_be_spelled(run: str) -> bool:
    """Whether a run may say something, by few of its letters."""
    for first in range(4):
        if run.startswith(FIRST_OF_PACKED, first):
            return True
        told = run[first : first + PROBED : 4]
        if len(told.translate(_NOT_FIRST)) <= len(told) // 6:
            return True
    return _HEX.search(run) is not None


def _said_by(run: str) -> Iterator[bytes]:
    """What a run says, over all its lines, and where these do not fit together, line by line."""
    pieces = [piece.rstrip("=") for piece in _LINE_ENDS.split(run)]
    whole = "".join(pieces)
    wrapped = len(pieces) > MOST_APART and len(pieces[0]) >= BINARY_LINE and len({*map(len, pieces[:-1])}) == 1
    apart = () if wrapped else pieces
    for spelled in dict.fromkeys((whole, *apart)):
        yield from _readings(spelled.replace("-", "+").replace("_", "/"))
    for digits in _HEX.finditer(run):
        content = bytes.fromhex(digits[0])
        if _is_worth_reading(content):
            yield content


def _readings(plain: str) -> Iterator[bytes]:
    """What base64 gives from each of the first four letters on: what stands before may be of its alphabet, too."""
    texts = 0
    for first in range(4):
        if len(plain) - first >= SHORTEST_RUN - 2 and _is_worth_reading(_decoded(plain[first : first + PROBED])):
            texts += 1
            yield _decoded(plain[first:])
    if not texts and len(plain) >= BINARY_RUN and len(set(plain)) >= LEAST_LETTERS and not _HEX.fullmatch(plain):
        yield _decoded(plain)


def _decoded(plain: str) -> bytes:
    whole = plain[: len(plain) - 1] if len(plain) % 4 == 1 else plain
    try:
        return base64.b64decode(whole + "=" * (-len(whole) % 4))
    except (binascii.Error, ValueError):  # not base64 after all
        return b""


def _is_worth_reading(content: bytes) -> bool:
    return is_packed(content) or is_printable(content)
