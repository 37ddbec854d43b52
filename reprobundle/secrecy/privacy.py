"""What tells who somebody is: folders, names of users and machines, addresses, numbers of phones, accounts and cards.

None of it is a secret; a person is told where it stands, and decides.
"""

from __future__ import annotations

import getpass
import re
import socket
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

SHORTEST_NAME = 4
COMMON_NAMES = frozenset(
    [
        "root",
        "user",
        "users",
        "admin",
        "administrator",
        "ubuntu",
        "debian",
        "runner",
        "jovyan",
        "vscode",
        "docker",
        "nobody",
        "home",
        "test",
        "tests",
        "student",
        "build",
        "guest",
        "public",
        "default",
        "localhost",
        "main",
        "train",
        "model",
        "data",
        "conda",
        "python",
        "work",
        "server",
        "local",
        "cloud",
        "node",
        "host",
    ]
)
NO_ADDRESS = re.compile(
    r"(?:^git@|^(?:no-?reply|user|name|someone|you|me|foo|bar|test|email|your\.?\w*|first\.last|jane\.?doe|john\.?doe)@"
    r"|@(?:[\w-]+\.)*example\.|\.example$|@localhost|@users\.noreply\.|@(?:domain|email|host|test|yourdomain)\.)",
    re.IGNORECASE,
)
TOP_LEVEL = (
    "com|org|net|edu|gov|mil|int|info|biz|io|ai|dev|app|eu|ac|at|au|be|br|ca|ch|cl|cn|co|cz|de|dk|es|fi|fr|gr|hu|ie|il|in|ir|"
    "it|jp|kr|lu|mx|nl|no|nz|pl|pt|ro|ru|se|sg|si|sk|tr|tw|ua|uk|us|vn|za"
)
AUTHORS = re.compile(
    r"(?:^|/)(?:licen[cs]e|authors|contributors|copying|notice|citation|maintainers|pyproject|setup)[^/]*$",
    re.IGNORECASE,
)
ADDRESS = "e-mail address"
PROSE = (".md", ".rst", ".txt")
NEAR = 4000  # characters above an address that are looked at for the key it belongs to

_SIGNED = re.compile(
    r"(?:^|[\s\"'{,_-])(?:contacts?|contact_(?:email|person)|authors?|creators?|maintainers?|corresponding(?:_author)?|citation"
    r"|acknowledge?ments?|__(?:author|email)__)(?:_?e?-?mails?)?[\"']?\s{0,4}[:=]",
    re.IGNORECASE,
)
OF_PEOPLE = frozenset({"email", "e-mail", "mail", "name", "given-names", "family-names", "affiliation", "orcid", "url"})
_KEY = re.compile(r"([\w-]{1,60})[\"']?\s{0,4}[:=]")
_HEADING = re.compile(r"#+\s+.*(?:contact|author|maintainer|citation|citing|cite|acknowledge?ment)", re.IGNORECASE)
_HOME = re.compile(
    r"(?<![\w.])(?:/home/|/Users/|[A-Za-z]:\\{1,2}Users\\{1,2})(?P<name>[A-Za-z][\w.-]{1,40})(?=[/\\\s\"'`,;:)]|$)"
)
_ADDRESS = re.compile(
    rf"(?<![\w.+%/@-])[A-Za-z0-9][\w.+%-]{{1,63}}@(?:[A-Za-z0-9-]{{2,63}}\.){{1,4}}(?:{TOP_LEVEL})(?![\w-]|\.\w)"
)
_PHONE = re.compile(r"(?<![\w+./-])\+[1-9]\d{0,2}[ \-./]\(?\d{1,5}\)?(?:[ \-./]\d{2,5}){1,4}(?![\w.-]*\d)")
_IBAN = re.compile(r"(?<![A-Z0-9])[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,4})?(?![A-Z0-9])")
_CARD = re.compile(
    r"(?<![\w.+-])(?:4\d{3}|5[1-5]\d{2}|2[2-7]\d{2}|3[47]\d{2}|6011)(?:(?:[ -]?\d{4}){3}|[ -]?\d{6}[ -]?\d{5})(?![\w.])"
)


@dataclass(frozen=True)
class Trace:
    """Something that tells who somebody is, which itself is not kept.

    Attributes:
        kind: What it is: ``home path``, ``user name``, ``host name``, ``e-mail address``, ``phone number``, ``account
            number`` or ``card number``.
        line: The line, from 1.
    """

    kind: str
    line: int


def own_names() -> dict[str, str]:
    """The names of this person and this machine that would say something, by name, with their kind."""
    found = {_user(): "user name", socket.gethostname().partition(".")[0]: "host name"}
    return {
        name: kind for name, kind in found.items() if len(name) >= SHORTEST_NAME and name.lower() not in COMMON_NAMES
    }


def _user() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without an entry, in a container
        return ""


def traces(text: str, path: str, names: dict[str, str]) -> Iterator[Trace]:
    """What in a text tells who somebody is, by its place.

    Args:
        text: The text.
        path: What it is called: that authors stand in a licence is as it should be.
        names: Further words to look for, with their kinds, as `own_names` gives them.
    """
    for kind, start in _found(text, names, authors=AUTHORS.search(path) is not None):
        if kind != ADDRESS or not is_signed(text, start, path):
            yield Trace(kind, text.count("\n", 0, start) + 1)


def is_signed(text: str, start: int, path: str) -> bool:
    """Whether what stands at a place was written as a contact, an author or for a citation, and so is meant to be read.

    Args:
        text: The text.
        start: The place.
        path: What the text is called: in Markdown the heading tells, elsewhere the keys above it.
    """
    above = text[max(start - NEAR, 0) : start].split("\n")
    if path.lower().endswith(PROSE):
        headings = (line for line in reversed(above[:-1]) if line.startswith("#"))
        return _SIGNED.search(above[-1]) is not None or _HEADING.match(next(headings, "")) is not None
    keys = _KEY.findall(above[-1])
    while keys and keys[-1].lower() in OF_PEOPLE:
        keys.pop()
    if keys and _SIGNED.search(f"{keys[-1]}:") is not None:
        return True
    return not keys and any(_SIGNED.search(line) for line in _keys_above(above))


def _keys_above(lines: Sequence[str]) -> Iterator[str]:
    """The lines under which the last one stands, as their indents tell."""
    depth = _depth(lines[-1])
    for line in reversed(lines[:-1]):
        if line.strip() and _depth(line) < depth:
            depth = _depth(line)
            yield line


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" \t-"))


def _found(text: str, names: dict[str, str], *, authors: bool) -> Iterator[tuple[str, int]]:
    for found in _HOME.finditer(text) if "/home/" in text or "Users" in text else ():
        if found["name"].lower() not in COMMON_NAMES:
            yield "home path", found.start()
    for name, kind in names.items():
        if name in text:
            yield from ((kind, one.start()) for one in re.finditer(rf"(?<![\w/\\.-]){re.escape(name)}(?![\w.-])", text))
    if "@" in text and not authors:
        yield from ((ADDRESS, one.start()) for one in _ADDRESS.finditer(text) if not NO_ADDRESS.search(one[0]))
    for kind, pattern, is_one in NUMBERS:
        yield from ((kind, one.start()) for one in pattern.finditer(text) if is_one(one[0]))


def _is_phone(text: str) -> bool:
    return 9 <= len(_digits(text)) <= 15


def _is_account(text: str) -> bool:
    """Whether the check digits of an international account number are right, as ISO 13616 has it."""
    plain = text.replace(" ", "")
    if not 15 <= len(plain) <= 34:
        return False
    return int("".join(str(int(letter, 36)) for letter in plain[4:] + plain[:4])) % 97 == 1


def _is_card(text: str) -> bool:
    """Whether the last digit of a card number is right, by Luhn's rule."""
    digits = [int(digit) for digit in reversed(_digits(text))]
    doubled = [digit * 2 - 9 * (digit > 4) for digit in digits[1::2]]
    return len(set(digits)) > 2 and (sum(digits[::2]) + sum(doubled)) % 10 == 0


def _digits(text: str) -> str:
    return re.sub(r"\D", "", text)


NUMBERS = (
    ("phone number", _PHONE, _is_phone),
    ("account number", _IBAN, _is_account),
    ("card number", _CARD, _is_card),
)
