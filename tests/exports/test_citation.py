from __future__ import annotations

import pytest
import yaml

from reprobundle.components.code.section import Repository
from reprobundle.components.documentation.card import Author, Card
from reprobundle.exports.citation import citation

AUTHORS = (
    Author(name="Lovelace, Ada", orcid="0000-0002-1825-0097", affiliation="London"),
    Author(name="The Team", kind="organisation"),
)
REPOSITORY = Repository(
    commit="0" * 40, tree="1" * 40, branch="main", remote="forge.example/ada/digits.git", dirty=False, shallow=False
)


def test_a_full_card_makes_a_full_citation():
    """Every field that the standard knows is carried over, a person told apart from a team."""
    card = Card(
        title="Digits",
        description="Reads digits.",
        authors=AUTHORS,
        version="1.0",
        released="2026-02-28",
        license="Apache-2.0",
        doi="10.5281/zenodo.123",
        tags=("digits", "digits", "mnist"),
    )

    assert yaml.safe_load(citation(card, REPOSITORY) or "") == {
        "cff-version": "1.2.0",
        "message": "If you use this model, please cite it as below.",
        "type": "software",
        "title": "Digits",
        "abstract": "Reads digits.",
        "authors": [
            {
                "family-names": "Lovelace",
                "given-names": "Ada",
                "affiliation": "London",
                "orcid": "https://orcid.org/0000-0002-1825-0097",
            },
            {"name": "The Team"},
        ],
        "version": "1.0",
        "date-released": "2026-02-28",
        "license": "Apache-2.0",
        "doi": "10.5281/zenodo.123",
        "repository-code": "https://forge.example/ada/digits",
        "commit": "0" * 40,
        "keywords": ["digits", "mnist"],
    }


@pytest.mark.parametrize("card", [Card(), Card(title="Digits"), Card(authors=AUTHORS)])
def test_without_title_or_authors_there_is_none(card):
    """The standard requires both."""
    assert citation(card) is None


@pytest.mark.parametrize(
    ("licence", "shown"),
    [
        ("MIT", "MIT"),
        ("mit OR apache-2.0", ["MIT", "Apache-2.0"]),
        ("MIT AND Apache-2.0", None),
        ("LicenseRef-Own", None),
        ("No-Such-Licence", None),
        ("GPL-2.0-only WITH Classpath-exception-2.0", None),
    ],
)
def test_only_licences_that_the_standard_can_hold(licence, shown):
    """A choice of licences is a list; other expressions and unknown names are left out rather than written wrong."""
    card = Card(title="Digits", authors=AUTHORS, license=licence)

    assert yaml.safe_load(citation(card) or "").get("license") == shown


def test_text_that_looks_like_yaml_stays_text():
    """A title of YAML's own words and signs is read back as it was."""
    title = "no: &anchor *alias !!python/object #comment"
    made = citation(Card(title=title, authors=(Author(name="null"),), version="1.10"))

    assert yaml.safe_load(made or "")["title"] == title
    assert yaml.safe_load(made or "")["version"] == "1.10"
    assert yaml.safe_load(made or "")["authors"] == [{"alias": "null"}]


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("Ada Lovelace", {"given-names": "Ada", "family-names": "Lovelace"}),
        ("Ada King Lovelace", {"given-names": "Ada King", "family-names": "Lovelace"}),
        ("García Márquez, Gabriel", {"given-names": "Gabriel", "family-names": "García Márquez"}),
        ("Ludwig van Beethoven", {"given-names": "Ludwig", "name-particle": "van", "family-names": "Beethoven"}),
        ("van der Waals, Johannes", {"given-names": "Johannes", "name-particle": "van der", "family-names": "Waals"}),
        (
            "Charles de la Vallée Poussin",
            {"given-names": "Charles", "name-particle": "de la", "family-names": "Vallée Poussin"},
        ),
        ("Sammy Davis Jr.", {"given-names": "Sammy", "family-names": "Davis", "name-suffix": "Jr."}),
        ("Wright, III, Frank Edwin", {"given-names": "Frank Edwin", "family-names": "Wright", "name-suffix": "III"}),
        ("Davis, Jr.", {"family-names": "Davis", "name-suffix": "Jr."}),
        ("demo", {"alias": "demo"}),
        ("山田 太郎", {"alias": "山田 太郎"}),
        ("bell hooks", {"given-names": "bell", "family-names": "hooks"}),
    ],
)
def test_a_persons_name_is_parted(name, parts):
    """Names from git and from people are persons: family, given, particle and suffix; one word is an alias."""
    made = yaml.safe_load(citation(Card(title="T", authors=(Author(name=name, affiliation="A"),))) or "")

    assert made["authors"] == [{**parts, "affiliation": "A"}]


@pytest.mark.parametrize(
    ("remote", "address"),
    [
        ("forge.example/a/b.git", "https://forge.example/a/b"),
        ("forge.example/~a/b", "https://forge.example/~a/b"),
        ("git.internal/a/b", None),
        ("10.0.0.1/a/b", None),
        ("workstation/a/b", None),
        ("forge.example:2222/a/b", None),
        ("forge.example/a/b?token=x", None),
        ("a@forge.example/a/b", None),
        (None, None),
    ],
)
def test_only_a_public_remote_is_an_address(remote, address):
    """Host and path of a name that everybody can ask; nothing with a port, a user or a query."""
    repository = REPOSITORY.model_copy(update={"remote": remote, "dirty": True})
    made = yaml.safe_load(citation(Card(title="T", authors=AUTHORS), repository) or "")

    assert (made.get("repository-code"), made.get("commit")) == (address, None)


def test_nobody_is_cited_by_no_name():
    """An author without any letter is left out, and without others there is no citation."""
    assert citation(Card(title="T", authors=(Author(name=" , "),))) is None
