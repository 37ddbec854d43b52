"""Answers that no person wrote: marked, renewed, and never put in the place of a person's."""

from __future__ import annotations

import pytest
from tiny import tiny_manifest

from reprobundle.components import documentation
from reprobundle.components.documentation.card import Author, Card, Mark, TrainingData, answers, read_card, values
from reprobundle.components.documentation.facts import facts
from reprobundle.components.documentation.filling import Fact, filled, renewable
from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.components.documentation.recording import with_facts, write
from reprobundle.components.documentation.writing import card_bytes
from reprobundle.components.interface import Stage
from reprobundle.store import Writer

SECTIONS = tiny_manifest().model_dump(mode="json")
OTHER = {**SECTIONS, "hyperparameters": {**SECTIONS["hyperparameters"], "values": {"lr": 0.2}}}


def test_a_gap_is_filled_and_marked():
    """The answer stands with its place in the manifest, and a comment above it says so."""
    card = with_facts(Card(title="T"), SECTIONS)
    text = card_bytes(card).decode()

    assert card.training.hyperparameters == "lr=0.1, layers.hidden=8, layers.bias=True"
    assert card.captured["training.hyperparameters"].source == ("hyperparameters.values",)
    assert (
        '  # captured: hyperparameters.values\n  hyperparameters: "lr=0.1, layers.hidden=8, layers.bias=True"\n' in text
    )
    assert "title" not in card.captured
    assert read_card(card_bytes(card)) == card


def test_a_captured_answer_is_renewed():
    """Where the manifest tells another value by now, so does the card."""
    card = with_facts(with_facts(Card(), SECTIONS), OTHER)

    assert card.training.hyperparameters == "lr=0.2"


def test_what_a_person_changed_is_theirs():
    """An answer that is no longer what was filled in is never touched, and loses its mark."""
    card = with_facts(Card(), SECTIONS)
    training = card.training.model_copy(update={"hyperparameters": "lr=0.1, found by hand"})
    again = with_facts(card.model_copy(update={"training": training}), OTHER)

    assert again.training.hyperparameters == "lr=0.1, found by hand"
    assert "training.hyperparameters" not in again.captured
    assert "  # captured: hyperparameters.values\n  hyperparameters" not in card_bytes(again).decode()


def test_a_lying_mark_overwrites_nothing():
    """A mark counts by the digest of the answer it stands for, not by its being there."""
    mark = Mark(source=("model.entry",), digest="0" * 32)
    card = Card(description="mine", training_data=TrainingData(statistics="mine, too"),
                captured={"description": mark, "training_data.statistics": mark, "no.such": mark, "ethics": mark})  # fmt: skip
    again = with_facts(card, SECTIONS)

    assert (again.description, again.training_data.statistics) == ("mine", "mine, too")
    assert renewable(card) == {}
    assert {"description", "no.such", "ethics"}.isdisjoint(again.captured)


def test_words_of_the_source_stay_beside_figures():
    """What was read from the training code says more than the manifest's figures; both are renewed by their own reader only."""
    card = filled(Card(), [Fact("training.procedure", "AdamW; loss cross_entropy", ("train.py:3",))])

    assert with_facts(card, SECTIONS).training.procedure == "AdamW; loss cross_entropy"


def test_the_better_of_two_facts_comes_first():
    """The first fact of a field stands; an empty one is none; names become authors."""
    told = [
        Fact("title", "", ("a",)),
        Fact("title", "one", ("b",)),
        Fact("title", "two", ("c",)),
        Fact("authors", ("Ada",), ("d",)),
    ]
    card = filled(Card(), told)

    assert (card.title, card.authors) == ("one", (Author(name="Ada"),))
    assert card.captured["title"].source == ("b",)


def test_every_fact_names_its_place():
    """Each fact of a manifest names a section and a field of it, which are there."""
    found = list(facts(SECTIONS, Card()))

    assert found
    for fact in found:
        for source in fact.source:
            section, _, rest = source.partition(".")
            assert rest.partition("[")[0].partition(".")[0] in SECTIONS[section], source


def test_every_field_has_its_question():
    """No field of the card is without one, and no question is of no field."""
    paths = {path for path, _ in values(Card())} - {"captured"}

    assert set(QUESTIONS) == paths
    assert {path for path, _ in answers(Card())} < paths


def test_a_bundle_made_from_another_has_a_renewed_card(tmp_path):
    """Only what is marked is renewed; a card without any mark stays as it is, byte for byte."""
    stage = Stage(Writer(tmp_path))
    marked = card_bytes(with_facts(Card(title="T"), SECTIONS))
    section = documentation.renew(marked, OTHER, stage)

    assert section is not None
    assert read_card((tmp_path / section.path).read_bytes()).training.hyperparameters == "lr=0.2"
    assert documentation.renew(marked, SECTIONS, stage) is None
    assert documentation.renew(b'"title": "T"\n', OTHER, stage) is None


def test_an_answer_of_an_earlier_bundle_does_not_outlive_what_it_was_read_from():
    """A model that was trained again without groups has no sentence on those of the last one; a person's own stays."""
    groups = [{"name": name, "value": value, "low": None, "high": None} for name, value in (("a", 0.9), ("b", 0.8))]
    claim = {**SECTIONS["claims"]["claims"][0], "split": "test", "group": "site", "groups": groups}
    earlier = with_facts(Card(), {**SECTIONS, "claims": {"claims": [claim]}})
    again = with_facts(earlier, SECTIONS)
    own = earlier.model_copy(update={"ethics": earlier.ethics.model_copy(update={"bias": "we looked, and found none"})})

    assert earlier.ethics.bias
    assert (again.ethics.bias, "ethics.bias" in again.captured) == (None, False)
    assert with_facts(own, SECTIONS).ethics.bias == "we looked, and found none"


def test_a_manifest_that_tells_much_leaves_room_for_the_rest():
    """Claims with long texts do not make a card that nobody may read, which would cost the whole capture."""
    first = SECTIONS["claims"]["claims"][0]
    many = [{**first, "id": f"c{number}", "text": f"accuracy {number} {'w' * 9_000}"} for number in range(150)]
    card = with_facts(Card(), {**SECTIONS, "claims": {"claims": many}})

    assert card.evaluation.metrics.endswith("… (the rest stands in manifest.json)")
    assert read_card(card_bytes(card)) == card


def test_a_card_that_a_mark_broke_is_written_without_that_part(tmp_path):
    """A secret in a DOI leaves a mark that is none: the answer is left out with a note, and the capture goes on."""
    stage = Stage(Writer(tmp_path))
    section = write(Card(title="T", doi="10.1234/x"), SECTIONS, stage)
    place = tmp_path / section.path
    place.write_text(place.read_text("utf-8").replace("10.1234/x", "10.1234/[left out: github-token]"), "utf-8")
    documentation.retell(section, SECTIONS, stage)
    card = read_card(place.read_bytes())

    assert (card.title, card.doi) == ("T", None)
    assert [(note.message, note.hint) for note in stage.notes] == [
        (
            "doi: expected a DOI, such as 10.5281/zenodo.1234, without https://doi.org/, found "
            "'10.1234/[left out: github-token]'",
            "this part is left out",
        )
    ]


def test_ends_of_groups_are_told_with_what_weighs_them():
    """Of groups with one number the largest is named, with its samples and interval; samples without a group are none."""
    groups = [
        {"name": "(missing)", "value": 1.0, "count": 2, "low": 0.34, "high": 1.0},
        {"name": "a", "value": 1.0, "count": 4, "low": 0.51, "high": 1.0},
        {"name": "b", "value": 1.0, "count": 40, "low": 0.912, "high": 1.0},
        {"name": "c", "value": 0.976, "count": 127, "low": 0.933, "high": 0.992},
    ]
    claim = {**SECTIONS["claims"]["claims"][0], "split": "test", "group": "site", "groups": groups}
    bias = with_facts(Card(), {**SECTIONS, "claims": {"claims": [claim]}}).ethics.bias

    assert bias == (
        "test accuracy by site: 0.976 (c, 127 samples, 0.933 to 0.992) to 1 (b, 40 samples, 0.912 to 1.000). "
        "No other groups are recorded."
    )


def test_groups_that_were_compared_are_told():
    """The lowest and the highest number of the groups say what was looked for, and what was found.

    One group compares nothing, and classes that the model is to tell apart are no groups of the data.
    """
    groups = [
        {"name": name, "value": value, "low": None, "high": None}
        for name, value in (("a", 0.91), ("b", 0.853), ("c", 0.9))
    ]
    claim = {**SECTIONS["claims"]["claims"][0], "split": "test", "group": "site", "groups": groups}
    data = {**SECTIONS["data"], "splits": [{**SECTIONS["data"]["splits"][0], "name": "test", "label": "species"}]}
    told, alone, classes = (
        with_facts(Card(), {**SECTIONS, "data": data, "claims": {"claims": [{**claim, **change}]}}).ethics.bias
        for change in ({}, {"groups": groups[:1]}, {"group": "species"})
    )

    assert told == "test accuracy by site: 0.853 (b) to 0.91 (a). No other groups are recorded."
    assert alone is None
    assert classes is None


@pytest.mark.parametrize(
    ("seeds", "told"),
    [
        ({"torch": 7}, {"compute.hardware", "evaluation.runs"}),
        ({}, set()),
    ],
)
def test_what_only_read_the_weights_tells_nothing_of_their_training(seeds, told):
    """Neither the processor of whoever captured a file nor how many trainings were tried."""
    environment = {
        "interpreter": {"implementation": "CPython", "version": "3.11.7"},
        "platform": {"system": "Linux", "machine": "x86_64"},
        "distributions": [],
        "numerics": {"cpu.model": "A 9", "cpu.usable": 2},
    }
    claims = {"claims": [{"id": "acc", "text": "accuracy", "value": 0.5, "entry": "evaluate:accuracy"}]}
    sections = {"environment": environment, "claims": claims, "hyperparameters": {"seeds": seeds}}
    found = {fact.path for fact in facts(sections, Card())}

    assert found & {"compute.hardware", "evaluation.runs"} == told
    assert {"compute.environment", "evaluation.metrics"} <= found
