"""Writing: the entry comes from the act, nothing half written stays, the system's refusals become one line."""

from __future__ import annotations

import errno
import os
import random

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings

from reprobundle.errors import RefusedInputError, UnavailableError, UsageError
from reprobundle.store import FileEntry, Writer, copying, digest_bytes, entry_of, list_files, writing


@pytest.fixture
def writer(tmp_path) -> Writer:
    """A writer into a fresh folder."""
    (tmp_path / "out").mkdir()
    return Writer(tmp_path / "out")


def test_entry_comes_from_writing(writer):
    """What write gives is what a second look at the file finds."""
    entry = writer.write("a/b.txt", b"content")

    assert entry == FileEntry(path="a/b.txt", size=7, xxh3_128=digest_bytes(b"content"))
    assert entry == entry_of("a/b.txt", writer.root / "a" / "b.txt")
    assert writer.entries == (entry,)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(chunks=st.lists(st.binary(max_size=50), max_size=8), known=st.booleans(), slice_bytes=st.integers(1, 60))
def test_stream_writes_all_chunks_in_order(tmp_path, monkeypatch, chunks, known, slice_bytes):
    """However the bytes come, the file holds them all and the entry is theirs."""
    monkeypatch.setattr(writing, "SLICE_BYTES", slice_bytes)
    whole = b"".join(chunks)
    writer = Writer(tmp_path)
    entry = writer.stream("file", (memoryview(chunk) for chunk in chunks), size=len(whole) if known else None)

    assert (tmp_path / "file").read_bytes() == whole
    assert (entry.size, entry.xxh3_128) == (len(whole), digest_bytes(whole))
    writer.forget("file")


def test_wide_and_shaped_buffers_are_written_as_bytes(writer):
    """A buffer of any item size and shape goes out as its bytes."""
    wide = memoryview(random.Random(0).randbytes(48)).cast("d", (2, 3))
    entry = writer.stream("wide", [wide], size=48)

    assert (writer.root / "wide").read_bytes() == wide.tobytes()
    assert entry.size == 48


def test_entries_are_sorted(writer):
    """Entries come sorted by path, however they were written."""
    for path in ("b", "a/c", "a.b"):
        writer.write(path, b"")

    assert [entry.path for entry in writer.entries] == ["a.b", "a/c", "b"]


def test_second_file_of_a_name_is_refused(writer):
    """One bundle holds one file of a name, and the first stays."""
    writer.write("a", b"first")
    with pytest.raises(UsageError) as caught:
        writer.write("a", b"second")

    assert str(caught.value) == "a: was written before; one bundle holds one file of a name"
    assert (writer.root / "a").read_bytes() == b"first"


@pytest.mark.parametrize("path", ["../a", "/a", "a/../b", "con", "a\nb", ""])
def test_illegal_path_is_never_written(writer, tmp_path, path):
    """A path that breaks the grammar writes nothing anywhere."""
    with pytest.raises(RefusedInputError):
        writer.write(path, b"x")
    with pytest.raises(RefusedInputError):
        writer.adopt(path)

    assert list(tmp_path.iterdir()) == [writer.root]
    assert list(writer.root.iterdir()) == []


@pytest.mark.parametrize("found", [3, 9])
def test_other_size_than_announced_is_refused(writer, found):
    """A file whose bytes are more or fewer than announced is not kept."""
    with pytest.raises(RefusedInputError) as caught:
        writer.stream("a", [bytes(found)], size=5)

    assert str(caught.value) == f"a: changed while it was written: expected 5 bytes, found {found}"
    assert list(writer.root.iterdir()) == []
    assert writer.entries == ()


def test_interrupted_stream_leaves_no_half_file(writer):
    """When the bytes' source raises, nothing is left of the file, and its name is free again."""

    def chunks():
        yield b"half"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        writer.stream("a", chunks())

    assert list(writer.root.iterdir()) == []
    assert writer.write("a", b"whole").size == 5


def test_copy_keeps_content_and_digest(writer, tmp_path):
    """A copy holds the same bytes, and its entry is the source's."""
    source = tmp_path / "source"
    source.write_bytes(random.Random(1).randbytes(3 * copying.BLOCK_BYTES + 11))
    entry = writer.copy("copied", source)

    assert entry == entry_of("copied", source)
    assert (writer.root / "copied").read_bytes() == source.read_bytes()


@pytest.mark.parametrize("change", ["grow", "shrink", "rewrite"])
def test_change_while_copying_is_found(writer, tmp_path, monkeypatch, change):
    """A source that changes while it is copied is refused, and the torn copy is not kept."""
    source = tmp_path / "log.txt"
    source.write_bytes(bytes(copying.BLOCK_BYTES * 2))
    real = copying.blocks

    def chunks(descriptor):
        for number, chunk in enumerate(real(descriptor)):
            if number == 0:
                {"grow": grow, "shrink": shrink, "rewrite": rewrite}[change]()
            yield chunk

    def grow():
        with source.open("ab") as file:
            file.write(b"more")

    def shrink():
        os.truncate(source, 10)

    def rewrite():
        status = source.stat()
        with source.open("r+b") as file:
            file.write(b"other")
        os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))

    monkeypatch.setattr(writing, "blocks", chunks)
    with pytest.raises(RefusedInputError) as caught:
        writer.copy("log.txt", source)

    assert str(caught.value) == "log.txt: changed while it was copied"
    assert list(writer.root.iterdir()) == []
    assert writer.entries == ()


def test_copy_of_a_link_is_refused(writer, tmp_path):
    """A link is not copied, nor what it leads to."""
    (tmp_path / "link").symlink_to("/etc/hostname")
    with pytest.raises(RefusedInputError) as caught:
        writer.copy("link", tmp_path / "link")

    assert str(caught.value) == "link: is a symbolic link, expected a regular file"
    assert list(writer.root.iterdir()) == []


def test_copy_of_a_missing_file_is_unavailable(writer, tmp_path):
    """A source that is not there is named."""
    with pytest.raises(UnavailableError) as caught:
        writer.copy("a", tmp_path / "nothing")

    assert str(caught.value) == f"{tmp_path / 'nothing'}: No such file or directory"


def test_adopted_file_is_listed(writer):
    """A file that another program wrote is taken in with its own digest."""
    (writer.root / "made").write_bytes(b"elsewhere")

    assert writer.adopt("made") == entry_of("made", writer.root / "made")
    assert [entry.path for entry in writer.entries] == ["made"]


def test_adopting_a_link_is_refused(writer):
    """A link that another program left is not taken in."""
    (writer.root / "made").symlink_to("/etc/hostname")
    with pytest.raises(RefusedInputError) as caught:
        writer.adopt("made")

    assert str(caught.value) == "made: is a symbolic link, expected a regular file"
    assert writer.entries == ()


def test_forgotten_file_is_gone(writer):
    """A forgotten file is neither listed nor on the disk."""
    writer.write("a", b"x")
    writer.forget("a")

    assert writer.entries == ()
    assert list_files(writer.root) == ()


def test_folder_in_the_way_is_one_line(writer):
    """A file where a folder must be is reported, not a traceback."""
    writer.write("a", b"x")
    with pytest.raises(UnavailableError) as caught:
        writer.write("a/b", b"y")

    assert str(caught.value) == "a/b: File exists"


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG])
def test_full_disk_is_said_so(writer, monkeypatch, code):
    """No space, no quota and the limit on files all read: the disk is full."""

    def full(descriptor, piece):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(writing, "_write_all", full)
    with pytest.raises(UnavailableError) as caught:
        writer.write("a", b"x")

    assert str(caught.value) == "a: cannot be written: the disk is full"
    assert caught.value.exit_code == 3
    assert list(writer.root.iterdir()) == []


def test_space_is_taken_first(writer, monkeypatch):
    """When there is no space for the whole file, not one byte of it is made."""

    def full(descriptor, offset, size):
        raise OSError(errno.ENOSPC, "full")

    def chunks():
        raise AssertionError("a byte was made")
        yield b""

    monkeypatch.setattr(os, "posix_fallocate", full)
    with pytest.raises(UnavailableError) as caught:
        writer.stream("a", chunks(), size=10)

    assert str(caught.value) == "a: cannot be written: the disk is full"


@pytest.mark.parametrize("code", [errno.EOPNOTSUPP, errno.EINVAL])
def test_file_system_that_cannot_reserve_is_used_all_the_same(writer, monkeypatch, code):
    """A file system without reservation is written to as it is."""

    def cannot(descriptor, offset, size):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, "posix_fallocate", cannot)

    assert writer.stream("a", [b"abc"], size=3).size == 3


def test_short_writes_are_continued(writer, monkeypatch):
    """A system that takes one byte at a time gets them all."""
    real = os.write
    monkeypatch.setattr(os, "write", lambda descriptor, piece: real(descriptor, piece[:1]))
    writer.write("a", b"abcdef")

    assert (writer.root / "a").read_bytes() == b"abcdef"


def test_other_error_of_the_system_is_named(writer, monkeypatch):
    """A failing disk is reported with the system's own words."""

    def broken(descriptor, piece):
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(writing, "_write_all", broken)
    with pytest.raises(UnavailableError) as caught:
        writer.write("a", b"x")

    assert str(caught.value) == "a: Input/output error"
