"""What a person says of where a split comes from goes into the bundle without secrets."""

from __future__ import annotations

import pytest

from reprobundle.components.data.given import DataSplit
from reprobundle.components.data.provenance import canonical_licence, provenance_of, without_credentials
from reprobundle.components.data.section import Provenance


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://user:secret@example.org:8/x?id=3&token=a#part", "https://example.org:8/x?id=3#part"),
        ("s3://KEY:SECRET@bucket/k?X-Amz-Signature=a&versionId=3", "s3://bucket/k?versionId=3"),
        ("https://x.example/core?sv=1&sig=abc", "https://x.example/core?sv=1"),
        ("https://x.example?api_key=1&monkey=3&AWSAccessKeyId=4", "https://x.example?monkey=3"),
        ("https://[broken/x", "https://…"),
        ("https://doi.org/10.1000/182", "https://doi.org/10.1000/182"),
    ],
)
def test_credentials_are_cut_from_addresses(url: str, kept: str) -> None:
    """User, password, tokens and signatures go; what names the data stays."""
    assert without_credentials(url) == kept


@pytest.mark.parametrize(
    ("said", "canonical"),
    [
        ("mit", "MIT"),
        ("cc-by-4.0 or MIT", "CC-BY-4.0 OR MIT"),
        ("LicenseRef-hospital", "LicenseRef-hospital"),
        ("CC BY 4.0", "LicenseRef-CC-BY-4.0"),
        ("???", "LicenseRef-unnamed"),
    ],
)
def test_licences_have_one_spelling(said: str, canonical: str) -> None:
    """An SPDX expression is spelled as the standard does; other words keep their letters under a name of their own."""
    assert canonical_licence(said) == canonical


def test_all_that_was_said_is_recorded() -> None:
    """Every field is kept, and what was changed or left out is told."""
    given = DataSplit(
        0, source="mirror of https://a:b@c.example/d", version="3", licence="CC BY 4.0", owner=3, consent=" "
    )  # type: ignore[arg-type]
    said = provenance_of(given)

    assert said.provenance == Provenance(
        source="mirror of https://c.example/d", version="3", licence="LicenseRef-CC-BY-4.0"
    )
    assert [message for message, _ in said.remarks] == [
        "source: a credential was cut from its address",
        "owner is left out: expected text, found int",
        "consent is left out: it is empty",
        "licence 'CC BY 4.0' is no SPDX expression: kept as 'LicenseRef-CC-BY-4.0'",
    ]


def test_licence_has_two_spellings() -> None:
    """The Hub's spelling is taken as well; where both are given and differ, one is kept and the person told."""
    said, both = provenance_of(DataSplit(0, license="mit")), provenance_of(DataSplit(0, license="MIT", licence="0BSD"))

    assert (said.provenance, said.remarks) == (Provenance(licence="MIT"), ())
    assert both.provenance == Provenance(licence="0BSD")
    assert both.remarks == (
        ("license is left out: licence is given, too, and says something else", "give one of the two"),
    )


def test_a_place_on_this_machine_is_told() -> None:
    """A path that leads nowhere for a reader is kept, because the person said it, and told."""
    said = provenance_of(DataSplit(0, source="copied from /data/mine/x.csv"))

    assert said.provenance == Provenance(source="copied from /data/mine/x.csv")
    assert [message for message, _ in said.remarks] == ["source names a place on this machine"]


def test_nothing_said_is_nothing_recorded() -> None:
    """A split without a word about it has no provenance."""
    assert provenance_of(DataSplit(0)).provenance is None
