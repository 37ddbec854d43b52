"""Groups at a replay: computed anew from the numbers of the samples, and compared one by one."""

from __future__ import annotations

import numpy as np
import pytest

from reprobundle import tensors
from reprobundle.answers import Answer, Computed
from reprobundle.components import claims
from reprobundle.components.claims import Claim, Section
from reprobundle.components.claims.comparing import compare_groups
from reprobundle.components.claims.section import MEMBERS, GroupValue
from reprobundle.components.interface import Site
from reprobundle.report import Status
from reprobundle.store import Writer

GROUPS = (GroupValue(name="a", value=0.5, count=2), GroupValue(name="b", value=1.0, count=3))
CLAIM = Claim(id="acc", text="accuracy", value=0.8, split="test", entry="m:f", group="who", groups=GROUPS)
KNOWN = np.array([0, 1, 0, 1, 1], np.uint16)
RIGHT = np.array([1.0, 1.0, 0.0, 1.0, 1.0])
SWAPPED = np.array([1.0, 1.0, 1.0, 1.0, 0.0])  # the same mean


def _computed(samples):
    return Computed(value=float(samples.mean()), samples=samples)


def _told(found):
    return [(one.name, one.claimed, one.got, one.verdict, one.count) for one in found.results]


def test_each_group_is_compared():
    """Claimed, got, verdict of each, by the rule of the whole claim."""
    same, other = (compare_groups(CLAIM, _computed(one), KNOWN, "same") for one in (RIGHT, SWAPPED))

    assert _told(same) == [("a", 0.5, 0.5, "agrees", 2), ("b", 1.0, 1.0, "agrees", 3)]
    assert _told(other) == [("a", 0.5, 1.0, "differs", 2), ("b", 1.0, 2 / 3, "differs", 3)]
    assert (same.why, other.why) == (None, None)


NOT_COMPARED = [
    (CLAIM, Computed(value=0.8), KNOWN, "same", "its function gave one number, not one a sample"),
    (CLAIM, _computed(RIGHT), None, "same", "which sample is in which group is not recorded"),
    (CLAIM, _computed(RIGHT[:3]), KNOWN, "same", "its function gave 3 numbers, the groups of 5 samples are recorded"),
    (CLAIM, _computed(RIGHT), KNOWN, "differs",
     "the copy of the split is not the recorded data, so that nothing tells which sample is in which group"),
    (CLAIM.model_copy(update={"entry": None, "command": ("x",)}), Computed(value=0.8), KNOWN, "same",
     "its command wrote one number, not one a sample"),
    (CLAIM.model_copy(update={"entry": None, "command": ("x",)}), _computed(RIGHT[:1]), KNOWN, "same",
     "its command wrote 1 number, the groups of 5 samples are recorded"),
    (CLAIM, Computed(error="no"), KNOWN, "same", None),
    (CLAIM, None, KNOWN, "same", None),
]  # fmt: skip


@pytest.mark.parametrize(("claim", "computed", "known", "copy", "why"), NOT_COMPARED)
def test_groups_that_cannot_be_compared(claim, computed, known, copy, why):
    """They are told all the same, as not run, with the reason where the claim itself was computed."""
    found = compare_groups(claim, computed, known, copy)

    assert {one.verdict for one in found.results} == {"not run"}
    assert found.why == why


@pytest.mark.parametrize(
    ("more", "value", "agrees"),
    [
        ({"tolerance": 0.1}, 0.6, True),
        ({"tolerance": 0.01}, 0.6, False),
        ({"decimals": 0}, 0.9, True),
        ({}, 0.54, True),
    ],
)
def test_the_rule_of_the_whole_holds_for_its_groups(more, value, agrees):
    """What a claim says of how exactly it is meant is said of its groups, too."""
    claim = CLAIM.model_copy(update={"groups": GROUPS[:1], **more})
    found = compare_groups(claim, _computed(np.array([value])), np.zeros(1, np.uint16), "same")

    assert (found.results[0].verdict == "agrees") is agrees


def test_a_claim_with_a_group_that_differs_does_so_itself(tmp_path):
    """The whole agrees, two groups do not: the claim is not what the paper says, and the finding names them."""
    tensors.write(Writer(tmp_path), MEMBERS, {"acc": tensors.of_array(KNOWN)})
    (tmp_path / "test.csv").write_text("x\n")
    section, told = Section(claims=(CLAIM,), members=MEMBERS), {"acc": _computed(SWAPPED)}
    site = Site(root=tmp_path, answer=_answer(told), data={"test": tmp_path / "test.csv"})
    (result,) = claims.results(section, site)
    (finding,) = claims.check(section, site)
    (elsewhere,) = claims.results(section, site, {"test": Status.DIFFERS})

    why = "2 of 2 groups differ: 'a' (claimed 0.5, got 1), 'b' (claimed 1, got 0.666667)"
    assert (result.verdict, result.why, result.got) == ("differs", why, 0.8)
    assert finding.message == f"claim 'acc': claimed 0.8, got 0.8, not the same to 1 decimal: {why}"
    assert (elsewhere.verdict, elsewhere.data, {one.verdict for one in elsewhere.groups}) == (
        "agrees",
        "differs",
        {"not run"},
    )
    assert [one.each for one in claims.wanted(section, site.data)] == [True]


def _answer(told):
    nothing = {"outputs": None, "arrays": {}, "transformed": None, "nesting": None, "digests": {}, "device": "cpu"}
    return Answer(stage="done", error=None, facts={}, distributions=None, log="", claims=told, **nothing)
