from __future__ import annotations

from pathlib import Path

import pytest

from reprobundle.components import preprocessing
from reprobundle.components.interface import Source, Stage
from reprobundle.components.preprocessing import Preprocessing
from reprobundle.store import Writer


class Tokenizer:
    def __init__(self, **files: str) -> None:
        self.files = files

    def __call__(self, text):
        return text.split()

    def save_pretrained(self, folder):
        if not self.files:
            raise ValueError("no\n vocabulary")
        for name, text in self.files.items():
            place = Path(folder, name.replace("__", "/") + ".json")
            place.parent.mkdir(exist_ok=True)
            place.write_text(text)


@pytest.fixture
def stage(tmp_path):
    folder = tmp_path / "bundle"
    folder.mkdir()
    return Stage(Writer(folder))


def test_tokenizer_lies_at_the_root(stage):
    """What a tokenizer writes of itself stands at the root, sorted and listed; it is no function to be named."""
    tokenizer = Tokenizer(tokenizer="{}", templates__chat="[]")
    section = preprocessing.capture(Source(model=None, preprocessing=tokenizer), stage)

    assert section == preprocessing.Section(files=("templates/chat.json", "tokenizer.json"))
    assert [entry.path for entry in stage.writer.entries] == ["templates/chat.json", "tokenizer.json"]
    assert stage.notes == []


def test_tokenizer_goes_with_a_function(stage):
    """A tokenizer may be the configuration of a preprocessing that also has a function."""
    given = Preprocessing(configuration=Tokenizer(tokenizer="{}"), transform="json:loads")
    section = preprocessing.capture(Source(model=None, preprocessing=given), stage)

    assert (section.files, section.configuration, section.transform) == (("tokenizer.json",), None, "json:loads")


def test_the_models_own_files_are_not_replaced(stage):
    """A file under a name that the bundle needs itself is left out, and the person is told."""
    section = preprocessing.capture(Source(model=None, preprocessing=Tokenizer(config="{}", vocab="{}")), stage)

    assert section.files == ("vocab.json",)
    assert [note.message for note in stage.notes] == [
        "'config.json' of Tokenizer is left out: the bundle has a file of that name"
    ]


def test_a_folder_of_the_bundles_own_is_not_mixed_with_a_tokenizers(stage):
    """What would lie among the bundle's own files is left out, and the person is told."""
    given = Tokenizer(code__extra="{}", additional_chat_templates__tool="{}")
    section = preprocessing.capture(Source(model=None, preprocessing=given), stage)

    assert section.files == ("additional_chat_templates/tool.json",)
    assert [note.message for note in stage.notes] == [
        "'code/extra.json' of Tokenizer is left out: the bundle has a folder of that name"
    ]


def test_failing_tokenizer_is_a_note(stage):
    """A tokenizer that cannot be saved costs a note, not the capture."""
    section = preprocessing.capture(Source(model=None, preprocessing=Tokenizer()), stage)

    assert section == preprocessing.Section()
    assert [note.message for note in stage.notes] == ["Tokenizer cannot be saved: ValueError: no vocabulary"]
    assert list(stage.root.iterdir()) == []
