import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tiny import tiny_manifest

from reprobundle.components import data, documentation
from reprobundle.components.claims import Claim
from reprobundle.components.claims import Section as Claims
from reprobundle.components.documentation.card import Author, Card, Compute, Ethics, answers, read_card
from reprobundle.components.documentation.recording import write
from reprobundle.components.documentation.standing import standing_in, standing_of
from reprobundle.components.documentation.writing import card_bytes
from reprobundle.components.hyperparameters import Section as Hyperparameters
from reprobundle.components.interface import Site, Source, Stage
from reprobundle.components.model import Section as Model
from reprobundle.errors import RefusedInputError
from reprobundle.exports import card
from reprobundle.records import from_bytes, to_bytes
from reprobundle.report import Status
from reprobundle.store import Writer

FIELDS = len(list(answers(Card())))


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return Stage(Writer(folder))


def take(stage, given):
    return documentation.capture(Source(model=None, documentation=given), stage)


def written(stage):
    return read_card((stage.root / "documentation/card.yaml").read_bytes())


def notes(stage):
    return [note.message for note in stage.notes]


def test_nothing_given(stage):
    """Without any documentation the card has every question and no answer."""
    section = take(stage, {})
    text = (stage.root / section.path).read_text("utf-8")

    assert (section.filled, section.fields, len(section.gaps), section.score) == (0, FIELDS, FIELDS, 0)
    assert (
        "ethics:\n"
        "  # what was done to find bias and unfairness, and what was found?\n"
        "  bias: null\n"
        "  # is there personal data, and how is it protected?\n"
        "  privacy: null\n"
    ) in text
    assert written(stage) == Card()


def test_what_is_given_is_kept(stage):
    """A mapping's answers are written, counted and read back; bare names of authors are enough."""
    given = {
        "title": "Digits: no #1\nmodel",
        "authors": ["Ada Lovelace", {"name": "Alan Turing", "orcid": "0000-0002-1825-0097"}],
        "license": "Apache-2.0 OR (MIT AND CC-BY-4.0)",
        "tags": "vision",
        "ethics": {"privacy": "no", "bias": "  "},
    }
    section = take(stage, given)
    card = written(stage)

    assert card.title == "Digits: no #1\nmodel"
    assert card.authors == (Author(name="Ada Lovelace"), Author(name="Alan Turing", orcid="0000-0002-1825-0097"))
    assert (card.tags, card.ethics.privacy) == (("vision",), "no")
    assert (section.filled, section.known) == (6, ("citation",))
    assert "ethics.bias" in section.gaps
    assert "ethics.privacy" not in section.gaps
    assert stage.notes == []
    assert from_bytes(documentation.Section, to_bytes(section), name="section") == section


def test_a_misspelt_field_names_the_nearest(stage):
    """What may have been meant stands in the note."""
    take(stage, {"use": {"intendet": "x"}, "zzz": 1})

    assert [(note.message, note.hint) for note in stage.notes] == [
        ("use.intendet: there is no such field", "did you mean 'use.intended'? this part is left out"),
        ("zzz: there is no such field", "this part is left out"),
    ]


def test_a_yaml_file(stage, tmp_path):
    """The path of a YAML file is as good, its warnings are told."""
    (tmp_path / "card.yaml").write_text("title: Digits\nethics: {privacy: 'no'}\nversion: '1.0'\ncontact: no\n")
    take(stage, tmp_path / "card.yaml")

    assert written(stage).title == "Digits"
    assert notes(stage) == [
        "card.yaml: line 4: contact: 'no' is read as false: write false, or quote it to mean the word",
        "contact: expected text, found false",
    ]


@pytest.mark.parametrize(
    ("given", "told", "left"),
    [
        ({"titel": "x", "title": "y"}, ["titel: there is no such field"], {"title": "y"}),
        ({"license": "MIT License"}, ["license: expected an SPDX expression, such as Apache-2.0, found '"], {}),
        ({"license": "CC BY 4.0"}, ["license: expected an SPDX expression, such as Apache-2.0, found '"], {}),
        ({"version": 1.0}, ["version: expected text, found 1.0"], {}),
        ({"ethics": "none"}, ["ethics: expected values by name, found 'none'"], {}),
        (
            {"ethics": {"bias": 1, "privacy": "x", "other": 2}},
            ["ethics.bias: expected text, found 1", "ethics.other: there is no such field"],
            {"ethics": Ethics(privacy="x")},
        ),
        (
            {"authors": [{"nam": "x"}, "Ada", {"name": "Alan", "orcid": "1"}, 3]},
            ["authors.0.name: is missing", "authors.0.nam: there is no such field",
             "authors.2.orcid: expected an ORCID, such as 0000-0002-1825-0097, found '1'", "authors.3: expected values by name, found 3"],
            {"authors": (Author(name="Ada"),)},
        ),
        ({"tags": ["a", 1]}, ["tags.1: expected text, found 1"], {"tags": ("a",)}),
        ({"doi": "https://doi.org/10.1/x"}, ["doi: expected a DOI, such as 10.5281/zenodo.1234, without https://doi.org/, found "], {}),
        ({"title": float("nan")}, ["title: float is not saved: nan is not JSON"], {}),
        ({"title": "\ud800"}, ["title: str is not saved: it is not valid Unicode"], {}),
        (3, ["documentation: expected a mapping or the path of a YAML file, found int"], {}),
        ("absent.yaml", ["absent.yaml: cannot be read: No such file or directory"], {}),
    ],
)  # fmt: skip
def test_wrong_fields_are_left_out_and_named(stage, given, told, left):
    """Each wrong field costs itself and a note that names it, nothing else."""
    take(stage, given)
    messages = notes(stage)

    assert len(messages) == len(told)
    assert all(message.startswith(start) for message, start in zip(messages, told, strict=True))
    assert written(stage) == Card(**left)


@pytest.mark.parametrize("content", ["- a", "title: &x a", "a: 1\na: 2", ""])
def test_a_file_that_is_no_card(stage, tmp_path, content):
    """A file that is no strict mapping is one note; an empty card is written."""
    (tmp_path / "card.yaml").write_text(content)
    take(stage, tmp_path / "card.yaml")

    assert len(stage.notes) == 1
    assert written(stage) == Card()


def test_what_is_known_is_filled_in(stage):
    """Gaps that the other sections can fill are filled and marked; what a person wrote stands."""
    stage.sections["hyperparameters"] = Hyperparameters(values={"lr": 0.1, "layers": [1, 2]})
    stage.sections["claims"] = Claims(claims=(Claim(id="a", text="accuracy", value=0.97),))
    section = take(stage, {"training": {"hyperparameters": "chosen by hand"}})
    card = written(stage)

    assert section.known == ("training.procedure", "evaluation.metrics")
    assert card.evaluation.metrics == "accuracy: 0.97"
    assert card.training.hyperparameters == "chosen by hand"
    assert section.filled == 3


def test_data_and_model_are_described(stage):
    """Counts of the splits and the size of the model are filled in from their sections."""
    stage.sections["data"] = data.capture(Source(model=None, splits={"train": np.zeros(3), "test": [__file__]}), stage)
    stage.sections["model"] = Model(
        loader="for_torch", framework="torch", entry="net:Net", init=None, parameters=12, files=()
    )
    take(stage, {})
    card = written(stage)

    assert card.training_data.statistics == "train: 3 samples; test: 1 file"
    assert card.training.architecture == "net:Net, 12 parameters"


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=20)


@given(texts, st.lists(texts, max_size=3), texts)
def test_any_text_is_read_back(title, tags, bias):
    """Whatever people write, the card's YAML is read back equal, by a strict reader."""
    authors = tuple(Author(name=name) for name in tags)
    card = Card(title=title, tags=tuple(tags), authors=authors, ethics=Ethics(bias=bias))

    assert read_card(card_bytes(card)) == card


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"titel: x", "documentation/card.yaml: titel: there is no such field"),
        (b"title: [x]", "documentation/card.yaml: title: expected text, found a list"),
        (b"[]", "documentation/card.yaml: document: expected values by name, found an empty list"),
        (b"title: *x", "documentation/card.yaml: line 1: title: the alias *x is not allowed"),
    ],
)
def test_a_card_is_read_strictly(content, message):
    """A fault in a card is refused with its path."""
    with pytest.raises(RefusedInputError) as raised:
        read_card(content)

    assert str(raised.value) == message


def test_check(stage):
    """Completeness is a note that names gaps; a card that cannot be read is not run."""
    section = take(stage, {"title": "x"})
    (found,) = documentation.check(section, Site(root=stage.root))
    (stage.root / section.path).write_text("titel: x")
    (broken,) = documentation.check(section, Site(root=stage.root))

    assert (found.status, found.message) == (Status.NOTE, f"1 of {FIELDS} questions of the card are answered")
    assert found.hint.startswith("open: description, authors, version, ")
    assert broken.status is Status.NOT_RUN
    assert broken.message.startswith("the card cannot be read: documentation/card.yaml: titel: there is no such field")


@pytest.mark.parametrize("blank", [" ", "\t\n", "\u200b", "\u200e\u2060 ", "\x85"])
def test_a_blank_is_no_answer(stage, blank):
    """Nor are signs without a shape; the view of the card is made all the same."""
    section = take(stage, {"title": blank, "use": {"intended": blank}, "compute": {"time": blank}})
    manifest = tiny_manifest()

    assert section.filled == 0
    assert {"title", "use.intended", "compute.time"} <= set(section.gaps)
    assert "Nobody has said yet" in card.card(manifest, written(stage))


@pytest.mark.parametrize(
    "given",
    [
        {"description": "a" * 1_100_000},
        {"description": "\x7f" * 200_000},
        {"ethics": {"bias": "b" * 700_000, "privacy": "c" * 800_000}},
        {"evaluation": {"results": [{"dataset": "d" * 2000, "metric": "m", "value": 1.0}] * 1000}},
    ],
)
def test_what_no_reader_would_take_costs_the_answer_alone(stage, given):
    """The run is over: the longest answers are left out, and told."""
    take(stage, {"title": "T", **given})

    assert written(stage).title == "T"
    assert all("is left out: the card would be too large" in note.message for note in stage.notes), notes(stage)
    assert len(stage.notes) == 1


def test_a_manifest_tells_of_its_card_what_the_card_tells(stage):
    """A placeholder beside what the other sections tell is nobody's answer, wherever it is counted."""
    sections = tiny_manifest().model_dump(mode="json")
    placeholders = Card(compute=Compute(environment="TBD"), examples="...")
    section = write(placeholders, sections, stage)

    assert standing_in(section, sections).of("answered") == ()
    assert standing_in(section, sections).of("captured") == standing_of(placeholders, sections).of("captured")
    assert standing_in(section, sections).of("open") == standing_of(placeholders, sections).of("open")
