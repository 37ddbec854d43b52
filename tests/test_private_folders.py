"""A replay's private folder ends with it, and at the latest with the next one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import pytest

from reprobundle.private_folders import Purpose, private_folder

ROOT = Path(__file__).resolve().parents[1]
WORK = """
import sys
from reprobundle.private_folders import private_folder
with private_folder(sys.argv[1]) as another:
    (another() / "deep").mkdir()
    print(another().parent, flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A temporary folder of the system's, of our own."""
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setattr(tempfile, "tempdir", None)
    yield tmp_path.resolve()
    monkeypatch.setattr(tempfile, "tempdir", None)


def started(purpose: Purpose = "replay") -> tuple[subprocess.Popen[str], Path]:
    """A process that works in a private folder, and the folder."""
    pipe = subprocess.PIPE
    process = subprocess.Popen([sys.executable, "-c", WORK, purpose], cwd=ROOT, stdin=pipe, stdout=pipe, text=True)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_folders_are_empty_private_and_gone_at_the_end(temporary: Path) -> None:
    """Whatever a guest made of them."""
    with private_folder() as another:
        first, second = another(), another()
        modes = {place.stat().st_mode & 0o777 for place in (first, second, first.parent)}
        (first / "shut").mkdir()
        (first / "shut" / "file").write_text("x")
        (first / "shut").chmod(0)
        there = list(temporary.iterdir())

    assert first != second
    assert there == [first.parent]
    assert modes == {0o700} or os.name != "posix"
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL, and folders cannot be locked")
def test_the_next_replay_removes_what_a_killed_one_left(temporary: Path) -> None:
    """Of two at work one is killed with SIGKILL: its folder goes, that of the other stays."""
    killed, left = started()
    other, busy = started()
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    between = sorted(temporary.iterdir())
    with private_folder() as another:
        mine = another().parent
        during = sorted(temporary.iterdir())
    other.communicate("\n")

    assert between == sorted([left, busy])
    assert during == sorted([busy, mine])
    assert list(temporary.iterdir()) == []


@pytest.mark.skipif(os.name != "posix", reason="there is no SIGKILL, and folders cannot be locked")
@pytest.mark.parametrize("purpose", get_args(Purpose))
def test_whatever_is_done_next_removes_what_was_left(temporary: Path, purpose: Purpose) -> None:
    """A killed proof's folder, as well as a calibration's; other programs' folders and files of such names stay."""
    killed, left = started(purpose)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    foreign = temporary / f"reprobundle-other-{purpose}"
    foreign.mkdir()
    (temporary / f"reprobundle-{purpose}-file").write_text("x")
    with private_folder("proving"):
        during = {place.name for place in temporary.iterdir()}

    assert left.name.startswith(f"reprobundle-{purpose}-")
    assert left.name not in during
    assert {foreign.name, f"reprobundle-{purpose}-file"} <= during
