"""Claims at a replay: what is asked for, and what came of it."""

import pytest

from reprobundle.answers import Answer, Computed
from reprobundle.components import claims
from reprobundle.components.claims import Claim, Section, Wanted
from reprobundle.components.interface import Site
from reprobundle.report import Status

ACCURACY = Claim(id="acc", text="Table 2, row 3", value=0.97, split="test", entry="evaluate:accuracy")
SIZE = Claim(id="size", text="parameters", value=1000, entry="evaluate:size")
SHELL = Claim(id="loss", text="loss", value=0.1, split="test", command=("python", "evaluate.py", "{data}"))
BARE = Claim(id="bare", text="bare", value=1.0)
ALL = Section(claims=(ACCURACY, SIZE, SHELL, BARE))


def an_answer(**more):
    """What a worker left that did all it was asked."""
    nothing = {"outputs": None, "arrays": {}, "transformed": None, "nesting": None, "digests": {}, "device": "cpu"}
    return Answer(stage="done", error=None, facts={}, distributions=None, log="", **nothing, **more)


@pytest.fixture
def data(tmp_path):
    (tmp_path / "test.csv").write_text("x\n1\n")
    (tmp_path / "link").symlink_to(tmp_path / "test.csv")
    return tmp_path


def test_what_is_to_be_computed(data):
    """Nothing claimed is told; a link is followed, so that the place itself is shown to the worker."""
    found = claims.wanted(ALL, {"test": data / "link"})

    assert found == (
        Wanted(id="acc", entry="evaluate:accuracy", command=(), data=data / "test.csv"),
        Wanted(id="size", entry="evaluate:size", command=(), data=None),
        Wanted(id="loss", entry=None, command=("python", "evaluate.py", "{data}"), data=data / "test.csv"),
    )


def test_a_split_that_was_guessed_is_no_data_to_compute_on(data):
    """What was recorded without a split is called without data, whatever the text names and the reviewer gives."""
    guessed = SIZE.model_copy(update={"split": "test", "split_guessed": True})
    site = Site(root=data, answer=an_answer(claims={"size": Computed(value=1000.0)}), data={"test": data / "link"})
    (alone,) = claims.wanted(Section(claims=(guessed,)), {})
    (result,) = claims.results(Section(claims=(guessed,)), site, {"test": Status.SAME})

    assert (alone.data, claims.wanted(Section(claims=(guessed,)), site.data)) == (None, (alone,))
    assert (result.verdict, result.split, result.split_guessed, result.data) == ("agrees", "test", True, "not checked")


WITHOUT = [
    ({}, "needs the data: --data test=PATH"),
    (
        {"test": "s3://bucket/test.csv"},
        "the copy of split 'test' is no file or folder of this machine, and only such a one can be passed on",
    ),
    (
        {"test": [1, 2]},
        "the copy of split 'test' is no file or folder of this machine, and only such a one can be passed on",
    ),
]


@pytest.mark.parametrize(("given", "why"), WITHOUT)
def test_without_data(tmp_path, given, why):
    """A claim on a split is computed only with a copy that can be shown to the worker."""
    result = claims.results(Section(claims=(ACCURACY,)), Site(root=tmp_path, data=given))[0]

    assert (result.verdict, result.why, result.got) == ("not run", why, None)
    assert claims.wanted(ALL, given) == (Wanted(id="size", entry="evaluate:size", command=(), data=None),)


def test_results(data):
    """Claimed, got, verdict; the rule and the reason in words."""
    computed = {"acc": Computed(value=0.9712, seconds=2.0), "size": Computed(value=999.0), "loss": Computed(error="no")}
    site = Site(root=data, data={"test": data / "test.csv"}, answer=an_answer(claims=computed))
    found = claims.results(ALL, site, {"test": Status.DIFFERS})

    assert [(one.id, one.claimed, one.got, one.verdict, one.rule, one.data, one.why, one.seconds) for one in found] == [
        ("acc", 0.97, 0.9712, "agrees", "to 2 decimals", "differs", None, 2.0),
        (
            "size", 1000, 999.0, "differs", "to a whole number", "not checked",
            "they lie 1 apart, expected them to agree to a whole number", None,
        ),
        ("loss", 0.1, None, "failed", "to 1 decimal", "differs", "no", None),
        ("bare", 1.0, None, "not run", "to a whole number", "not checked", "no function or command that computes it is recorded", None),
    ]  # fmt: skip


def test_findings(data):
    """One finding a claim; a claim that was not computed is never the same."""
    computed = {"acc": Computed(value=0.9712), "size": Computed(value=999.0), "loss": Computed(error="ValueError: no")}
    site = Site(root=data, data={"test": data / "test.csv"}, answer=an_answer(claims=computed))

    assert [(one.status, one.message) for one in claims.check(ALL, site)] == [
        (Status.SAME, "claim 'acc': claimed 0.97, got 0.9712, to 2 decimals"),
        (Status.DIFFERS, "claim 'size': claimed 1000, got 999, not the same to a whole number"),
        (Status.NOT_RUN, "claim 'loss': claimed 0.1, failed: ValueError: no"),
        (Status.NOT_RUN, "claim 'bare': claimed 1, not computed: no function or command that computes it is recorded"),
    ]


def test_a_claim_that_the_worker_did_not_come_to(data):
    """A worker that stopped before says nothing of it."""
    result = claims.results(Section(claims=(SIZE,)), Site(root=data, answer=an_answer()))[0]

    assert (result.verdict, result.why) == ("not run", "it was not computed")
