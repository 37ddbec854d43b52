"""What counts as known of data sets, base models and authors, and what is only a thing to check."""

from __future__ import annotations

from importlib import metadata

import git
import pytest

from reprobundle.components.documentation.card import Author, read_card
from reprobundle.initialising import CARD, init
from reprobundle.initialising.known_data import FOLDER, KNOWN, PACKAGE, passage


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty project, and an empty capture log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    project = tmp_path / "project"
    project.mkdir()
    return project


def _card(folder):
    return read_card((folder / CARD).read_bytes())


def _text(name):
    return (metadata.distribution(PACKAGE).locate_file(f"{FOLDER}/{KNOWN[name].file}")).read_text("utf-8")


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_every_passage_is_read_in_the_librarys_own_text(name):
    """What is filled in of a data set is what the installed package says, word for word; the house holds none of it."""
    text = _text(name)
    words = " ".join(text.split())

    for first, last in KNOWN[name].says.values():
        found, line = passage(first, last, text)
        assert (found.startswith(first), found.endswith(last), found in words) == (True, True, True)
        assert first.split()[0] in text.splitlines()[line - 1]
        assert passage(first, f"{last} of another", text) is None


@pytest.mark.parametrize("name", sorted(KNOWN))
def test_no_licence_is_filled_in_that_the_text_does_not_name(folder, name):
    """scikit-learn's texts name none, so it is asked; what another place offers is a thing to check, marked so."""
    (folder / "train.py").write_text(f"import sklearn.datasets\n{name}()\n")
    made = init(folder)

    assert "CC" not in _text(name)
    assert _card(folder).training_data.license is None
    assert "training_data.license" in made.asked
    assert ("training_data.license" in made.check) == (name != "sklearn.datasets.load_diabetes")
    assert f"(scikit-learn {metadata.version(PACKAGE)}, {KNOWN[name].file})" in _card(folder).training_data.collection
    assert made.captured["training_data.collection"][0] == "train.py:2"
    assert made.captured["training_data.collection"][1].startswith(f"{FOLDER}/{KNOWN[name].file}:")


@pytest.mark.parametrize(
    ("call", "known"),
    [
        ('AutoModel.from_pretrained("google/bert_uncased")', True),
        ('AutoModel.from_pretrained(pretrained_model_name_or_path="google/bert_uncased")', True),
        ('AutoModel.from_pretrained("bert-base-uncased")', True),
        ('AutoModel.from_pretrained("my-bert")', False),
        ('AutoModel.from_pretrained("google/local")', False),
        ('AutoModel.from_pretrained("checkpoints/best")', False),
        ('AutoModel.from_pretrained("results_v2/bert")', False),
        ('AutoModel.from_pretrained("ada/checkpoint-500")', False),
        ('AutoModel.from_pretrained("./google/bert")', False),
        ('AutoModel.from_pretrained("/data/google/bert")', False),
        ('Net.from_pretrained("google/bert_uncased")', False),
    ],
)
def test_a_base_model_is_a_name_on_the_hub_with_evidence(folder, call, known):
    """Folders, checkpoints and names that may be either are asked about, never filled in."""
    (folder / "google" / "local").mkdir(parents=True)
    (folder / "train.py").write_text(f"from net import Net\nfrom transformers import AutoModel\nmodel = {call}\n")
    made = init(folder)

    assert bool(_card(folder).base_model) == known
    assert ("base_model" in made.check) == (not known)
    if not known:
        assert (
            "which train.py:3 loads: a name on the Hub, or a folder or checkpoint of your own?"
            in made.check["base_model"]
        )


def test_what_loads_no_model_names_no_base(folder):
    """A tokenizer or a configuration of another model makes none of it."""
    (folder / "train.py").write_text(
        "from transformers import AutoConfig, AutoTokenizer\n"
        'AutoTokenizer.from_pretrained("google/bert")\nAutoConfig.from_pretrained("google/bert")\n'
    )
    made = init(folder)

    assert (_card(folder).base_model, dict(made.check)) == ((), {})


def test_authors_of_a_citation_keep_what_it_says_of_them(folder):
    """ORCID, affiliation and the parts of a name are kept; an entity stays an organisation, a wrong ORCID is left out."""
    (folder / "CITATION.cff").write_text("""\
title: T
date-released: 2026-02-28
authors:
  - {family-names: Beethoven, name-particle: van, given-names: Ludwig, affiliation: Bonn,
     orcid: "https://orcid.org/0000-0002-1825-0097"}
  - {name: The Lab, orcid: "12"}
  - {alias: ada}
  - {website: none}
  - 3
""")
    init(folder)

    assert _card(folder).released == "2026-02-28"
    assert _card(folder).authors == (
        Author(name="van Beethoven, Ludwig", affiliation="Bonn", orcid="https://orcid.org/0000-0002-1825-0097"),
        Author(name="The Lab", kind="organisation"),
        Author(name="ada"),
    )


def test_what_the_project_does_comes_before_what_the_data_is_said_to_be(folder):
    """A library tells how the features of its data were made; a project that selects among them says more of its model."""
    (folder / "train.py").write_text("import sklearn.datasets\nsklearn.datasets.load_digits()\n")
    init(folder)
    told = _card(folder).data_preparation.feature_selection
    (folder / "train.py").write_text(
        "import sklearn.datasets\nfrom sklearn.feature_selection import SelectKBest\n"
        "sklearn.datasets.load_digits()\nSelectKBest(k=9)\n"
    )
    init(folder, force=True)

    assert told.startswith("“32x32 bitmaps are divided")
    assert _card(folder).data_preparation.feature_selection == "SelectKBest(k=9)"


def test_programs_that_commit_are_no_authors(folder):
    """Of the git history people count, without addresses."""
    repository = git.Repo.init(folder)
    (folder / "a.py").write_text("")
    repository.index.add(["a.py"])
    for name in ("Ada Lovelace", "dependabot[bot]"):
        who = git.Actor(name, "a@b.example")
        repository.index.commit("one", author=who, committer=who)
    repository.close()
    init(folder)

    assert [author.name for author in _card(folder).authors] == ["Ada Lovelace"]
    assert "a@b.example" not in (folder / CARD).read_text()
