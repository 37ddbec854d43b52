"""A dry run tells what the capture will tell, and no loss that the capture will not have."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

MODEL = '''
import numpy as np


def predict(x):
    """Twice."""
    return x * 2


def prepare(x):
    """Half."""
    return x / 2


def right(model, path):
    """Whether each row's number is even."""
    rows = np.loadtxt(path, delimiter=",", skiprows=1, usecols=0)
    return (model(rows) % 4 == 0).astype(float)
'''
SPECIFICATION = """\
model: {function: "doubling:predict"}
inputs: samples.npy
preprocessing: {transform: "doubling:prepare", samples: samples.npy}
splits: {test: test.csv}
claims:
  - {id: even, text: accuracy, value: 0.5, decimals: 1, split: test, entry: "doubling:right", group: site}
documentation: {title: Doubling}
"""
LOST = "claim 'even': its groups are left out: its function was not called before the bundle was sealed"
NOT_KNOWN = "the transform was run in this process only: whether a fresh one gives the same is not known"


@pytest.fixture
def project(tmp_path):
    """A model, a split with a column of groups, a transform, and a claim told apart by the groups."""
    numpy = pytest.importorskip("numpy")
    (tmp_path / "project").mkdir()
    (tmp_path / "project" / "doubling.py").write_text(MODEL)
    (tmp_path / "project" / "reprobundle.yaml").write_text(SPECIFICATION)
    rows = "".join(f"{number},{'north' if number < 5 else 'south'}\n" for number in range(10))
    (tmp_path / "project" / "test.csv").write_text(f"number,site\n{rows}")
    numpy.save(tmp_path / "project" / "samples.npy", numpy.arange(4, dtype=numpy.float32))
    return tmp_path / "project"


def _capture(project, *options):
    """What a capture of the file says as a document, and for a person."""
    environment = {**os.environ, "XDG_STATE_HOME": str(project.parent / "state"), "PIP_NO_INDEX": "1"}
    said = [
        subprocess.run([sys.executable, "-m", "reprobundle", "capture", *options, *more], cwd=project, env=environment,
                       capture_output=True, text=True, timeout=300, check=True).stdout
        for more in (("--json",), ("--out", "../again"))
    ]  # fmt: skip
    return json.loads(said[0]), " ".join(said[1].split())


def _notes(document):
    """Of everything but the installed distributions, for which an index is asked."""
    return [note["message"] for note in document["notes"] if note["kind"] != "environment"]


@pytest.mark.slow
def test_a_dry_run_foretells_no_loss_that_the_capture_does_not_have(project):
    """Groups that a function gives and the proof are left to the capture, which then has them; nothing more is noted."""
    tried, shown = _capture(project, "--dry-run")
    captured, _ = _capture(project)

    assert tried["left"] == ["hashes of the lock", "the proof", "the groups of claim 'even'"]
    assert "left to the capture itself: hashes of the lock, the proof, the groups of claim 'even'" in shown
    assert not {LOST, NOT_KNOWN} & {*_notes(tried)}
    assert _notes(tried) == _notes(captured)
    assert [len(claim["groups"]) for claim in captured["claims"]] == [2]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("options", "left", "lost"),
    [
        (("--no-proof",), ["hashes of the lock"], [NOT_KNOWN, LOST]),
        (("--budget", "0"), ["the proof"], [LOST]),
    ],
)
def test_a_dry_run_tells_what_the_capture_will_lose_by_its_options(project, options, left, lost):
    """Without a proof, or time, no function is called; the dry run of the same line says so."""
    tried, _ = _capture(project, "--dry-run", *options)
    captured, _ = _capture(project, *options)

    assert tried["left"] == left
    assert [note for note in _notes(tried) if note in {NOT_KNOWN, LOST}] == lost
    assert _notes(tried) == _notes(captured)


@pytest.mark.slow
@pytest.mark.parametrize("options", [("--out", "made"), ("--out", "reprobundle.yaml/made"), ()])
def test_a_bundle_that_cannot_be_made_is_refused_alike(project, options):
    """Where something is there already, or no folder can be, whatever the file names."""
    (project / "made").mkdir()
    (project / "doubling").mkdir()
    told = [
        subprocess.run(
            [sys.executable, "-m", "reprobundle", "capture", *options, *more],
            cwd=project,
            env={**os.environ, "XDG_STATE_HOME": str(project.parent / "state"), "PIP_NO_INDEX": "1"},
            capture_output=True,
            text=True,
            check=False,
        )
        for more in (("--dry-run",), ())
    ]

    assert [(done.returncode, done.stderr.splitlines()[-2:]) for done in told] == [
        (2, told[1].stderr.splitlines()[-2:])
    ] * 2
    assert "made" in told[0].stderr or "doubling" in told[0].stderr
