"""A starting specification and card: what is told by the files, what by a bundle, and what is asked."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import yaml
from digits import captured_digits

from reprobundle import cli, demo, specification
from reprobundle.components.documentation.card import Card, answers, read_card
from reprobundle.components.documentation.questions import QUESTIONS
from reprobundle.errors import UsageError
from reprobundle.initialising import CARD, SPECIFICATION, init

WRITTEN_BY_HAND = """
import torch
from datasets import load_dataset
from torch import nn
from transformers import AutoModel


class Encoder(nn.Module):
    "One half."


class Model(nn.Module):
    "Reads reviews."

    def __init__(self, hidden, layers=2, *, heads):
        self.encoder = Encoder()
        self.out = nn.Linear(hidden, 2)


raise SystemExit("nobody may run this")
"""
PAGE = Path(__file__).parents[2] / "docs" / "card.md"
SCRIPT = """
import model
from datasets import load_dataset
from transformers import AutoModel
from sklearn.preprocessing import StandardScaler

config = {"hidden": 8, "lr": 1e-07, "epochs": 3}

if __name__ == "__main__":
    data = load_dataset("stanfordnlp/imdb")
    base = AutoModel.from_pretrained("bert-base-uncased")
    net = model.Model(hidden=config["hidden"], heads=1)
    scaler = StandardScaler(with_mean=False)
"""


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a bit of everything, without git, and an empty capture log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    folder = tmp_path / "project"
    (folder / "data" / "test").mkdir(parents=True)
    (folder / "checkpoints").mkdir()
    (folder / "model.py").write_text(WRITTEN_BY_HAND)
    (folder / "train.py").write_text(SCRIPT)
    (folder / "broken.py").write_text("def (")
    (folder / "data" / "train.csv").write_text("a,b\n1,2\n")
    (folder / "data" / "test" / "1.png").write_bytes(b"x")
    (folder / "checkpoints" / "epoch1.pt").write_bytes(b"x")
    (folder / "checkpoints" / "best.pt").write_bytes(b"x")
    (folder / "samples.npy").write_bytes(b"x")
    (folder / "LICENSE").write_text("Apache License\n  Version 2.0, January 2004\n")
    (folder / "pyproject.toml").write_text(
        '[project]\nversion = "1.2"\nauthors = [{name = "Ada", email = "a@b.example"}]\n'
    )
    return folder


def _card(folder):
    return read_card((folder / CARD).read_bytes())


def test_the_files_tell_the_specification(project):
    """Class, weights, inputs, splits and hyperparameters are found by their names, and the file is one that capture reads."""
    made = init(project)
    written, warnings = specification.read(project / SPECIFICATION)

    assert (written.model.factory, written.model.weights) == ("model:Model", "checkpoints/best.pt")
    assert (written.inputs, written.documentation) == ("samples.npy", CARD)
    assert written.splits == {"train": "data/train.csv", "test": "data/test"}
    assert written.hyperparameters == {"hidden": 8, "lr": 1e-07, "epochs": 3}
    assert warnings == ()
    assert "# called with hyperparameters of these names: hidden, heads\n" in (project / SPECIFICATION).read_text()
    assert list(made.missing) == ["preprocessing", "claims"]


def test_the_files_tell_the_card(project):
    """Licence, packaging, docstrings, loaders and scalers answer questions, each with its place."""
    made = init(project)
    card = _card(project)

    assert (card.license, card.version, card.datasets) == ("Apache-2.0", "1.2", ("stanfordnlp/imdb",))
    assert [author.name for author in card.authors] == ["Ada"]
    assert (card.base_model, card.description) == (("bert-base-uncased",), "Reads reviews.")
    assert card.data_preparation.standardisation == "StandardScaler(with_mean=False)"
    assert card.training.architecture == "model:Model: Linear"
    assert card.training.weights is None
    assert made.captured["license"] == ("LICENSE",)
    assert made.captured["training.architecture"] == ("model.py:12",)
    assert "a@b.example" not in (project / CARD).read_text()


def test_every_gap_has_its_question(project):
    """What is not known stands in the card as null below a comment that asks for it."""
    made = init(project)
    text = (project / CARD).read_text()

    assert made.asked
    assert all(f"# {question}\n" in text for question in made.asked.values())
    assert set(made.asked) | set(made.captured) >= {path for path, _ in answers(Card())}
    assert {path for path, _ in answers(Card())} <= set(QUESTIONS)


def test_nothing_is_overwritten(project):
    """Either file stops it, and both stay as they are."""
    (project / SPECIFICATION).write_text("mine")
    with pytest.raises(UsageError) as raised:
        init(project)

    assert str(raised.value) == "'reprobundle.yaml': stands there already"
    assert (project / SPECIFICATION).read_text() == "mine"
    assert not (project / CARD).exists()


def test_written_again_it_keeps_what_a_person_wrote(project):
    """By force what is known is renewed; a person's answers stay, and the earlier files are kept beside."""
    init(project)
    before = (project / CARD).read_text()
    answered = before.replace('license: "Apache-2.0"', 'license: "MIT"').replace(
        "  privacy: null", '  privacy: "No people."'
    )
    (project / CARD).write_text(answered)
    (project / "pyproject.toml").write_text('[project]\nversion = "1.3"\n')
    again = init(project, force=True)
    card = _card(project)

    assert (card.license, card.ethics.privacy, card.version) == ("MIT", "No people.", "1.3")
    assert "license" not in card.captured
    assert (again.told["license"], again.told["ethics.privacy"], again.told["version"]) == ("person", "person", "files")
    assert again.count("person") == 2
    assert again.share == again.count("files") / again.fields
    assert again.kept == (f"{CARD}.before",)
    assert (project / f"{CARD}.before").read_text() == answered


def test_an_empty_folder_is_asked_everything(tmp_path, monkeypatch):
    """Without anything to read both files are questions, and the specification refuses to be used as it is."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "empty").mkdir()
    made = init(tmp_path / "empty")

    assert (made.unasked, made.specified, made.bundle) == (0, ("documentation",), None)
    assert yaml.safe_load((tmp_path / "empty" / SPECIFICATION).read_text())["model"]["factory"] == "module:Name"


def test_the_verb(project, capsys):
    """The screen tells the share and each question; the document tells the same."""
    assert cli.main(["init", str(project)]) == 0
    shown = capsys.readouterr().out
    assert cli.main(["init", str(project), "--force", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)

    assert shown.startswith("WRITTEN reprobundle.yaml and documentation/card.yaml\n")
    card = document["card"]
    assert f"card         {card['unasked']} of {card['fields']} fields filled without a question, " in shown
    assert f"\n             0 answered by you, {len(card['asked'])} asked\n" in shown
    assert "  ethics.privacy: is there personal data, and how is it protected?\n" in shown
    assert document["specification"]["asked"].keys() == {"preprocessing", "claims"}
    assert shown.endswith("  then: reprobundle capture reprobundle.yaml\n")
    assert cli.main(["init", str(project)]) == 2
    assert "stand there already" in capsys.readouterr().err


@pytest.fixture(scope="module")
def digits(tmp_path_factory):
    """The demo's project with its bundle."""
    return captured_digits(tmp_path_factory)


@pytest.mark.slow
def test_most_of_the_demo_needs_no_question(digits, tmp_path, monkeypatch):
    """In the demo's project, captured before, at least 60 % of the card is filled in, and the rest is asked by name."""
    monkeypatch.setenv("XDG_STATE_HOME", str(digits.state))
    project = tmp_path / "digits"
    shutil.copytree(digits.project, project)
    made = init(project)
    card = _card(project)

    with monkeypatch.context() as alone:
        alone.setenv("XDG_STATE_HOME", str(tmp_path / "none"))
        bare = init(shutil.copytree(digits.project, tmp_path / "bare"))
    told = f"{made.unasked} of {made.fields} questions need no person; without a bundle it is {bare.unasked}."

    assert made.share >= 0.6
    assert told in " ".join(PAGE.read_text("utf-8").split())
    assert (made.bundle, made.count("person")) == ("digits-model", 0)
    assert made.count("bundle") >= 10
    assert len(made.asked) == made.fields - made.unasked
    assert card.training.procedure == "AdamW(lr=0.002); loss cross_entropy; epochs 1; batch_size 64"
    assert card.data_preparation.standardisation.startswith("Scale pixels from 0…16 to 0…1")
    assert (card.task, card.training_data.license) == ("image-classification", None)
    assert made.check["training_data.license"].startswith(
        "CC-BY-4.0, under which UCI offers a set of this name (https://"
    )
    assert card.training_data.owner.startswith("“Creator: E. Alpaydin” (scikit-learn ")
    assert len(made.calls) == 1


@pytest.mark.slow
def test_a_bundle_of_other_source_tells_nothing(digits, tmp_path, monkeypatch):
    """The log's newest capture counts only where its modules lie in the folder byte for byte; a named bundle always does."""
    monkeypatch.setenv("XDG_STATE_HOME", str(digits.state))
    demo.make_project(tmp_path / "digits")

    assert init(tmp_path / "digits").bundle is None
    assert init(tmp_path / "digits", bundle=digits.bundle, force=True).bundle == "digits-model"
