from __future__ import annotations

import json

import pytest
from lint_cards import bundle as linted
from lint_cards import card

from reprobundle import cli
from reprobundle.bundle import verify
from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.exports import datacite


@pytest.fixture(autouse=True)
def day(monkeypatch):
    """Every export is of one day."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1780000000")


def test_the_schema_accepts_it(tmp_path):
    """DataCite's own schema has nothing against the document of a full card."""
    schema = pytest.importorskip("datacite.schema45")
    made = datacite.document(verify(linted(tmp_path / "digits", name="digits")))

    assert schema.validate(made)
    assert made["doi"] == "10.5281/zenodo.3678171"
    assert made["types"]["resourceTypeGeneral"] == "Model"
    assert (made["publisher"], made["publicationYear"]) == ({"name": "Zenodo"}, "2026")
    assert made["creators"] == [
        {
            "name": "Lovelace, Ada",
            "nameType": "Personal",
            "familyName": "Lovelace",
            "givenName": "Ada",
            "nameIdentifiers": [
                {
                    "nameIdentifier": "https://orcid.org/0000-0002-1825-0097",
                    "nameIdentifierScheme": "ORCID",
                    "schemeUri": "https://orcid.org",
                }
            ],
            "affiliation": [{"name": "Analytical Society"}],
        }
    ]
    assert [right["rights"] for right in made["rightsList"]] == ["Apache-2.0"]


@pytest.mark.parametrize(
    "changed",
    [
        {"authors": [{"name": "Plato"}, {"name": "The Analytical Society", "kind": "organisation"}]},
        {"authors": ["Ludwig van Beethoven", "King, Jr., Martin Luther", "山田太郎"]},
        {"license": "MIT OR Apache-2.0"},
        {"license": "GPL-3.0-only WITH Classpath-exception-2.0"},
        {"license": "LicenseRef-own"},
        {"doi": None, "description": None, "tags": []},
        {
            "released": "2026-02-28",
            "language": ["en"],
            "datasets": ["10.24432/C50P49", "https://example.org/x", "mnist"],
        },
    ],
)
def test_the_schema_accepts_every_card(tmp_path, changed):
    """People of one word or many, organisations, choices of licences and what is missing leave the document valid."""
    schema = pytest.importorskip("datacite.schema45")
    made = datacite.document(verify(linted(tmp_path / "digits", card(**changed), name="digits")))

    assert schema.validate(made)


def test_names_in_their_parts(tmp_path):
    """Small words stand with the family's name, a suffix with the given one."""
    people = ["Ludwig van Beethoven", "King, Jr., Martin Luther", "Plato"]
    made = datacite.document(verify(linted(tmp_path / "digits", card(authors=people), name="digits")))

    assert [creator["name"] for creator in made["creators"]] == [
        "van Beethoven, Ludwig",
        "King, Martin Luther Jr.",
        "Plato",
    ]


def test_without_authors(tmp_path):
    """What DataCite cannot do without is asked for, with the way to give it."""
    bundle = verify(linted(tmp_path / "digits", card(authors=[]), name="digits"))
    with pytest.raises(UnavailableError) as caught:
        datacite.document(bundle)

    assert str(caught.value) == "export datacite: needs authors, which the bundle does not have"


def test_what_the_schema_refuses_is_not_written(tmp_path, monkeypatch):
    """A document that DataCite would not take is told with its place, and no file is left."""
    pytest.importorskip("datacite")
    bundle = verify(linted(tmp_path / "digits", name="digits"))
    monkeypatch.setattr(datacite, "SCHEMA", "http://datacite.org/schema/kernel-3")
    with pytest.raises(RefusedInputError, match="DataCite's schema does not accept schemaVersion: "):
        datacite.export(bundle, tmp_path / "out.json")

    assert not (tmp_path / "out.json").exists()


def test_no_file_is_overwritten(tmp_path):
    """What is there stays."""
    pytest.importorskip("datacite")
    bundle = verify(linted(tmp_path / "digits", name="digits"))
    (tmp_path / "out.json").write_text("mine")
    with pytest.raises(UsageError):
        datacite.export(bundle, tmp_path / "out.json")

    assert (tmp_path / "out.json").read_text() == "mine"


def test_the_command_prints_and_writes(tmp_path, capfd):
    """Without a file it is printed, with one it is written, the same bytes both times."""
    pytest.importorskip("datacite")
    linted(tmp_path / "digits", name="digits")
    printed = cli.main(["export", "datacite", str(tmp_path / "digits")]), capfd.readouterr().out
    written = cli.main(["export", "datacite", str(tmp_path / "digits"), str(tmp_path / "out.json")])

    assert (printed[0], written) == (0, 0)
    assert (tmp_path / "out.json").read_text() == printed[1]
    assert json.loads(printed[1])["titles"] == [{"title": "Digits"}]
