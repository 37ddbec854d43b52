"""The log of one's own captures: byte for byte, by one's own hand, never in the way."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from reprobundle import captures
from reprobundle.store import digest_bytes

HERE = Path(__file__).parent.parent / "docs"  # a folder that nobody writes meanwhile


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A state folder of its own."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path / "state"


def test_remembered_manifest_is_own():
    """What was captured here is one's own; anything else is not."""
    captures.remember(b"manifest", HERE)

    assert captures.is_own(b"manifest", HERE)
    assert not captures.is_own(b"manifesT", HERE)


def test_nothing_is_own_without_a_log():
    """Where nothing was captured nothing is one's own, and asking makes no folder."""
    assert not captures.is_own(b"manifest", HERE)
    assert not captures.folder().exists()


def test_bytes_are_compared_not_digests():
    """A manifest whose digest stands in the log with other bytes is not one's own."""
    captures.remember(b"manifest", HERE)
    (captures.folder() / f"{digest_bytes(b'twin')}.json").write_bytes(b"manifest")

    assert not captures.is_own(b"twin", HERE)


def test_log_is_private(state):
    """Only its owner can look into the log."""
    before = os.umask(0)
    try:
        captures.remember(b"manifest", HERE)
    finally:
        os.umask(before)

    assert captures.folder() == state / "reprobundle" / "captures"
    assert captures.folder().stat().st_mode & 0o7777 == 0o700


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720, 0o702])
def test_log_that_others_can_write_proves_nothing(mode):
    """Once anybody else can write the folder, nothing in it counts."""
    captures.remember(b"manifest", HERE)
    captures.folder().chmod(mode)

    assert not captures.is_own(b"manifest", HERE)


@pytest.mark.skipif(not hasattr(os, "getuid") or os.getuid() != 0, reason="only root can give a folder away")
def test_log_of_another_person_proves_nothing():
    """A folder that belongs to somebody else does not count."""
    captures.remember(b"manifest", HERE)
    os.chown(captures.folder(), 12345, -1)

    assert not captures.is_own(b"manifest", HERE)


def test_log_is_bounded(monkeypatch):
    """Only the newest captures are kept."""
    monkeypatch.setattr(captures, "KEPT", 3)
    for number in range(5):
        captures.remember(str(number).encode(), HERE)
        place = captures.folder() / f"{digest_bytes(str(number).encode())}.json"
        os.utime(place, ns=(number * 10**9, number * 10**9))
    captures.remember(b"last", HERE)

    assert [number for number in range(5) if captures.is_own(str(number).encode(), HERE)] == [3, 4]
    assert captures.is_own(b"last", HERE)


def test_home_that_cannot_be_written_loses_nothing(tmp_path, monkeypatch):
    """Where no log can be kept, remembering is silent and nothing is one's own."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    captures.remember(b"manifest", HERE)

    assert not captures.is_own(b"manifest", HERE)


def test_missing_home_loses_nothing(monkeypatch):
    """Without any home there is no log, and no error."""

    def homeless():
        raise RuntimeError("could not determine home directory")

    monkeypatch.delenv("XDG_STATE_HOME")
    monkeypatch.setattr(captures.Path, "home", homeless)
    captures.remember(b"manifest", HERE)

    assert not captures.is_own(b"manifest", HERE)


@pytest.mark.parametrize("given", ["", "state", "./state"])
def test_relative_state_folder_counts_as_unset(tmp_path, monkeypatch, given):
    """The log never lies where the person happens to stand, as inside a stranger's bundle."""
    monkeypatch.setenv("XDG_STATE_HOME", given)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)

    assert captures.folder() == tmp_path / "home" / ".local" / "state" / "reprobundle" / "captures"


def test_a_copy_of_ones_own_bundle_is_not_ones_own(tmp_path):
    """The same bytes at another place were written by somebody: the log knows files, not digests."""
    made = tmp_path / "made"
    made.mkdir()
    (made / "net.py").write_bytes(b"honest")
    captures.remember(b"manifest", made)
    copy = shutil.copytree(made, tmp_path / "copy")

    assert captures.is_own(b"manifest", made)
    assert not captures.is_own(b"manifest", copy)


def test_ones_own_bundle_may_be_moved_and_signed(tmp_path):
    """Moving the folder and adding a signature leave its files as they were."""
    made = tmp_path / "made"
    made.mkdir()
    (made / "net.py").write_bytes(b"honest")
    captures.remember(b"manifest", made)
    moved = made.rename(tmp_path / "moved")
    (moved / "signatures").mkdir()
    (moved / "signatures" / "a.sigstore.json").write_bytes(b"{}")

    assert captures.is_own(b"manifest", moved)


def test_a_file_written_again_with_its_old_times_is_not_ones_own(tmp_path):
    """Size and modification time can be set at will; the time of change cannot."""
    (tmp_path / "net.py").write_bytes(b"honest")
    captures.remember(b"manifest", tmp_path)
    before = (tmp_path / "net.py").stat()
    (tmp_path / "net.py").write_bytes(b"evil!!")
    os.utime(tmp_path / "net.py", ns=(before.st_atime_ns, before.st_mtime_ns))

    assert not captures.is_own(b"manifest", tmp_path)
