from __future__ import annotations

import json

import numpy as np
import pytest
from drift_bundles import bundle_of

from reprobundle.cli import main

RANDOM = np.random.default_rng(5)
X, Y = RANDOM.normal(size=(120, 2)), RANDOM.integers(0, 3, 120)


@pytest.fixture
def here(tmp_path, monkeypatch):
    """A folder with a bundle, new data like it and new data that has drifted."""
    monkeypatch.chdir(tmp_path)
    bundle_of(tmp_path / "model", {"x": X, "y": Y})
    np.savez(tmp_path / "like.npz", x=X[::2], y=Y[::2])
    np.savez(tmp_path / "drifted.npz", x=X[::2] + np.array([0, 2]), y=Y[::2])
    np.savez(tmp_path / "few.npz", x=X[:5], y=Y[:5])
    return tmp_path


@pytest.mark.parametrize(("file", "code", "first"), [
    ("like.npz", 0, "NO DRIFT in 3 features"),
    ("drifted.npz", 1, "DRIFT in 1 of 3 features"),
    ("few.npz", 3, "NOT COMPARABLE: 5 samples: too few to tell, at least 20 are needed"),
])  # fmt: skip
def test_the_exit_code_is_the_answer(here, capsys, file, code, first):
    """0 no drift, 1 drift, 3 cannot be told; the first line says it, the last where the report is."""
    assert main(["drift", "model", "test", file]) == code

    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == first
    assert lines[-1].startswith("report       ")
    assert lines[-1].endswith("drift.html")
    (folder,) = (here / "model.drift").glob("*Z")
    assert sorted(place.name for place in folder.iterdir()) == ["drift.html", "drift.json", "drift.txt"]


def test_the_document_is_alone_on_standard_output(here, capsys):
    """``--json`` prints the document that is kept, byte for byte."""
    assert main(["drift", "model", "test", "drifted.npz", "--json", "--report", "kept"]) == 1

    printed = capsys.readouterr().out
    assert printed.encode() == (here / "kept" / "drift.json").read_bytes()
    assert [one["name"] for one in json.loads(printed)["features"] if one["judgement"] == "drift"] == ["x[1]"]


def test_quiet_answers_with_the_exit_code_alone(here, capsys):
    """Nothing is printed."""
    assert main(["drift", "model", "test", "like.npz", "--quiet"]) == 0

    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("arguments", "message"), [
    (["missing.npz"], "reprobundle: there is nothing at 'missing.npz'\n"),
    (["like.npz", "--dtypes", "x"], "reprobundle: --dtypes: expected COLUMN=DTYPE, found 'x'\n"),
    (["like.npz", "--dtypes", "x=int8", "--dtypes", "x=int8"], "reprobundle: --dtypes: the column 'x' stands twice\n"),
    (["like.npz", "--alpha", "2"], "reprobundle: alpha: expected a number between 0 and 1, found 2.0\n"),
    (["like.npz", "--report", "model/in"], "reprobundle: report folder 'model/in' lies inside the bundle\n"),
])  # fmt: skip
def test_wrong_usage_is_said_before_anything_is_read(here, capsys, arguments, message):
    """The exit code is 2, and nothing is written."""
    assert main(["drift", "model", "test", *arguments]) == 2

    assert capsys.readouterr().err.startswith(message)
    assert not (here / "model.drift").exists()


def test_a_smaller_alpha_is_the_persons_to_choose(here, capsys):
    """What is drift at one limit need not be at another; the report says which it was."""
    assert main(["drift", "model", "test", "drifted.npz", "--alpha", "1e-30", "--json"]) == 0

    assert json.loads(capsys.readouterr().out)["alpha"] == 1e-30
