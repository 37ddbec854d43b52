"""A marked test replays its bundle once, fails where the model was not reproduced, and ends with an error where it could not."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pytest
from tiny import tiny_bundle

PLUGIN = "reprobundle.integrations.pytest_plugin"
HERE = "env='current', sandbox='none'"


def run(folder: Path, *argv: str, **files: str) -> subprocess.CompletedProcess[str]:
    """Run pytest in a process of its own, with no plugin but this one."""
    for name, text in files.items():
        (folder / f"{name}.py").write_text(text, "utf-8")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", PLUGIN, "-p", "no:cacheprovider", "--strict-markers", "-rA", *argv],
        cwd=folder,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_pytest_finds_the_plugin() -> None:
    """By the entry point of the installed program."""
    found = {one.name: one.value for one in metadata.entry_points(group="pytest11")}

    assert found.get("reprobundle") == PLUGIN


def test_the_plugin_costs_nothing_until_it_is_used() -> None:
    """Loading it loads nothing of this program but the two packages around it, and no library."""
    program = (
        "import sys, pytest; before = set(sys.modules); import reprobundle.integrations.pytest_plugin\n"
        "print(sorted(set(sys.modules) - before))"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)

    assert finished.stdout == (
        "['reprobundle', 'reprobundle.integrations', 'reprobundle.integrations.pytest_plugin']\n"
    )


def test_a_bundle_that_is_not_reproduced_fails_its_tests_and_is_replayed_once(tmp_path: Path) -> None:
    """Two tests of one bundle with the same options share the replay; other options make another."""
    tiny_bundle(tmp_path / "tiny")
    marker = f"@pytest.mark.reproduces('tiny', {HERE})"
    finished = run(
        tmp_path,
        test_it=f"import pytest\n\n{marker}\ndef test_one():\n    print('ran')\n\n{marker}\ndef test_two(replay_report):\n    pass\n\n"
        f"@pytest.mark.reproduces('tiny', require='bitwise', {HERE})\ndef test_three():\n    pass\n\ndef test_other():\n    pass\n",
    )

    assert finished.returncode == 1, finished.stdout
    assert "3 failed, 1 passed" in finished.stdout
    assert "tiny: COULD NOT BE TOLD: no sample inputs are recorded" in finished.stdout
    assert "ran" not in finished.stdout
    assert len(list((tmp_path / "tiny.replay").glob("*Z"))) == 2


def test_the_report_is_there_whatever_it_says(tmp_path: Path) -> None:
    """A class may carry the marker; the fixture holds the report of the replay."""
    tiny_bundle(tmp_path / "tiny")
    finished = run(
        tmp_path,
        conftest="import pytest\n\n@pytest.fixture(autouse=True)\ndef look(replay_report):\n    print(replay_report.bundle_name)\n",
        test_it=f"import pytest\n\n@pytest.mark.reproduces('tiny', {HERE})\nclass TestIt:\n    def test_it(self):\n        pass\n",
    )

    assert "1 failed" in finished.stdout
    assert "\ntiny\n" in finished.stdout


@pytest.mark.parametrize(
    ("marker", "told"),
    [
        ("pytest.mark.reproduces('none')", "the replay could not be done: "),
        ("pytest.mark.reproduces()", "marker 'reproduces': expected one bundle, found 0 arguments"),
        ("pytest.mark.reproduces('tiny', require='nearly')", "require: expected "),
        ("pytest.mark.reproduces('tiny', requires='close')", "replay takes no option 'requires'"),
        ("pytest.mark.reproduces('tiny', bundel='x')", "replay takes no option 'bundel'"),
        ("pytest.mark.reproduces(3)", "marker 'reproduces': expected the path of a bundle, found int"),
        ("pytest.mark.filterwarnings('error')", "fixture 'replay_report': the test names no bundle"),
    ],
)
def test_a_replay_that_could_not_be_done_is_an_error(tmp_path: Path, marker: str, told: str) -> None:
    """No bundle there, no bundle named, a rung that is none: errors, told in one line and without a traceback."""
    tiny_bundle(tmp_path / "tiny")
    finished = run(
        tmp_path, test_it=f"import pytest\n\n@{marker}\ndef test_it(replay_report):\n    raise AssertionError('ran')\n"
    )

    assert "1 error" in finished.stdout, finished.stdout
    assert told in finished.stdout
    assert "Traceback" not in finished.stdout
    assert "ran" not in finished.stdout.replace("warnings", "")


def test_a_test_that_is_reproduced_runs(tmp_path: Path) -> None:
    """What the marked test asserts itself still counts; options may be any values."""
    (tmp_path / "conftest.py").write_text(
        "import reprobundle.asserting as asserting\nimport reports, pathlib\n"
        "asserting.replay = lambda bundle, **options: reports.bitwise_report()\n",
        "utf-8",
    )
    finished = run(
        tmp_path,
        "-o",
        f"pythonpath={Path(__file__).parent.parent}",
        test_it="import pytest\n\n@pytest.mark.reproduces('any')\ndef test_good(replay_report):\n"
        "    assert replay_report.verdict.rung.value == 'bitwise'\n\n"
        "@pytest.mark.reproduces('any', data={'x': object()})\ndef test_bad():\n    assert 1 == 2\n",
    )

    assert "1 failed, 1 passed" in finished.stdout, finished.stdout
    assert "assert 1 == 2" in finished.stdout


def test_the_marker_is_explained(tmp_path: Path) -> None:
    """Among the others, by ``pytest --markers``."""
    shown = run(tmp_path, "--markers").stdout

    assert "@pytest.mark.reproduces(bundle, *, require='close', **options): replay a bundle first" in shown
