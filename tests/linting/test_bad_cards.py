"""A dozen bad cards, and more: each is named for what is wrong with it, and for nothing else."""

from __future__ import annotations

import planted
import pytest
from lint_cards import CARD, bundle, card, claim, overlapping, sound, split
from tiny import tiny_manifest

import reprobundle
from reprobundle.components import claims, data
from reprobundle.manifest import Proof

README = "documentation/original/README.md"
CODE_LICENCE = "code/source/LICENSE"
GPL = "                    GNU GENERAL PUBLIC LICENSE\n                       Version 3, 29 June 2007\n"


def found(place, level):
    return [(lint.rule, lint.message) for lint in reprobundle.lint(place).of(level)]


def splits(*given):
    return {"data": data.Section(splits=given)}


def test_a_full_card_scores_a_hundred(tmp_path):
    """Where everything is answered and nothing contradicts anything there is nothing to say."""
    report = reprobundle.lint(bundle(tmp_path / "full"))

    assert (report.score, report.lints, report.exit_code(fail_under=100)) == (100, (), 0)
    assert {section.score for section in report.sections} == {100}


BAD = {
    "licence against data": (
        card(license="CC-BY-4.0", training_data__license=None),
        splits(split("train", licence="CC-BY-NC-4.0"), split("test")),
        {},
        ("licence-data", "license says CC-BY-4.0, but data split 'train' is under CC-BY-NC-4.0, which allows no commercial use"),
    ),
    "licence of data, twice": (
        card(training_data__license="CC-BY-4.0", license="CC-BY-NC-4.0"),
        splits(split("train", licence="CC-BY-NC-4.0"), split("test")),
        {},
        ("licence-data-differs",
         "training_data.license says CC-BY-4.0, but recorded is data split 'train' CC-BY-NC-4.0"),
    ),
    "licence against base model": (
        card(license="MIT", base_model=["CompVis/stable-diffusion-v1-4"]),
        {},
        {},
        ("licence-base", "license says MIT, but the base model 'CompVis/stable-diffusion-v1-4' is under "
         "LicenseRef-creativeml-openrail-m, which asks for its restrictions of use to be passed on"),
    ),
    "licence no identifier": (
        card(license="Apache2"),
        {},
        {},
        ("licence-invalid", "license: 'Apache2' is no licence expression of SPDX"),
    ),
    "licence no expression": (
        card(training_data__license="CC BY 4.0"),
        {},
        {},
        ("licence-invalid", "training_data.license: expected an SPDX expression, such as Apache-2.0, found 'CC BY 4.0'"),
    ),
    "placeholder": (
        card(use__limitations="TODO: ask the writers"),
        {},
        {},
        ("placeholder", "use.limitations: 'TODO: ask the writers' is a placeholder"),
    ),
    "lorem ipsum": (
        card(description="Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do."),
        {},
        {},
        ("placeholder", "description: 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do.' is a placeholder"),
    ),
    "template of the Hub": (
        card(ethics__bias="Bias: [More Information Needed]"),
        {},
        {},
        ("placeholder", "ethics.bias: 'Bias: [More Information Needed]' is a placeholder"),
    ),
    "address of nobody": (
        card(contact="you@example.com"),
        {},
        {},
        ("placeholder", "contact: 'you@example.com' is a placeholder"),
    ),
    "metric on an overlap": (
        card(),
        {"data": overlapping(40)},
        {},
        ("overlap", "the number 'test-accuracy' is measured on 'test', of which 40 samples (40%) stand in 'train': row 3 is row 17 there"),
    ),
    "another accuracy": (
        card(evaluation__metrics="Accuracy on held-back data is 99.1%, better than before."),
        {},
        {},
        ("metrics-differ", "evaluation.metrics says accuracy 99.1%, recorded is test-accuracy 0.973"),
    ),
    "another size": (
        card(training__architecture="A transformer with 110M parameters and 12 layers."),
        {},
        {},
        ("parameters-differ", "training.architecture says '110M parameters', the model has 2"),
    ),
    "people without consent": (
        card(training_data__collection="Chest pictures of patients of two hospitals, 2019.", ethics__consent=None),
        splits(split("train"), split("test")),
        {},
        ("personal-data", "training_data.collection speaks of 'patients', and ethics.consent is not answered"),
    ),
    "one use in both fields": (
        card(use__out_of_scope="Teaching, on pictures made like those of the data set."),
        {},
        {},
        ("use-same", "use.out_of_scope says what use.intended says: one use cannot be both"),
    ),
    "mistyped ORCID": (
        card(authors=[{"name": "Ada", "orcid": "0000-0002-1825-0079"}]),
        {},
        {},
        ("orcid", "authors[0].orcid: '0000-0002-1825-0079' is mistyped: its last digit does not fit the others"),
    ),
    "template's DOI": (card(doi="10.5281/zenodo.1234567"), {}, {}, ("doi", "doi: '10.5281/zenodo.1234567' is a template's")),
    "failed proof": (
        card(),
        {"proof": Proof(status="failed", why="net.py needs a file")},
        {},
        ("proof-failed", "the bundle was not proven, the proof failed: net.py needs a file"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(("said", "changed", "files", "expected"), BAD.values(), ids=BAD)
def test_a_bad_card_is_named(tmp_path, said, changed, files, expected):
    """Each flaw is one error with its rule, and the command ends with 1."""
    place = bundle(tmp_path / "bad", said, files, **changed)
    ((rule, message),) = [entry for entry in found(place, "error") if entry[0] != "repeated"]

    assert (rule, message[: len(expected[1])]) == expected
    assert reprobundle.lint(place).exit_code() == 1


WARNED = {
    "deprecated": (
        card(license="GPL-3.0"), {}, {},
        ("licence-deprecated", "license: SPDX has deprecated GPL-3.0"),
    ),
    "share-alike of the data": (
        card(training_data__license=None),
        splits(split("train", licence="CC-BY-SA-4.0"), split("test")),
        {},
        ("licence-data",
         "license says Apache-2.0, but data split 'train' is under CC-BY-SA-4.0, which asks for the same licence again"),
    ),
    "two that ask for themselves": (
        card(license="CC-BY-NC-SA-4.0 AND GPL-3.0-only", training_data__license=None),
        splits(split("train", licence="CC-BY-NC-SA-4.0"), split("more", licence="GPL-3.0-only"), split("test")),
        {},
        ("licence-inputs", "no licence keeps the terms of all: data split 'train' (CC-BY-NC-SA-4.0), "
         "data split 'more' (GPL-3.0-only) each ask for their own"),
    ),
    "licence of the code": (
        card(), {}, {CODE_LICENCE: GPL},
        ("licence-code", "license says Apache-2.0, the code's licence file code/source/LICENSE is GPL-3.0-only"),
    ),
    "licence of the original": (
        card(), {}, {README: "---\nlicense: mit\n---\n# Digits\n"},
        ("licence-original", f"license says Apache-2.0, {README} says MIT"),
    ),
    "small overlap": (
        card(), {"data": overlapping(3, 1000)}, {},
        ("overlap",
         "the number 'test-accuracy' is measured on 'test', of which 3 samples (0.3%) stand in 'train': row 3 is row 17 there"),
    ),
    "no split": (
        card(), {"claims": claims.Section(claims=(claim(split=None),))}, {},
        ("claim-split", "the number 'test-accuracy' does not say on which split"),
    ),
    "split not recorded": (
        card(), {"claims": claims.Section(claims=(claim(split="holdout"),))}, {},
        ("claim-unrecorded",
         "the number 'test-accuracy' was measured on 'holdout', which is none of the recorded splits"),
    ),
    "on training data only": (
        card(), {"claims": claims.Section(claims=(claim(split="train"),))}, {},
        ("claim-train-only", "every number was measured on training data: train"),
    ),
    "no error bars": (
        card(evaluation__uncertainty=None), {}, {},
        ("uncertainty", "the numbers have no uncertainty"),
    ),
    "no number of runs": (
        card(evaluation__runs=""), {}, {},
        ("runs", "the numbers do not say of how many runs they are"),
    ),
    "another rate": (
        card(training__procedure="Adam with lr = 0.01 for 30 epochs."), {}, {},
        ("hyperparameters-differ", "training.procedure says 'lr = 0.01', recorded is learning rate 0.1"),
    ),
    "out of scope only": (
        card(use__intended=None), {}, {},
        ("use-missing", "use.out_of_scope is answered, use.intended is not: a reader cannot tell what the model is for"),
    ),
    "columns about people": (
        card(ethics__privacy="There is no personal data in it."),
        splits(split("train", leaves=(data.section.Leaf(name="email", dtype="text", shape=()),)), split("test")),
        {},
        ("personal-data-denied", "ethics.privacy says that there is no personal data; the data has email"),
    ),
    "groups of persons": (
        card(), {"claims": claims.Section(claims=(claim(
            groups=(claims.section.GroupValue(name="carol.meier@uni-bonn.de", value=0.973),)
        ),))}, {},
        ("groups-personal", "'test-accuracy': the name of group 1 holds an e-mail address"),
    ),
    "no hashes": (
        card(),
        {"environment": tiny_manifest().environment.model_copy(
            update={"lock": tiny_manifest().environment.lock.model_copy(update={"hashes": "none", "why": "no index"})}
        )},
        {},
        ("lock", "the lock has no hashes: no index"),
    ),
    "never proven": (
        card(), {"proof": Proof(status="not run", why="switched off")}, {},
        ("proof-missing", "the bundle was not proven, the proof was not run: switched off"),
    ),
    "changed source": (
        card(), {"code": sound()["code"].model_copy(update={"changed_since_start": ("net.py",)})}, {},
        ("code-changed", "net.py changed after the training began: what ran may differ from what is here"),
    ),
    "future": (
        card(training_data__collection="Collected by the university on 2199-01-31 from volunteers."), {}, {},
        ("date-future", "training_data.collection: 2199-01-31 lies in the future"),
    ),
    "no reason": (
        card(ethics__privacy="n/a"), {}, {},
        ("weak", "ethics.privacy: 'n/a' gives no reason"),
    ),
    "too short": (
        card(description="A model of digits."), {}, {},
        ("weak", "description: 'A model of digits.' has 4 words, too few to say it"),
    ),
    "the question": (
        card(use__limitations="What is it known to be bad at?"), {}, {},
        ("repeated", "use.limitations: 'What is it known to be bad at?' repeats the question"),
    ),
    "the same twice": (
        card(ethics__misuse="Errors by class were looked at; no class has more than twice the mean error."), {}, {},
        ("repeated", "ethics.misuse repeats the answer to ethics.bias, word for word"),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "said", [None, "TBD", "to be determined", "<your name>", "[More Information Needed]", "…", "  "]
)
def test_an_open_question_is_the_same_however_it_is_left(tmp_path, said):
    """Nothing, a blank and what only stands for an answer are one finding, and no error: the card shows nothing there."""
    place = bundle(tmp_path / "b", card(use__limitations=said, ethics__bias=said))
    report = reprobundle.lint(place)

    assert [(lint.rule, lint.level, lint.path, lint.message) for lint in report.lints] == [
        ("missing", "warning", "use.limitations", "use.limitations is not answered"),
        ("missing", "advice", "ethics.bias", "ethics.bias is not answered"),
    ]
    assert report.verdict == "NOT READY: no answer to use.limitations"


@pytest.mark.parametrize(("said", "changed", "files", "expected"), WARNED.values(), ids=WARNED)
def test_what_misleads_is_a_warning(tmp_path, said, changed, files, expected):
    """Each is one warning with its rule, and no error."""
    place = bundle(tmp_path / "odd", said, files, **changed)

    assert found(place, "warning") == [expected]
    assert found(place, "error") == []


def test_advice(tmp_path):
    """What would be better otherwise is advice: no error, no warning, and the exit code is 0."""
    code = sound()["code"].model_copy(update={"repository": None})
    report = reprobundle.lint(bundle(tmp_path / "b", code=code, claims=claims.Section(claims=(claim(entry=None),))))

    assert [(lint.rule, lint.level, lint.message) for lint in report.lints] == [
        ("claim-uncomputed", "advice", "nothing computes the number 'test-accuracy' again"),
        ("code-commit", "advice", "the source has no commit to point at"),
    ]
    assert report.exit_code() == 0


def test_a_finding_names_its_line(tmp_path):
    """A finding in the card stands at the line of its field, as an editor counts it."""
    text = (
        "# ours\ntitle: Digits\nuse:\n  # what for\n  intended: >-\n    TODO: ask\nauthors:\n  - Ada\n  - Your Name\n"
    )
    place = bundle(tmp_path / "b", text)
    errors = reprobundle.lint(place).of("error")

    assert [(lint.place, lint.path) for lint in errors] == [
        (f"{CARD}:5", "use.intended"),
        (f"{CARD}:9", "authors[1].name"),
    ]


@pytest.mark.parametrize(
    "said",
    [
        card(evaluation__metrics="Accuracy on held-back data is 97.3%, a baseline reaches an accuracy of 91%."),
        card(evaluation__metrics="test accuracy: 0.973"),
        card(evaluation__metrics="An accuracy of 0.97, recall was not measured."),
        card(description="A transformer of 2 parameters, the smallest there is: far fewer than 7B parameters."),
        card(training__hyperparameters="lr=0.1, chosen among lr=0.1 and lr=0.01 by hand"),
        card(use__limitations="Tags such as TODO in scanned pages are read as words."),
        card(training_data__collection="Planned until 2199-01-01; collected in 1998 by the university."),
        card(training_data__collection="Forms from 1998, no patients and no faces among them."),
        card(license="GPL-3.0-or-later OR Apache-2.0"),
        card(ethics__privacy="n/a: the data are measurements of stars"),
        card(description="手書きの数字を八かける八画素の画像から見分ける小さな分類器です。"),
    ],
)
def test_what_is_sound_is_left_alone(tmp_path, said):
    """No rule is set off by an honest sentence that looks a little like a flaw."""
    assert reprobundle.lint(bundle(tmp_path / "b", said)).lints == ()


TOKEN = planted.drawn("card")["hub-token"]


@pytest.mark.parametrize(
    ("said", "files", "file"),
    [
        (card(contact=f"ask with {TOKEN}"), {}, CARD),
        (None, {"code/source/train.py": f"import os\nTOKEN = '{TOKEN}'\n"}, "train.py"),
    ],
    ids=["card", "source"],
)
def test_a_secret_is_an_error_and_never_told(tmp_path, said, files, file):
    """A token in card or source is named by rule, file and line; the report does not repeat it."""
    report = reprobundle.lint(bundle(tmp_path / "b", said, files))
    met = [lint for lint in report.of("error") if lint.rule == "secret"]

    assert [(lint.file.removeprefix("code/source/"), lint.message) for lint in met] == [
        (file, "a secret stands here (hub-token)")
    ]
    assert met[0].line
    assert TOKEN not in report.model_dump_json()


@pytest.mark.parametrize(
    "captured",
    [
        '{"a": {x: y}}',
        '{"a/b.c[0]": {places: [], digest: x}}',
        "{title: {places: [a], digest: b, zz: 1}}",
        "{title: {source: 5, digest: 6}}",
    ],
)
def test_marks_that_break_their_form_are_told(tmp_path, captured):
    """Whatever stands in place of the marks of captured answers is an error of form, never a crash."""
    report = reprobundle.lint(bundle(tmp_path / "b", f"title: Digits\ncaptured: {captured}\n"))

    assert {lint.rule for lint in report.of("error")} == {"form"}
