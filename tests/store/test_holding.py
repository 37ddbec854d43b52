"""A folder that is worked in is told from one that a killed process left behind."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from reprobundle.store.holding import abandoned, held
from reprobundle.store.sealing import left_behind, staging

ROOT = Path(__file__).resolve().parents[2]
ANY = re.compile(r"left-\d")
STAGE = """
import sys
from pathlib import Path
from reprobundle.store import staging
with staging(Path(sys.argv[1])) as folder:
    print(folder, flush=True)
    sys.stdin.readline()
"""

pytestmark = pytest.mark.skipif(os.name != "posix", reason="folders cannot be locked here")


def test_a_folder_is_held_once(tmp_path: Path) -> None:
    """Who comes second is told so, until the first is done."""
    with held(tmp_path) as first, held(tmp_path) as second:
        assert (first, second) == (True, False)
    with held(tmp_path) as again:
        assert again


def test_what_is_no_folder_is_not_held(tmp_path: Path) -> None:
    """A link leads elsewhere, and what is gone is gone."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("folder")
    (tmp_path / "file").write_text("")
    for name in ("link", "file", "none"):
        with held(tmp_path / name) as mine:
            assert not mine


def test_only_own_folders_that_nobody_holds_are_left_behind(tmp_path: Path) -> None:
    """Files, links, other names and folders in use are none."""
    for name in ("left-1", "left-2", "other"):
        (tmp_path / name).mkdir()
    (tmp_path / "left-3").write_text("")
    (tmp_path / "left-4").symlink_to("left-1")
    with held(tmp_path / "left-2"):
        assert abandoned(tmp_path, ANY) == [tmp_path / "left-1"]
    if os.geteuid() == 0:
        os.chown(tmp_path / "left-1", 65534, 65534)

        assert abandoned(tmp_path, ANY) == [tmp_path / "left-2"]
    assert abandoned(tmp_path / "none", ANY) == []


def test_what_a_killed_writer_leaves_is_found(tmp_path: Path) -> None:
    """While it writes it is nobody's to remove; killed with SIGKILL, it has left something behind."""
    argv = [sys.executable, "-c", STAGE, str(tmp_path / "bundle")]
    with subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        made = Path(writer.stdout.readline().strip())
        before = left_behind(tmp_path)
        writer.send_signal(signal.SIGKILL)
    with staging(tmp_path / "bundle"):
        after = left_behind(tmp_path)

    assert before == []
    assert after == [made]
