"""The day of the release, and digests of answers that earlier versions of this program wrote."""

from __future__ import annotations

import pytest

from reprobundle.components import documentation
from reprobundle.components.documentation.card import Author, Card, Mark, read_card
from reprobundle.components.documentation.filling import Fact, digest_of, filled, renewable
from reprobundle.components.interface import Source, Stage
from reprobundle.errors import RefusedInputError
from reprobundle.store import Writer


@pytest.fixture
def stage(tmp_path):
    """Where a bundle is being made."""
    return Stage(Writer(tmp_path))


def _released(stage, given=None):
    documentation.capture(Source(model=None, documentation=given or {}), stage)
    return read_card((stage.root / "documentation/card.yaml").read_bytes()).released


@pytest.mark.parametrize(
    ("epoch", "day"), [("1790000000", "2026-09-21"), ("0", None), ("315532800", None), (None, None)]
)
def test_the_day_is_that_of_the_build_and_never_today(stage, monkeypatch, epoch, day):
    """SOURCE_DATE_EPOCH names it, unless it is one of those that mean no day; without it there is none."""
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)
    if epoch is not None:
        monkeypatch.setenv("SOURCE_DATE_EPOCH", epoch)

    assert _released(stage) == day
    assert stage.notes == []


def test_a_persons_day_stands(stage, monkeypatch):
    """What the card says is not renewed."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1790000000")

    assert _released(stage, {"released": "2025-01-02"}) == "2025-01-02"


def test_a_day_that_is_no_number_is_noted(stage, monkeypatch):
    """The capture goes on without it."""
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "yesterday")

    assert _released(stage) is None
    assert [note.message for note in stage.notes] == [
        "SOURCE_DATE_EPOCH: expected seconds since 1970, found 'yesterday'"
    ]


@pytest.mark.parametrize("day", ["2026-02-30", "2026-2-3", "20260203", "2026-W01-1"])
def test_only_days_of_the_calendar_are_read(day):
    """A day is written in one way, and is one."""
    with pytest.raises(RefusedInputError, match="released"):
        read_card(f'released: "{day}"\n'.encode())


def test_answers_of_earlier_versions_are_known_again():
    """Authors that were filled in before a field of theirs came are still not a person's."""
    before = digest_of([{"name": "Ada", "orcid": None, "affiliation": None}])
    card = Card(authors=(Author(name="Ada"),), captured={"authors": Mark(source=("git log",), digest=before)})

    assert list(renewable(card)) == ["authors"]
    assert renewable(card.model_copy(update={"authors": (Author(name="Ada", kind="organisation"),)})) == {}
    assert filled(card, [Fact("authors", ("Eve",), ("git log",))]).authors == (Author(name="Eve"),)
