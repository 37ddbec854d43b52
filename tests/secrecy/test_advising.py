"""What a person reads about a secret: where it stands, and what takes it out of there."""

from __future__ import annotations

import json
import shlex
import subprocess

import planted
import projects
import pytest

from reprobundle.secrecy.advising import advice, allowed_by, clearing, to_tell
from reprobundle.secrecy.gate import Gate, told
from reprobundle.secrecy.section import Leak

DRAWN = planted.drawn("advice")
PLAIN = "revoke what others may have seen"


@pytest.mark.parametrize(
    ("path", "step"),
    [
        ("train.py", "take it out of train.py, read it from a variable (os.environ) where it is needed, and commit that"),
        ("README.md", "take it out of README.md, and commit that"),
        ("data/users.csv", "drop the column or the rows that have it from data/users.csv, and commit that"),
        ("old.tar.gz", "make old.tar.gz anew without it, and commit that"),
        ("manifest.json/notes/2/message", "a note of the capture repeats it: take it out of what the note is about"),
        ("a b.ipynb", "clear the outputs that show it: jupyter nbconvert --clear-output --inplace 'a b.ipynb'; where a cell itself "
                      "has it, take it out; commit that"),
        ("data/….csv", "give data/….csv another name"),
        ("manifest.json/hyperparameters/values/hub", "do not hand it over as hyperparameters/hub"),
        ("documentation/card.yaml", "take it out of the documentation that you give"),
        ("wheels/mine/mine/keys.py", "take it out of the source of mine, and install that again"),
    ],
)  # fmt: skip
def test_each_place_has_a_way_out(path, step):
    """A file is edited, a notebook cleared, a name changed, a value not handed over; and it is always revoked."""
    assert advice([Leak(rule="hub-token", path=path)]) == f"{step}; {PLAIN}"


def test_a_note_that_repeats_it_is_not_told():
    """Nobody can edit the program's own words: what they are about is told, and they are where there is nothing else."""
    claim = Leak(rule="hub-token", path="manifest.json/claims/values/0/id")
    repeated = Leak(rule="hub-token", path="manifest.json/notes/2/message")

    assert advice([claim, repeated]) == f"do not hand it over as claims/0/id; {PLAIN}"
    assert to_tell([claim, repeated]) == [claim]
    assert to_tell([repeated]) == [repeated]


def test_what_the_commit_has_is_committed_away():
    """A line that is gone from the file stands in the patch until that is committed, and in git's history for ever."""
    assert advice([Leak(rule="hub-token", path="gone.py as committed", line=2)]) == (
        "the last commit has it in gone.py, so the patch would tell it: take it out, commit that (git commit gone.py), and "
        "capture again; revoke it, as git's history keeps it"
    )


def test_a_file_that_has_it_still_is_told_once():
    """What is in the file and in the commit is one thing to do; a notebook's outputs are cleared before."""
    both = [
        Leak(rule="hub-token", path="run.ipynb", line=3),
        Leak(rule="hub-token", path="run.ipynb as committed", line=3),
    ]

    assert advice(both) == (
        "the last commit has it in run.ipynb, so the patch would tell it: take it out (out of outputs: jupyter nbconvert "
        "--clear-output --inplace run.ipynb), commit that (git commit run.ipynb), and capture again; revoke it, as git's history "
        "keeps it"
    )


def test_the_patch_of_a_sealed_bundle():
    """When a bundle is looked at later, the patch alone tells of a commit."""
    assert advice([Leak(rule="hub-token", path="code/uncommitted.patch", line=9)]).startswith(
        "the last commit has it, so the patch tells it: take it out, and commit that; revoke it"
    )


def test_what_lets_a_false_alarm_through():
    """The file goes by its own name, as it was committed, too; a pattern's letters stand for themselves."""
    leaks = [
        Leak(rule="jwt", path="a.py as committed"),
        Leak(rule="jwt", path="a.py"),
        Leak(rule="jwt", path="b[1].py"),
    ]

    assert allowed_by(leaks) == "allow=['jwt:a.py', 'jwt:b[[]1].py']"


def test_many_notebooks_are_not_listed():
    """Of more than three the command says FILES."""
    assert clearing(f"{number}.ipynb" for number in range(4)) == "jupyter nbconvert --clear-output --inplace FILES"


def test_a_name_that_holds_a_secret_is_told_without_it():
    """It stands in no line; what was cut out is told as three dots."""
    gate = Gate()
    gate.name_leaks(f"data/{DRAWN['gitlab-token']}.csv")

    assert [told(leak) for leak in gate.leaks] == ["data/…: gitlab-token, in its name"]


MODEL = "import numpy as np\ndef predict(x):\n    return x * 2\ndef inputs():\n    return np.arange(4.0)\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project with a token that the last commit has, one in an output of a notebook, and one among the hyperparameters."""
    cells = [{"cell_type": "code", "execution_count": 1, "metadata": {}, "source": ["1"],
              "outputs": [{"output_type": "stream", "name": "stdout", "text": [f"{DRAWN['gitlab-token']}\n"]}]}]  # fmt: skip
    folder = tmp_path_factory.mktemp("advice")
    project = projects.make_project(folder / "project", net=MODEL, gone=f"key = '{DRAWN['hub-token']}'\n")
    (project / "run.ipynb").write_text(json.dumps({"cells": cells, "nbformat": 4}, indent=1))
    (project / "reprobundle.yaml").write_text(
        "name: small\nmodel: {function: 'net:predict'}\ninputs: 'net:inputs'\nhyperparameters: values.json\n"
    )
    for argv in (["add", "."], ["commit", "-q", "-m", "More"]):
        subprocess.run(["git", "-C", str(project), *argv], check=True, capture_output=True)
    (project / "gone.py").write_text("key = None\n")
    (project / "values.json").write_text(json.dumps({"hub": DRAWN["slack-token"]}))
    return project


@pytest.mark.slow
def test_a_dry_run_refuses_as_the_capture_does(project):
    """The same exit code, the same lines and the same hint; then what would be packed without the secrets."""
    tried, really = (
        projects.python("-m", "reprobundle", "capture", *options, cwd=project)
        for options in (["--dry-run"], ["--no-proof", "--budget", "0"])
    )
    documented = projects.python("-m", "reprobundle", "capture", "--dry-run", "--json", cwd=project)
    document = json.loads(documented.stdout)
    refused = really.stderr.removeprefix("reprobundle: ")

    assert (tried.returncode, really.returncode, documented.returncode) == (2, 2, 2), tried.stderr
    assert tried.stdout.startswith(
        f"WOULD BE REFUSED: 3 secrets would be sealed, in 3 files; nothing was kept\n{refused}"
    )
    assert "3 secrets would be sealed, in 3 files:\n  gone.py as committed, line 1: hub-token\n" in refused
    assert "\nWithout them it would pack " in tried.stdout
    assert tried.stdout.count("jupyter nbconvert") == 1
    assert refused.index("git commit gone.py") < refused.index("if none of it is a secret: --allow ")
    assert [refusal["message"] for refusal in document["refusals"]] == ["3 secrets would be sealed, in 3 files"]
    assert "code/source/run.ipynb" not in {file["path"] for file in document["files"]}
    assert not any(secret in tried.stdout + tried.stderr + documented.stdout for secret in DRAWN.values())
    assert not (project / "small").exists()


@pytest.mark.slow
def test_what_is_typed_after_a_dry_run_is_enough(project):
    """The arguments of its hint let the same project be packed."""
    said = projects.python("-m", "reprobundle", "capture", "--dry-run", cwd=project).stdout
    typed = said.partition("if none of it is a secret: ")[2].partition("\n")[0]
    let = projects.python("-m", "reprobundle", "capture", "--dry-run", *shlex.split(typed), cwd=project)

    assert let.returncode == 0, let.stderr
    assert let.stdout.startswith("WOULD PACK ")
