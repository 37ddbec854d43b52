"""What capture says of the claims."""

from __future__ import annotations

from typing import Any, Literal

import pytest

from reprobundle.components.claims import Claim
from reprobundle.components.claims import Section as Claims
from reprobundle.components.claims.section import GroupValue
from reprobundle.rendering.claimed import claim_words
from reprobundle.report import ClaimResult


def claim(name: str, verdict: Literal["agrees", "differs", "not run", "failed"]) -> ClaimResult:
    """What came of a claim."""
    return ClaimResult(id=name, text=name, claimed=1.0, verdict=verdict, rule="exactly")


@pytest.mark.parametrize(
    ("results", "told"),
    [
        ((), ()),
        ((claim("a", "agrees"),), ("1 claim as claimed, by a fresh process",)),
        ((claim("a", "differs"), claim("b", "failed")), ("NOT AS CLAIMED: 'a'; COULD NOT BE COMPUTED: 'b'",)),
        (
            (claim("a", "agrees"), claim("b", "agrees"), claim("c", "failed")),
            ("2 claims as claimed, by a fresh process; COULD NOT BE COMPUTED: 'c'",),
        ),
    ],
)
def test_claims_that_were_computed_are_told(results: tuple[ClaimResult, ...], told: tuple[str, ...]) -> None:
    """One that differs is another matter than one that could not be computed."""
    assert claim_words(results, Claims(claims=())) == told


def recorded(name: str, **more: Any) -> Claim:
    """A claim as a manifest has it."""
    return Claim(id=name, text=name, value=1.0, **more)


def test_claims_by_group_and_those_that_nothing_computes_are_told() -> None:
    """A number that was only stated is not passed off as computed, and groups are seen before any report is."""
    groups = (GroupValue(name="a", value=1.0), GroupValue(name="b", value=1.0))
    both = (recorded("one", group="sex", groups=groups), recorded("two"), recorded("three", groups=groups[:1]))

    assert claim_words((claim("one", "agrees"),), Claims(claims=both)) == (
        "1 claim as claimed, by a fresh process; 2 claims taken as stated, which nothing computes",
        "by group: 'one' (2 groups of 'sex'), 'three' (1 group)",
    )
    assert claim_words((), Claims(claims=(recorded("four", entry="net:f"), *both[1:2]))) == (
        "1 claim left to a replay to compute; 1 claim taken as stated, which nothing computes",
    )
    assert claim_words((), Claims(claims=both[1:2])) == ("1 claim taken as stated, which nothing computes",)


def test_claims_with_samples_and_those_that_these_contradict_are_told() -> None:
    """Nobody stated a number that its samples gave, and one that they deny is loud, as in every other place."""
    sampled, denied = recorded("one", measured=1.0, count=4), recorded("two", measured=0.5, count=4)

    assert claim_words((), Claims(claims=(sampled,))) == ("1 claim with the numbers of its samples",)
    assert claim_words((), Claims(claims=(sampled, denied))) == (
        "CONTRADICTED BY ITS OWN PARTS: 'two'; 1 claim with the numbers of its samples",
    )
