"""Data from capture to replay: what is described in a file is recorded, leakage is told, a reviewer's copy is compared."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import reprobundle

pytestmark = pytest.mark.slow

PREDICT = """
import numpy as np


def predict(x):
    return (x.sum(axis=-1) > 6).astype(np.int64)
"""
SPECIFICATION = """
name: taxes
model: {function: "predict:predict"}
inputs: inputs.npy
splits:
  train: {path: train.csv, label: rich, dtypes: {age: int64, income: float64, rich: int64}, licence: cc-by-4.0,
          source: "https://me:secret@example.org/train?version=3&token=abc", private: keys/taxes.salt}
  test: {path: test.csv, dtypes: {age: int64, income: float64, rich: int64}}
  scans: scans
  valid: "valid/*.txt"
"""
ROWS = [f"{20 + row},{row * 0.5},{row % 2}" for row in range(40)]
HEAD = "age,income,rich"


def write_csv(place: Path, rows: list[str]) -> Path:
    place.write_text("\n".join([HEAD, *rows, ""]))
    return place


def run(*arguments: str | Path, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "reprobundle", *map(str, arguments)]
    return subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project that was captured from its file; two rows of its test data stand in its training data."""
    import numpy as np

    folder = tmp_path_factory.mktemp("project")
    (folder / "predict.py").write_text(PREDICT)
    (folder / "reprobundle.yaml").write_text(SPECIFICATION)
    np.save(folder / "inputs.npy", np.arange(12.0).reshape(4, 3))
    write_csv(folder / "train.csv", ROWS)
    write_csv(folder / "test.csv", [ROWS[7], "90,1.0,1", ROWS[3]])
    for name in ("keys", "scans", "valid"):
        (folder / name).mkdir()
    for number in range(30):
        (folder / "scans" / f"{number}.txt").write_text(f"scan {number}")
    (folder / "valid" / "renamed.txt").write_text("scan 12")
    finished = run("capture", "--budget", "0", cwd=folder)
    assert finished.returncode == 0, finished.stderr
    (folder / "said").write_text(finished.stdout)
    return folder


def findings(project: Path, tmp_path: Path, *options: str) -> list[str]:
    """What a replay says of the data, with the verdict first."""
    finished = run("replay", project / "taxes", "--env", "current", "--sandbox", "none", "--json",
                   "--report", tmp_path / "report", *options, cwd=tmp_path)  # fmt: skip
    assert finished.returncode == 0, finished.stdout + finished.stderr
    report = json.loads(finished.stdout)
    told = [f"{item['status']}: {item['message']}" for item in report["findings"] if item["kind"] == "data"]
    return [report["verdict"]["rung"], *told]


def test_leakage_is_on_the_screen_at_capture(project: Path) -> None:
    """In words of their own line, and where: not where one of the two is private."""
    said = " ".join((project / "said").read_text().split())

    assert "LEAKAGE: 2 of test in train, 1 of valid in scans" in said
    assert "leakage: 1 of 1 of data split 'valid' stand in 'scans', too: 'renamed.txt' is '12.txt' of 'scans'" in said
    assert "where is not told, because one of the two is private" in said


def test_nothing_secret_is_in_the_bundle(project: Path) -> None:
    """Neither the salt nor a credential, nor any statistic of the private split."""
    salt = (project / "keys" / "taxes.salt").read_text().split()[-1].encode()
    everything = b"".join(path.read_bytes() for path in (project / "taxes").rglob("*") if path.is_file())
    described = (project / "taxes" / "code").rglob("reprobundle.yaml")
    split = reprobundle.verify(project / "taxes").manifest.data.splits[0]

    assert salt not in everything
    assert b"token=abc" not in (project / "taxes" / "manifest.json").read_bytes()
    assert split.provenance is not None
    assert (split.provenance.source, split.provenance.licence) == ("https://example.org/train?version=3", "CC-BY-4.0")
    assert split.statistics is None
    assert not list(described)


def test_a_right_copy_agrees(project: Path, tmp_path: Path) -> None:
    """Other ends of lines, an archive for a folder, the folder of a glob: all as recorded."""
    import shutil

    copy = tmp_path / "copy.csv"
    copy.write_bytes("\r\n".join([HEAD, *ROWS, ""]).encode())
    packed = shutil.make_archive(str(tmp_path / "scans"), "gztar", project / "scans")
    told = findings(
        project, tmp_path, "--data", f"train={copy}", "--salt", f"train={project / 'keys' / 'taxes.salt'}",
        "--data", f"test={project / 'test.csv'}", "--data", f"scans={packed}", "--data", f"valid={project}/valid/*.txt",
    )  # fmt: skip

    assert told == [
        "bitwise",
        "same: data split 'train': 40 samples, all as recorded",
        "same: data split 'test': 3 samples, all as recorded",
        "same: data split 'scans': 30 files, all as recorded",
        "same: data split 'valid': 1 file, all as recorded",
    ]


def test_a_wrong_copy_is_told_where(project: Path, tmp_path: Path) -> None:
    """A row that was left out, a file of another content, no salt; the verdict on the model stands."""
    wrong = write_csv(tmp_path / "wrong.csv", [ROWS[7], ROWS[3]])
    folder = tmp_path / "scans"
    folder.mkdir()
    for number in range(30):
        (folder / f"{number}.txt").write_text(f"scan {number}" if number != 21 else "other")
    told = findings(
        project,
        tmp_path,
        "--data",
        f"train={project / 'train.csv'}",
        "--data",
        f"test={wrong}",
        "--data",
        f"scans={folder}",
    )

    assert told == [
        "bitwise",
        "not run: data split 'train': not compared: it is private, and its salt was not given",
        "differs: data split 'test': digest differs (2 samples, recorded 3): row 1 is missing",
        "differs: data split 'scans': digest differs (30 files, recorded 30): '21.txt' differs (5 bytes, recorded 7)",
        "not run: 1 data split was not compared: no data was given (valid)",
    ]


def test_the_splits_are_shown(project: Path) -> None:
    """``show BUNDLE data`` is a table."""
    shown = run("show", project / "taxes", "data", cwd=project).stdout

    assert "4 data splits" in shown
    assert "2 of 3 (67%) of test stand in train, too" in shown
    assert "licence      CC-BY-4.0" in shown


def test_a_salt_among_the_hyperparameters(tmp_path: Path) -> None:
    """Where the salt stands in the manifest itself, the split under it is left out, and the card names it so."""
    import numpy as np
    import torch

    from reprobundle.components.data.salting import open_salt

    salt = open_salt(tmp_path / "k.salt")
    captured = reprobundle.capture(
        tmp_path / "bundle",
        model=torch.nn.Linear(2, 1),
        inputs=torch.zeros(1, 2),
        splits={"people": reprobundle.DataSplit(np.arange(4), private=tmp_path / "k.salt"), "open": np.arange(2)},
        hyperparameters={"key": salt.hex().upper()},
        project=tmp_path,
        proof=False,
        budget=0,
    )
    section = captured.manifest.data

    assert [split.name for split in section.splits] == ["open"]
    assert section.left_out == ("people",)
    assert not (captured.path / "data" / "people.txt").exists()
    assert (
        "data split 'people': is left out: private: its salt stands in the bundle, in 'documentation/card.yaml', "
        "the manifest's section 'hyperparameters'"
    ) in [note.message for note in captured.notes]
    assert reprobundle.verify(captured.path).manifest.data == section
