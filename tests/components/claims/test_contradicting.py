"""A stated number beside those of its own samples and groups."""

from __future__ import annotations

import pytest

from reprobundle.components import claims
from reprobundle.components.claims import Claim, contradiction
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
