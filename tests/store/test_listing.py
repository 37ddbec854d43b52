"""What lies under a folder: regular files with legal names, in one order."""

from __future__ import annotations

import os
import socket

import pytest

from reprobundle.errors import RefusedInputError
from reprobundle.store import Listed, list_files, listing


def refusal(folder) -> str:
    """The message with which a folder is refused."""
    with pytest.raises(RefusedInputError) as caught:
        list_files(folder)
    return str(caught.value)


def test_files_are_sorted_by_path(tmp_path):
    """Files come sorted by their whole path, hidden ones too, with their sizes."""
    for path, size in {"b": 1, "a/z": 2, "a/b/c": 0, "a.b": 3, ".x": 4, "A": 5}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(bytes(size))

    assert list_files(tmp_path) == (
        Listed(".x", 4),
        Listed("A", 5),
        Listed("a.b", 3),
        Listed("a/b/c", 0),
        Listed("a/z", 2),
        Listed("b", 1),
    )


def test_empty_root_holds_nothing(tmp_path):
    """A folder without anything is listed as empty."""
    assert list_files(tmp_path) == ()


def test_empty_folder_is_refused(tmp_path):
    """A folder without a file below the root is refused."""
    (tmp_path / "a" / "b").mkdir(parents=True)

    assert refusal(tmp_path) == "a/b: is an empty folder, which a bundle cannot hold"


@pytest.mark.parametrize("target", ["file", "folder", "nowhere", "/dev/zero", "..", "link"])
def test_link_is_refused(tmp_path, target):
    """A symbolic link is refused, whatever it leads to."""
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "x").write_bytes(b"")
    (tmp_path / "link").symlink_to(target)

    assert refusal(tmp_path) == "link: is a symbolic link, expected a regular file or a folder"


def test_pipe_is_refused(tmp_path):
    """A pipe is refused without being opened."""
    os.mkfifo(tmp_path / "pipe")

    assert refusal(tmp_path) == "pipe: is a device, pipe or socket, expected a regular file or a folder"


def test_socket_is_refused(tmp_path, monkeypatch):
    """A socket is refused."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")

        assert refusal(tmp_path) == "socket: is a device, pipe or socket, expected a regular file or a folder"


@pytest.mark.parametrize("name", [b"a\nb", b"a\\b", b"con", b"\xff", b"e\xcc\x81", b"~x", b"a "], ids=ascii)
def test_illegal_name_on_disk_is_refused(tmp_path, name):
    """A name that breaks the grammar is refused, also when it is no valid UTF-8."""
    with open(os.path.join(os.fsencode(tmp_path), name), "wb"):
        pass

    assert refusal(tmp_path).startswith(f"path {os.fsdecode(name)!r}: ")


def test_too_deep_folder_is_refused(tmp_path):
    """A folder deeper than 64 components ends in a refusal, not in the recursion limit."""
    folder = tmp_path
    for _ in range(70):
        folder = folder / "d"
    folder.mkdir(parents=True)
    (folder / "x").write_bytes(b"")

    assert refusal(tmp_path).endswith(": has more than 64 components")


def test_number_of_files_is_limited(tmp_path, monkeypatch):
    """More files than the limit are refused."""
    monkeypatch.setattr(listing, "MAX_FILES", 3)
    for name in "abc":
        (tmp_path / name).write_bytes(b"")
    assert len(list_files(tmp_path)) == 3
    (tmp_path / "d").write_bytes(b"")

    assert refusal(tmp_path) == f"{tmp_path.name}: holds more than 3 files"
