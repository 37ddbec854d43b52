"""What is watched beside the kernel's own limits; that it ends a program is shown by the probes."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from reprobundle.errors import ProcessError
from reprobundle.sandbox import Limits, watching
from reprobundle.sandbox.watching import Watcher


def test_the_disk_is_never_filled(tmp_path, monkeypatch):
    """Where little is left of the disk, the run is stopped, whoever took it; what was written may have no name any more."""
    watcher = Watcher(Limits(), [tmp_path])
    watcher.look_at_folders()
    for free in ((watching.LEAST_FREE // 4, 10**6), (2**40, 1)):
        monkeypatch.setattr(watching, "_free", lambda folder, free=free: free)
        with pytest.raises(ProcessError) as caught:
            watcher.look_at_folders()
        assert str(caught.value) == "the sandbox was stopped: it was about to fill the disk"


def test_a_disk_that_is_nearly_full_is_used_by_half(tmp_path, monkeypatch):
    """A machine with little room can still run what needs less."""
    monkeypatch.setattr(watching, "_free", lambda folder: (1000, 20))
    watcher = Watcher(Limits(), [tmp_path])
    watcher.look_at_folders()
    monkeypatch.setattr(watching, "_free", lambda folder: (499, 20))
    with pytest.raises(ProcessError):
        watcher.look_at_folders()


def test_links_are_not_followed(tmp_path):
    """What a link leads to is not what was written."""
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "link").symlink_to("/usr")
    Watcher(Limits(out_bytes=2**20, out_files=1), [tmp_path / "out"]).look_at_folders()
    (tmp_path / "out" / "file").touch()
    with pytest.raises(ProcessError) as caught:
        Watcher(Limits(out_files=1), [tmp_path / "out"]).look_at_folders()

    assert str(caught.value) == "the sandbox was stopped: it made more than 1 file"


def test_a_folder_that_hides_what_is_in_it_is_refused(tmp_path):
    """Who may not look cannot count."""
    if os.getuid() == 0:
        pytest.skip("root may look everywhere")
    (tmp_path / "hidden").mkdir(mode=0)
    with pytest.raises(ProcessError) as caught:
        Watcher(Limits(out_files=9), [tmp_path]).look_at_folders()

    assert str(caught.value).endswith("it made a folder that cannot be looked through: Permission denied")


def test_all_that_descends_is_counted():
    """Threads and memory are those of a process and of every one below it; what shares memory counts it once."""
    code = (
        "import os, sys, threading, time\n"
        "held = bytearray(os.urandom(2**20)) * 60\n"
        "threading.Thread(target=time.sleep, args=(60,), daemon=True).start()\n"
        "for _ in range(4):\n    if os.fork() == 0: time.sleep(60)\n"
        "print(flush=True)\ntime.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code], stdout=subprocess.PIPE, start_new_session=True
    ) as top:
        top.stdout.readline()
        family = list(watching._family(top.pid))
        Watcher(Limits(memory=200 * 2**20), []).look(top.pid)
        with pytest.raises(ProcessError) as many:
            Watcher(Limits(processes=3), []).look(top.pid)
        with pytest.raises(ProcessError) as much:
            Watcher(Limits(memory=50 * 2**20), []).look(top.pid)
        os.killpg(top.pid, 9)

    assert sum(threads for _, threads in family) == 6
    assert str(many.value) == "the sandbox was stopped: more than 3 processes and threads ran in it"
    assert str(much.value) == "the sandbox was stopped: its processes held more than 52.4 MB of memory"


def test_what_ended_meanwhile_counts_nothing():
    """A process that is gone is no fault."""
    with subprocess.Popen([sys.executable, "-c", "pass"]) as ended:
        pass
    place = f"/proc/{ended.pid}"

    assert list(watching._family(ended.pid)) == []
    assert (watching._held(place), watching._share(place)) == (0, 0)
