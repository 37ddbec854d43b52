"""Bundles of other Pythons: replayed by this one where theirs is on the machine, else told what is missing."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from forging import forged
from projects import make_project
from support import require
from tiny import tiny_bundle

import reprobundle
from reprobundle import cli, replies, wishing
from reprobundle.components.environment.installers import find_uv
from reprobundle.components.environment.rebuilding import interpreters
from reprobundle.components.environment.rebuilding.places import python_of
from reprobundle.components.environment.section import Interpreter
from reprobundle.errors import UnavailableError, UsageError
from reprobundle.report import Rung

ROOT = Path(__file__).parents[2]
SOURCE = """
import numpy as np


def model(x):
    return np.tanh(x) * 3
"""
CAPTURE = """
import sys

import numpy as np
import source

import reprobundle

if __name__ == "__main__":
    captured = reprobundle.capture(sys.argv[1], model=source.model, inputs=np.linspace(0, 1, 12).reshape(3, 4), budget=300)
    print(captured.proof.status)
"""


def another_python() -> interpreters.Found:
    """A CPython of another minor version on this machine."""
    for minor in (12, 13, 11, 10, 14):
        wanted = Interpreter(implementation="cpython", version=f"3.{minor}.0", build="", cache_tag=None)
        if minor == sys.version_info[1]:
            continue
        try:
            return interpreters.find_interpreter(wanted)
        except UnavailableError:
            continue
    pytest.skip("there is no other CPython from 3.10 to 3.14 on this machine")


def run(*argv: object, cwd: Path) -> str:
    """A command that must succeed."""
    environment = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "VIRTUAL_ENV"}}
    command = [str(part) for part in argv]
    done = subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A bundle of a numpy function, captured under another Python, its project gone; and the version of that Python."""
    other, folder = another_python(), tmp_path_factory.mktemp("other")
    run(other.python, "-m", "venv", "--without-pip", folder / "venv", cwd=folder)
    python, uv = python_of(folder / "venv"), find_uv()
    pip = [sys.executable, "-m", "pip", "--python", python, "install", "-q", "--no-compile"]
    run(*([uv, "pip", "install", "-q", "--python", python] if uv else pip), ROOT, cwd=folder)
    project = make_project(folder / "project", source=SOURCE, train=CAPTURE)
    assert run(python, "-W", "ignore", "train.py", folder / "bundle", cwd=project).splitlines()[-1] == "bitwise"
    project.rename(folder / "gone")
    return folder / "bundle", other.version


@pytest.mark.slow
@pytest.mark.network
def test_a_function_of_another_python_is_replayed_from_this_one(elsewhere: tuple[Path, str], tmp_path: Path) -> None:
    """The recorded Python is found on this machine, the environment rebuilt for it, and the outputs are bitwise equal."""
    require("bwrap")
    bundle, version = elsewhere
    report = reprobundle.replay(bundle, sandbox="bwrap", require="bitwise", report=tmp_path / "report")

    assert report.verdict.sentence == "reproduced, bitwise"
    assert report.environment is not None
    assert (report.environment.how, report.environment.python) == ("rebuild", version)
    assert report.environment.hashes


@pytest.mark.parametrize(
    ("found", "counted", "why"),
    [
        (
            (Rung.BITWISE, None),
            Rung.CLOSE,
            "every output is equal bit for bit, and counted as close as the environment is a portable one",
        ),
        ((Rung.CLOSE, "output 'x' is off"), Rung.CLOSE, "output 'x' is off; in a portable environment"),
        ((Rung.NOT_RUN, "the worker did not finish"), Rung.NOT_RUN, "the worker did not finish"),
    ],
)
def test_a_portable_environment_counts_as_close(found: tuple[Rung, str | None], counted: Rung, why: str) -> None:
    """What was equal is said to be equal, and why it counts for less."""
    assert replies.in_portable(*found) == (counted, why)


@pytest.mark.slow
@pytest.mark.network
def test_a_portable_environment_proves_at_most_close(elsewhere: tuple[Path, str], tmp_path: Path) -> None:
    """Public versions are not what was recorded: the same bits are called close, and the verdict says where."""
    require("bwrap")
    bundle, _ = elsewhere
    report = reprobundle.replay(bundle, env="portable", sandbox="bwrap", report=tmp_path / "report")

    assert report.verdict.sentence == (
        "reproduced, close: every output is equal bit for bit, and counted as close as the environment is a portable one"
    )
    assert report.diagnosis is None
    assert report.environment is not None
    assert (report.environment.how, report.environment.hashes) == ("portable", False)
    assert report.outputs[0].rung is Rung.BITWISE


@pytest.mark.slow
@pytest.mark.network
def test_a_named_python_is_used_as_it_is_or_synced(elsewhere: tuple[Path, str], tmp_path: Path) -> None:
    """An environment of the reviewer's is run in unchanged; with a sync it is first made to agree with the lock.

    A sync starts it outside the walls, with what the bundle's author chose: it is done only where there are none.
    """
    require("bwrap")
    bundle, version = elsewhere
    other = another_python()
    run(other.python, "-m", "venv", tmp_path / "venv", cwd=tmp_path)
    bare = reprobundle.replay(bundle, env=tmp_path / "venv", sandbox="bwrap", report=tmp_path / "1")
    python = python_of(tmp_path / "venv")
    with pytest.raises(UnavailableError) as caught:
        reprobundle.replay(bundle, env=python, sync=True, sandbox="bwrap", report=tmp_path / "2")
    synced = reprobundle.replay(bundle, env=python, sync=True, sandbox="none", require="bitwise", report=tmp_path / "3")

    assert str(caught.value) == (
        "a sync lets what the bundle's author chose run outside the walls, whenever that environment is used"
    )
    assert bare.verdict.rung is Rung.NOT_RUN
    assert synced.verdict.sentence == "reproduced, bitwise"
    assert synced.environment is not None
    assert (synced.environment.how, synced.environment.python) == ("python", version)


@pytest.mark.slow
def test_a_bundle_whose_python_is_missing_says_so(
    perceptron: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Which Python is missing and what would do, on one line each; exit 3, and nothing is fetched."""
    monkeypatch.chdir(tmp_path)

    def edit(folder: Path, manifest: dict[str, Any]) -> None:
        manifest["environment"]["interpreter"]["version"] = "3.99.1"

    missing = forged(perceptron, tmp_path / "missing", edit)
    code = cli.main(["replay", str(missing), "--sandbox", "none"])
    said = capsys.readouterr().err.splitlines()

    assert code == 3
    assert said[0] == "reprobundle: cpython 3.99 is not here, and the locked packages fit no other Python"
    assert said[1].startswith("hint: install Python 3.99 so that 'python3.99' starts it")


def test_what_cannot_be_run_needs_no_environment(tmp_path: Path) -> None:
    """Without inputs there is nothing to run: said first, exit 3, and no sandbox, Python or package is looked for."""
    said: list[str] = []
    report = reprobundle.replay(
        tiny_bundle(tmp_path / "tiny"), sandbox="bwrap", report=tmp_path / "report", say=said.append
    )

    assert said[-1] == "the model cannot be run: no sample inputs are recorded"
    assert report.environment is None
    assert report.verdict.sentence == "could not be told: no sample inputs are recorded"
    assert report.verdict.exit_code == 3
    assert [stage.name for stage in report.stages] == ["verify", "compare"]


def test_an_environment_is_a_word_or_a_python(tmp_path: Path) -> None:
    """A word, the path of a Python, or of a virtual environment; anything else is wrong usage."""
    program = python_of(tmp_path / "venv")
    program.parent.mkdir(parents=True)
    program.symlink_to(sys.executable)

    assert wishing.read_env("portable") == "portable"
    assert wishing.read_env(tmp_path / "venv") == program
    assert wishing.read_env(str(program)) == program
    with pytest.raises(UsageError) as caught:
        wishing.read_env("rebuilt")
    assert str(caught.value) == (
        "env: expected 'rebuild', 'portable', 'current' or the path of a Python, found 'rebuilt'"
    )


@pytest.mark.parametrize(
    ("named", "hint"),
    [
        ("portabel", "did you mean 'portable'?"),
        ("/no/where", "there is nothing at that path"),
        (__file__, "that file is no program; the Python of a virtual environment is its bin/python"),
    ],
)
def test_what_is_no_environment_says_what_is_there(named: str, hint: str) -> None:
    """A slip of the pen, a missing path and a file of another kind have each their own way out."""
    with pytest.raises(UsageError) as caught:
        wishing.read_env(named)

    assert caught.value.hint == hint


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sync": True}, "sync: is for the path of a Python, found env 'rebuild'"),
        ({"env": "current", "allow_build": True}, "allow_build: is for env 'rebuild' or 'portable', found 'current'"),
        (
            {"env": "current", "install_python": True},
            "install_python: is for env 'rebuild' or 'portable', found 'current'",
        ),
        (
            {"env": "current", "index_urls": ("https://a.example",)},
            "index_urls: is for env 'rebuild' or 'portable', found 'current'",
        ),
        ({"find_links": (Path("/no/where"),)}, "find_links: no folder '/no/where'"),
        (
            {"index_urls": ("https://a.example", "user:secret@a")},
            "index_urls: expected an address that begins with https:// or http://, or a folder, "
            "found something else at place 2",
        ),
        (
            {"index_urls": ("https://a.example",), "offline": True},
            "offline: no index is asked, yet index_urls names one",
        ),
    ],
)
def test_options_that_do_not_fit_together_are_told(wrong: dict[str, Any], message: str, tmp_path: Path) -> None:
    """What would do nothing is no silent wish."""
    with pytest.raises(UsageError) as caught:
        reprobundle.replay(tmp_path, **wrong)

    assert str(caught.value) == message
