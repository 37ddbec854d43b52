"""Before the seal: groups and intervals from what functions gave, and what the reloaded model gave otherwise."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from reprobundle.answers import Computed
from reprobundle.components import claims
from reprobundle.components.claims import Claim, members
from reprobundle.components.claims.section import GroupValue, Section
from reprobundle.components.interface import Source, Stage
from reprobundle.intervals import wilson
from reprobundle.report import ClaimResult, GroupResult
from reprobundle.store import Writer

RIGHT = np.array([1.0, 1, 0, 1, 0, 1])
WHO = ["b", "a", "a", "b", "b", None]
GIVEN = {"id": "acc", "text": "accuracy", "value": 0.667, "entry": "m:f", "group": {"who": WHO}}
INSTEAD = "per_sample=[…], one number a sample; or groups={'a': 0.91, 'b': 0.84}; or an entry that returns one a sample"
CALLED = (
    "per_sample=[…], one number a sample; a function is called where the bundle is proven, with a budget, and where its split "
    "is a file or folder"
)
ONE_EACH = "let the function return one number a sample, or give them: per_sample=[…]"


def compute(model):
    return [1.0]


@pytest.fixture
def stage(tmp_path):
    return Stage(Writer(tmp_path))


def take(stage, *given, **splits):
    return claims.capture(Source(model=None, claims=given, splits=splits), stage)


def gave(samples=None, value=0.5):
    return Computed(value=value, samples=samples)


def notes(stage):
    return [(note.message, note.hint) for note in stage.notes]


def test_groups_come_from_what_the_function_gave(stage):
    """A group without numbers of samples: they are its function's, whose file of groups joins that of other claims."""
    other = {"id": "by-hand", "text": "recall", "entry": "m:f", "per_sample": [1, 0], "group": ["x", "y"]}
    section = take(stage, other, GIVEN)
    settled = claims.settle(section, {"acc": gave(RIGHT), "by-hand": gave(RIGHT[:2])}, stage)
    claim, whole = settled.claims[1], wilson(4 / 6, 6)

    assert [(one.name, one.value, one.count, one.measured) for one in claim.groups] == [
        ("(missing)", 1.0, 1, None),
        ("a", 0.5, 2, None),
        ("b", 2 / 3, 3, None),
    ]
    assert (claim.value, claim.measured, claim.count, claim.low, claim.high) == (0.667, None, 6, whole.low, whole.high)
    assert {name: array.tolist() for name, array in members.read(settled, stage.root).items()} == {
        "acc": [2, 1, 1, 2, 2, 0],
        "by-hand": [0, 1],
    }
    assert [one.each for one in claims.wanted(section, {}, each=stage.awaited)] == [True, False]
    assert (stage.notes, stage.awaited) == ([], {})


@pytest.mark.parametrize(
    ("computed", "why", "hint"),
    [
        ({}, "its function was not called before the bundle was sealed", CALLED),
        ({"acc": gave()}, "its function gave one number, not one a sample", ONE_EACH),
        ({"acc": gave(RIGHT[:5])}, "its function gave 5 numbers, and 6 samples have a group",
         "give one group a sample, in the order of per_sample"),
        ({"acc": Computed(error="no")}, "its function failed",
         "mend the function, or give the numbers of its samples: per_sample=[…]"),
    ],
)  # fmt: skip
def test_groups_that_cannot_be_had_are_told(stage, computed, why, hint):
    """The claim stays without them, and a note says what stood in the way and what to give."""
    settled = claims.settle(take(stage, GIVEN), computed, stage)
    claims.note_awaited(stage)

    assert (settled.claims[0].groups, settled.members) == ((), None)
    assert notes(stage) == [(f"claim 'acc': its groups are left out: {why}", hint)]


def test_what_a_capture_will_call_is_left_to_it(stage):
    """In a trial what a claim awaits of a function is no loss; one whose function capture cannot call either is told."""
    other = {"id": "by-hand", "text": "recall", "value": 0.5, "entry": "m:f"}
    whole = {"id": "whole", "text": "precision", "value": 0.5, "per_sample": "m:f"}
    take(stage, GIVEN, other, whole, {**GIVEN, "id": "far"})
    claims.leave_awaited(["acc", "by-hand", "whole"], stage)
    claims.note_awaited(stage)

    assert stage.left == ["the groups of claim 'acc'", "the interval of claim 'whole'"]
    assert [note.message for note in stage.notes] == [
        "claim 'far': its groups are left out: its function was not called before the bundle was sealed"
    ]


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"entry": None}, "nothing gives one number a sample"),
        ({"entry": None, "command": ["x", "{out}"]},
         "a command is not run before the bundle is sealed, and no numbers of samples are given"),
    ],
)  # fmt: skip
def test_a_group_that_nothing_gives_numbers_for_is_told(stage, more, why):
    """A group beside a number that was typed, or that a command computes, is not dropped in silence."""
    take(stage, {**GIVEN, **more})

    assert notes(stage) == [(f"claim 'acc': its groups are left out: {why}", INSTEAD)]


def test_a_column_that_is_not_there_is_told_at_once(stage):
    """No function is asked for the numbers of samples that no group is known of."""
    section = take(stage, {**GIVEN, "group": "sex", "split": "test"}, test={"who": WHO})

    assert stage.notes[0].message.startswith(
        "claim 'acc': its groups are left out: group: column 'sex' of split 'test': "
    )
    assert (section.claims[0].group, stage.awaited) == ("sex", {})


def test_groups_of_a_private_split_are_told_without_their_samples(stage):
    """What the function gives by group is recorded; which sample is in which group is not."""
    section = take(stage, {**GIVEN, "split": "test"}, test=SimpleNamespace(private="salt"))
    settled = claims.settle(section, {"acc": gave(RIGHT)}, stage)

    assert (len(settled.claims[0].groups), settled.members) == (3, None)
    assert [note.message for note in stage.notes] == [
        "claim 'acc': its split is private, so no replay will compute its groups again"
    ]


def test_stated_groups_wait_for_a_replay(stage):
    """Groups stated beside a function need no numbers: each sample's place among them is kept for the replay."""
    section = take(stage, {**GIVEN, "groups": {"b": 0.6, "a": 0.5, "(missing)": 1.0}})
    part = take(Stage(stage.writer), {**GIVEN, "groups": {"b": 0.6}})

    assert members.read(section, stage.root)["acc"].tolist() == [0, 1, 1, 0, 0, 2]
    assert (part.members, len(part.claims[0].groups)) == (None, 1)
    assert (stage.notes, stage.awaited) == ([], {})


@pytest.mark.parametrize("function", [compute, "m:f"])
def test_a_function_of_numbers_of_samples_is_the_entry(stage, function):
    """Where ``per_sample`` is a function, or names one, it is what computes the claim, and gives its interval."""
    section = take(stage, {"id": "acc", "text": "accuracy", "value": 0.667, "per_sample": function})
    (claim,) = claims.settle(section, {"acc": gave(RIGHT)}, stage).claims

    assert (claim.entry or "").rpartition(":")[2] in {"compute", "f"}
    assert (claim.count, claim.method, claim.groups) == (6, "wilson", ())
    assert stage.notes == []


@pytest.mark.parametrize(
    ("more", "told", "hint"),
    [
        ({"entry": "m:other"},
         "per_sample names another function than entry, so the numbers of its samples are left out",
         "name one function in both, or give the numbers themselves: per_sample=[…]"),
        ({"command": ["x", "{out}"]},
         "per_sample names a function beside a command, so the numbers of its samples are left out",
         "name one function in both, or give the numbers themselves: per_sample=[…]"),
        ({"value": None},
         "is left out: no value is stated, and the numbers of its samples are computed only after it was recorded",
         "give value, the number that is claimed; or the numbers themselves: per_sample=[…]"),
    ],
)  # fmt: skip
def test_a_function_of_numbers_of_samples_that_cannot_be_asked(stage, more, told, hint):
    """Two functions for one claim, a function beside a command, and a claim without a number are told."""
    take(stage, {"id": "acc", "text": "accuracy", "value": 0.667, "per_sample": "m:f", **more})

    assert notes(stage) == [(f"claim 'acc': {told}", hint)]


def _result(verdict, got=None, groups=()):
    return ClaimResult(id="acc", text="accuracy", claimed=0.5, got=got, verdict=verdict, rule="x", groups=groups)


def test_what_the_reloaded_model_gave_otherwise_stands_in_the_record():
    """The number where it differs, and that of each group which does; what agrees, failed or was not run gives none."""
    groups = tuple(GroupValue(name=name, value=0.5) for name in "ab")
    section = Section(claims=(Claim(id="acc", text="accuracy", value=0.5, decimals=1, groups=groups),))
    apart = GroupResult(name="b", claimed=0.5, got=0.75, verdict="differs")
    agreeing = GroupResult(name="a", claimed=0.5, got=0.5, verdict="agrees")
    told = [
        claims.with_results(section, found).claims[0]
        for found in (
            [_result("differs", 0.625, (agreeing, apart))],
            [_result("differs", 0.5, (agreeing, apart))],
            [_result("agrees", 0.5)],
            [_result("failed")],
            [_result("not run")],
            [],
        )
    ]

    assert [(one.reloaded, one.gave) for one in told] == [
        ("differs", 0.625), ("differs", None), ("agrees", None), ("failed", None), (None, None), (None, None),
    ]  # fmt: skip
    assert claims.differing(told[0]) == (
        "claimed 0.5, the reloaded model gives 0.625, not the same to 1 decimal",
        "group 'b': claimed 0.5, the reloaded model gives 0.75, not the same to 1 decimal",
    )
    assert [len(claims.differing(one)) for one in told] == [2, 1, 0, 0, 0, 0]


def test_what_an_earlier_capture_found_is_not_stated_again(stage):
    """A claim of another bundle is taken without what its own capture found, and without the split that it guessed."""
    groups = (GroupValue(name="a", value=0.5, gave=0.75),)
    old = {"id": "acc", "text": "accuracy", "value": 0.5}
    (made,) = take(
        stage, Claim(**old, groups=groups, split="test", split_guessed=True, reloaded="differs", gave=0.6)
    ).claims

    assert made == Claim(**old, groups=(GroupValue(name="a", value=0.5),))
