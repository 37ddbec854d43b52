"""What the bundle itself says is missing or false is told, with file and reason."""

from __future__ import annotations

import pytest
from lint_cards import CARD, bundle, card, claim, sound

import reprobundle
from reprobundle import secrecy
from reprobundle.components import claims, data
from reprobundle.components.code.section import LeftOut
from reprobundle.report import Finding, Status
from reprobundle.secrecy import Leak, Section


def met(place):
    return [(lint.level, lint.rule, lint.message) for lint in reprobundle.lint(place).lints]


def code(**changed):
    return {"code": sound()["code"].model_copy(update=changed)}


SECRET = "holds secrets: line 3 (hub-token)"


@pytest.mark.parametrize(
    ("path", "reason", "level"),
    [
        ("train.py", SECRET, "error"),
        ("notebooks/train.ipynb", SECRET, "error"),
        ("vendored", "is a submodule that is not checked out: git submodule update --init", "error"),
        ("tests/test_net.py", "is a symbolic link", "warning"),
        ("test_net.py", SECRET, "warning"),
        ("conftest.py", SECRET, "warning"),
        ("config.yaml", SECRET, "error"),
        ("conf/train_config.json", SECRET, "error"),
        ("tests/config.yaml", SECRET, "warning"),
        (".github/workflows/ci.yml", SECRET, "warning"),
        ("labels.json", SECRET, "warning"),
        (".env", SECRET, "warning"),
        ("notes.md", "is larger than 50 MB", "warning"),
        ("data/people.csv", "holds data of the private split 'train'", None),
    ],
)
def test_source_that_was_left_out(tmp_path, path, reason, level):
    """A program or configuration that is missing is an error with its reason, a test or another file a warning; private data was
    meant to stay out.
    """
    place = bundle(tmp_path / "b", **code(left_out=(LeftOut(path=path, reason=reason),)))
    told = [(level, "code-left-out", f"{path!r} is not in the bundle: it {reason}")] if level else []

    assert met(place) == told


def test_a_secret_is_told_once(tmp_path):
    """A script with a secret is told as missing source; a value and another file by the rule of the secret; never twice."""
    left = (
        Leak(rule="hub-token", path="train.py", line=3),
        Leak(rule="password", path="manifest.json/hyperparameters/values/key"),
        Leak(rule="aws-key", path="replay/log.txt", line=7),
        Leak(rule="hub-token", path=CARD, line=2),
    )
    source = code(left_out=(LeftOut(path="train.py", reason=SECRET),))
    place = bundle(tmp_path / "b", secrecy=Section(left_out=left), **source)

    assert met(place) == [
        ("error", "code-left-out", f"'train.py' is not in the bundle: it {SECRET}"),
        ("warning", "left-out", "manifest.json/hyperparameters/values/key: a secret was left out (password)"),
        ("warning", "left-out", "replay/log.txt, line 7: a secret was left out (aws-key)"),
    ]


def test_a_mark_in_an_answer(tmp_path):
    """An answer in which a mark stands for a secret is an error at its line, and counts nothing."""
    mark = secrecy.values.marker("hub-token")
    report = reprobundle.lint(bundle(tmp_path / "b", card(contact=f"ask with {mark}", datasets=[mark])))

    assert [(lint.rule, lint.message) for lint in report.of("error")] == [
        ("left-out", "contact: '[left out: hub-token]' stands where a secret stood"),
        ("left-out", "datasets[0]: '[left out: hub-token]' stands where a secret stood"),
    ]
    assert report.score < 100


def test_changes_without_a_patch(tmp_path):
    """A tree that differs from its commit, with nothing that says in what, is a warning; with a patch advice."""
    dirty = sound()["code"].repository.model_copy(update={"dirty": True})
    place = bundle(tmp_path / "b", **code(repository=dirty))
    told = f"the source differs from commit {dirty.commit[:12]}"

    assert met(place) == [("warning", "code-patch", f"{told}, and no patch says in what")]
    patched = bundle(
        tmp_path / "p", files={"code/changes.patch": "x\n"}, **code(repository=dirty, patch="code/changes.patch")
    )
    assert met(patched) == [("advice", "code-commit", f"{told}; the difference is in the bundle")]


def test_a_split_that_was_left_out(tmp_path):
    """A split that was given and is not recorded is a warning."""
    place = bundle(tmp_path / "b", data=data.Section(splits=sound()["data"].splits, left_out=("more",)))

    assert met(place) == [("warning", "data-left-out", "a data split is left out: 'more'")]


def test_what_capture_could_not_compute(tmp_path):
    """A number whose own code failed is a warning: nothing says that it is false, and nothing that it is so."""
    failed = claims.Section(claims=(claim(reloaded="failed"),))

    assert met(bundle(tmp_path / "b", claims=failed)) == [
        (
            "warning",
            "claim-failed",
            "the number 'test-accuracy' could not be computed: what computes it failed with the reloaded model, before the "
            "bundle was sealed",
        )
    ]


def test_what_capture_found_false(tmp_path):
    """A number that the reloaded model did not give again, and a model that no replay will accept, are errors."""
    notes = (
        Finding(kind="claims", status=Status.NOTE, message="claim 'test-accuracy': could not be computed in a fresh process: x"),
        Finding(kind="outputs", status=Status.NOTE, message="every replay will say NOT REPRODUCED: the outputs do not depend "
                "on the weights"),
    )  # fmt: skip
    false = claims.Section(claims=(claim(reloaded="differs", gave=0.61),))
    report = reprobundle.lint(bundle(tmp_path / "b", notes=notes, claims=false))

    assert [(lint.level, lint.rule, lint.path, lint.message) for lint in report.lints] == [
        (
            "error",
            "claim-differs",
            "claims.claims[0]",
            "the number 'test-accuracy' is false: claimed 0.973, the reloaded model gives 0.61, not the same to 3 decimals",
        ),
        (
            "error",
            "replay-refused",
            "notes[1]",
            "every replay will say NOT REPRODUCED: the outputs do not depend on the weights",
        ),
    ]
    assert not report.ready


def test_no_claims_no_word(tmp_path):
    """A bundle without numbers has nothing of them that is false; that it has none is advice."""
    told = met(bundle(tmp_path / "b", claims=claims.Section(claims=())))

    assert told == [("advice", "claim-uncomputed", "the bundle holds no number")]
