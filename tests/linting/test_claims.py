"""A claim that contradicts itself is an error, at its line of the manifest; one with an interval has its uncertainty."""

from __future__ import annotations

from lint_cards import bundle, card, claim, overlapping
from tiny import tiny_bundle

import reprobundle
from reprobundle.components import claims
from reprobundle.components.claims import Claim
from reprobundle.components.claims.section import GroupValue

GOOD = Claim(id="good", text="good", value=0.5, split="test", entry="m:f", measured=0.5, count=4, low=0.2, high=0.8)
BAD = GOOD.model_copy(
    update={"id": "bad", "value": 0.95, "measured": 0.793, "count": 1000, "method": "wilson", "split": None}
)
GROUPED = Claim(id="g", text="g", value=0.9, split="test", groups=(GroupValue(name="a", value=0.5),))


def test_a_number_that_its_own_samples_do_not_give(tmp_path):
    """Both figures, the place and the line of the number, and the way out."""
    section = claims.Section(claims=(GOOD, BAD, GROUPED))
    place = tiny_bundle(tmp_path / "bundle", claims=section)
    found = [lint for lint in reprobundle.lint(place).lints if lint.rule == "claim-contradicted"]
    lines = (place / "manifest.json").read_text("utf-8").splitlines()

    assert [(lint.level, lint.message, lint.path) for lint in found] == [
        (
            "error",
            "the number 'bad': 0.95 is stated, its 1,000 samples give 0.793, not the same to 2 decimals",
            "claims.claims[1].value",
        ),
        ("warning", "the number 'g': 0.9 is stated, its 1 group gives 0.5", "claims.claims[2].value"),
    ]
    assert found[0].file == "manifest.json"
    assert [lines[lint.line - 1].strip() for lint in found] == ['"value": 0.95,', '"value": 0.9,']
    assert found[0].hint == "correct the number, or what was given beside it; leave value out, and it is their mean"


def test_an_interval_is_an_uncertainty(tmp_path):
    """Numbers that all have their interval need no sentence about it; one without asks for it."""
    bare = GOOD.model_copy(update={"id": "bare", "low": None, "high": None})
    without = card(evaluation__uncertainty=None)
    told, untold = (
        reprobundle.lint(bundle(tmp_path / name, without, claims=claims.Section(claims=found)))
        for name, found in (("told", (GOOD,)), ("untold", (GOOD, bare)))
    )

    assert "uncertainty" not in {lint.rule for lint in told.lints}
    assert "uncertainty" in {lint.rule for lint in untold.lints}


def test_parts_of_a_claim_that_contradict_each_other(tmp_path):
    """Groups beside their samples, an interval beside its number, and samples beside those of the split are errors, too."""
    groups = (GroupValue(name="a", value=0.45, count=32, measured=1.0), GroupValue(name="none", value=0.5, count=0))
    bad = Claim(
        id="bad", text="bad", value=0.5, split="test", measured=0.5, count=1000, low=0.6, high=0.7, groups=groups
    )
    found = reprobundle.lint(tiny_bundle(tmp_path / "bundle", claims=claims.Section(claims=(bad,)))).lints

    assert [(lint.level, lint.message) for lint in found if lint.rule == "claim-contradicted"] == [
        ("error", "the number 'bad': group 'a': 0.45 is stated, its 32 samples give 1, not the same to 2 decimals"),
        ("error", "the number 'bad': group 'none': 0.5 is stated, and it has no sample"),
        ("error", "the number 'bad': 0.5 is stated, its own interval goes from 0.6 to 0.7"),
        ("error", "the number 'bad': 1,000 numbers of samples were given, split 'test' has 4 samples"),
    ]


def test_a_guess_of_the_split_is_no_error(tmp_path):
    """A split that only the text names is a split, and what lint finds on it a warning."""
    guessed = claims.Section(claims=(claim(split_guessed=True),))
    found = reprobundle.lint(bundle(tmp_path / "b", data=overlapping(40), claims=guessed)).lints

    assert [(lint.level, lint.message) for lint in found if lint.rule in {"overlap", "claim-split"}] == [
        (
            "warning",
            "the number 'test-accuracy' is measured on 'test', as its text says, of which 40 samples (40%) stand in "
            "'train': row 3 is row 17 there",
        )
    ]
