"""What tells who somebody is."""

from __future__ import annotations

import pytest
from tiny import tiny_manifest

from reprobundle import withholding
from reprobundle.components import claims
from reprobundle.components.claims.section import GroupValue
from reprobundle.components.interface import Stage
from reprobundle.secrecy.privacy import traces
from reprobundle.store import Writer


def _kinds(text: str, path: str = "train.py", names: dict[str, str] | None = None) -> list[tuple[str, int]]:
    return [(trace.kind, trace.line) for trace in traces(text, path, names or {})]


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('root = "/home/alice/data"', "home path"),
        ("C:\\Users\\Bob\\model", "home path"),
        ("/Users/carol/x", "home path"),
        ("mail: carol.meier@uni-bonn.de", "e-mail address"),
        ("call +49 228 731 4455", "phone number"),
        ("IBAN DE89 3704 0044 0532 0130 00", "account number"),
        ("card 4111 1111 1111 1111 ok, 4539-5787-6362-1486", "card number"),
    ],
)
def test_traces(text, kind):
    """Each kind is known, with its line."""
    assert (kind, 2) in _kinds("\n" + text)


@pytest.mark.parametrize(
    "text",
    ["/home/user/x", "/home/ubuntu/x", "a@b.T", "you@example.org", "git@github.com:o/r", "x @ w.to", "noreply@github.com",
     "+1.25 2.5 3.5", "DE89 3704 0044 0532 0130 01", "4111 1111 1111 1112", "0.4111111111111111", "decorator@x"],
)  # fmt: skip
def test_what_tells_nothing(text):
    """Common users, examples, matrices and numbers with wrong check digits."""
    assert _kinds(text) == []


def test_names_of_this_person_and_machine():
    """As words of their own, not within others, and not within paths, which are told as such."""
    assert _kinds("by alicem\nmalicem alicems", names={"alicem": "user name"}) == [("user name", 1)]


def test_authors_stand_in_licences():
    """Who wrote a package is meant to be known."""
    text = "authors = carol.meier@uni-bonn.de"

    assert _kinds(text, "pyproject.toml") == _kinds(text, "LICENSE") == []


@pytest.mark.parametrize(
    ("text", "path", "told"),
    [
        ("contact: Carol <carol.meier@uni-bonn.de>", "card.yaml", False),
        ("contact:\n  - name: Carol\n    email: carol.meier@uni-bonn.de", "documentation/card.yaml", False),
        ("authors:\n- carol.meier@uni-bonn.de", "a.cff", False),
        ('{"authors": [{"email": "carol.meier@uni-bonn.de"}]}', "a.json", False),
        ("# A net\n\n## Contact\n\nwrite to carol.meier@uni-bonn.de", "README.md", False),
        ('__author__ = "Carol <carol.meier@uni-bonn.de>"', "a.py", False),
        ("contact:\n  x: 1\nnotify:\n  email: carol.meier@uni-bonn.de", "a.yaml", True),
        ('{"contact": "me", "users": "carol.meier@uni-bonn.de"}', "a.json", True),
        ("# A net\n\n## Contact\n\n## Data\n\nof carol.meier@uni-bonn.de", "README.md", True),
        ("email: carol.meier@uni-bonn.de", "a.yaml", True),
    ],
)
def test_what_is_signed_is_meant_to_be_read(text, path, told):
    """An address under a contact, an author or a citation is published on purpose; elsewhere it is told."""
    assert [kind for kind, _ in _kinds(text, path)] == ["e-mail address"] * told


def test_groups_of_persons_are_told_before_the_seal(tmp_path):
    """Names and numbers of groups get into the card, whatever made them: a note names the claim and the way out."""
    group = GroupValue(name="carol.meier@uni-bonn.de", value=0.5)
    section = claims.Section(claims=(claims.Claim(id="a", text="accuracy", value=0.5, groups=(group,)),))
    manifest = tiny_manifest().model_copy(update={"claims": section})
    told = withholding.sealed(manifest, Stage(Writer(tmp_path))).notes

    assert [(note.kind, note.message) for note in told] == [
        ("privacy", "claim 'a': the name of group 1 holds an e-mail address")
    ]
