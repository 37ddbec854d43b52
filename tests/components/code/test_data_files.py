"""Data among the source: nothing of a private split is packed, and what is packed of others is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from reprobundle.components import code, data
from reprobundle.components.data.given import DataSplit
from reprobundle.components.interface import Source, Stage
from reprobundle.store import Writer, list_files

ROWS = "name,age\nAda,36\nGrace,85\n"
HINT = "keep them out of git: what has been committed stays in its history"
OUTPUT = '{"cells": [{"outputs": [{"output_type": "stream", "text": ["Ada"]}]}]}'


def git(folder: Path, *arguments: str) -> None:
    person = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    subprocess.run(["git", *person, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A repository with a table and a folder of pictures."""
    folder = tmp_path / "project"
    write(folder / "train.py", "import torch\n")
    write(folder / "data" / "patients.csv", ROWS)
    for number in range(3):
        write(folder / "data" / "faces" / "ward" / f"smith-{number}.png", f"picture {number}")
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder)
    return folder


def write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text)


def commit(folder: Path) -> None:
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "one")


def capture(project: Path, **splits: object) -> tuple[code.Section, Stage]:
    bundle = project.parent / "bundle"
    bundle.mkdir()
    stage = Stage(Writer(bundle))
    source = Source(model=None, project=project, data_places=data.places_of(splits, None))
    return code.capture(source, stage), stage


def packed(stage: Stage) -> list[str]:
    paths = [entry.path for entry in list_files(stage.root)]
    return [path.removeprefix("code/source/") for path in paths if path.startswith("code/source/")]


def test_data_of_a_private_split_is_not_packed(project: Path) -> None:
    """Neither the file nor the folder that git tracks is in the bundle; of a folder no name within it is told."""
    splits = {
        "patients": DataSplit(project / "data" / "patients.csv", private=project / "a.salt"),
        "faces": DataSplit(str(project / "data" / "faces"), private=project / "a.salt"),
    }
    section, stage = capture(project, **splits)

    assert packed(stage) == ["train.py"]
    assert section.left_out == (
        code.LeftOut(path="data/faces", reason="holds data of the private split 'faces'"),
        code.LeftOut(path="data/patients.csv", reason="holds data of the private split 'patients'"),
    )
    told = "left out of the source, because they hold data of a private split: 3 files of 'faces', 1 file of 'patients'"
    assert (told, HINT) in [(note.message, note.hint) for note in stage.notes]


def test_names_of_a_private_list_of_files_are_not_told(project: Path) -> None:
    """A glob and a list tell only the folder."""
    split = DataSplit(str(project / "data" / "faces" / "**" / "*.png"), private=project / "a.salt")
    section, _ = capture(project, faces=split)

    assert [left.path for left in section.left_out] == ["data/faces/ward"]


def test_a_copy_of_private_data_is_not_packed(project: Path) -> None:
    """The same content under another name stays out, too; an empty file and a module are no copies."""
    write(project / "tests" / "sample.csv", ROWS)
    write(project / "tests" / "empty.csv", "")
    write(project / "data" / "faces" / "empty.png", "")
    commit(project)
    private = project / "a.salt"
    faces = DataSplit(project / "data" / "faces", private=private)
    section, stage = capture(
        project, patients=DataSplit(project / "data" / "patients.csv", private=private), faces=faces
    )

    assert packed(stage) == ["tests/empty.csv", "train.py"]
    assert "tests/sample.csv" in [left.path for left in section.left_out]


def test_no_patch_tells_private_data(project: Path) -> None:
    """A table that was changed is not in the patch, nor one that was moved, whose old place it would tell as removed."""
    write(project / "data" / "patients.csv", f"{ROWS}Alan,41\n")
    write(project / "train.py", "import torch, numpy\n")
    (project / "data" / "faces").rename(project / "faces")
    private = project / "a.salt"
    patients = DataSplit(project / "data" / "patients.csv", private=private)
    _, stage = capture(project, patients=patients, faces=DataSplit(project / "faces", private=private))
    patch = (stage.root / "code" / "uncommitted.patch").read_text()

    assert "train.py" in patch
    assert not [word for word in ("Ada", "Alan", "picture", "smith") if word in patch]


def test_outputs_of_notebooks_are_told(project: Path) -> None:
    """A notebook with outputs may show what is private: it is packed, and the person is told."""
    write(project / "look.ipynb", OUTPUT)
    write(project / "clear.ipynb", '{"cells": []}')
    commit(project)
    _, stage = capture(project, patients=DataSplit(project / "data" / "patients.csv", private=project / "a.salt"))

    assert "notebooks are packed with their outputs, which may show what is private: 'look.ipynb'" in [
        note.message for note in stage.notes
    ]


def test_public_data_in_the_bundle_is_told(project: Path) -> None:
    """What git tracks of a split travels with the code; how much that is, is said; a table in memory lies nowhere."""
    section, stage = capture(
        project, train=project / "data" / "patients.csv", rows=[1, 2], faces=project / "data/faces"
    )
    told = "data travels in the bundle, among the source: 3 files of data split 'faces' (27 bytes), "

    assert section.left_out == ()
    notes = [note.message for note in stage.notes if note.message.startswith("data travels")]
    assert notes == [f"{told}1 file of data split 'train' (25 bytes)"]
