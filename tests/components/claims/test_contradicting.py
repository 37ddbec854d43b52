"""A stated number beside those of its own samples and groups."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from reprobundle.components import claims
from reprobundle.components.claims import Claim, contradiction, contradictions, rows_of
from reprobundle.components.claims.contradicting import Rows
from reprobundle.components.claims.section import GroupValue
from reprobundle.components.interface import Source, Stage
from reprobundle.store import Writer

MOSTLY = [1] * 793 + [0] * 207

SAMPLES = [  # stated, more of the claim, the mean of its samples, whether both can be so
    (0.95, {}, 0.793, False),
    (0.79, {}, 0.7928, True),
    (0.8, {}, 0.793, True),
    (0.79, {"decimals": 3}, 0.7928, False),
    (0.95, {"tolerance": 0.2}, 0.793, True),
    (1.0, {}, 0.96, True),
    (1.0, {}, 0.62, False),
    (1.0, {"decimals": 0}, 0.62, True),
    (0.0, {}, 0.4, False),
    (3.0, {}, 3.4, True),
    (0.7928123, {}, 0.7928123, True),
    (79.3, {}, 0.793, False),
]


@pytest.mark.parametrize(("value", "more", "measured", "fits"), SAMPLES)
def test_the_mean_of_its_samples(value, more, measured, fits):
    """A number agrees with its samples as a replay would compare it; a bare 0 or 1 lets no other share pass."""
    found = contradiction(Claim(id="a", text="a", value=value, measured=measured, **more))

    assert (found is None) is fits
    assert found is None or (found.stated, found.found, found.sure) == (value, measured, True)


def _grouped(value, *groups):
    return Claim(
        id="a",
        text="a",
        value=value,
        groups=tuple(
            GroupValue(name=str(number), value=one, count=count) for number, (one, count) in enumerate(groups)
        ),
    )


GROUPS = [
    (_grouped(0.95, (0.5, 10), (0.7, 10)), "0.95 is stated, its 2 groups lie between 0.5 and 0.7", True),
    (_grouped(0.95, (0.5, None), (0.7, None)), "0.95 is stated, its 2 groups lie between 0.5 and 0.7", False),
    (_grouped(0.95, (0.5, 10)), "0.95 is stated, its 1 group gives 0.5", True),
    (_grouped(0.69, (0.5, 10), (0.7, 10)), "0.69 is stated, the mean of its 2 groups is 0.6", False),
]


@pytest.mark.parametrize(("claim", "words", "sure"), GROUPS)
def test_stated_groups(claim, words, sure):
    """Groups must have the number between them; whether their mean must be it depends on what the number is."""
    found = contradiction(claim)

    assert found is not None
    assert (found.words, found.sure) == (words, sure)


def test_groups_that_fit():
    """Nothing is said of groups whose mean is the number, or whose counts nobody gave."""
    assert contradiction(_grouped(0.6, (0.5, 10), (0.7, 10))) is None
    assert contradiction(_grouped(0.65, (0.5, None), (0.7, 10))) is None
    assert contradiction(Claim(id="a", text="a", value=0.5)) is None


def test_capture_tells_it(tmp_path):
    """The number is kept as it was stated; the note has both figures and the way out, also where the unit is another."""
    stage = Stage(Writer(tmp_path))
    given = [
        {"text": "accuracy", "value": 0.95, "per_sample": MOSTLY},
        {"text": "per cent", "value": 79.3, "per_sample": MOSTLY},
        {"text": "rounded", "value": 0.79, "per_sample": MOSTLY},
    ]
    made = claims.capture(Source(model=None, claims=given), stage).claims

    assert [(claim.value, claim.measured) for claim in made] == [(0.95, 0.793), (79.3, 0.793), (0.79, 0.793)]
    assert [(note.message, note.hint) for note in stage.notes] == [
        (
            "claim 'accuracy': 0.95 is stated, its 1,000 samples give 0.793, not the same to 2 decimals",
            "correct the number, or what was given beside it; leave value out, and it is their mean",
        ),
        (
            "claim 'per-cent': 79.3 is stated, its 1,000 samples give 0.793, not the same to 1 decimal",
            "give both in one unit: the number and those of its samples as shares, or all of them in per cent",
        ),
    ]


def _notes(tmp_path, **given):
    stage = Stage(Writer(tmp_path))
    (claim,) = claims.capture(Source(model=None, claims=[{"text": "accuracy", **given}]), stage).claims
    return claim, [note.message for note in stage.notes]


def test_stated_groups_beside_their_own_samples(tmp_path):
    """Each is held against the mean of its samples; a group of none, and a number of samples stated otherwise, are told."""
    stated = {"a": {"value": 0.45, "count": 9}, "b": 0.0, "c": 0.5}
    claim, told = _notes(tmp_path, value=0.5, per_sample=[1, 0] * 32, group=["a", "b"] * 32, groups=stated)

    assert [(one.name, one.value, one.measured, one.count) for one in claim.groups] == [
        ("a", 0.45, 1.0, 32), ("b", 0.0, 0.0, 32), ("c", 0.5, None, 0),
    ]  # fmt: skip
    assert told == [
        "claim 'accuracy': group 'a': count 9 is stated, and what its samples give is recorded: count 32",
        "claim 'accuracy': group 'c': none of the samples is in it",
        "claim 'accuracy': group 'a': 0.45 is stated, its 32 samples give 1, not the same to 2 decimals",
        "claim 'accuracy': group 'c': 0.5 is stated, and it has no sample",
    ]


def test_what_its_samples_replace_is_told(tmp_path):
    """A number of samples and an interval that a person states beside the samples are not taken silently for others."""
    claim, told = _notes(tmp_path, value=0.5, per_sample=[1, 0], count=9999)

    assert claim.count == 2
    assert told == ["claim 'accuracy': count 9999 is stated, and what its samples give is recorded: count 2"]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (0.6, 0.7, "0.5 is stated, its own interval goes from 0.6 to 0.7"),
        (0.6, None, "0.5 is stated, its own interval begins at 0.6"),
        (None, 0.4, "0.5 is stated, its own interval ends at 0.4"),
        (0.7, 0.3, "its interval begins at 0.7 and ends at 0.3"),
        (0.4, 0.6, None),
        (0.51, 0.6, None),
    ],
)
def test_a_stated_interval_holds_its_number(low, high, words):
    """The number lies in it, as far as its digits tell."""
    found = contradictions(Claim(id="a", text="a", value=0.5, low=low, high=high))

    assert [one.words for one in found] == ([] if words is None else [words])


LEAF = SimpleNamespace(name="value", shape=())


@pytest.mark.parametrize(
    ("kind", "leaves", "count", "found"),
    [
        ("table", (), 64, [True]),
        ("table", (), 1000, []),
        ("files", (), 64, [False]),
        ("array", (LEAF,), 64, [False]),
        ("file", (), 1, []),
    ],
)
def test_as_many_samples_as_its_split_has(kind, leaves, count, found):
    """Another number is a mistake where the split counts samples, a doubt where files or tokens, none for a lone file."""
    claim = Claim(id="a", text="a", value=0.5, measured=0.5, count=1000, split="test")
    split = SimpleNamespace(name="test", kind=kind, leaves=leaves, count=count)

    assert [one.sure for one in contradictions(claim, rows_of(claim, SimpleNamespace(splits=(split,))))] == found


def test_a_split_that_was_guessed_makes_no_mistake():
    """Another number of samples than a split has that only the text names is a doubt, never sure."""
    claim = Claim(id="a", text="test accuracy", value=0.5, measured=0.5, count=1000, split="test", split_guessed=True)
    split = SimpleNamespace(name="test", kind="table", leaves=(), count=64)
    (found,) = contradictions(claim, rows_of(claim, SimpleNamespace(splits=(split,))))

    assert (found.sure, found.words) == (False, "1,000 numbers of samples were given, split 'test' has 64 samples")


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((60, 60), "its 2 groups have 120 samples in all, split 'test' has 100 samples"),
        ((40, 1), "its 2 groups have 41 samples in all, split 'test' has 100 samples"),
        ((60, 40), None),
        ((60, None), None),
    ],
)
def test_stated_groups_have_the_samples_of_the_split(counts, words):
    """A warning, as a sample may be in no group or in two; where one does not say how many it has, nothing."""
    claim = _grouped(0.5, *((0.5, count) for count in counts))
    found = [one for one in contradictions(claim, Rows("test", 100)) if one.words == words or "in all" in one.words]

    assert [(one.words, one.sure, one.whole) for one in found] == ([] if words is None else [(words, False, False)])
