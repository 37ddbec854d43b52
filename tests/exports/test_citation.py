from __future__ import annotations

import pytest
import yaml

from reprobundle.components.documentation.card import Author, Card
from reprobundle.exports.citation import citation

AUTHORS = (Author(name="Lovelace, Ada", orcid="0000-0002-1825-0097", affiliation="London"), Author(name="The Team"))


def test_a_full_card_makes_a_full_citation():
    """Every field that the standard knows is carried over, a person told apart from a team."""
    card = Card(
        title="Digits",
        description="Reads digits.",
        authors=AUTHORS,
        version="1.0",
        license="Apache-2.0",
        doi="10.5281/zenodo.123",
        tags=("digits", "digits", "mnist"),
    )

    assert yaml.safe_load(citation(card) or "") == {
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
        "license": "Apache-2.0",
        "doi": "10.5281/zenodo.123",
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
    assert yaml.safe_load(made or "")["authors"] == [{"name": "null"}]
