"""Projects that lie in wait: pipes, devices, links that lead elsewhere, names that are no text."""

from __future__ import annotations

import os

import pytest

from reprobundle.errors import UsageError
from reprobundle.initialising import CARD, SPECIFICATION, init


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty project, and an empty capture log."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    (tmp_path / "project").mkdir()
    return tmp_path / "project"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no such pipes here")
@pytest.mark.parametrize("name", ["LICENSE", "CITATION.cff", "pyproject.toml", "train.py"])
def test_a_pipe_is_not_waited_on(folder, name):
    """A pipe under the name of a file that is read tells nothing, and nobody waits for its other end."""
    os.mkfifo(folder / name)

    assert init(folder).written == (SPECIFICATION, CARD)


@pytest.mark.skipif(not os.path.exists("/dev/zero"), reason="there is no such device here")
@pytest.mark.parametrize("name", ["LICENSE", "CITATION.cff", "pyproject.toml", "net.py"])
def test_a_device_is_not_read(folder, name):
    """A link to a device that never ends is left alone."""
    (folder / name).symlink_to("/dev/zero")

    assert init(folder).written == (SPECIFICATION, CARD)


def test_a_large_file_is_no_licence_of_a_gigabyte(folder):
    """Of a licence only the beginning is read; source that nobody wrote by hand is left alone."""
    (folder / "LICENSE").write_bytes(b"Apache License\nVersion 2.0\n" + b" " * 3_000_000)
    (folder / "made.py").write_bytes(b"x = 1\n" * 400_000)
    (folder / "pyproject.toml").write_bytes(b"[project]\nname = 'x'\n" + b"#" * 2_000_000)

    assert init(folder).captured["license"] == ("LICENSE",)


@pytest.mark.skipif(os.name == "nt", reason="names are text there")
def test_names_that_are_no_text_are_left_out(folder):
    """Weights under a name that cannot be written down do not end it."""
    with open(os.path.join(os.fsencode(folder), b"\xff\xfe.safetensors"), "wb"):
        pass

    assert init(folder).written == (SPECIFICATION, CARD)


@pytest.mark.parametrize("place", ["documentation", SPECIFICATION, CARD])
def test_nothing_is_written_through_a_link(folder, tmp_path, place):
    """A folder or file that is a link to elsewhere is named, also with force, and nothing is written there."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "kept").write_text("kept", "utf-8")
    (folder / place).parent.mkdir(exist_ok=True)
    (folder / place).symlink_to(elsewhere if place == "documentation" else elsewhere / "kept")

    with pytest.raises(UsageError, match=f"^'{place}': is a symbolic link, which is not followed"):
        init(folder, force=True)

    assert [(one.name, one.read_text("utf-8")) for one in elsewhere.iterdir()] == [("kept", "kept")]
