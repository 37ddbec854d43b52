"""Secrets among bytes and in files."""

from __future__ import annotations

import zipfile

import pytest

from reprobundle.secrecy.holding import SLICE_BYTES, file_holds, holds

SECRET = bytes(range(0xA0, 0xC0))
OTHER = bytes(32)


@pytest.mark.parametrize(
    "content",
    [SECRET, b"key = " + SECRET.hex().encode(), SECRET.hex().upper().encode(), f"-{SECRET.hex()}\r\n".encode("utf-16"),
     SECRET.hex().title().encode("utf-32-be")],
)  # fmt: skip
def test_a_secret_is_found(content):
    """As its bytes, and as hex digits in any case and any width."""
    assert holds(b"before " + content + b" after", [OTHER, SECRET])


@pytest.mark.parametrize("content", [b"", SECRET[:-1], SECRET.hex()[:-1].encode(), SECRET[::-1]])
def test_what_is_no_secret(content):
    """A part of it, or another order, is none; nothing is found where nothing is secret."""
    assert not holds(content, [SECRET])
    assert not holds(content, [])


@pytest.mark.parametrize("offset", [-40, -32, -1, 0])
def test_a_secret_across_two_slices(tmp_path, offset):
    """A file is read slice by slice, and a secret may stand in two of them."""
    place = tmp_path / "weights"
    place.write_bytes(b"." * (SLICE_BYTES + offset) + SECRET.hex().encode("utf-16-le") + b"." * 10)

    assert file_holds(place, [SECRET])
    assert not file_holds(place, [OTHER])
    assert not file_holds(place, [])


def test_a_secret_in_a_wheel(tmp_path):
    """What an archive holds is deflated, so its members are read."""
    place = tmp_path / "a.whl"
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a/empty.py", "")
        archive.writestr("a/key.txt", f"salt\n{SECRET.hex()}\n")

    assert SECRET.hex().encode() not in place.read_bytes()
    assert file_holds(place, [SECRET])
    assert not file_holds(place, [OTHER])


def test_a_broken_archive(tmp_path):
    """A file that only ends like an archive, or whose members cannot be read, is searched as it is."""
    good, broken = tmp_path / "good.zip", tmp_path / "broken.zip"
    with zipfile.ZipFile(good, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", bytes(range(150)))
    content = bytearray(good.read_bytes())
    content[32:60] = b"\xff" * 28
    broken.write_bytes(content)

    assert not file_holds(broken, [SECRET])
