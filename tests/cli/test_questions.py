"""What is asked, answered and open is one judgement: README.md, ``document``, ``show`` and ``lint`` tell it alike."""

from __future__ import annotations

import copy
import json
import re

import pytest
import yaml
from lint_cards import FULL, bundle, card

from reprobundle.bundle import verify
from reprobundle.components import documentation, hyperparameters
from reprobundle.components.documentation.questions import OPTIONAL, QUESTIONS

ASKED = set(QUESTIONS) - OPTIONAL
NESTED = hyperparameters.Section(values={"optimizer": {"lr": 0.1, "betas": [0.9, 0.99]}, "dropout": None})


def placeholders():
    """The full card with something that is no answer in every field that takes a text."""
    made = copy.deepcopy(FULL)
    for name, value in made.items():
        if isinstance(value, dict):
            made[name] = dict.fromkeys(value, "TBD")
        elif isinstance(value, str):
            made[name] = "to be determined"
    return {**made, "authors": ["<your name>"], "tags": [], "training_data": {**made["training_data"], "license": None},
            "license": None, "doi": None}  # fmt: skip


CARDS = {
    "empty": {},
    "full": FULL,
    "full and optional": card(doi="10.5281/zenodo.3678171", task="image-classification", datasets=["ylecun/mnist"]),
    "without the optional": card(doi=None),
    "placeholders": placeholders(),
    "of a demo": {"title": "Digits", "license": "Apache-2.0"},
}


def words_of(path):
    """A path as the card and the screen have it."""
    part, _, field = path.rpartition(".")
    return f"{part or 'the model'}: {field}".replace("_", " ")


def listed(lines):
    """Each question that stands in lines such as ``use: intended, limitations``."""
    return {
        f"{part}: {field}"
        for part, _, fields in (line.partition(": ") for line in lines)
        for field in fields.split(", ")
    }


def open_in(heading, text):
    """The questions below a heading, and the numbers before it; none where there is no such heading."""
    found = re.search(r"(\d+) of (\d+) questions of the card are answered", text)
    below = text.partition(heading)[2]
    lines = [line.removeprefix("- ").strip() for line in below.strip("\n").partition("\n\n")[0].split("\n") if line]
    return listed(lines), found and tuple(map(int, found.groups()))


def told(call, place):
    """What each of them calls open, and what it counts."""
    answers = {}
    readme = call("export", "card", place)[1]
    answers["card"] = open_in("Still open:\n\n", readme)
    shown = call("show", place, "documentation")[1]
    answers["show"] = open_in("\nOpen\n", shown)
    looked = json.loads(call("lint", place, "--json")[1])
    missing = {words_of(one["path"]) for one in looked["lints"] if one["path"] in ASKED}  # some by a rule that says why
    answered = sum(section["answered"] + section["captured"] + section["weak"] for section in looked["sections"])
    asked = answered + sum(section["missing"] for section in looked["sections"])
    answers["lint"] = missing, (answered, asked)
    return answers


@pytest.fixture(autouse=True)
def wide(monkeypatch, tmp_path):
    """A terminal on which no list is wrapped, and a log of captures of one's own."""
    monkeypatch.setenv("COLUMNS", "400")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.mark.parametrize("name", CARDS)
def test_all_four_tell_the_same(call, tmp_path, name):
    """Whatever the card says, the same questions are open, and as many are counted, in each of the four."""
    bundle(tmp_path / "b", {"title": "before"}, hyperparameters=NESTED)
    (tmp_path / "card.yaml").write_text(yaml.safe_dump(CARDS[name]), "utf-8")
    made = json.loads(call("document", tmp_path / "b", tmp_path / "card.yaml", "--out", tmp_path / "new", "--json")[1])
    section = made["documentation"]
    open_, counted = set(map(words_of, section["gaps"])), (section["filled"], section["fields"])
    answers = told(call, tmp_path / "new")

    assert {kind: found for kind, (found, _) in answers.items()} == dict.fromkeys(answers, open_)
    assert {numbers for _, numbers in answers.values()} - {None} == {counted}
    assert counted == (len(ASKED) - len(open_), len(ASKED))
    assert not open_ & set(map(words_of, OPTIONAL))
    assert bool(open_) == (not name.startswith(("full", "without")))


def test_what_was_captured_is_open_nowhere(call, tmp_path):
    """A card that says nothing of hyperparameters that stand in the manifest, nested or not, has no gap there."""
    bundle(tmp_path / "b", {}, hyperparameters=NESTED)
    call("document", tmp_path / "b", _file(tmp_path, {"title": "Digits"}), "--out", tmp_path / "new")
    for found, _ in told(call, tmp_path / "new").values():
        assert not {"training: hyperparameters", "training: architecture", "evaluation: metrics"} & found


def test_a_card_of_an_earlier_version(call, tmp_path):
    """A section that counted optional questions, and what was captured, as gaps is read by today's judgement."""
    everything = tuple(path for path in QUESTIONS if path != "title")
    section = documentation.Section(path="documentation/card.yaml", filled=1, fields=45, gaps=everything, known=())
    place = bundle(tmp_path / "b", {"title": "Digits"}, hyperparameters=NESTED, documentation=section)
    answers = told(call, place)

    assert answers["card"] == answers["show"] == answers["lint"]
    assert verify(place).manifest.documentation == section


def test_a_person_is_told_what_the_capture_told(call, tmp_path):
    """The count names how many of the answers came of the capture, in the same words everywhere."""
    place = bundle(tmp_path / "b", {"title": "before"}, hyperparameters=NESTED)
    documented = call("document", place, _file(tmp_path, {"title": "Digits"}), "--out", tmp_path / "new")[1]
    words = re.search(r"\d+ of 42 questions of the card are answered, \d+ of them by capture", documented)

    assert words is not None
    assert words[0] in call("show", tmp_path / "new", "documentation")[1]
    assert words[0] in call("export", "card", tmp_path / "new")[1]


def _file(folder, said):
    place = folder / "card.yaml"
    place.write_text(yaml.safe_dump(said), "utf-8")
    return place
