from __future__ import annotations

import json

import pytest
from lint_cards import CARD, bundle, card

from reprobundle.bundle import Bundle


def test_findings_stand_with_their_place(call, tmp_path):
    """Whether it is ready comes first, then the score, each finding with rule, file and line, message and way out, then the sections."""
    place = bundle(tmp_path / "b", card(contact="you@example.com", ethics__consent=None, compute__energy=None))
    code, out, err = call("lint", place)

    assert (code, err) == (1, "")
    assert (
        out
        == f"""\
NOT READY: 1 error
SCORE 94 of 100: 1 error, 2 pieces of advice
bundle       tiny  {Bundle.open(place).id}

Errors
  placeholder  in the bundle's {CARD}:11
    contact: 'you@example.com' is a placeholder
    hint: answer: how can somebody be reached?

Pieces of advice
  missing  in the bundle's {CARD}
    line 47  ethics.consent: did people agree to the use of their data?
    line 55  compute.energy: how much energy did it take, and how is that estimated?

Score by section
  model             █████████████████···   85  6 answered, 1 weak (weight 15)
  use               ████████████████████  100  3 answered (weight 12)
  training data     ████████████████████  100  7 answered (weight 16)
  data preparation  ████████████████████  100  4 answered (weight 10)
  training          ████████████████████  100  5 answered (weight 13)
  evaluation        ████████████████████  100  3 answered (weight 12)
  ethics            █████████████████···   83  5 answered, 1 missing (weight 12)
  compute           ███████████████·····   75  3 answered, 1 missing (weight 5)
  sharing           ████████████████████  100  3 answered (weight 5)

Answers go into a copy of documentation/card.yaml; reprobundle document BUNDLE CARD makes a new
bundle with it.
"""
    )


def test_a_score_that_is_too_low(call, tmp_path):
    """``--fail-under`` ends with 1 without any error, and says so."""
    place = bundle(tmp_path / "b", card(examples=None))

    assert call("lint", place, "--fail-under", "98", "--quiet") == (0, "", "")
    code, out, _ = call("lint", place, "--fail-under", "99")
    assert code == 1
    assert out.splitlines()[:2] == [
        "NOT READY: score 98, under the 99 asked for",
        "SCORE 98 of 100: 1 piece of advice",
    ]


def test_nothing_to_say(call, tmp_path):
    """A full card has a hundred, and no advice on how to give answers."""
    code, out, _ = call("lint", bundle(tmp_path / "b"), "--fail-under", "100")

    assert code == 0
    assert out.splitlines()[:2] == ["READY TO PUBLISH", "SCORE 100 of 100: nothing to say"]
    assert out.splitlines()[-1].startswith("  sharing")


def test_the_document(call, tmp_path):
    """``--json`` prints the report alone, in the published form."""
    jsonschema = pytest.importorskip("jsonschema")
    from pathlib import Path

    code, out, err = call("lint", bundle(tmp_path / "b", card(contact="you@example.com")), "--json")
    schema = json.loads((Path(__file__).parents[2] / "schemas" / "lint.schema.json").read_text("utf-8"))
    jsonschema.validate(json.loads(out), schema)

    assert (code, err) == (1, "")
    assert json.loads(out)["ready"] is False
    assert json.loads(out)["lints"][0]["rule"] == "placeholder"


def test_a_card_alone(call, tmp_path, monkeypatch):
    """A card before capture says what it is, and that captured facts are left out."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "card.yaml").write_text("title: Digits\n", "utf-8")
    code, out, _ = call("lint", "card.yaml")

    assert code == 1
    assert out.splitlines()[:2] == [
        "NOT READY: no answer to description, authors, license, contact, use.intended, use.limitations",
        "SCORE 4 of 100: 6 warnings, 10 pieces of advice",
    ]
    assert out.splitlines()[2:4] == [
        "card         card.yaml",
        "             in no bundle yet: what a capture fills in is left out of the score",
    ]
    assert "data preparation                            left to capture" in out


def test_an_allowed_rule(call, tmp_path):
    """``--allow`` lets a rule go by name: it is shown as allowed, and the exit code is 0; a misspelt one is refused."""
    place = bundle(tmp_path / "b", card(contact="you@example.com"))
    code, out, err = call("lint", place, "--allow", "placeholder")
    lines = out.splitlines()

    assert (code, err) == (0, "")
    assert lines[:2] == ["READY TO PUBLISH", "SCORE 97 of 100: 1 allowed"]
    assert lines[4:6] == ["Allowed", f"  placeholder  in the bundle's {CARD}:11"]
    assert json.loads(call("lint", place, "--allow", "placeholder", "--json")[1])["ready"] is True
    code, _, err = call("lint", place, "--allow", "placeholders")
    assert (code, err) == (
        2,
        "reprobundle: there is no rule 'placeholders' of lint\nhint: did you mean 'placeholder'?\n",
    )


def test_the_projects_own_card(call, tmp_path, monkeypatch):
    """Where the project's card is at hand, its line is told, and how it gets into the bundle."""
    made = bundle(tmp_path / "out" / "b", card(contact="you@example.com", ethics__consent=None))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "card.yaml").write_text("title: Digits\n\ncontact: you@example.com\n", "utf-8")
    _, out, _ = call("lint", made)

    assert "  placeholder  card.yaml:3\n" in out
    assert "  missing  card.yaml\n             ethics.consent: did people agree" in out
    assert out.endswith(
        "Answers go into card.yaml; reprobundle document BUNDLE card.yaml makes a new bundle with them.\n"
    )


def test_hostile_text_is_spelled_out(call, tmp_path):
    """What a card says reaches the terminal escaped."""
    _, out, _ = call("lint", bundle(tmp_path / "b", card(version="\x1b[31m TODO: \u202e")))

    assert "\x1b" not in out
    assert "\u202e" not in out


def test_what_is_not_there(call, tmp_path):
    """A path at which nothing is, is no bundle: 2."""
    code, out, err = call("lint", tmp_path / "none")

    assert (code, out) == (2, "")
    assert "is not a bundle: expected a folder, found nothing there" in err


def test_open_questions(call, tmp_path):
    """Where a reader's first questions are open it is not ready, whatever the score: the headline names them, and 1 is the end."""
    place = bundle(tmp_path / "b", card(title=None, contact="TBD", use__intended=None, ethics__bias="TBD"))
    code, out, _ = call("lint", place)

    assert code == 1
    assert out.startswith("NOT READY: no answer to title, contact, use.intended\nSCORE ")
    assert "    line 11  contact: how can somebody be reached?\n" in out
    assert call("lint", place, "--allow", "missing", "--quiet")[0] == 0
