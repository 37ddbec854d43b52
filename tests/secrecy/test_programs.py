"""Secrets that a Python program makes of its literals over several lines, and passwords in files of a form of their own."""

from __future__ import annotations

import ast
import json
import time

import planted
import pytest

from reprobundle.secrecy import programs
from reprobundle.secrecy.evaluating import LONGEST, Evaluation
from reprobundle.secrecy.searching import search

DRAWN = planted.drawn("programs")
TOKEN, PASSWORD = DRAWN["hub-token"], DRAWN["private-key"][:15]
FIRST, REST = TOKEN[:15], TOKEN[15:]
GIVEN = f'A = "{FIRST}"\nB = "{REST}"\n'


def _hits(text, path="a.py"):
    return [(hit.rule, hit.line) for hit in search(text.encode(), path)]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (GIVEN + "t = (\n    A\n    + B\n)\n", 4),
        (GIVEN + "x = A + B[:0] + B\n" + "y = A\nz = y + B\n", 5),
        (f'parts = ["{FIRST}", "{REST}"]\nt = "".join(parts)\n', 2),
        (f't = "hf_"\nt += "{TOKEN[3:18]}"\nt += "{TOKEN[18:]}"\n', 3),
        (f'a = "{TOKEN[:10]}"\nb = "{TOKEN[10:20]}"\nc = "{TOKEN[20:]}"\nx = a + b\nt = x + c\n', 5),
        (f't = "hf_{{x}}".format(x="{TOKEN[3:]}")\n', 1),
        (f'x = "{TOKEN[3:]}"\nt = "hf_%(x)s" % {{"x": x}}\n', 2),
        (f't = "hf-{TOKEN[3:]}".replace("-", "_")\n', 1),
        (f'P = dict(a="{FIRST}")\nQ = {{"b": P, "c": "{FIRST}"}}\nt = Q["c"] + "{REST}"\n', 3),
        (f'def f(a="{FIRST}", *, b="{REST}"):\n    return a + b\n', 2),
        (f'(a, b), n = ("{FIRST}", "{REST}"), 1\nt = f"""\n{{a}}{{b}}"""\n', 2),
    ],
)
def test_what_is_made_over_several_lines(text, line):
    """Names, lists and dictionaries of literals are followed through the program, in its order; each is told once."""
    assert _hits(text) == [("hub-token", line)]


@pytest.mark.parametrize(
    "text",
    [
        f'x = os.environ.get("PASSWORD") or "{PASSWORD}"',
        f'x = os.environ["PASSWORD"] or "{PASSWORD}"',
        f'x = os.environ.get(\n    "PASSWORD",\n    "{PASSWORD}",\n)',
        f'connect(password=os.getenv("PW") or "{PASSWORD}")',
        f'user, password = os.environ.get("U", "bob"), os.environ.get("P", "{PASSWORD}")',
        f'hosts, password = ["a", "b"], "{PASSWORD}"',
        f'user, *rest, password = "bob", "x", "y", "{PASSWORD}"',
        f'user, password = (  # to log in\n    "bob",\n    "{PASSWORD}",\n)',
        f'cfg["user"], cfg["password"] = "bob", "{PASSWORD}"',
        f'requests.get(u, auth=("bob", "{PASSWORD}"))',
        f'HTTPBasicAuth("bob", "{PASSWORD}")',
        f'get(u, auth=HTTPBasicAuth("bob", "{PASSWORD}"))',
        f'keyring.set_password("service", "bob", "{PASSWORD}")',
        f'if "{PASSWORD}" != password:\n    pass',
        f'password = (\n    os.environ.get("PASSWORD")\n    or "{PASSWORD}"\n)',
    ],
)
def test_what_a_statement_gives_to_a_name(text):
    """Whatever its layout, and whatever else the same statement gives."""
    assert [rule for rule, _ in _hits(f"# ä\n{text}\n")] == ["assigned-secret"]


@pytest.mark.parametrize(
    "text",
    [
        f'hosts, password, key = ["a"], ask(), "{PASSWORD}"',
        f'auth = ("bob", ask("{PASSWORD}"))',
        f'A = "{FIRST}"\npassword = A + ask()\nx = A + ask() + "{REST}"',
        f'x = os.environ.get("PATH") or "{PASSWORD}"',
        f'password = digest("{PASSWORD}")',
        GIVEN + "A = ask()\nt = (\n A\n + B\n)",
        GIVEN + "t = (A + B",
    ],
)
def test_what_only_the_program_knows(text):
    """A value of another name, what a call gives, what a name was given since, and what is no program."""
    assert _hits(text) == []


def test_cells_of_a_notebook_are_one_program():
    """What one cell gives another one joins; a cell for a shell, or in another language, is passed by."""
    cells = ([f'a = "{FIRST}"'], ["%%bash\n", "echo (\n"], ["!pip install x\n", f'b = "{REST}"'], ["t = a + b"])
    content = json.dumps({"cells": [{"cell_type": "code", "source": cell, "outputs": []} for cell in cells]}, indent=1)

    assert [rule for rule, _ in _hits(content, "a.ipynb")] == ["hub-token"]


@pytest.mark.parametrize(
    ("path", "text", "rule"),
    [
        ("Dockerfile", f"FROM x\nENV DB_PASSWORD {PASSWORD}\n", "assigned-secret"),
        ("run.sh", f"docker login -u bob -p {PASSWORD} registry.io\n", "command-password"),
        ("run.sh", f"mysql -u root -p{PASSWORD} db\n", "command-password"),
        (".pgpass", f"host:5432:db:bob:{PASSWORD}\n", "assigned-secret"),
        (".htpasswd", f"bob:$2y$05$c4WoMPo3S{PASSWORD}HHa6uXQZWr7oboPiC2b\n", "assigned-secret"),
        ("a.json", json.dumps({"value": PASSWORD, "name": "DB_PASSWORD"}), "assigned-secret"),
        ("a.csv", f"sep=;\nuser;password\nbob;{PASSWORD}\n", "assigned-secret"),
        ("a.csv", f"# exported\n\nuser,password\nbob,{PASSWORD}\n", "assigned-secret"),
        ("a.csv", f"#user,password\nbob,{PASSWORD}\n", "assigned-secret"),
    ],
)
def test_forms_of_their_own(path, text, rule):
    """Files that are known by their name, options of commands, pairs the other way round, tables below a comment."""
    assert [found for found, _ in _hits(text, path)] == [rule]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("run.sh", "docker run -p 8080:8080 registry/image:1.2b3\nmysql -P3306 -ppassword db\n"),
        ("Dockerfile", "ENV PASSWORD_FILE /run/secrets/db1\nENV PATH /opt/a1b2c3d4/bin\n"),
        ("a.json", json.dumps([{"value": PASSWORD, "name": "city"}, {"value": "words-alone", "name": "password"}])),
        ("a.csv", f"# password\nuser,city\nbob,{PASSWORD}\n"),
    ],
)
def test_ordinary_forms(path, text):
    """Ports, paths, other names and comments that speak of passwords are let through."""
    assert _hits(text, path) == []


@pytest.mark.parametrize(
    "text",
    ["-" * 10**5 + "1", "a" + ".b" * 10**5, "(\na" + "\n+a" * 10**5 + ")", "a" + "(b)" * 10**5, "lambda: " * 10**5 + "1",
     "if a: b\n" + "elif a: b\n" * 10**4, "f(" * 10**5, "x = a if b else " * 10**4],
    ids=range(8),
)  # fmt: skip
def test_deep_programs_are_not_parsed(text):
    """Deep trees end some Pythons; what stands on a line of its own is found all the same."""
    assert programs.parsed(text) is None
    assert _hits(f'{text}\ntoken = "{TOKEN}"\n')[-1][0] == "hub-token"


def test_a_table_in_a_program_is_not_deep():
    """Thousands of items side by side, in whatever layout, lie within nothing."""
    text = "TABLE = {\n" + "".join(f"    a.b{n}: (-{n}, x[{n}] + 1),\n" for n in range(5000)) + "}\n"

    assert programs.parsed(text) is not None


def test_texts_that_grow_have_an_end():
    """A name doubled on each line takes no time and no memory."""
    evaluation = Evaluation()
    evaluation.value(ast.parse('a = "xY1"\n' + "a = a + a\n" * 100 + "b = (a, a) + (a, a)\n" * 100))

    assert max(len(said) for said, _ in evaluation.told) <= LONGEST


def test_time_grows_with_the_size():
    """Four times the program takes about four times as long."""
    line = f'd["a"] = "{FIRST}" + x.format(a="{REST}") if "b" else (A + f"{{B}}" "%s" % (a, b))\n'

    def seconds(times):
        begun = time.process_time()
        search((GIVEN + line * times).encode(), "a.py")
        return time.process_time() - begun

    assert seconds(2000) < 8 * min(seconds(500) for _ in range(3)) + 0.2
