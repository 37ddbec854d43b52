"""What stands before a command inside the walls, for each limit; that each bites is shown by the probes."""

from __future__ import annotations

import resource
import sys
from pathlib import Path

import pytest
import support

from reprobundle import memory, process
from reprobundle.sandbox import Limits, Sandbox, limits, usual

NAMES = ("FSIZE", "CORE", "AS", "DATA", "NOFILE", "CPU")


def within(most: Limits | None) -> dict[str, tuple[int, int]]:
    """The limits that a program finds inside."""
    support.require("bwrap")
    code = f"import resource; print({{n: resource.getrlimit(getattr(resource, 'RLIMIT_' + n)) for n in {NAMES}}})"
    argv = [sys.executable, "-I", "-c", code]
    reads = [Path(sys.base_prefix).resolve(), Path(sys.prefix)]
    return eval(Sandbox("bwrap").run(argv, reads=reads, writes=(), env={}, timeout=30, limits=most).stdout)


def test_the_usual_limits_stand_inside():
    """A file, open files, memory and a core are bounded for every program; addresses and time are not."""
    found = within(None)

    assert found["FSIZE"] == (limits.FILE_BYTES, limits.FILE_BYTES)
    assert found["CORE"] == (0, 0)
    assert found["DATA"] == (usual().memory, usual().memory)
    assert found["NOFILE"] == (limits.OPEN_FILES, limits.OPEN_FILES)
    assert (found["AS"], found["CPU"]) == (
        resource.getrlimit(resource.RLIMIT_AS),
        resource.getrlimit(resource.RLIMIT_CPU),
    )


def test_given_limits_stand_inside():
    """A reviewer's own limits are those that hold; without one on memory there is none."""
    found = within(Limits(memory=2**29, cpu_seconds=7, open_files=50, file_bytes=1000))

    assert [found[name][0] for name in ("DATA", "CPU", "NOFILE", "FSIZE")] == [2**29, 7, 50, 1000]
    assert within(Limits())["DATA"] == resource.getrlimit(resource.RLIMIT_DATA)


def test_the_usual_limits_leave_room_on_the_machine(monkeypatch):
    """Memory is bounded by what the machine has, and what stands in memory by a part of it."""
    monkeypatch.setattr(memory, "total_bytes", lambda: 8 * 10**9)
    small = usual()
    monkeypatch.setattr(memory, "total_bytes", lambda: None)

    assert (small.memory, small.temporary, small.shared) == (7_200_000_000, 2 * 10**9, 2 * 10**9)
    assert usual() == Limits()


def test_memory_is_not_bounded_with_a_device():
    """The driver of a graphics processor reserves more addresses than there is memory."""
    assert any(word.startswith("--data=") for word in limits.words(usual()))
    assert not any(word.startswith("--data=") for word in limits.words(usual(), devices=True))


def test_limits_only_lower(monkeypatch):
    """Where a lower limit stands already it stays, since nobody may raise it again."""
    monkeypatch.setattr(resource, "getrlimit", lambda limit: (10, 10))

    assert {word.partition("=")[2] for word in limits.words(usual())[1:-1]} <= {"10", "0"}


@pytest.mark.parametrize(("release", "counted"), [("5.13.19-arch", False), ("5.14.0", True), ("6.1-rc2", True)])
def test_processes_are_limited_where_only_those_inside_count(monkeypatch, release, counted):
    """An older kernel counts all of a person's processes, so that a limit could stop an honest replay."""
    monkeypatch.setattr(limits.platform, "release", lambda: release)

    assert limits._counts_by_namespace() is counted
    assert any(word.startswith("--nproc=") for word in limits.words(usual())) is counted


def test_no_limits_without_util_linux(monkeypatch, tmp_path):
    """Where prlimit is not installed the walls stand without it."""
    monkeypatch.setattr(limits, "PROGRAM_FOLDERS", str(tmp_path))

    assert limits.words(usual()) == []


def test_a_flood_keeps_its_end():
    """What a program says last, such as why it failed, is kept however much it printed before."""
    code = "import sys\nfor _ in range(80): sys.stderr.write('x' * 2**16)\nraise ValueError('why')"
    finished = process.run([sys.executable, "-c", code], timeout=60)

    assert finished.stderr.endswith(b"ValueError: why\n")
    assert b" bytes left out here]\n" in finished.stderr
    assert len(finished.stderr) < process.KEPT_OUTPUT_BYTES + 100
