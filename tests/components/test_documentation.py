import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.components import data, documentation
from reprobundle.components.claims import Claim
from reprobundle.components.claims import Section as Claims
from reprobundle.components.documentation.card import Author, Card, Ethics, answers, read_card
from reprobundle.components.documentation.writing import card_bytes
from reprobundle.components.hyperparameters import Section as Hyperparameters
from reprobundle.components.interface import Site, Source, Stage
from reprobundle.components.model import Section as Model
from reprobundle.errors import RefusedInputError
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


def test_a_yaml_file(stage, tmp_path):
    """The path of a YAML file is as good, its warnings are told."""
    (tmp_path / "card.yaml").write_text("title: Digits\nethics: {privacy: 'no'}\nversion: '1.0'\ncontact: no\n")
    take(stage, tmp_path / "card.yaml")

    assert written(stage).title == "Digits"
    assert notes(stage) == [
        "card.yaml: line 4: contact: 'no' is read as false: write false, or quote it to mean the word",
        "contact: Input should be a valid string, found False",
    ]


@pytest.mark.parametrize(
    ("given", "told", "left"),
    [
        ({"titel": "x", "title": "y"}, ["titel: Extra inputs are not permitted, found 'x'"], {"title": "y"}),
        ({"license": "MIT License"}, ["license: String should match pattern"], {}),
        ({"license": "CC BY 4.0"}, ["license: String should match pattern"], {}),
        ({"version": 1.0}, ["version: Input should be a valid string, found 1.0"], {}),
        ({"ethics": "none"}, ["ethics: Input should be an object, found 'none'"], {}),
        (
            {"ethics": {"bias": 1, "privacy": "x", "other": 2}},
            ["ethics.bias: Input should be a valid string, found 1", "ethics.other: Extra inputs are not permitted"],
            {"ethics": Ethics(privacy="x")},
        ),
        (
            {"authors": [{"nam": "x"}, "Ada", {"name": "Alan", "orcid": "1"}, 3]},
            ["authors.0.name: Field required", "authors.0.nam: Extra inputs are not permitted",
             "authors.2.orcid: String should match pattern", "authors.3: Input should be an object, found 3"],
            {"authors": (Author(name="Ada"),)},
        ),
        ({"tags": ["a", 1]}, ["tags.1: Input should be a valid string, found 1"], {"tags": ("a",)}),
        ({"doi": "https://doi.org/10.1/x"}, ["doi: String should match pattern"], {}),
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
        (b"titel: x", "documentation/card.yaml: titel: Extra inputs are not permitted, found 'x'"),
        (b"title: [x]", "documentation/card.yaml: title: Input should be a valid string, found ['x']"),
        (b"[]", "documentation/card.yaml: document: Input should be an object, found []"),
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
    assert broken.message.startswith("the card cannot be read: documentation/card.yaml: titel: Extra inputs")
