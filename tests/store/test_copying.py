"""Copying by the system: the digest is of what arrived, and where the system cannot, the bytes go by hand."""

from __future__ import annotations

import errno
import os
import random

import pytest

from reprobundle.errors import RefusedInputError, UnavailableError
from reprobundle.store import Writer, copying, entry_of

LARGE = copying.SLICE_BYTES * 2 + 12_345


@pytest.fixture
def writer(tmp_path) -> Writer:
    """A writer into a fresh folder."""
    (tmp_path / "out").mkdir()
    return Writer(tmp_path / "out")


@pytest.fixture
def large(tmp_path):
    """A file of more than two slices."""
    source = tmp_path / "source"
    source.write_bytes(random.Random(0).randbytes(LARGE))
    return source


def test_a_large_file_is_copied_by_the_system(writer, large):
    """The entry is that of the source, and every byte was told."""
    told: list[int] = []
    entry = writer.copy("copied", large, told=told.append)

    assert entry == entry_of("copied", large)
    assert (writer.root / "copied").read_bytes() == large.read_bytes()
    assert sum(told) == LARGE


@pytest.mark.parametrize("code", sorted(copying.UNABLE))
def test_where_the_system_cannot_the_bytes_go_by_hand(writer, large, monkeypatch, code):
    """Two file systems, or one that does not know how, make no difference."""

    def unable(source, target, count):
        raise OSError(code, os.strerror(code))

    told: list[int] = []
    monkeypatch.setattr(os, "copy_file_range", unable)

    assert writer.copy("copied", large, told=told.append) == entry_of("copied", large)
    assert sum(told) == LARGE


def test_a_system_that_copies_nothing_is_helped(writer, large, monkeypatch):
    """A file system that says yes and copies nothing, as some did, makes no empty file."""
    monkeypatch.setattr(os, "copy_file_range", lambda source, target, count: 0)

    assert writer.copy("copied", large) == entry_of("copied", large)


def test_without_the_call_the_bytes_go_by_hand(writer, large, monkeypatch):
    """A system that has no such call copies all the same."""
    monkeypatch.delattr(os, "copy_file_range")

    assert writer.copy("copied", large) == entry_of("copied", large)


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO])
def test_a_full_or_failing_disk_leaves_nothing(writer, large, monkeypatch, code):
    """What fails in the middle is said, and no half copy stays."""
    real = os.copy_file_range
    left = [1]

    def failing(source, target, count):
        if not left.pop() if left else True:
            raise OSError(code, os.strerror(code))
        return real(source, target, count)

    monkeypatch.setattr(os, "copy_file_range", failing)
    with pytest.raises(UnavailableError):
        writer.copy("copied", large)

    assert list(writer.root.iterdir()) == []


def test_a_large_file_that_changes_meanwhile_is_refused(writer, large, monkeypatch):
    """A source that is written to while the system copies it is not kept."""
    real = os.copy_file_range

    def changing(source, target, count):
        with large.open("r+b") as file:
            file.write(b"other")
        return real(source, target, count)

    monkeypatch.setattr(os, "copy_file_range", changing)
    with pytest.raises(RefusedInputError) as caught:
        writer.copy("copied", large)

    assert str(caught.value) == "source: changed while it was copied"
    assert writer.entries == ()
