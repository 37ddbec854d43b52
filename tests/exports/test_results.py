"""Numbers in a card: those that capture found false, what the Hub reads of them, and how many digits they have."""

from __future__ import annotations

import pytest
import yaml
from tiny import tiny_manifest, tiny_split

from reprobundle.components import claims, data
from reprobundle.components.claims.numbers import rule_of
from reprobundle.components.claims.section import GroupValue
from reprobundle.components.data.section import Overlap, Provenance
from reprobundle.components.documentation.card import Card
from reprobundle.components.documentation.evaluation_facts import evaluation_facts
from reprobundle.components.documentation.figures import figure
from reprobundle.exports.card import card
from reprobundle.exports.model_index import metric_of


def _front_matter(text):
    return yaml.safe_load(text.split("---\n")[1])


def _claiming(*found):
    """The card of a bundle with such claims."""
    return card(tiny_manifest(claims=claims.Section(claims=found)), Card(title="T"))


def test_a_claim_that_the_reloaded_model_contradicts_is_marked():
    """What capture found false stands in the card with the number found, and is no result for the Hub."""
    made = _claiming(
        claims.Claim(
            id="a", text="accuracy", value=0.91, split="test", entry="net:right", reloaded="differs", gave=0.792793
        ),
        claims.Claim(id="b", text="recall", value=0.8, split="test"),
    )
    (result,) = _front_matter(made)["model-index"][0]["results"]

    assert (
        "**Found false at capture: accuracy**: 0.91 claimed, 0.79 computed; the reloaded model gives it.\n\n"
        "Left out of the metadata at the top of this file, which the Hub reads: accuracy.\n" in made
    )
    assert "| accuracy | 0.91 (**found false at capture: 0.79**) |  | to 2 decimals | `test` | `net:right` |" in made
    assert [metric["type"] for metric in result["metrics"]] == ["recall"]


def test_a_claim_that_could_not_be_computed_is_in_doubt():
    """A number whose own code failed before the seal stands in the card as such, and no leader board reads it."""
    made = _claiming(claims.Claim(id="a", text="accuracy", value=0.9, entry="net:none", reloaded="failed"))

    assert (
        "**In doubt: accuracy**: what computes it failed with the reloaded model, before the bundle was sealed.\n"
        in made
    )
    assert "| accuracy | 0.9 (**in doubt: what computes it failed**) |" in made
    assert "model-index" not in _front_matter(made)


def test_a_claim_that_its_own_samples_contradict_is_marked():
    """A number is false where its samples give another one; with as many digits as tell the two apart."""
    made = _claiming(
        claims.Claim(id="a", text="accuracy", value=0.91, measured=88 / 111, count=111, low=0.71, high=0.86)
    )
    close = _claiming(claims.Claim(id="a", text="accuracy", value=0.79, measured=0.790001, tolerance=0.0))

    assert "**Found false at capture: accuracy**: 0.91 claimed, 0.79 computed; its own samples give it." in made
    assert "model-index" not in _front_matter(made)
    assert "0.79 claimed, 0.790001 computed" in close


def test_a_claim_whose_parts_contradict_each_other_is_marked():
    """Groups that their own samples contradict make the claim false as it stands, and no result for the Hub."""
    groups = (GroupValue(name="x", value=0.45, count=32, measured=1.0), GroupValue(name="y", value=0.5, count=0))
    made = _claiming(claims.Claim(id="a", text="accuracy", value=0.5, groups=groups))

    assert "**Found false at capture: accuracy**: group 'x': 0.45 is stated, its 32 samples give 1" in made
    assert "not the same to 2 decimals; group 'y': 0.5 is stated, and it has no sample.\n" in made
    assert "model-index" not in _front_matter(made)


def test_a_claim_that_may_be_no_mean_is_in_doubt():
    """Groups whose mean is another number do not make a claim false, as an AUC is no mean; the Hub reads it not."""
    groups = (GroupValue(name="x", value=0.5, count=10), GroupValue(name="y", value=0.9, count=10))
    made = _claiming(claims.Claim(id="a", text="auroc", value=0.8, groups=groups))

    assert "**In doubt: auroc**: 0.8 claimed, 0.7 computed; its own groups give it." in made
    assert "\n\nLeft out of the metadata at the top of this file, which the Hub reads: auroc.\n" in made
    assert "model-index" not in _front_matter(made)


def test_a_range_of_groups_is_no_computed_number():
    """Where groups do not say how many samples they have, nothing computed a number: their range is told, in words."""
    groups = (
        GroupValue(name="x", value=0.8),
        GroupValue(name="y", value=0.95, count=3),
        GroupValue(name="z", value=0.9),
    )
    made = _claiming(claims.Claim(id="a", text="sensitivity", value=0.99, groups=groups))

    assert "**In doubt: sensitivity**: 0.99 is stated, its 3 groups lie between 0.8 and 0.95.\n" in made
    assert "| sensitivity | 0.99 (**in doubt: its 3 groups lie between 0.8 and 0.95**) |" in made
    assert "computed;" not in made
    assert "model-index" not in _front_matter(made)


def _leaking(count, **said):
    """The card of a bundle of whose 69 test samples so many stand in train."""
    train, test = tiny_split("train", 278), tiny_split("test", 69)
    splits = (train, test.model_copy(update={"overlaps": (Overlap(split="train", count=count),)} if count else {}))
    claim = claims.Claim(**{"id": "a", "text": "accuracy", "value": 0.97, "split": "test", **said})
    return card(tiny_manifest(data=data.Section(splits=splits), claims=claims.Section(claims=(claim,))), Card())


def test_a_number_measured_on_training_data_says_so():
    """One line above the table; from lint's error threshold on the Hub does not read the number."""
    made = _leaking(5)

    assert (
        "## Results\n\n**Measured on data that also stands in `train`**: 5 of 69 samples of `test`.\n\n"
        "Left out of the metadata at the top of this file, which the Hub reads: accuracy.\n\n| claim |" in made
    )
    assert "model-index" not in _front_matter(made)


@pytest.mark.parametrize(
    ("count", "said", "told", "read"),
    [
        (0, {}, False, True),
        (5, {"split_guessed": True}, True, True),
        (5, {"split": "train"}, False, True),
        (5, {"split": None}, False, True),
        (1, {}, True, False),
    ],
)
def test_a_number_is_kept_from_the_hub_where_lint_calls_it_an_error(count, said, told, read):
    """A split that is only guessed is a warning; a number of another split, or of none, is not concerned."""
    made = _leaking(count, **said)

    assert ("Measured on data" in made, "model-index" in _front_matter(made)) == (told, read)


@pytest.mark.parametrize(
    ("said", "rule"),
    [
        ({"value": 0.97}, "to 2 decimals"),
        ({"value": 0.9710144927536232}, "within 1e-05 of it"),
        ({"value": 0.97, "decimals": 3}, "to 3 decimals"),
        ({"value": 0.97, "tolerance": 0.01}, "within 0.01"),
    ],
)
def test_the_card_tells_the_rule_of_a_replay(said, rule):
    """A claim is told to be compared as a replay will compare it, whatever was said of its digits; else that it is not."""
    claim = claims.Claim(id="a", text="accuracy", split="test", entry="net:right", **said)
    stated = claims.Claim(id="b", text="recall", split="test", **said)

    assert f" | {rule} | `test` | `net:right` |" in _claiming(claim)
    assert rule_of(claim) == rule
    assert " | not compared | `test` | nothing: it is stated |" in _claiming(claim, stated)
    assert "compared" not in _claiming(stated).partition("## How to")[0]


def test_a_number_that_capture_computed_says_so():
    """Whether a function gave its number already is more than that there is a function."""
    claim = claims.Claim(id="a", text="accuracy", value=0.9, entry="net:right", reloaded="agrees")

    assert "| not named | `net:right`, which gave it at capture |" in _claiming(claim)


@pytest.mark.parametrize(
    ("text", "said", "bar"),
    [
        ("accuracy", {}, True),
        ("cross-validation accuracy", {}, True),
        ("error rate", {}, True),
        ("of my own", {"method": "wilson", "low": 0.1, "high": 0.9}, True),
        ("test cross-entropy", {}, False),
        ("mean squared error", {}, False),
        ("std of test accuracy", {}, False),
        ("of my own", {}, False),
        ("accuracy", {"value": 57.0}, False),
        ("accuracy", {"groups": (GroupValue(name="x", value=1.5), GroupValue(name="y", value=0.2))}, False),
    ],
)
def test_only_shares_have_bars(text, said, bar):
    """A number whose scale does not end at 1, or one of whose groups lies beyond, has no bar of which it were a part."""
    made = _claiming(claims.Claim(**{"id": "a", "text": text, "value": 0.5, "split": "test", **said}))

    assert ("█" in made) is bar


@pytest.mark.parametrize("text", ["test accuracy", "std of test accuracy", "mean test accuracy over 5 folds"])
def test_a_number_that_was_only_typed_gets_no_interval(text):
    """Neither its samples nor how many trainings it sums up are known: uncertainty and runs are for a person to say."""
    claim = claims.Claim(id="typed", text=text, value=0.84, split="test")
    facts = evaluation_facts({"claims": [claim.model_dump()]}, {"seeds": {"torch": 7}}, {})
    row = next(line for line in _claiming(claim).splitlines() if line.startswith(f"| {text} | 0.84 |"))

    assert [fact.path for fact in facts] == ["evaluation.metrics"]
    assert row.endswith(" | `test` | nothing: it is stated |")
    assert "samples" not in row


def test_claims_that_agree_have_no_mark():
    """A number that is its samples' mean to its own decimals is told as it is, with its interval."""
    made = _claiming(claims.Claim(id="a", text="accuracy", value=0.79, measured=88 / 111, count=111, low=0.708, high=0.857,
                                  method="wilson"))  # fmt: skip

    assert (
        "| accuracy | 0.79 | █████████▌ | 0.708 to 0.857, 111 samples | not named | nothing: its samples give it |"
        in made
    )
    assert "false" not in made


@pytest.mark.parametrize(
    ("text", "metric"),
    [
        ("test accuracy", "accuracy"),
        ("Accuracy on the validation set", "accuracy"),
        ("F1", "f1"),
        ("top-5 accuracy", "top-5-accuracy"),
        ("balanced accuracy", "balanced-accuracy"),
        ("word error rate", "wer"),
        ("ROC-AUC", "roc_auc"),
        ("accuracy of penguins", "accuracy-of-penguins"),
    ],
)
def test_metrics_have_the_hubs_names_where_it_knows_them(text, metric):
    """A metric is the Hub's only where its words say no more than it and the split."""
    assert metric_of(text) == metric


def test_the_data_set_of_a_result_is_the_splits_own():
    """What a split says of its source comes first, then the card's only data set; of several none is taken."""
    origin = Provenance(source="stanfordnlp/imdb")
    splits = tuple(split.model_copy(update={"provenance": origin}) for split in tiny_manifest().data.splits)
    told = tiny_manifest(data=data.Section(splits=splits))
    named = [_front_matter(card(*pair))["model-index"][0]["results"][0]["dataset"] for pair in (
        (told, Card(datasets=("other",))), (tiny_manifest(), Card(datasets=("a", "b"))))]  # fmt: skip

    assert named == [
        {"type": "stanfordnlp/imdb", "name": "stanfordnlp/imdb", "split": "test"},
        {"type": "unknown", "name": "not named", "split": "test"},
    ]


@pytest.mark.parametrize(
    ("value", "reach", "shown"),
    [
        (0.9644444584846497, (None, None), "0.9644"),
        (0.9644444584846497, (0.943, 0.978), "0.964"),
        (0.792793, (None, None), "0.792793"),
        (12345.678901, (None, None), "12,346"),
        (1000000.0, (None, None), "1,000,000"),
        (-0.0, (None, None), "0"),
        (1.23456789e-9, (None, None), "1.235e-09"),
        (1e300, (None, None), "1e+300"),
        (57.28571428571429, (50.1, 64.2), "57.3"),
        (0.123456789, (0.5, 0.5), "0.1235"),
        (0.8374999761581421, (0.75, 0.9), "0.8375"),
        (0.8374999761581421, (None, None), "0.8375"),
    ],
)
def test_numbers_have_as_many_digits_as_they_deserve(value, reach, shown):
    """Digits that were given stay; of others as many as the interval leaves sense to, else four."""
    assert figure(value, low=reach[0], high=reach[1]) == shown


def test_all_that_contradicts_a_claim_is_named():
    """What the reloaded model gave comes first, then its groups, then the claim's own samples and parts."""
    groups = (
        GroupValue(name="x", value=0.5, gave=0.75),
        GroupValue(name="y", value=0.5, count=0),
    )
    claim = claims.Claim(
        id="a",
        text="accuracy",
        value=0.5,
        decimals=2,
        measured=0.7,
        count=10,
        groups=groups,
        reloaded="differs",
        gave=0.25,
    )
    (line,) = [one for one in _claiming(claim).splitlines() if one.startswith("**Found false")]
    (own,) = [
        one
        for one in _claiming(claim.model_copy(update={"gave": None})).splitlines()
        if one.startswith("**Found false")
    ]

    assert line == (
        "**Found false at capture: accuracy**: 0.50 claimed, 0.25 computed; the reloaded model gives it; "
        "group 'x': claimed 0.5, the reloaded model gives 0.75, not the same to 2 decimals; "
        "0.5 is stated, its 10 samples give 0.7, not the same to 2 decimals; group 'y': 0.5 is stated, and it has no sample."
    )
    assert own == (
        "**Found false at capture: accuracy**: 0.50 claimed, 0.70 computed; its own samples give it; "
        "group 'x': claimed 0.5, the reloaded model gives 0.75, not the same to 2 decimals; "
        "group 'y': 0.5 is stated, and it has no sample."
    )


def test_groups_that_the_reloaded_model_gave_otherwise_make_a_claim_false():
    """The number itself stands; its groups do not, and it is no result for the Hub."""
    groups = (GroupValue(name="x", value=0.5, gave=0.75),)
    made = _claiming(claims.Claim(id="a", text="accuracy", value=0.5, groups=groups, reloaded="differs"))

    assert (
        "**Found false at capture: accuracy**: group 'x': claimed 0.5, the reloaded model gives 0.75, not the same to 1 "
        "decimal.\n" in made
    )
    assert "| accuracy | 0.5 (**found false at capture: its groups are others**) |" in made
    assert "model-index" not in _front_matter(made)


def test_claims_of_one_text_have_their_ids():
    """In the table, before it, in the groups' headings and for the Hub; a text of its own stands alone."""
    groups = (GroupValue(name="x", value=0.5),)
    found = (
        claims.Claim(id="row-1", text="accuracy", value=0.5, groups=groups),
        claims.Claim(id="row-2", text="Accuracy", value=0.6, reloaded="differs", gave=0.7),
        claims.Claim(id="row-3", text="recall", value=0.7),
    )
    made = _claiming(*found)
    facts = [fact.value for fact in evaluation_facts({"claims": [claim.model_dump() for claim in found]}, {}, {})]
    (result,) = _front_matter(made)["model-index"][0]["results"]

    assert [line.split(" | ")[0] for line in made.splitlines() if line.startswith(("| acc", "| Acc", "| rec"))] == [
        "| accuracy (row-1)",
        "| Accuracy (row-2)",
        "| recall",
    ]
    assert "**accuracy (row-1)**:\n" in made
    assert (
        "**Found false at capture: Accuracy (row-2)**: 0.6 claimed, 0.7 computed; the reloaded model gives it.\n"
        in made
    )
    assert "which the Hub reads: Accuracy (row-2).\n" in made
    assert [(one["type"], one["name"]) for one in result["metrics"]] == [
        ("accuracy", "accuracy (row-1)"),
        ("recall", "recall"),
    ]
    assert facts == ["accuracy (row-1): 0.5; Accuracy (row-2): 0.6; recall: 0.7"]


def test_a_split_is_the_recorded_one():
    """The split that was decided at capture stands in table and metadata; none is read from the text any more."""
    made = _claiming(
        claims.Claim(id="a", text="test accuracy", value=0.5, split="test", split_guessed=True),
        claims.Claim(id="b", text="test recall", value=0.5),
    )

    assert "| test accuracy | 0.5 | ██████ | `test` | nothing: it is stated |" in made
    assert "| test recall | 0.5 | ██████ | not named | nothing: it is stated |" in made
    assert [one["dataset"].get("split") for one in _front_matter(made)["model-index"][0]["results"]] == ["test", None]


@pytest.mark.parametrize(
    ("value", "measured", "told"),
    [
        (0.986014, 0.986013986, "accuracy: 0.986"),
        (0.986, 0.986013986, "accuracy: 0.986"),
        (0.99, 0.986013986, "accuracy: 0.99 (its samples give 0.986)"),
        (1e-7, 1e-7, "accuracy: 1e-07"),
    ],
)
def test_a_number_stands_once_where_its_samples_give_the_same(value, measured, told):
    """More digits of the same number contradict nothing."""
    claim = {"id": "a", "text": "accuracy", "value": value, "measured": measured, "low": None, "high": None}
    fact = next(iter(evaluation_facts({"claims": [claim]}, {}, {})))

    assert fact.value.startswith(told.partition(" (")[0][:12])
    assert ("its samples give" in fact.value) == ("its samples give" in told)
