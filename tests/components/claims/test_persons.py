"""What of a claim's groups tells of single persons."""

from __future__ import annotations

import pytest

from reprobundle.components.claims import Claim, remarks
from reprobundle.components.claims.section import GroupValue

RENAME = "group by something coarser, or give the groups other names: everybody who reads the bundle reads them"


def _claim(*names: str, group: str | None = "site", count: int | None = 50) -> Claim:
    groups = tuple(GroupValue(name=name, value=0.5, count=count) for name in names)
    return Claim(id="a", text="accuracy", value=0.5, group=group, groups=groups)


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (_claim("north", "carol.meier@uni-bonn.de"), "the name of group 2 holds an e-mail address"),
        (_claim("/home/alice/data", "/home/bob/data"), "the name of group 1, group 2 holds a home path"),
        (_claim("a", group="carol.meier@uni-bonn.de"), "the name of the column holds an e-mail address"),
        (_claim("+49 228 731 4455"), "the name of group 1 holds a phone number"),
        (_claim("1", "2", group="patient_id"), "it is grouped by 'patient_id', which tells one person from another"),
        (_claim("1", "2", group="PatientID"), "it is grouped by 'PatientID', which tells one person from another"),
        (_claim("1", "2", group="E-Mail"), "it is grouped by 'E-Mail', which tells one person from another"),
        (_claim("by alicem"), "the name of group 1 holds a user name"),
    ],
)
def test_names_that_tell_who_somebody_is(claim: Claim, words: str) -> None:
    """They are named by their places and never repeated, with the way out."""
    assert [(one.words, one.hint) for one in remarks(claim, {"alicem": "user name"})] == [(words, RENAME)]


@pytest.mark.parametrize(
    "claim",
    [
        _claim("male", "female", group="sex"),
        _claim("18-25", "26-40", group="age"),
        _claim("physics", "law", group="subject"),
        _claim("1", "2", group="sample_id"),
        _claim("a", "b", group="valid"),
        _claim("a", "b", "c", count=None),
        _claim("a", "b", count=1),
        _claim(group=None),
        _claim("a", "b", "c", count=5),
    ],
)
def test_groups_in_which_one_can_hide(claim: Claim) -> None:
    """Large groups with plain names, numbers of samples that nobody gave, and two small groups are no matter."""
    assert list(remarks(claim, {})) == []


def test_most_groups_are_small() -> None:
    """Then a number of a group is one of single persons; half of them are not most."""
    counts = (1, 2, 4, 90)
    groups = tuple(GroupValue(name=str(number), value=0.5, count=count) for number, count in enumerate(counts))
    (found,) = remarks(_claim().model_copy(update={"groups": groups}), {})
    half = (*groups, GroupValue(name="x", value=0.5, count=5), GroupValue(name="y", value=0.5, count=7))

    assert found.words == "3 of its 4 groups have fewer than 5 samples: that tells single persons' results"
    assert found.hint == "group by something coarser"
    assert list(remarks(_claim().model_copy(update={"groups": half}), {})) == []
