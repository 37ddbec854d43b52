"""Which sandbox is used: one that works, none only when that was typed, and how to get one where there is none."""

from __future__ import annotations

import os

import pytest
import support

from reprobundle.errors import UnavailableError
from reprobundle.sandbox import HOW_TO_GET_ONE, Sandbox, choose, choosing, hints, walls


def test_choosing_bwrap_where_it_works():
    """Where bubblewrap works it is chosen, also for the user's own code; none is chosen only when typed."""
    support.require("bwrap")

    assert choose("auto") == choose("bwrap") == choose("auto", own=True) == Sandbox("bwrap")
    assert choose("none") == Sandbox("none")


@pytest.fixture
def without_bwrap(monkeypatch) -> None:
    """A machine on which bubblewrap is not installed."""
    monkeypatch.setattr(walls, "find_bwrap", lambda: None)


def test_no_sandbox_is_never_replaced_silently(without_bwrap, monkeypatch):
    """Where no walls can be had the answer is an error with the way out, unless the code is the user's own."""
    monkeypatch.setattr(choosing.sys, "platform", "linux")
    for preference in ("auto", "bwrap"):
        with pytest.raises(UnavailableError) as caught:
            choose(preference)
        assert str(caught.value) == "no sandbox works here: bubblewrap is not installed"
        assert caught.value.hint == HOW_TO_GET_ONE
        assert caught.value.exit_code == 3
    with pytest.raises(UnavailableError):
        choose("bwrap", own=True)

    assert choose("auto", own=True) == Sandbox("none")
    assert choose("none") == Sandbox("none")


def test_other_system_is_named(monkeypatch):
    """Where there is no Linux the reason says so."""
    monkeypatch.setattr(choosing.sys, "platform", "darwin")

    assert choosing.bwrap_failure() == "bubblewrap needs Linux, this is darwin"


def test_broken_bwrap_is_found_by_running_it(tmp_path, monkeypatch):
    """A bubblewrap that is there and fails is no sandbox."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\necho 'setting up uid map: Permission denied' >&2\nexit 1\n")
    fake.chmod(0o755)
    monkeypatch.setattr(walls, "find_bwrap", lambda: str(fake))
    monkeypatch.setattr(choosing.sys, "platform", "linux")

    assert choosing.bwrap_failure() == "bubblewrap: exit status 1: setting up uid map: Permission denied"


def test_bwrap_of_another_folder_is_not_used(tmp_path, monkeypatch):
    """A program of that name in a folder that a bundle could reach is not taken for it."""
    fake = tmp_path / "bwrap"
    fake.write_text("#!/bin/sh\nexit 0\n")
    fake.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.chdir(tmp_path)

    assert walls.find_bwrap() != str(fake)


HINTS = {
    "setting up uid map: Permission denied": hints.FORBIDDEN,
    "loopback: Failed RTM_NEWADDR: Operation not permitted": hints.FORBIDDEN,
    "No permissions to create new namespace, likely because the kernel does not allow it": hints.FORBIDDEN,
    "Creating new namespace failed: nesting depth or /proc/sys/user/max_*_namespaces exceeded (ENOSPC)": hints.FORBIDDEN,
    "Can't mount proc on /newroot/proc: Operation not permitted": hints.FORBIDDEN,
    "Unknown option --disable-userns": hints.OLD,
    "is not installed": hints.HOW_TO_GET_ONE,
}


@pytest.fixture
def plain_system(tmp_path, monkeypatch):
    """A system that is no container and has no AppArmor; gives a folder for what stands for such."""
    monkeypatch.setattr(hints, "CONTAINER_MARKS", (str(tmp_path / "container"),))
    monkeypatch.setattr(hints, "APPARMOR_SWITCH", str(tmp_path / "apparmor"))
    return tmp_path


@pytest.mark.parametrize(("failure", "hint"), HINTS.items(), ids=lambda text: text[:20])
def test_each_failure_has_its_own_way_out(plain_system, failure, hint):
    """What bubblewrap says tells what is in its way, and the hint fits that; each names the other way out too."""
    assert hints.hint_for(f"bubblewrap: exit status 1: bwrap: {failure}", "linux") == hint
    assert hint.endswith("--sandbox none")


def test_ubuntu_and_containers_are_told_apart(plain_system):
    """The same message has other reasons where AppArmor restricts namespaces, or a container's engine does."""
    failure = "bwrap: setting up uid map: Permission denied"
    (plain_system / "apparmor").write_text("0\n")
    assert hints.hint_for(failure, "linux") == hints.FORBIDDEN
    (plain_system / "apparmor").write_text("1\n")
    assert hints.hint_for(failure, "linux") == hints.APPARMOR
    (plain_system / "container").touch()

    assert hints.hint_for(failure, "linux") == hints.CONTAINER


def test_other_systems_have_a_way_out():
    """macOS and Windows have no such walls, and each its own way to get them."""
    told = [hints.hint_for("", system) for system in ("darwin", "win32", "freebsd14")]

    assert told == [hints.ON_MACOS, hints.ON_WINDOWS, hints.ELSEWHERE]
    assert all(hint.endswith("--sandbox none") for hint in told)
