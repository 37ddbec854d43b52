"""A README's first heading and paragraph answer what the model is called and what it does."""

from __future__ import annotations

import time

import pytest

from reprobundle.components.documentation.card import read_card
from reprobundle.initialising import CARD, init
from reprobundle.initialising.models import models_in
from reprobundle.initialising.project import modules_of
from reprobundle.initialising.readme import readme_facts
from reprobundle.initialising.source_facts import source_facts


def told(folder, text, name="README.md"):
    """What is read, with its place."""
    (folder / name).write_text(text)
    return [(fact.path, fact.value, *fact.source) for fact in readme_facts(folder)]


def test_title_and_description(tmp_path):
    """Front matter, badges, pictures, lists and marks are passed over; each answer has its line."""
    text = (
        "---\nlicense: mit\n---\n[![CI](https://a/b.svg)](https://a)\n\n# Iris *ranker* ([paper](https://x.org))\n\n"
        "![pic](a.png)\n\n- list\n\n```\ncode\n```\nRanks irises by `petal_length`,\nfor **botanists**.\n\n## Use\nMore.\n"
    )

    assert told(tmp_path, text) == [
        ("title", "Iris ranker (paper)", "README.md:6"),
        ("description", "Ranks irises by petal_length, for botanists.", "README.md:15"),
    ]


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        ("Iris\n====\n\nRanks.\n", [("title", "Iris", "README.md:1"), ("description", "Ranks.", "README.md:4")]),
        ("# TODO\n\nTBD\n", []),
        ("# README\n\nRanks.\n", [("description", "Ranks.", "README.md:3")]),
        ("# Iris\n\n## Install\n\nType this.\n", [("title", "Iris", "README.md:1")]),
        ("# Iris\n\nRanks.\n\n*Made by reprobundle from `manifest.json`*\n", []),
        ("", []),
        ("\n" * 5000, []),
    ],
)
def test_what_else_a_readme_may_be(tmp_path, text, facts):
    """An underlined heading counts, a placeholder and a card of this program do not, nor what stands below another heading."""
    assert told(tmp_path, text) == facts


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            "# Iris\n<!-- internal: do not publish,\n see wiki -->\nRanks \\\nirises.\n",
            [("title", "Iris", "README.md:1"), ("description", "Ranks irises.", "README.md:4")],
        ),
        ("# " + "Iris " * 500 + "\n\nRanks.\n", [("description", "Ranks.", "README.md:3")]),
        ("Ranks <!-- SECRET --> irises.\n", [("description", "Ranks irises.", "README.md:1")]),
        (
            "# Iris\n\nRanks.\n<!-- to be said\n",
            [("title", "Iris", "README.md:1"), ("description", "Ranks.", "README.md:3")],
        ),
        ("# Project Title\n\nOne Paragraph of project description goes here\n", []),
        ("This is NOT ready; replace this text with a description of the model.\n", []),
        ("---\ntitle: a\nlicense: mit\n\nHello.\n", []),
        (
            "\ufeff# Iris\r\n\r\nRanks\u202e \x1b[1mirises.\r\n",
            [("title", "Iris", "README.md:1"), ("description", "Ranks [1mirises.", "README.md:3")],
        ),
    ],
    ids=[
        "comment",
        "heading that nobody wrote",
        "comment in a line",
        "comment without an end",
        "template",
        "note",
        "open front matter",
        "byte order mark",
    ],
)
def test_what_a_browser_does_not_show_is_no_fact(tmp_path, text, facts):
    """Comments, marks of bytes, signs without a form and what a template asks for describe no model."""
    assert told(tmp_path, text) == facts


@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-32", "latin-1", "utf-8"])
def test_a_readme_of_another_coding_tells_nothing(tmp_path, coding):
    """It would be read as signs that nobody wrote, or without some that somebody did; that is said."""
    (tmp_path / "README.md").write_bytes("# Straße\n\nRanks \ufffd irises.\n".encode(coding, "replace"))
    unread = []

    assert list(readme_facts(tmp_path, unread.append)) == []
    assert unread == ["README.md: is not UTF-8 text"]


def test_a_readme_may_be_cut_in_a_character(tmp_path):
    """Only its beginning is read, and that may end anywhere."""
    (tmp_path / "README.md").write_text("# A\n\n" + "ß" * 60_000)

    assert [fact.value for fact in readme_facts(tmp_path)] == ["A"]


@pytest.mark.parametrize("many", ["[", "![", "[![", "(", "<a ", "<!--", "*", "[a](", "-" * 5])
def test_a_hostile_readme_takes_no_time(tmp_path, many):
    """A page of one sign, in one line or in many, is read in time that grows with its length."""
    began = time.monotonic()
    for text in ("# " + many * 90_000, (many * 300 + "\n") * 60):
        told(tmp_path, text)

    assert time.monotonic() - began < 2


def test_no_readme(tmp_path):
    """Without one nothing is told."""
    assert list(readme_facts(tmp_path)) == []


def test_a_source_without_a_docstring_is_no_place_of_the_description(tmp_path):
    """The places of a description are those of the docstrings that it is made of."""
    (tmp_path / "net.py").write_text("from torch import nn\n\n\nclass Net(nn.Sequential):\n    pass\n")
    (tmp_path / "train.py").write_text('"""Ranks irises."""\nimport net\n\nif __name__ == "__main__":\n    net.Net()\n')
    modules = modules_of(tmp_path)
    (fact,) = [fact for fact in source_facts(modules, models_in(modules)[0], tmp_path) if fact.path == "description"]

    assert (fact.value, fact.source) == ("Ranks irises.", ("train.py:1",))


PAGES = {
    "CITATION.cff": ("title: Of the citation\nabstract: Cites irises.\n", "Of the citation", "Cites irises."),
    "README.md": ("# Of the page\n\nShows irises.\n", "Of the page", "Shows irises."),
    "pyproject.toml": ('[project]\nname = "packed"\ndescription = "Packs irises."\n', "packed", "Packs irises."),
}


@pytest.mark.parametrize("pages", [[*PAGES], ["README.md", "pyproject.toml"], ["pyproject.toml"], []])
def test_a_docstring_describes_the_model_only_where_no_page_does(tmp_path, monkeypatch, pages):
    """What people wrote for readers comes first: the citation, the page, the packaging; no docstring is a title."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = tmp_path / "project"
    project.mkdir()
    (project / "net.py").write_text("from torch import nn\n\n\nclass Net(nn.Module):\n    'Ranks.'\n")
    for name in pages:
        (project / name).write_text(PAGES[name][0])
    made = init(project)
    card = read_card((project / CARD).read_bytes())

    assert (card.title, card.description) == (PAGES[pages[0]][1:] if pages else (None, "Ranks."))
    assert made.captured["description"][0].partition(":")[0] == (pages[0] if pages else "net.py")


def test_what_a_script_hands_to_capture_comes_before_every_page(tmp_path, monkeypatch):
    """It is the person's own answer, given for this card."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "README.md").write_text(PAGES["README.md"][0])
    (tmp_path / "train.py").write_text(
        "import reprobundle\nreprobundle.capture('x', documentation={'title': 'T', 'description': 'D'})\n"
    )
    init(tmp_path)
    card = read_card((tmp_path / CARD).read_bytes())

    assert (card.title, card.description) == ("T", "D")
