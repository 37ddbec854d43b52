"""One allowance for one value, what is to be typed for it, and how long the gate searches."""

from __future__ import annotations

import base64
import shlex
import subprocess

import planted
import projects
import pytest

from reprobundle.components import hyperparameters
from reprobundle.components.environment.locking.packing import drop_secrets
from reprobundle.records import to_bytes
from reprobundle.secrecy import Allowance, allowances
from reprobundle.secrecy.files import MAX_BINARY_BYTES
from reprobundle.secrecy.gate import Gate
from reprobundle.secrecy.searching import Hit
from reprobundle.secrecy.values import cleaned, cut

DRAWN = planted.drawn("gate")
TOKEN, OTHER = DRAWN["hub-token"], DRAWN["github-token"]
LINE = f"k = '{TOKEN}'\n".encode()


def test_what_is_allowed_in_one_place_is_allowed_in_all():
    """Also in another spelling, and in a value; another secret of the same rule is not."""
    gate = Gate(allowances(["hub-token:a.py"]))
    other = planted.drawn("another")["hub-token"]
    met = [gate.look(path, content) for path, content in
           [("a.py", LINE), ("b.md", TOKEN.encode()), ("c.txt", base64.b64encode(LINE * 2)), ("d.py", other.encode())]]  # fmt: skip
    section = hyperparameters.Section(values={"hub": TOKEN, "other": other})

    assert [len(hits) for hits in met] == [0, 0, 0, 1]
    assert cleaned(section, gate, "/hyperparameters").values == {"hub": TOKEN, "other": "[left out: hub-token]"}
    assert gate.section is not None
    assert gate.section.allowed == (Allowance(rule="hub-token", path="a.py"),)


def test_an_order_does_not_matter_to_one_who_only_looks():
    """What is allowed later was met before: then it is forgotten."""
    gate = Gate(allowances(["hub-token:z.py"]))
    for path in ("a.py", "z.py"):
        gate.look(path, LINE)
    gate.look("b.py", OTHER.encode())
    gate.settle()

    assert [(leak.path, leak.rule) for leak in gate.leaks] == [("b.py", "github-token")]


def test_what_was_looked_at_ahead_is_known():
    """A gate that looks ahead tells which values are allowed, and keeps to itself what it met."""
    gate = Gate(allowances(["hub-token:z.py"]))
    ahead = gate.ahead()
    ahead.look("z.py", LINE)
    ahead.look("b.py", OTHER.encode())

    assert gate.look("a.py", LINE) == ()
    assert gate.leaks == ()
    assert [leak.path for leak in ahead.leaks] == ["b.py"]


def test_arguments_let_all_through():
    """One a value, as a shell takes them, whatever letters stand in a path; typed so, nothing is met again."""
    places = {"a [1]*.py": LINE, "b.py": LINE + OTHER.encode(), "it's.gz": planted.packed(DRAWN["gitlab-token"])}
    gate = Gate()
    for path, content in places.items():
        gate.look(path, content)
    again = Gate(allowances(shlex.split(" ".join(gate.arguments))))
    for path, content in places.items():
        again.look(path, content)

    assert gate.arguments == ("'hub-token:a [[]1][*].py'", "github-token:b.py", "'gitlab-token:it'\"'\"'s.gz'")
    assert again.leaks == ()


def test_a_patch_is_allowed_with_its_file():
    """A line that is gone stands in the patch alone when the bundle is looked at later."""
    gate = Gate(allowances(["hub-token:a.py"]))
    gate.look("a.py as committed", LINE)

    assert gate.section is not None
    assert [one.path for one in gate.section.allowed] == ["a.py", "code/uncommitted.patch"]


def test_nothing_of_a_secret_is_in_what_a_gate_shows():
    """Neither a secret nor what a guess could be tried against: marks are drawn anew for each gate."""
    gates = Gate(), Gate()
    marks = [gate.look("a.py", LINE)[0].mark for gate in gates]

    assert marks[0] != marks[1]
    assert not any(mark is not None and repr(mark) in repr(gate) for gate in gates for mark in marks)
    assert b"mark" not in to_bytes(gates[0].section)  # type: ignore[arg-type]


def test_all_searching_takes_of_the_time():
    """Names and values count, too; a section of the manifest is searched however late it is."""
    gate = Gate(seconds=0.0)
    gate.name_leaks("a.py")
    section = hyperparameters.Section(values={"hub": TOKEN})

    assert gate.look("b.py", LINE) == ()
    assert gate.unsearched == {"b.py": len(LINE)}
    assert cleaned(section, gate, "/hyperparameters").values == {"hub": "[left out: hub-token]"}


def test_what_of_a_wheel_was_not_searched_is_told(tmp_path):
    """A large binary in a wheel is searched in part."""
    gate = Gate()
    (tmp_path / "lib.so").write_bytes(bytes(MAX_BINARY_BYTES + 7))
    drop_secrets(tmp_path, "own", gate)

    assert gate.unsearched == {"wheels/own/lib.so": 7}


def test_places_that_overlap_are_cut_as_one():
    """Two rules may know parts of the same words."""
    hits = [Hit("a", 1, 2, 5), Hit("b", 1, 4, 8), Hit("c", 1, 9, 10)]

    assert cut("0123456789.", hits) == "01[left out: a]8[left out: c]."


MODEL = "import sys\nprint('imported', file=sys.stderr)\ndef predict(x):\n    return x\n"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project whose tracked card, settings and hyperparameters hold one value, and whose remote has a password."""
    said = f"title: A net\ndescription: see {TOKEN}\ncontact: Carol Meier <carol.meier@uni-bonn.de>\n"
    described = (
        f"name: small\nmodel: {{function: 'net:predict'}}\ndocumentation: card.yaml\nhyperparameters: {{a: {TOKEN}}}\n"
    )
    project = projects.make_project(tmp_path / "project", net=MODEL, settings=f"key = '{TOKEN}'\n")
    (project / "card.yaml").write_text(said)
    (project / "reprobundle.yaml").write_text(described)
    remote = f"https://bob:{DRAWN['openai-key'][8:30]}@example.org/bob/project.git"
    for argv in (["add", "."], ["commit", "-q", "-m", "More"], ["remote", "add", "origin", remote]):
        subprocess.run(["git", "-C", str(project), *argv], check=True, capture_output=True)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return project


@pytest.mark.slow
def test_a_command_refuses_before_anything_dear_and_one_argument_lets_it_through(project):
    """All places are told at once, before a line of the project is run; what it says to type is enough."""
    command = ["-m", "reprobundle", "capture", "--no-proof", "--budget", "0"]
    refused = projects.python(*command, cwd=project)
    typed = refused.stderr.partition("if none of it is a secret: ")[2]
    let = projects.python(*command, *shlex.split(typed), cwd=project)

    assert refused.returncode == 2
    assert refused.stderr.startswith("reprobundle: 5 secrets would be sealed, in 5 files:\n")
    assert "imported" not in refused.stderr
    assert typed == "--allow hub-token:manifest.json/hyperparameters/values/a\n"
    assert let.returncode == 0, let.stderr
    said = " ".join(let.stdout.split())
    assert "the address of git's remote 'origin' holds a password or a token: it was cut" in said
    assert "revoke it" in said
    assert "e-mail address" not in said
    assert DRAWN["openai-key"][8:30] not in let.stdout + let.stderr
