"""A claim by groups: value, count and interval, from one number a sample or from numbers that are there already."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reprobundle.components import claims
from reprobundle.components.claims.section import GroupValue
from reprobundle.components.interface import Source, Stage
from reprobundle.intervals import bootstrap, wilson
from reprobundle.store import Writer

RIGHT = [1, 1, 0, 1, 0, 1]
WHO = ["b", "a", "a", "b", "b", None]


@pytest.fixture
def stage(tmp_path):
    return Stage(Writer(tmp_path))


def take(stage, given, **splits):
    return claims.capture(Source(model=None, claims=[given], splits=splits), stage).claims


@pytest.mark.parametrize("kind", [list, np.array, torch.tensor])
def test_shares_have_the_interval_of_wilson(stage, kind):
    """Of rights and wrongs each group has its share, count and interval, groups by their names, the missing one by itself."""
    (claim,) = take(stage, {"text": "accuracy", "per_sample": kind(RIGHT), "group": {"who": WHO}})

    assert (claim.value, claim.group) == (4 / 6, "who")
    assert [(one.name, one.value, one.count) for one in claim.groups] == [
        ("(missing)", 1, 1),
        ("a", 0.5, 2),
        ("b", 2 / 3, 3),
    ]
    assert (claim.groups[1].low, claim.groups[1].high, claim.groups[1].method) == (*_ends(wilson(0.5, 2)), "wilson")
    assert stage.notes == []


def _ends(found):
    return found.low, found.high


def test_the_interval_of_wilson():
    """Newcombe's example: 81 of 263 lie between 0.2553 and 0.3662; nothing and all keep inside 0 and 1."""
    found = wilson(81 / 263, 263)

    assert (round(found.low, 4), round(found.high, 4)) == (0.2553, 0.3662)
    assert wilson(0.0, 10).low == 0.0
    assert wilson(1.0, 10).high == 1.0


def test_other_numbers_are_drawn_again(stage):
    """Of errors the interval is a bootstrap's, the same every time, and no generator of the person's moves."""
    before = np.random.get_state()[1].copy()
    errors = [0.1, 0.5, 0.3, 0.2]
    (claim,) = take(stage, {"text": "error", "per_sample": errors, "group": [1, 1, 2, 2]})

    assert [one.method for one in claim.groups] == ["bootstrap", "bootstrap"]
    assert claim.groups[0].low <= claim.groups[0].value <= claim.groups[0].high
    assert bootstrap(errors) == bootstrap(errors)
    assert (np.random.get_state()[1] == before).all()


def test_a_column_of_the_split_groups(stage):
    """A name is looked up in the claim's split, as in any mapping of columns."""
    split = {"who": np.array(["x", "y", "x", "y", "x", "y"])}
    given = {"text": "accuracy", "per_sample": RIGHT, "group": "who", "split": "test"}
    plain, wrapped = take(stage, given, test=split), take(stage, given, test=SimpleNamespace(data=split))

    assert [one.count for one in plain[0].groups] == [3, 3]
    assert plain == wrapped


def test_numbers_by_group_are_taken_as_they_are(stage):
    """A mapping from group to number, or to number, count and ends, stands as given; the value is the person's own."""
    groups = {"a": 0.5, "b": {"value": 0.75, "count": 4, "low": 0.3, "high": 0.95}}
    (claim,) = take(stage, {"text": "accuracy", "value": 0.7, "group": "who", "groups": groups})
    again = take(stage, claim)

    assert claim.groups == (
        GroupValue(name="a", value=0.5),
        GroupValue(name="b", value=0.75, count=4, low=0.3, high=0.95),
    )
    assert again == (claim,)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"per_sample": RIGHT, "group": ["a"]}, "group: expected a group for each of 6 samples, found 1"),
        ({"per_sample": []}, "per_sample: expected one number a sample, found none"),
        ({"per_sample": [1.0, float("nan")]}, "per_sample: expected finite numbers, found one that is not"),
        ({"per_sample": RIGHT, "group": "who", "split": "test"},
         "group: split 'test' has no column 'who' to read here: give the values themselves"),
        ({"value": 1.0, "groups": {"a": {"count": 1}}}, "groups: 'a': expected value, count, low and high, found no value"),
        ({"value": 1.0, "groups": {"a": {"value": 1, "x": 1}}}, "groups: 'a': expected value, count, low and high, found 'x'"),
        ({"value": 1.0, "groups": 3}, "groups: expected numbers by group, found int"),
        ({"value": 1.0, "group": {"a": [1], "b": [1]}}, "group: expected one column by its name, found 2"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_left_out_and_told(stage, given, told):
    """A wrong grouping costs its claim and a note, never the capture."""
    made = take(stage, {"text": "accuracy", **given}, test=[1, 2])

    assert made == ()
    assert f"claim 'accuracy': is left out: {told}" in [
        note.message.replace("ValueError: ", "") for note in stage.notes
    ]
