"""What a person may hand over, where findings are placed, and how fast it is told."""

from __future__ import annotations

import datetime
import shutil
import time
from pathlib import Path

import pytest
import yaml
from lint_cards import CARD, FULL, bundle, card, claim
from tiny import tiny_manifest

import reprobundle
from reprobundle.bundle import verify
from reprobundle.components import claims
from reprobundle.errors import RefusedInputError, UsageError
from reprobundle.exports.archives import pack
from reprobundle.linting import _report
from reprobundle.linting.subject import of_card
from reprobundle.manifest import Proof
from reprobundle.store import FileEntry

GOLDEN = Path(__file__).parents[1] / "golden" / "bundle-v1"


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A folder of a project, the current one."""
    folder = tmp_path / "project"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def places(place):
    return [(lint.place, lint.within) for lint in reprobundle.lint(place).of("error")]


def write(place, value):
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(yaml.safe_dump(value, sort_keys=False), "utf-8")


def test_without_the_projects_card_the_bundles_is_named(project):
    """Where no card of the project is at hand, the place is that of the bundle's copy."""
    assert places(bundle(project / "b", card(contact="you@example.com"))) == [(f"{CARD}:11", "bundle")]


@pytest.mark.parametrize("name", ["documentation/card.yaml", "card.yaml"])
def test_the_projects_own_card_is_named(project, name):
    """A card below the current folder with the same answer is named with its own line."""
    write(project / name, {"doi": None, **card(contact="you@example.com")})

    assert places(bundle(project / "out" / "b", card(contact="you@example.com"))) == [(f"{name}:11", "project")]


def test_the_card_that_the_specification_names(project):
    """The card is looked for where ``reprobundle.yaml`` says, and in it, if it stands there."""
    made = bundle(project / "out" / "b", card(contact="you@example.com"))
    write(project / "reprobundle.yaml", {"name": "x", "documentation": "about/model.yaml"})
    write(project / "about" / "model.yaml", {"contact": "you@example.com", "title": "Digits"})

    assert places(made) == [("about/model.yaml:1", "project")]
    write(
        project / "reprobundle.yaml", {"name": "x", "documentation": {"title": "Digits", "contact": "you@example.com"}}
    )
    assert places(made) == [("reprobundle.yaml:4", "project")]


def test_a_card_that_the_captured_source_has(project):
    """A card of another name is found by its path in the captured source."""
    text = yaml.safe_dump(card(contact="you@example.com"), sort_keys=False)
    write(project / "about" / "my_card.yaml", {"title": "Digits", "contact": "you@example.com"})
    made = bundle(project / "out" / "b", card(contact="you@example.com"), {"code/source/about/my_card.yaml": text})

    assert places(made) == [("about/my_card.yaml:2", "project")]


def test_a_card_that_says_something_else(project):
    """An answer that was changed since, another model's card and a file that is no card are not named."""
    made = bundle(project / "out" / "b", card(contact="you@example.com"))
    for value in (card(), card(title="Letters", contact="you@example.com"), ["a"], "x: ["):
        write(project / "card.yaml", value)

        assert places(made) == [(f"{CARD}:11", "bundle")]


def test_the_copy_in_a_bundle_is_nobodys_own(project, monkeypatch):
    """Inside the bundle its own card is the bundle's."""
    made = bundle(project / "b", card(contact="you@example.com"))
    monkeypatch.chdir(made)

    assert places(Path(".")) == [(f"{CARD}:11", "bundle")]


def test_a_missing_answer_is_placed_where_it_is_written(project):
    """What has no answer in either card is placed in the project's."""
    write(project / "card.yaml", {"title": "Digits", "contact": None})
    (lint,) = reprobundle.lint(bundle(project / "b", card(contact=None))).lints

    assert (lint.rule, lint.place, lint.within) == ("missing", "card.yaml:2", "project")


@pytest.mark.parametrize(
    ("name", "content", "message", "hint"),
    [
        ("manifest.json", b"{}", "is no card but the manifest of a bundle", "lint the folder: reprobundle lint ."),
        ("README.md", b"# Digits", "is no card: expected YAML, found .md",
         "the card is documentation/card.yaml; reprobundle init writes one to begin with"),
    ],
)  # fmt: skip
def test_what_is_no_card(project, name, content, message, hint):
    """A manifest and a README are told for what they are, with the way out."""
    (project / name).write_bytes(content)
    with pytest.raises(RefusedInputError) as caught:
        reprobundle.lint(name)

    assert (str(caught.value), caught.value.hint) == (f"{name}: {message}", hint)


@pytest.mark.parametrize("name", ["b.zip", "b.tar", "b"])
def test_a_packed_bundle(project, name):
    """A file that pack wrote is looked at as the folder is, whatever it is called; nothing of it is left behind."""
    folder = bundle(project / "b-folder", card(contact=None))
    packed = project / ("x.tar" if name == "b.tar" else "x.zip")
    pack(verify(folder), packed)
    packed.rename(project / name)

    said = []
    found = reprobundle.lint(name, say=said.append)

    assert found == reprobundle.lint(folder)
    assert said[0].startswith(f"unpacking {name} into a temporary folder, ")
    assert not Path(said[0].rpartition(", ")[2]).exists()


@pytest.mark.parametrize(
    ("name", "content"), [("b.zip", b"PK\x03\x04"), ("c.tar", b"title: Digits"), ("d", b"\0" * 257 + b"ustar")]
)
def test_a_damaged_archive(project, name, content):
    """What begins like an archive, or is called so, is read as one, and refused as one."""
    (project / name).write_bytes(content)
    with pytest.raises(RefusedInputError, match=f"^archive '{name}': ") as caught:
        reprobundle.lint(name)

    assert caught.value.hint is not None


@pytest.mark.parametrize(
    ("address", "shown", "hint"),
    [
        ("hub://ada/digits", "hub://ada/digits", "reprobundle pull hub://ada/digits DIR brings it here; then lint DIR"),
        (
            Path("hub://ada/digits"),
            "hub://ada/digits",
            "reprobundle pull hub://ada/digits DIR brings it here; then lint DIR",
        ),
        ("https://example.org/b.zip", "https://example.org/b.zip", "fetch it first"),
    ],
)
def test_what_is_elsewhere(address, shown, hint):
    """An address is no place on this machine; the hint says how it gets here."""
    with pytest.raises(UsageError) as caught:
        reprobundle.lint(address)

    assert (str(caught.value), caught.value.hint) == (f"{shown!r} is not on this machine", hint)


def test_the_golden_bundle_is_looked_at(tmp_path):
    """A bundle of the first version is scored, and nothing in it is called broken."""
    report = reprobundle.lint(shutil.copytree(GOLDEN, tmp_path / "golden"))

    assert {lint.rule for lint in report.of("error")} <= {"proof-failed"}
    assert report.score > 0


def test_rules_are_let_go_by_name(tmp_path):
    """An allowed rule is told as allowed and refuses nothing; it is forgotten with the report."""
    place = bundle(tmp_path / "b", card(contact="you@example.com", license="Apache2"))
    both = reprobundle.lint(place, allow=["placeholder", "licence-invalid"])
    one = reprobundle.lint(place, allow=["placeholder"])

    assert (both.ready, both.exit_code(), both.of("error")) == (True, 0, ())
    assert [(lint.rule, lint.level, lint.allowed) for lint in both.let_go] == [
        ("licence-invalid", "error", True),
        ("placeholder", "error", True),
    ]
    assert (one.ready, [lint.rule for lint in one.of("error")]) == (False, ["licence-invalid"])
    assert not reprobundle.lint(place).ready


@pytest.mark.parametrize("make", [verify, lambda place: place / CARD], ids=["bundle", "card"])
def test_a_rule_that_is_not_there(tmp_path, make):
    """A misspelt rule is a usage error that names the nearest, as for publish."""
    place = make(bundle(tmp_path / "b"))
    with pytest.raises(UsageError) as caught:
        reprobundle.lint(getattr(place, "path", place), allow=["license-data"])

    assert str(caught.value) == "there is no rule 'license-data' of lint"
    assert caught.value.hint == "did you mean 'licence-data'?"


def test_ready_is_what_the_exit_code_says(tmp_path):
    """Errors, or a lower score than asked for, are in the way: verdict, field and exit code say the same."""
    place = bundle(tmp_path / "b", card(examples=None))
    low, enough = reprobundle.lint(place, fail_under=99), reprobundle.lint(place, fail_under=98)

    assert (low.ready, low.exit_code(), low.verdict) == (
        False,
        1,
        "NOT READY: score 98, under the 99 asked for",
    )
    assert (enough.ready, enough.exit_code(), enough.verdict) == (True, 0, "READY TO PUBLISH")
    assert reprobundle.lint(place / CARD).verdict == "READY TO CAPTURE"


def test_what_nobody_reloaded_is_not_called_ready_without_that_word(tmp_path):
    """An unproven bundle may be published, and says so where a person looks first."""
    place = bundle(tmp_path / "b", card(), proof=Proof(status="not run", why="it was switched off"))

    assert reprobundle.lint(place).verdict == "READY TO PUBLISH, UNPROVEN (1 warning)"


@pytest.mark.parametrize(
    ("changed", "score"),
    [
        ({}, 100),
        ({"proof": Proof(status="close")}, 100),
        ({"proof": Proof(status="not run", why="it was switched off")}, 90),
        ({"claims": claims.Section(claims=(claim(entry=None),))}, 90),
        ({"claims": claims.Section(claims=(claim(entry=None), claim(id="again")))}, 100),
        ({"claims": claims.Section(claims=())}, 90),
    ],
)
def test_words_alone_do_not_make_a_hundred(tmp_path, changed, score):
    """A full card over a bundle that was never reloaded, or in which nothing computes any number, scores 90."""
    place = bundle(tmp_path / "b", card(), **changed)

    assert reprobundle.lint(place).score == score
    assert reprobundle.lint(place / CARD).score == 100


def test_many_files_take_no_time():
    """A manifest of 100,000 files is looked through in a moment."""
    files = tuple(FileEntry(path=f"code/source/{n:06}_card.py", size=1, xxh3_128="0" * 32) for n in range(100_000))
    manifest = tiny_manifest(files=files)
    content = yaml.safe_dump(FULL, sort_keys=False).encode("utf-8")
    subject = of_card(content, name=CARD, today=datetime.date(2026, 1, 1), manifest=manifest, root=Path())
    began = time.monotonic()
    _report(subject, name="b")

    assert time.monotonic() - began < 3
