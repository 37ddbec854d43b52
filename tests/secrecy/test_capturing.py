"""Sixty planted secrets: what a capture takes along, what it tells, and what it refuses."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import planted
import projects
import pytest

from reprobundle.manifest import Manifest, from_bytes

pytestmark = pytest.mark.slow
PLACES = ("source", "patch", "notebook", "hyperparameters", "documentation")
SECRETS = {place: planted.drawn(place) for place in PLACES}
FURTHER = planted.drawn("elsewhere")

TRAIN = """
import json, os, sys
import numpy as np
import reprobundle
import untracked

def model(x):
    return x * 2

if __name__ == "__main__":
    given = json.loads(open(sys.argv[2]).read())
    captured = reprobundle.capture(
        sys.argv[1], model=model, inputs=np.arange(4.0), budget=0, proof=False, quiet=True,
        hyperparameters=given["hyperparameters"], documentation=given["documentation"], allow=given["allow"],
        claims=given["claims"], splits={given["split"]: np.arange(6.0)},
    )
"""


def _given() -> dict[str, object]:
    hyperparameters = dict(planted.named(kind, SECRETS["hyperparameters"][kind]) for kind in planted.KINDS)
    said = "; ".join("{}: {}".format(*planted.named(kind, SECRETS["documentation"][kind])) for kind in planted.KINDS)
    claim = {"id": "c", "text": f"made with {FURTHER['google-key']}", "value": 0.5}
    return {
        "hyperparameters": {"lr": 0.1, "nested": {"all": [hyperparameters]}, FURTHER["github-token"]: 1},
        "documentation": {"title": "A net", "description": said},
        "claims": [claim],
        "split": FURTHER["google-key"],
        "allow": [],
    }


def _project(folder: Path) -> Path:
    cells = [{"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["1"],
              "outputs": [{"output_type": "stream", "name": "stdout", "text": planted.lines(SECRETS["notebook"]).splitlines(True)}]}]  # fmt: skip
    project = projects.make_project(folder, train=TRAIN, settings=planted.lines(SECRETS["source"]),
                                    gone=planted.lines(SECRETS["patch"]))  # fmt: skip
    (project / "run.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}, indent=1))
    (project / "packed.gz").write_bytes(planted.packed(FURTHER["hub-token"]))
    (project / "wide.txt").write_text(f"key {FURTHER['slack-token']}\n", encoding="utf-16")
    (project / f"{FURTHER['gitlab-token']}.txt").write_text("nothing\n")
    remote = f"https://bob:{FURTHER['openai-key']}@example.org/bob/project.git"
    for argv in (["add", "."], ["commit", "-q", "-m", "More"], ["remote", "add", "origin", remote],
                 ["checkout", "-q", "-b", FURTHER["databricks-token"]]):  # fmt: skip
        subprocess.run(["git", "-C", str(project), *argv], check=True, capture_output=True)
    (project / "gone.py").write_text("nothing = 1\n")
    (project / "untracked.py").write_text(f'"""A module."""\nkey = "{FURTHER["pypi-token"]}"\n')
    return project


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, monkeypatch_module):
    """A bundle of a project with sixty planted secrets, and a few more in stranger places."""
    folder = tmp_path_factory.mktemp("planted")
    project = _project(folder / "project")
    (folder / "given.json").write_text(json.dumps(_given()))
    monkeypatch_module.setenv("MY_API_KEY", FURTHER["wandb-key"])
    ran = projects.python(
        "train.py", str(folder / "bundle"), str(folder / "given.json"), FURTHER["aws-access-key"], cwd=project
    )

    assert ran.returncode == 0, ran.stderr
    return folder / "bundle"


@pytest.fixture(scope="module")
def monkeypatch_module():
    """The same for the whole file."""
    with pytest.MonkeyPatch.context() as patch:
        yield patch


@pytest.fixture(scope="module")
def manifest(bundle) -> Manifest:
    """What the bundle says of itself."""
    return from_bytes((bundle / "manifest.json").read_bytes())


@pytest.mark.parametrize("place", PLACES)
def test_no_planted_secret_is_in_the_bundle(bundle, place):
    """None of twelve kinds stands in any byte: plain, wide, as base64 or hex digits, packed, or deflated."""
    assert planted.standing(bundle, SECRETS[place]) == []


def test_nothing_from_stranger_places_is_in_the_bundle(bundle):
    """Nor what stood in a remote, branch, variable, argument, packed or wide file, a name, a key, a claim or a split."""
    assert planted.standing(bundle, FURTHER) == []


@pytest.mark.parametrize(
    ("place", "where"),
    [
        ("source", "settings.py"),
        ("patch", "gone.py as committed"),
        ("notebook", "run.ipynb"),
        ("hyperparameters", "manifest.json/hyperparameters/values/nested/all/0/"),
        ("documentation", "documentation/card.yaml"),
    ],
)
def test_every_planted_secret_is_told(manifest, place, where):
    """Each is named by its rule and place, with its line in a file, in the manifest and in a note."""
    assert manifest.secrecy is not None
    found = [leak for leak in manifest.secrecy.left_out if leak.path.startswith(where)]
    told = "\n".join(note.message for note in manifest.notes if note.kind == "secrets")

    assert {leak.rule for leak in found} == set(planted.KINDS)
    assert all(leak.line for leak in found if place != "hyperparameters")
    assert all(f"line {leak.line} ({leak.rule})" in told for leak in found if leak.line)


def test_lines_are_those_of_the_file(manifest):
    """The third line of a file is told as its third."""
    assert manifest.secrecy is not None
    found = {leak.rule: leak.line for leak in manifest.secrecy.left_out if leak.path == "settings.py"}

    assert found == {kind: line for line, kind in enumerate(planted.KINDS, start=1)}


def test_what_is_clean_is_sealed(bundle, manifest):
    """What holds a secret stays out with its reason, and all else is there."""
    left_out = {one.path: one.reason for one in manifest.code.left_out}

    assert {"settings.py", "run.ipynb", "packed.gz", "wide.txt", "untracked.py"} <= set(left_out)
    assert left_out["untracked.py"] == "holds secrets: line 2 (pypi-token)"
    assert left_out["packed.gz"] == "holds secrets: (hub-token)"
    assert (bundle / "code/source/train.py").is_file()
    assert manifest.hyperparameters.values["lr"] == 0.1
    assert manifest.claims.claims[0].text == "made with [left out: google-key]"
    assert [(split.name, split.listing) for split in manifest.data.splits] == [
        ("[left out: google-key]", "data/split-1.txt")
    ]
    assert (bundle / "data/split-1.statistics.json").is_file()


def test_the_bundle_is_whole(bundle):
    """What was written anew is listed as it is."""
    from reprobundle.bundle import verify

    assert verify(bundle).manifest.secrecy is not None
