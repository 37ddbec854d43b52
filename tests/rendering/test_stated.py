"""``show BUNDLE claims``: numbers with their intervals and groups, and what contradicts them."""

from __future__ import annotations

from tiny import tiny_bundle, tiny_split

from reprobundle import cli
from reprobundle.components import data
from reprobundle.components.claims import Claim, Section
from reprobundle.components.claims.section import GroupValue
from reprobundle.rendering import stated

GROUPS = tuple(GroupValue(name=str(place), value=0.5, count=2, low=0.1, high=0.9) for place in range(22))
FULL = Claim(
    id="acc", text="accuracy", value=0.95, split="test", entry="m:f", measured=0.5, count=44, low=0.36, high=0.64,
    group="site", groups=GROUPS,
)  # fmt: skip
BARE = Claim(id="bare", text="bare", value=3.0)


def test_a_claim_that_could_not_be_computed_is_named() -> None:
    """Its own code failed before the seal: a table alone would let it pass for a number."""
    section = Section(claims=(Claim(id="a", text="a", value=0.9, reloaded="failed"),))

    assert list(stated.warnings(section)) == [
        "claim 'a' COULD NOT BE COMPUTED: what computes it failed with the reloaded model, before the bundle was sealed"
    ]


def test_claims_as_tables():
    """Value, interval, samples, split and what computes it; the first groups below; a contradiction in plain sight."""
    shown = stated.render(Section(claims=(FULL, BARE)), colour=False, width=100)

    assert (
        shown.partition("\n  1 ")[0]
        == """\
  claim  value  95 %          samples  split  computed by
  acc    0.95   0.36 to 0.64  44       test   m:f
         accuracy
  bare   3      -             -        -      -
  claim 'acc' CONTRADICTED: 0.95 is stated, its 44 samples give 0.5, not the same to 2 decimals

acc by site
  group  value  95 %        samples
  0      0.5    0.1 to 0.9  2"""
    )
    assert shown.endswith("and 2 more groups (--json shows all)")
    assert stated.render(Section(claims=()), colour=False, width=100) == "nothing is claimed"


def test_show_marks_it(tmp_path, capsys):
    """The overview says it, too, so that nobody has to look for it."""
    place = tiny_bundle(tmp_path / "bundle", claims=Section(claims=(FULL,)))

    assert cli.main(["show", str(place)]) == 0
    assert "claim 'acc' CONTRADICTED: 0.95 is stated, its 44 samples give 0.5" in capsys.readouterr().out
    assert cli.main(["show", str(place), "claims"]) == 0
    assert "acc by site" in capsys.readouterr().out


def test_another_number_of_samples_than_the_split_has(tmp_path, capsys):
    """It takes the record of the data to see it: one line in the overview and below the table."""
    claim = Claim(id="acc", text="test accuracy", value=0.5, split="test", split_guessed=True, measured=0.5, count=44)
    place = tiny_bundle(
        tmp_path / "bundle", claims=Section(claims=(claim,)), data=data.Section(splits=(tiny_split("test", 40),))
    )
    line = "claim 'acc' CONTRADICTED: 44 numbers of samples were given, split 'test' has 40 samples"
    assert cli.main(["show", str(place)]) == 0
    overview = capsys.readouterr().out
    assert cli.main(["show", str(place), "claims"]) == 0
    table = capsys.readouterr().out

    assert overview.count(line) == 1
    assert " ".join(table.split()).count(line) == 1
    assert "test accuracy; split as its text says" in table


def test_what_the_reloaded_model_gave_otherwise():
    """A number that a fresh process did not give again is told, and so is each such group."""
    groups = (GroupValue(name="a", value=0.8374999761581421, gave=0.25),)
    claim = Claim(id="acc", text="acc", value=0.8374999761581421, groups=groups, reloaded="differs", gave=0.5)

    assert list(stated.warnings(Section(claims=(claim,)))) == [
        "claim 'acc' FOUND FALSE: claimed 0.8375, the reloaded model gives 0.5, not the same to 4 decimals",
        "claim 'acc' FOUND FALSE: group 'a': claimed 0.8375, the reloaded model gives 0.25, not the same to 4 decimals",
    ]
