"""Tokens in other spellings: put together by a program, packed, escaped, in tables, over several lines of a notebook."""

from __future__ import annotations

import base64
import bz2
import gzip
import html
import json
import lzma
import random
import zlib
from urllib.parse import quote

import planted
import pytest

from reprobundle.secrecy.assignments import NAME as ASSIGNED
from reprobundle.secrecy.folding import folded
from reprobundle.secrecy.searching import search

DRAWN = planted.drawn("spellings")
TOKEN = DRAWN["hub-token"]
FIRST, SECOND, REST = TOKEN[:3], TOKEN[3:20], TOKEN[20:]
PASSWORD = DRAWN["private-key"][:14]


def _hits(content: bytes | str, path: str = "a.py") -> list[tuple[str, int | None]]:
    found = search(content.encode() if isinstance(content, str) else content, path)
    return [(hit.rule, hit.line) for hit in found]


def _some(count: int, letters: str = planted.LETTERS) -> str:
    source = random.Random(count)
    return "".join(source.choice(letters) for _ in range(count))


def _jose(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value, separators=(",", ":")).encode()).decode().rstrip("=")


@pytest.mark.parametrize(
    "text",
    [
        f'k = "{FIRST}" + "{SECOND}{REST}"',
        f"k = '{FIRST}' + \"{SECOND}\" + '{REST}'",
        f'k = ("{FIRST}"  # first\n     "{SECOND}"\n     "{REST}")',
        f'k = "{FIRST}" \\\n    "{SECOND}{REST}"',
        f'k = b"{FIRST}" + b"{SECOND}{REST}"',
        f'k = "".join(["{FIRST}", "{SECOND}", "{REST}"])',
        f"k = ''.join(('{FIRST}',\n  '{SECOND}{REST}'))",
        f"k = f\"{FIRST}{{'{SECOND}{REST}'}}\"",
        f'k = "{FIRST}\\x{ord(SECOND[0]):02x}{SECOND[1:]}" + "{REST}"',
        f'const k = "{FIRST}" + "{SECOND}{REST}";',
    ],
)
def test_literals_that_are_put_together(text):
    """By a plus sign, side by side, by join and in an f-string, in the line where they begin."""
    assert _hits(f"# one\n{text}\n", "a.js" if text.startswith("const") else "a.py") == [("hub-token", 2)]


@pytest.mark.parametrize(
    "text",
    [
        f'log("{FIRST}", "{SECOND}{REST}")',
        f'print("a token begins with {FIRST} "\n      "{SECOND}{REST}")',
        '"a" "b" + "c"',
        '"' + "x" * 5000 + '" "y"',
        '"""' + "'" * 3000,
        "f\"{'(' * 9}\" + f\"a{'b'}\"",
    ],
)
def test_literals_that_stay_apart(text):
    """Arguments and words of a message do not go on from one to the next, and what is no program harms nobody."""
    assert _hits(text) == []


def test_a_fold_is_in_place():
    """It spans the literals, so that all of them are cut."""
    text = f'k = "{FIRST}" + "{SECOND}{REST}"  # here'

    assert [(said, text[slice(*span)]) for said, span in folded(text, "a.py")] == [
        (TOKEN, f'"{FIRST}" + "{SECOND}{REST}"')
    ]


@pytest.mark.parametrize(
    "content",
    [
        zlib.compress(TOKEN.encode()),
        b"\0\1\2x\0" + zlib.compress(b"words " * 20 + TOKEN.encode()) + b"\0\3",
        b"\0\1\2x\0" + gzip.compress(b"words " * 20 + TOKEN.encode()) + b"\0\3",
        bz2.compress(TOKEN.encode()),
        bz2.compress(b"words") + bz2.compress(TOKEN.encode()),
        lzma.compress(TOKEN.encode()),
        base64.b64encode(zlib.compress(b"words " * 9 + TOKEN.encode())),
        base64.b64encode(bz2.compress(TOKEN.encode())),
        base64.b64encode(lzma.compress(TOKEN.encode())),
        zlib.compress(TOKEN.encode())[:-4],
    ],
    ids=["zlib", "zlib-within", "gzip-within", "bz2", "bz2-twice", "xz", "zlib-base64", "bz2-base64", "xz-base64", "cut-off"],
)  # fmt: skip
def test_what_is_packed(content):
    """Streams that tell what they are by how they begin, alone or among other bytes, or in base64."""
    assert {rule for rule, _ in _hits(content, "a.bin")} == {"hub-token"}


@pytest.mark.parametrize("magic", [b"\x78\x9c", b"\x1f\x8b\x08", b"BZh91AY&SY", b"\xfd7zXZ\0"])
def test_what_only_looks_packed(magic):
    """Bytes that begin so by chance harm nobody, however often they come."""
    assert _hits(magic + b"\xff" * 50) == _hits(b"\0\1" + magic * 20_000) == []


@pytest.mark.parametrize(
    ("text", "path", "line"),
    [
        (f"user,password\nann,x\nbob,{PASSWORD}\n", "a.csv", 3),
        (f'id;"API_KEY";n\n1;"{TOKEN[3:]}";2\n', "a.csv", 2),
        (f"user\taccess_token\nbob\t{_some(24)}\n", "a.tsv", 2),
        (f'"name","a\nb"\n"x","y"\nbob,{PASSWORD}\n', "a.csv", None),
    ],
)
def test_columns(text, path, line):
    """The header says what a value is, in the line of the value; not in a text, and not under another name."""
    expected = [] if line is None else [(ASSIGNED, line)]

    assert _hits(text, path) == expected
    assert _hits(text, "a.txt") == []


def test_columns_of_words():
    """The tokens of a text are words, also where the column is called so."""
    assert _hits("token,label\nHouse2,N\ninternationalisation,N\n", "a.csv") == []


@pytest.mark.parametrize("name", ["source", "text", "text/plain"])
def test_lines_of_a_notebook(name):
    """A token that goes on in the next item of a list is one, told in the line where the list begins."""
    cell = {"cell_type": "code", name: [f"a {TOKEN[:12]}", f"{TOKEN[12:]} b"]}
    text = json.dumps({"cells": [cell]}, indent=1)
    line = 1 + text[: text.index(f'"{name}"')].count("\n")

    assert _hits(text, "a.ipynb") == [("hub-token", line)]
    assert _hits(
        json.dumps({"cells": [{**cell, name: [f"k = '{FIRST}' + '{SECOND}{REST}'\n", "x\n"]}]}), "a.ipynb"
    ) == [("hub-token", 1)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("".join(f"&#{ord(letter)};" for letter in TOKEN), "hub-token"),
        ("".join(f"&#x{ord(letter):x};" for letter in TOKEN), "hub-token"),
        (html.escape(f'{{"password": "{PASSWORD}"}}'), ASSIGNED),
        ("https://x.org/?t=" + "".join(f"%{ord(letter):02X}" for letter in TOKEN), "hub-token"),
        ("https://x.org/?t=" + TOKEN.replace("_", "%5F"), "hub-token"),
        ("https://x.org/?u=" + quote(f"https://bob:{PASSWORD}@h.org/", safe=""), "url-password"),
    ],
)
def test_escapes(text, rule):
    """Of HTML and of addresses; what also stands there as it is, is told once."""
    assert _hits(f"one\n<p>{text}</p>\n", "a.html") == [(rule, 2)]
    assert _hits(f"one &quot;{TOKEN}&quot; %20\n", "a.html") == [("hub-token", 1)]


_SIGNED = _some(43)


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("FwoGZXIvYXdzE" + _some(500), "aws-session-token"),
        ("IQoJb3JpZ2luX2Vj" + _some(900) + "==", "aws-session-token"),
        (base64.b64encode(b"123456789012345678").decode() + "." + _some(6) + "." + _some(38), "discord-bot"),
        (f"{_jose({'alg': 'HS256'})}.{_jose({'a': 1})}.{_SIGNED}", "jwt"),
        (f"{_jose({'alg': 'RS256', 'kid': 'k'})}.{_jose({'sub': 'u', 'x': _some(900)})}.{_some(342)}", "jwt"),
        (f"{_jose({'alg': 'RSA-OAEP'})}.{_some(342)}.{_some(16)}.{_some(200)}.{_some(22)}", "jwt"),
        ("https://api.telegram.org/bot" + _some(10, "123456789") + ":AA" + _some(33) + "/getMe", "telegram-token"),
    ],
)
def test_formats(text, rule):
    """Tokens of a session, of a bot, of the web, signed or encrypted, each alone."""
    assert _hits(f"see '{text}' there") == [(rule, 1)]


@pytest.mark.parametrize("between", ["\\n", "\\\\n", " ", ""])
def test_private_keys_of_one_line(between):
    """As JSON and variables have them: with escaped ends of lines, with blanks, or with nothing."""
    body = base64.b64encode(random.Random(5).randbytes(1200)).decode()
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    text = between.join(["-----BEGIN PRIVATE " + "KEY-----", *lines, "-----END PRIVATE " + "KEY-----"])

    assert _hits(f'{{"k": "{text}"}}', "a.json") == [("private-key", 1)]
