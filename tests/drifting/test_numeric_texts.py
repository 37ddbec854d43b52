from __future__ import annotations

import pytest
from drift_bundles import bundle_of, statistics_of

import reprobundle
from reprobundle.components.data.given import How
from reprobundle.drifting.numeric_texts import note_on_numbers

MASSES = [f"{2700 + 25 * (number % 90)}" for number in range(240)]


@pytest.mark.parametrize("texts", [MASSES, [*MASSES[:-1], ""], [f"{number / 7:.5f}" for number in range(600)]])
def test_numbers_recorded_as_text_are_noted(texts):
    """A column of text that holds numbers only is compared as words, which is said; missing cells do not matter."""
    assert list(note_on_numbers(statistics_of({"mass": texts}))) == [
        "'mass': recorded as text though all values listed are numbers: compared as words, not by size; "
        "capture the split again, with dtypes, to have them compared as numbers"
    ]


@pytest.mark.parametrize("texts", [[*MASSES[:-1], "heavy"], ["0", "1"] * 50, ["a text of words", "1"] * 50])
def test_other_texts_are_not(texts):
    """Words, and codes of a few values, are what they are."""
    assert list(note_on_numbers(statistics_of({"mass": texts}))) == []


def test_a_label_is_no_number():
    """Classes that are written as numbers have no size."""
    assert list(note_on_numbers(statistics_of({"mass": MASSES}, how=How(label="mass")))) == []


def test_a_report_says_so(tmp_path):
    """The note stands in the report, whatever the answer."""
    place = bundle_of(tmp_path / "model", {"mass": MASSES})
    found = reprobundle.drift(place, "test", {"mass": MASSES})

    assert [note[:24] for note in found.notes] == ["'mass': recorded as text"]
