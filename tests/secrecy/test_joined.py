"""Secrets that a program spreads: over names, several names at once, arguments and what is to be used in their place."""

from __future__ import annotations

import planted
import pytest

from reprobundle.secrecy.joining import joined
from reprobundle.secrecy.searching import search

DRAWN = planted.drawn("joined")
TOKEN, PASSWORD = DRAWN["hub-token"], DRAWN["private-key"][:16]
FIRST, REST = TOKEN[:3], TOKEN[3:]
HEAD, TAIL = PASSWORD[:8], PASSWORD[8:]


def _hits(text, path="a.py"):
    return [(hit.rule, hit.line) for hit in search(text.encode(), path)]


@pytest.mark.parametrize(
    "line",
    [
        f'user, password = "bob", "{PASSWORD}"',
        f'password, user = "{PASSWORD}", input("name: ")',
        f'(user, password) = ("bob", "{PASSWORD}")',
        f"self.user, self.password, n = 'bob', '{PASSWORD}', 3",
        f'url, api_key = os.environ["URL"], "{PASSWORD}"',
        f'url, n, api_key = get("a"), 3, "{PASSWORD}"',
        f'const [user, password] = ["bob", "{PASSWORD}"];',
        f'db = dict(user="bob", password="{PASSWORD}")',
        f'connect(host, password="{PASSWORD}", user="bob")',
        f'connect(host, port, password="{PASSWORD}")',
        f'def connect(host, password="{PASSWORD}", *others): pass',
        f'os.environ["DB_PASSWORD"] = "{PASSWORD}"',
        f'os.environ.update(API_KEY="{PASSWORD}")',
        f'setattr(config, "password", "{PASSWORD}")',
        f'config.set("db", "password", "{PASSWORD}")',
        f'password = os.getenv("PASSWORD", "{PASSWORD}")',
        f'password = os.environ.get("PASSWORD") or "{PASSWORD}"',
        f'password = given if given else "{PASSWORD}"',
        f'password = "{HEAD[:4]}" + "{HEAD[4:]}" + "{TAIL}"',
        f'password = "".join(["{HEAD[:4]}", "{HEAD[4:]}", "{TAIL}"])',
    ],
)
def test_what_a_line_gives_to_a_name(line):
    """Several names at once, arguments, keys, and what is used where nothing is set."""
    assert _hits(f"# one\n{line}\n") == [("assigned-secret", 2)]


@pytest.mark.parametrize(
    "line",
    [
        "t = A + B",
        't = f"{A}{B}"',
        't = "".join([A, B])',
        't = "".join((self.A, self.B))',
        't = "{}{}".format(A, B)',
        't = "%s%s" % (A, B)',
        f't = "{FIRST}" + B',
        f't = "{FIRST}{{}}".format(B)',
        "login(token=A + B)",
        'os.environ["X"] = A + B',
        "const t = A + B;",
        "if connect(A + B):",
    ],
)
def test_names_that_are_put_together(line):
    """Whatever a program puts together of names with literals is read in its place."""
    assert _hits(f'A = "{FIRST}"\nB = "{REST}"\n\n{line}\n') == [("hub-token", 4)]


@pytest.mark.parametrize("line", ["password = A + B", 'password = f"{A}{B}"', 'os.environ["PASSWORD"] = A + B'])
def test_what_is_put_together_for_a_name(line):
    """A password has no format: the name it is given to tells it."""
    assert _hits(f'A = "{HEAD}"\nB = "{TAIL}"\n{line}\n') == [("assigned-secret", 3)]


def test_what_is_added_to_a_name():
    """A name may also grow."""
    assert _hits(f'a = "{TOKEN[:20]}"\na += "{TOKEN[20:]}"\n') == [("hub-token", 2)]


@pytest.mark.parametrize(
    "text",
    [
        f'user, password, n = "bob", ask(), "{PASSWORD}"',
        f'print(password, "{PASSWORD}")',
        f'names = ["password", "{PASSWORD}"]',
        f'A = "{FIRST}"\nlog(A, "{REST}")',
        f'A = "{HEAD}"\npassword = A + ask()',
        f'B = "{REST}"\nt = known + B',
        f'token = "{HEAD}" + ask()',
        'typed = said.partition("it is no secret: ")[2].partition("x1")',
        f'A = "{HEAD}"\nt = (A +',
    ],
)
def test_what_is_told_apart(text):
    """A value of another name, arguments side by side, and what only the program knows."""
    assert _hits(text) == []


def test_a_line_is_read_as_it_would_be():
    """With one literal in the place of what makes it, and its place in the text."""
    text = f'A = "{FIRST}"\nB = "{REST}"\nt = A + B\n'

    assert [(said, text[slice(*span)]) for said, span in joined(text)] == [(f"t = '{TOKEN}'", "t = A + B")]


def test_a_program_without_drawn_literals_is_not_parsed():
    """Nearly every program: what its names are given are words."""
    assert list(joined('a = "words"\nb = "and-more"\nc = a + b\n')) == []
