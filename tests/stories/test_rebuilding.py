"""A bundle alone, its project gone: rebuilt from its lock, run inside walls, bitwise the same; the second time from the cache."""

from __future__ import annotations

from pathlib import Path

import pytest
from projects import NET, TRAIN, make_project, python
from support import require

import reprobundle
from reprobundle.report import Report

pytestmark = [pytest.mark.slow, pytest.mark.network]


@pytest.fixture(scope="module")
def locked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle whose lock has its hashes; moved away from where it was made, its project deleted."""
    folder = tmp_path_factory.mktemp("locked")
    project = make_project(folder / "project", net=NET, train=TRAIN.replace("budget=0", "budget=300"))
    finished = python("-W", "ignore", "train.py", str(folder / "bundle"), cwd=project)
    assert finished.stdout == "bitwise\n", finished.stderr
    project.rename(folder / "gone")
    return (folder / "bundle").rename(tmp_path_factory.mktemp("elsewhere") / "bundle")


@pytest.fixture(scope="module")
def replayed(locked: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    """The first replay: the one that builds the environment that all later ones share."""
    require("bwrap")
    return reprobundle.replay(
        locked, sandbox="bwrap", require="bitwise", report=tmp_path_factory.mktemp("first") / "report"
    )


def test_a_rebuilt_environment_inside_walls_gives_the_same_bits(locked: Path, replayed: Report) -> None:
    """The environment comes from the lock, every hash is checked, and the outputs are bitwise equal."""
    assert reprobundle.verify(locked).manifest.environment.lock is not None
    assert replayed.verdict.sentence == "reproduced, bitwise"
    assert replayed.environment is not None
    assert replayed.environment.how == "rebuild"
    assert replayed.environment.hashes
    assert not replayed.environment.cached
    assert replayed.environment.sandbox == "bwrap"


def test_the_second_replay_takes_the_environment_from_the_cache(locked: Path, replayed: Report, tmp_path: Path) -> None:
    """Nothing is fetched or installed again, not even asked for: the second replay is offline."""
    again = reprobundle.replay(locked, sandbox="bwrap", offline=True, report=tmp_path / "report")

    assert again.verdict.sentence == "reproduced, bitwise"
    assert again.environment is not None
    assert again.environment.cached
    assert again.environment.packages == (replayed.environment.packages if replayed.environment else 0)
    assert next(stage.seconds for stage in again.stages if stage.name == "environment") < 1


def test_the_worker_sees_nothing_of_the_reviewer(locked: Path, replayed: Report, tmp_path: Path) -> None:
    """A bundle whose model looks for the expected outputs, the home folder and a network finds none of them."""
    from forging import forged

    looks = (
        "import os, socket\n"
        "found = [p for p in (os.path.expanduser('~root'), '/home', '/etc/passwd') if os.path.exists(p)]\n"
        "found += [os.path.join(a, n) for a, _, f in os.walk('/tmp') for n in f if n in ('expected.safetensors', 'manifest.json')]\n"
        "try:\n    socket.create_connection(('127.0.0.1', 9), 1)\nexcept OSError as error:\n    found.append(type(error).__name__)\n"
        "raise RuntimeError(repr(found))\n"
    )

    def edit(folder: Path, manifest: dict[str, object]) -> None:
        net = folder / "code" / "source" / "net.py"
        net.write_text(looks + net.read_text())

    spying = forged(locked, tmp_path / "spying", edit)
    report = reprobundle.replay(spying, env="current", sandbox="bwrap", report=tmp_path / "report")

    assert report.diagnosis is not None
    assert "RuntimeError: ['ConnectionRefusedError']" in report.diagnosis.paragraph
