from __future__ import annotations

import datetime
import json
import re
import time
from pathlib import Path

import pytest
from lint_cards import CARD, FULL, bundle, card
from tiny import tiny_bundle, tiny_manifest

import reprobundle
from reprobundle.components import claims, data, documentation, hyperparameters
from reprobundle.components.documentation.card import Card, answers, card_of
from reprobundle.components.documentation.facts import PLACES, facts
from reprobundle.components.documentation.filling import digest_of
from reprobundle.components.documentation.questions import OPTIONAL, QUESTIONS
from reprobundle.errors import RefusedInputError
from reprobundle.linting import _report
from reprobundle.linting.details import _is_orcid
from reprobundle.linting.lints import LintReport
from reprobundle.linting.questions import PARTS
from reprobundle.linting.rules import RULES
from reprobundle.linting.subject import Subject
from reprobundle.linting.terms import FAMILIES
from reprobundle.linting.weighing import weigh, words_of
from reprobundle.records import from_bytes, to_bytes

PAGE = (Path(__file__).parents[2] / "docs" / "linting.md").read_text("utf-8")


def rows(heading):
    """The rows of the table below a heading of the page, each a tuple of its cells."""
    text = PAGE.partition(f"## {heading}\n")[2].partition("\n## ")[0]
    lines = [line for line in text.splitlines() if line.startswith("|")]
    return [tuple(cell.strip() for cell in line.strip("|").split("|")) for line in lines[2:]]


def test_every_question_is_weighed():
    """Each question of the card is asked in one section or is optional, and the weights make a hundred."""
    asked = [question.path for part in PARTS for question in part.questions]

    assert len(asked) == len(set(asked))
    assert set(QUESTIONS) - OPTIONAL == set(asked)
    assert sum(part.weight for part in PARTS) == 100


def test_the_page_has_the_weights():
    """``docs/linting.md`` tells each section's weight and each question with the fewest words of its answer."""
    told = [(name, weight) for name, weight, _ in rows("The score")]
    questions = re.findall(r"`([a-z_.]+)` \((\d+)\)", " ".join(cells[2] for cells in rows("The score")))

    assert told == [(part.name, str(part.weight)) for part in PARTS]
    assert questions == [(question.path, str(question.words)) for part in PARTS for question in part.questions]


def test_the_page_has_the_facts():
    """It tells which questions captured facts answer, and where they stand."""
    told = [tuple(cell.strip("`") for cell in cells) for cells in rows("What capture answers")]

    assert told == list(PLACES.items())


def everything():
    """The sections of a manifest that answers all that one can."""
    made = tiny_manifest().model_dump(mode="json")
    told = {
        "collection": "by mail",
        "owner": "nobody",
        "licence": "CC0-1.0",
        "consent": "in writing",
        "source": "a place",
    }
    topics = ("standardisation", "feature selection", "outlier filters")
    labels = [{"label": 0, "count": 6}, {"label": 1, "count": 6}]
    made["code"]["repository"] = {"commit": "0" * 40, "dirty": False}
    made["data"]["splits"][0].update(provenance=told, labels=labels)
    made["data"]["splitting"] = {"whole": "all", "count": 16}
    made["preprocessing"]["described"] = [{"topic": topic, "key": "x", "doc": "so"} for topic in topics]
    group = {"options": {"lr": 0.1}}
    made["hyperparameters"].update(values={"dropout": 0.1}, seeds={"torch": 7})
    made["hyperparameters"]["optimizers"] = [{"name": "0", "entry": "torch.optim:SGD", "groups": [group]}]
    made["claims"]["claims"][0].update(method="wilson", low=0.9, high=0.99, count=100, measured=0.97)
    groups = [{"name": name, "value": 0.9, "low": None, "high": None} for name in ("a", "b")]
    made["claims"]["claims"][0].update(groups=groups, group="site")
    made["environment"]["numerics"]["cpu.model"] = "A 9"
    made["outputs"].update(inputs={"file": "a"}, expected={"file": "b"})
    return made


def test_the_places_are_where_the_facts_come_from():
    """Every question that a manifest can answer is in the table, with a place that its answer names."""
    found = {fact.path: fact.source for fact in facts(everything(), Card()) if fact.value}

    assert found.keys() - OPTIONAL == PLACES.keys()
    for path, place in PLACES.items():
        assert any(source.startswith(place) for source in found[path]), path


def test_the_page_has_the_rules():
    """It names every rule with its levels, in the words of the program."""
    told = rows("The rules")

    assert told == [(f"`{rule.name}`", ", ".join(rule.levels), rule.says) for rule in RULES]


def test_the_page_has_the_terms():
    """It has each family of licences with what it asks for and the source."""
    told = rows("Terms of licences")

    assert [cells[0] for cells in told] == [family.name for family in FAMILIES]
    for cells, family in zip(told, FAMILIES, strict=True):
        terms = family.terms
        asked = [
            "attribution" * terms.attribution,
            "no commercial use" * terms.non_commercial,
            "nothing changed" * terms.no_derivatives,
            "the same licence" * bool(terms.family),
            "its restrictions of use" * terms.restrictions,
        ]
        assert cells[1:] == (", ".join(filter(None, asked)) or "nothing", f"<{terms.source}>")


def test_a_bare_bundle_scores_what_was_captured(tmp_path):
    """Facts that capture recorded count as answers; the rest is missing, the important ones as warnings."""
    report = reprobundle.lint(tiny_bundle(tmp_path / "tiny"))
    sections = {section.name: section for section in report.sections}

    assert report.score == 22
    assert report.verdict == (
        "NOT READY: no answer to description, authors, license, contact, use.intended, use.limitations, "
        "training_data.collection, training_data.license"
    )
    assert report.exit_code() == 1
    assert sections["model"].answered == 1
    assert sections["training"].captured == 4
    assert {lint.path for lint in report.of("warning") if lint.rule == "missing"} == {
        "description",
        "authors",
        "license",
        "contact",
        "use.intended",
        "use.limitations",
        "training_data.collection",
        "training_data.license",
    }


def test_a_weak_answer_counts_half(tmp_path):
    """Too few words count half, a placeholder nothing; the section's score says so."""
    short = reprobundle.lint(bundle(tmp_path / "short", card(use__intended="For teaching.")))
    nothing = reprobundle.lint(bundle(tmp_path / "none", card(use__intended="TBD")))

    assert [section.score for section in short.sections if section.name == "use"] == [83]
    assert [section.score for section in nothing.sections if section.name == "use"] == [66]
    assert (short.score, nothing.score) == (98, 96)


def test_a_card_before_capture(tmp_path):
    """A card in no bundle is scored by what a person must say; what capture fills in is left out."""
    place = tmp_path / "card.yaml"
    place.write_text("title: Digits\nlicense: Apache2\n", "utf-8")
    report = reprobundle.lint(place)

    assert report.bundle_id is None
    assert [section.name for section in report.sections if section.score is None] == [
        "data_preparation",
        "training",
        "evaluation",
    ]
    assert [(lint.rule, lint.place) for lint in report.of("error")] == [("licence-invalid", f"{place.as_posix()}:2")]


def test_a_card_that_breaks_the_form(tmp_path):
    """What breaks the form is an error at its line; the rest is scored all the same."""
    place = tmp_path / "card.yaml"
    place.write_text("title: 7\ntagz: [a]\nauthors:\n  - Ada\n  - {name: Bo, orcid: x}\nversion: '1'\n", "utf-8")
    report = reprobundle.lint(place)

    assert [(lint.rule, lint.line, lint.path) for lint in report.of("error")] == [
        ("form", 1, "title"),
        ("form", 2, "tagz"),
        ("form", 5, "authors[1].orcid"),
    ]
    assert (report.of("error")[1].message, report.of("error")[1].hint) == (
        "tagz: there is no such field",
        "did you mean 'tags'?",
    )


@pytest.mark.parametrize("text", ["- a list\n", "a: &b 1\n", "\tno yaml"])
def test_what_is_no_card_is_refused(tmp_path, text):
    """A file that is no mapping, or no strict YAML, is refused with its name."""
    place = tmp_path / "card.yaml"
    place.write_text(text, "utf-8")
    with pytest.raises(RefusedInputError) as caught:
        reprobundle.lint(place)

    assert str(caught.value).startswith(place.as_posix())


def test_what_is_captured_is_not_judged(tmp_path):
    """Text that capture wrote into the card itself is not called weak."""
    given = card(training__architecture="net:Net")
    known = {"known": ("training.architecture",)}
    section = documentation.Section(path=CARD, filled=1, fields=43, gaps=(), **known)

    assert reprobundle.lint(bundle(tmp_path / "b", given, documentation=section)).lints == ()


def test_the_document_comes_back(tmp_path):
    """What ``--json`` prints is read again as the same report."""
    report = reprobundle.lint(bundle(tmp_path / "b", card(contact=None)))

    assert from_bytes(LintReport, to_bytes(report), name="lint") == report


@pytest.mark.parametrize(
    ("answer", "rule"),
    [
        ("to be done", "placeholder"),
        ("TODO: ask the legal department about this", "placeholder"),
        ("<insert text>", "placeholder"),
        ("{{ model_description }}", "placeholder"),
        ("...", "placeholder"),
        ("Your text here", "placeholder"),
        ("None.", "weak"),
        ("unknown", "weak"),
        ("-", "weak"),
        ("No.", "weak"),
        ("Nothing was done about that.", None),
        ("A to-do application's notes were not used.", None),
        ("Unknown: the hospital never answered our question", None),
        ("x < 3 and y > 4 were cut off first", None),
    ],
)
def test_what_answers(answer, rule):
    """What only stands for an answer is told from what is one."""
    found = weigh(answer, path="ethics.misuse", asks="which misuse can be foreseen?", least=5)

    assert (found and found.rule) == rule


def test_words_of_every_script():
    """Scripts without blanks between words are counted by their characters."""
    assert words_of("Don't re-use v1.2, it's bad") == 5
    assert words_of("手書きの数字を見分ける") == 5
    assert words_of("§ — ...") == 0


def test_the_full_card_has_every_question():
    """The card of these tests answers all there is, so that a hundred means all."""
    filled = dict(answers(Card.model_validate_json(json.dumps(FULL))))

    assert all(filled.values())


@pytest.mark.parametrize(
    "piece",
    [
        *(
            "{{",
            "accuracy ",
            "on 2199-01-01 ",
            "patients ",
            "1",
            "lr ",
            "a.b@",
            "<your ",
            " ",
            "1,",
            "XX ",
            "insert a ",
        ),
        *("9 training samples ", "9 x 10^9, ", "of 9 classes ", "99 epochs or ", "[left out: "),
    ],
)
def test_a_hostile_card_takes_no_time(piece):
    """Texts that are made to be slow are read in time that grows with their length alone."""
    text = piece * (200_000 // len(piece)) + "x"
    value = card_of(card(description=text, contact="a.b@" * 1000, training__procedure=text), name="card")
    subject = Subject(value, CARD, datetime.date(2026, 1, 1), manifest=tiny_manifest())
    began = time.monotonic()
    report = _report(subject, name="b")

    assert report.score > 50
    assert time.monotonic() - began < 5


@pytest.mark.parametrize(
    "orcid", ["0000-0002-1825-0097", "0000-0001-5109-3700", "0000-0002-1694-233X", "0000-0003-1415-9269"]
)
def test_orcids(orcid):
    """A check digit that ISO 7064 gives is accepted, X included, and every other one is not."""
    others = [f"{orcid[:-1]}{digit}" for digit in "0123456789X" if digit != orcid[-1]]

    assert _is_orcid(f"https://orcid.org/{orcid}")
    assert not any(map(_is_orcid, others))


def test_a_card_that_cannot_be_read(tmp_path):
    """In a sealed bundle it is one error, named, and the rest of the bundle is looked at all the same."""
    report = reprobundle.lint(bundle(tmp_path / "b", "title: [\n"))

    assert [(lint.rule, lint.file) for lint in report.of("error")] == [("form", CARD)]
    assert report.of("error")[0].message.startswith("the card: is not YAML: line 2: ")
    assert report.score > 0


def test_a_marked_answer_is_captured_until_a_person_changes_it(tmp_path):
    """An answer that was filled in is not judged; the same mark beside another answer excuses nothing."""
    given = card(training__procedure="SGD")
    mark = {"source": ["hyperparameters.optimizers"], "digest": digest_of("SGD")}
    marked = reprobundle.lint(bundle(tmp_path / "a", {**given, "captured": {"training.procedure": mark}}))
    given["training"]["procedure"] = "TODO: write it down"
    changed = reprobundle.lint(bundle(tmp_path / "b", {**given, "captured": {"training.procedure": mark}}))

    assert (marked.score, marked.lints) == (100, ())
    assert [lint.rule for lint in changed.lints] == ["placeholder"]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, True),
        ({"lr": None}, True),
        ({"a": {"b": None, "c": []}}, True),
        ({"lr": 0}, False),
        ({"a": [None, 1]}, False),
    ],
)
def test_a_name_with_nothing_beside_it_is_no_hyperparameter(tmp_path, values, told):
    """Hyperparameters answer their question where one of them has a value."""
    section = hyperparameters.Section(values=values)
    report = reprobundle.lint(bundle(tmp_path / "b", card(training__hyperparameters=None), hyperparameters=section))

    assert [lint.path for lint in report.lints if lint.rule == "missing"] == ["training.hyperparameters"] * told


def test_questions_that_a_reader_needs_answered_first(tmp_path):
    """One of them without an answer that says anything keeps the model from being ready; the others do not."""
    for question in (question for part in PARTS for question in part.questions):
        said = {question.path.replace(".", "__"): [] if question.path in {"authors", "tags"} else None}
        if question.path in PLACES and question.level == "advice":
            continue
        changed = {"claims": claims.Section(claims=())} if question.path == "evaluation.metrics" else {}
        split_ = {"data": data.Section(splits=())} if question.path.startswith("training_data") else {}
        report = reprobundle.lint(bundle(tmp_path / question.path, card(**said), **changed, **split_))
        needed = question.level == "warning"

        assert (report.unanswered, report.ready) == ((question.path,) if needed else (), not needed)
    empty = reprobundle.lint(bundle(tmp_path / "none", card(contact="n/a")))
    assert empty.unanswered == ("contact",)
    assert reprobundle.lint(bundle(tmp_path / "let", card(contact=None)), allow=["missing"]).ready


def test_the_page_names_the_questions_that_are_needed_first():
    """``docs/linting.md`` has a star at each of them."""
    told = re.findall(r"`([a-z_.]+)` \(\d+\)\*", " ".join(cells[2] for cells in rows("The score")))

    assert told == [question.path for part in PARTS for question in part.questions if question.level == "warning"]
