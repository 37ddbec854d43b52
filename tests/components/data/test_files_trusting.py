"""Where and when the times of a file tell of every change of it."""

import mmap
import os
import sys
import time
from pathlib import Path

import pytest

from reprobundle.components.data.files import cache, read_place, trusting
from reprobundle.components.data.given import How

MOUNTS = """22 27 0:21 / /proc rw - proc proc rw
27 1 254:0 / / rw,relatime master:1 shared:7 - ext4 /dev/vda rw
28 27 0:40 / /mnt/with\\040blank rw - fuse.sshfs host: rw
a line of another kind
"""
linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="tells file systems apart on Linux only")


def settings(folder, *, expire: str, writeback: str):
    """What the system would say of how long written pages wait."""
    (folder / "dirty_expire_centisecs").write_text(expire, encoding="ascii")
    (folder / "dirty_writeback_centisecs").write_text(writeback, encoding="ascii")
    return folder


@pytest.mark.parametrize(
    ("expire", "writeback", "seconds"),
    [("3000\n", "500\n", 70), ("100", "100", 60), ("60000", "500", 1210), ("3000", "0", None), ("x", "500", None)],
)
def test_what_was_written_has_settled_after_twice_the_longest_wait(tmp_path, expire, writeback, seconds):
    """It is a minute at least; where pages are written only when asked for, it never comes."""
    expected = seconds and seconds * 10**9

    assert trusting.settling_time(settings(tmp_path, expire=expire, writeback=writeback)) == expected


def test_a_system_that_says_nothing_is_not_trusted(tmp_path):
    """Without the settings there is no time after which a file has settled."""
    assert trusting.settling_time(tmp_path) is None


def test_mounts_are_known_by_number(tmp_path, monkeypatch):
    """The file system stands behind the dash, after any number of tags."""
    place = tmp_path / "mounts"
    place.write_text(MOUNTS, encoding="ascii")
    monkeypatch.setattr(trusting, "MOUNTS", place)

    assert trusting._kinds(MOUNTS) == {"22": "proc", "27": "ext4", "28": "fuse.sshfs"}


@linux
def test_file_systems_without_true_times_are_told(tmp_path):
    """What lies in memory, or is no disk at all, is not trusted; nor what is not there."""
    assert not trusting.keeps_times("/proc/version")
    assert not trusting.keeps_times("/dev/shm")
    assert not trusting.keeps_times(str(tmp_path / "missing"))


@linux
def test_a_pipe_is_not_waited_for(tmp_path):
    """Asking for the file system opens nothing."""
    os.mkfifo(tmp_path / "pipe")

    assert trusting.keeps_times(str(tmp_path / "pipe")) == trusting.keeps_times(str(tmp_path))


@linux
@pytest.mark.parametrize("folder", ["/dev/shm", None])
def test_a_write_through_a_map_shows(tmp_path, monkeypatch, folder):
    """A page that was written a moment ago is written again through the same map: no time moves, and it is read anew."""
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))
    monkeypatch.delenv(cache.OFF, raising=False)
    monkeypatch.setattr(cache, "WORTH_FILES", 1)
    place = (tmp_path if folder is None else Path(folder)) / f"reprobundle-{os.getpid()}.bin"
    place.write_bytes(bytes(mmap.PAGESIZE))
    try:
        with place.open("r+b") as file, mmap.mmap(file.fileno(), 0) as mapped:
            mapped[0] = 1
            time.sleep(0.1)
            before = read_place(place, How())
            mapped[0] = 2
            after = read_place(place, How())

            assert before.rows[0].digest != after.rows[0].digest == read_place(place, How(cached=False)).rows[0].digest
    finally:
        place.unlink()
