"""A claim by groups: value, count and interval, from one number a sample or from numbers that are there already."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reprobundle import tensors
from reprobundle.components import claims
from reprobundle.components.claims import Claim, members
from reprobundle.components.claims.section import GroupValue
from reprobundle.components.interface import Source, Stage
from reprobundle.errors import RefusedInputError
from reprobundle.intervals import bootstrap, wilson
from reprobundle.store import Writer

RIGHT = [1, 1, 0, 1, 0, 1]
STATED = "groups={'a': 0.91, 'b': {'value': 0.84, 'count': 120}}"
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


def test_the_whole_has_an_interval_too(stage):
    """Where its samples are there, the claim itself says mean, count and interval, whatever value is stated."""
    (shares,) = take(stage, {"text": "accuracy", "value": 0.67, "per_sample": RIGHT})
    (errors,) = take(stage, {"text": "error", "per_sample": [0.1, 0.5, 0.3, 0.2]})
    (single,) = take(stage, {"text": "error", "per_sample": [0.1], "group": ["a"]})

    assert (shares.value, shares.measured, shares.count, shares.method) == (0.67, 4 / 6, 6, "wilson")
    assert (shares.low, shares.high) == _ends(wilson(4 / 6, 6))
    assert (errors.low, errors.high, errors.method) == (*_ends(bootstrap([0.1, 0.5, 0.3, 0.2])), "bootstrap")
    assert (single.low, single.high, single.groups[0].low, single.groups[0].count) == (None, None, None, 1)
    assert stage.notes == []


def test_names_of_groups(stage):
    """Whatever says nothing is missing; whole numbers are told as such and stand by their size."""
    column = [10.0, 2.0, float("nan"), None, "", "  ", b"x", True]
    (claim,) = take(stage, {"text": "accuracy", "per_sample": [1] * len(column), "group": column})

    assert [(one.name, one.count) for one in claim.groups] == [
        ("(missing)", 4),
        ("2", 1),
        ("10", 1),
        ("True", 1),
        ("x", 1),
    ]


@pytest.mark.parametrize(
    ("given", "told", "way"),
    [
        ({"group": ["a"]}, "its groups are left out: group: expected a group for each of 6 samples, found 1",
         "give one group a sample, in the order of per_sample"),
        ({"group": [*map(str, range(5000))], "per_sample": [1.0] * 5000},
         "its groups are left out: group: expected at most 1,000 groups, found 5,000",
         "group by something coarser, such as ranges of the value"),
        ({"group": ["x" * 1001, *"abcde"]},
         f"its groups are left out: group: expected names of at most 1,000 characters, found '{'x' * 40}'…",
         "group by something coarser, such as ranges of the value"),
        ({"group": "who", "split": "test"}, "its groups are left out: group: column 'who' of split 'test': "
         "list indices must be integers or slices, not str", "give the values themselves: group={'who': [...]}"),
        ({"group": "who"}, "its groups are left out: group: 'who' is the name of a column, but the claim names no split",
         "split='test'; or give the values themselves: group={'who': [...]}"),
        ({"group": "who", "split": "dev"},
         "its groups are left out: group: 'who' is the name of a column, but split 'dev' was not given",
         "split='test'; or give the values themselves: group={'who': [...]}"),
        ({"group": {"a": [1], "b": [1]}}, "its groups are left out: group: expected one column by its name, found 2",
         "group={'sex': [...]}"),
        ({"per_sample": [], "value": 0.5}, "the numbers of its samples are left out: per_sample: expected one number a "
         "sample, found none", "give one number for each sample"),
        ({"per_sample": [1.0, float("nan"), 1, float("inf")], "value": 1},
         "the numbers of its samples are left out: per_sample: expected finite numbers, found nan at sample 1 and 1 more",
         "leave the samples out that have no number, here and in the split, or give the claim's value without per_sample"),
        ({"value": 0.67, "groups": {"a": {"count": 1}}},
         "its groups are left out: groups: 'a': expected value, count, low and high, found no value", STATED),
        ({"value": 0.67, "groups": {"a": {"value": 1, "x": 1}}},
         "its groups are left out: groups: 'a': expected value, count, low and high, found 'x'", STATED),
        ({"value": 0.67, "groups": {"a": "0.5"}},
         "its groups are left out: groups: 'a': value: expected a number, found '0.5'", STATED),
        ({"value": 0.67, "groups": {"a": {"value": 1, "count": -1}}},
         "its groups are left out: groups: 'a': count: expected a number of samples, found -1", STATED),
        ({"value": 0.67, "groups": {1: 0.5, "1": 0.6}}, "its groups are left out: groups: two groups are called '1'", STATED),
        ({"value": 0.67, "groups": 3}, "its groups are left out: groups: expected numbers by group, found int", STATED),
    ],
)  # fmt: skip
def test_what_does_not_fit_costs_no_claim(stage, given, told, way):
    """A wrong grouping costs the groups, wrong numbers of samples cost them; the claim is kept, and the way out is told."""
    (claim,) = take(stage, {"text": "accuracy", "per_sample": RIGHT, **given}, test=[1, 2])

    assert claim.groups == ()
    assert (f"claim 'accuracy': {told}", way) in [(note.message, note.hint) for note in stage.notes]


def test_a_group_without_a_number_is_left_out(stage):
    """A metric of no samples is no number: its group goes, the others stay."""
    groups = {"a": 0.5, "b": float("nan"), None: {"value": None, "count": 0}}
    (claim,) = take(stage, {"text": "accuracy", "value": 0.5, "groups": groups})

    assert [one.name for one in claim.groups] == ["a"]
    assert [note.message for note in stage.notes] == [
        "claim 'accuracy': groups are left out: 'b', '(missing)' have no finite number"
    ]


def test_dates_as_groups(stage):
    """A column of dates is told as dates, whatever its unit."""
    column = np.array(["2026-01-02", "2026-01-02", "NaT"], "datetime64[ns]").astype("datetime64[D]")
    (claim,) = take(stage, {"text": "accuracy", "per_sample": [1, 0, 1], "group": column})

    assert [(one.name, one.count) for one in claim.groups] == [("(missing)", 1), ("2026-01-02", 2)]


def test_which_sample_is_in_which_group_is_kept_for_the_comparison(stage):
    """For a function's claim each sample's group stands in a file; not for one that nothing computes, nor of private data."""
    given = {"text": "accuracy", "per_sample": RIGHT, "group": WHO, "split": "test", "entry": "m:f"}
    source = Source(model=None, claims=[given, {**given, "entry": None}], splits={"test": None})
    section = claims.capture(source, stage)
    private = claims.capture(
        Source(model=None, claims=[given], splits={"test": SimpleNamespace(private="salt")}), stage
    )

    assert section.members == "replay/groups.safetensors"
    assert {name: array.tolist() for name, array in members.read(section, stage.root).items()} == {
        "accuracy": [2, 1, 1, 2, 2, 0]
    }
    assert (private.members, len(private.claims[0].groups)) == (None, 3)
    assert (
        stage.notes[-1].message == "claim 'accuracy': its split is private, so no replay will compute its groups again"
    )


@pytest.mark.parametrize("array", [np.array([1], "u2"), np.array([0], "i8"), np.zeros((1, 1), "u2")])
def test_a_strangers_file_of_groups_is_refused(stage, array):
    """A group that the claim has not, or numbers of another form, are a fault of the bundle."""
    claim = Claim(id="a", text="a", value=1.0, groups=(GroupValue(name="x", value=1.0),))
    tensors.write(stage.writer, "replay/groups.safetensors", {"a": tensors.of_array(array)})

    with pytest.raises(RefusedInputError, match=r"replay/groups\.safetensors: 'a': "):
        members.read(claims.Section(claims=(claim,), members="replay/groups.safetensors"), stage.root)


def test_stated_groups_are_computed_again_where_their_samples_are_known(stage):
    """The file counts the groups in the order they are stated in; nothing is kept where a sample is in none of them."""
    given = {"text": "accuracy", "per_sample": [1, 1, 0], "group": ["b", "b", "a"], "split": "test", "entry": "m:f"}
    source = Source(model=None, claims=[{**given, "groups": {"b": 1.0, "a": 0.0}}], splits={"test": None})
    section = claims.capture(source, stage)
    part = claims.capture(
        Source(model=None, claims=[{**given, "groups": {"b": 1.0}}], splits={"test": None}), Stage(stage.writer)
    )

    assert members.read(section, stage.root)["accuracy"].tolist() == [0, 0, 1]
    assert part.members is None
    assert stage.notes == []


@pytest.mark.parametrize(
    ("values", "found", "hint"),
    [
        ({"s1": 1, "s2": 0}, "dict", "give its values in the order of the samples: [given[name] for name in names]"),
        ({1, 0}, "set", "a set has no order: give a list, in the order of the samples"),
        (frozenset({1, 0}), "frozenset", "a set has no order: give a list, in the order of the samples"),
        ("10", "str", "give a list of one value a sample, such as ['a', 'b', 'b']"),
        (b"10", "bytes", "give a list of one value a sample, such as ['a', 'b', 'b']"),
    ],
)
def test_what_is_no_list_is_not_read_as_one(stage, values, found, hint):
    """Of a mapping Python would take the names, of a set any order, of a text its letters: told, with the way out."""
    (one,) = take(stage, {"text": "a", "value": 0.5, "per_sample": values})
    (two,) = take(stage, {"text": "b", "per_sample": [1, 0], "group": {"who": values}})
    message = f"expected a list, one value a sample, found {found}"

    assert (one.measured, two.groups) == (None, ())
    assert [(note.message, note.hint) for note in stage.notes] == [
        (f"claim 'a': the numbers of its samples are left out: {message}", hint),
        (f"claim 'b': its groups are left out: {message}", hint),
    ]


def test_two_groups_of_one_name_in_a_list_are_refused(stage):
    """As in a mapping whose names are the same when they are told."""
    groups = [{"name": "a", "value": 0.5}, GroupValue(name="a", value=0.6)]
    (claim,) = take(stage, {"text": "a", "value": 0.5, "groups": groups})

    assert claim.groups == ()
    assert [note.message for note in stage.notes] == [
        "claim 'a': its groups are left out: groups: two groups are called 'a'"
    ]
