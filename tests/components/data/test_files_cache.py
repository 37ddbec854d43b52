"""Digests kept for the next time: taken over where nothing changed, never where something might have."""

import os
import stat
import struct
import time
from array import array

import pytest
import xxhash

from reprobundle.components.data.files import cache, folders, read_place, trusting
from reprobundle.components.data.files.walking import Columns
from reprobundle.components.data.given import DataSplit, How
from reprobundle.components.data.unwrapping import how_of

LONG_AGO = time.time_ns() - 10**11


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """A cache of the test's own, which keeps also what is little and new, on any disk."""
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))
    monkeypatch.delenv(cache.OFF, raising=False)
    monkeypatch.setattr(cache, "WORTH_FILES", 1)
    monkeypatch.setattr(trusting, "settling_time", lambda: -(10**10))
    monkeypatch.setattr(trusting, "keeps_times", lambda _: True)
    return tmp_path / "cache" / "digests"


@pytest.fixture
def data(tmp_path):
    """Three files, one of them in blocks."""
    folder = tmp_path / "data"
    (folder / "b").mkdir(parents=True)
    for name, content in {"a": b"1", "b/c": b"2" * 100_000, "b/d": b"3"}.items():
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture
def read_bytes(monkeypatch):
    """How many bytes a call read."""

    def call(place, **how) -> tuple[object, int]:
        told = [0]
        found = read_place(place, How(progress=lambda done, _: told.append(done), **how))
        return found, max(told)

    return call


def test_what_is_as_it_was_is_not_read_again(data, read_bytes):
    """A second read of the same files reads none of them, and finds the same."""
    first, bytes_first = read_bytes(data)
    again, bytes_again = read_bytes(data)

    assert (bytes_first, bytes_again) == (100_002, 0)
    assert again == first


def test_only_what_changed_is_read(data, read_bytes):
    """A changed, a new and a renamed file are read; the others are not."""
    read_bytes(data)
    (data / "a").write_bytes(b"4")
    (data / "new").write_bytes(b"55")

    found, count = read_bytes(data)

    assert count == 3
    assert found.rows == read_place(data, How(cached=False)).rows


def test_a_change_that_keeps_size_and_time_shows(data, read_bytes):
    """A file rewritten with its old size and modification time is read again: the time of the change of its node tells."""
    status = (data / "a").stat()
    read_bytes(data)
    (data / "a").write_bytes(b"4")
    os.utime(data / "a", ns=(status.st_atime_ns, status.st_mtime_ns))

    found, count = read_bytes(data)

    assert count == 1
    assert found.rows == read_place(data, How(cached=False)).rows


def test_what_was_written_just_now_is_not_kept(data, read_bytes, monkeypatch):
    """A file written less than the settling time before it was digested is digested again the next time."""
    monkeypatch.setattr(trusting, "settling_time", lambda: 2 * 10**9)

    read_bytes(data)

    assert read_bytes(data)[1] == 100_002


def test_a_check_reads_anew(data, read_bytes):
    """Nothing is taken over where everything is to be read."""
    read_bytes(data)

    assert read_bytes(data, cached=False)[1] == 100_002


def test_the_variable_turns_it_off(data, read_bytes, monkeypatch, kept):
    """With REPROBUNDLE_NO_CACHE nothing is kept and nothing taken over."""
    monkeypatch.setenv(cache.OFF, "1")

    read_bytes(data)

    assert not kept.exists()


def test_only_the_user_can_read_it(data, read_bytes, kept):
    """The folder and what is in it are the user's alone."""
    read_bytes(data)

    assert stat.S_IMODE(kept.stat().st_mode) == 0o700
    assert {stat.S_IMODE(place.stat().st_mode) for place in kept.iterdir()} == {0o600}


def test_a_folder_others_can_write_is_not_used(data, read_bytes, kept):
    """Digests that somebody else could have written are not believed."""
    read_bytes(data)
    kept.chmod(0o777)

    assert read_bytes(data)[1] == 100_002


def test_any_broken_byte_makes_it_useless(data, read_bytes, kept):
    """A file that is cut or has one other byte is as good as none."""
    first, _ = read_bytes(data)
    place = next(kept.iterdir())
    whole = place.read_bytes()
    for broken in (b"", whole[:40], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), whole.replace(b"2", b"1", 1)):
        place.write_bytes(broken)

        assert read_bytes(data) == (first, 100_002)


def test_parts_are_kept_too(tmp_path, read_bytes, monkeypatch):
    """A large file's parts are as they were, although nothing was read."""
    place = tmp_path / "large"
    with place.open("wb") as file:
        file.truncate(2**26 + 1)

    first, _ = read_bytes(place)
    again, count = read_bytes(place)

    assert count == 0
    assert len(first.parts) == 2
    assert again == first


def test_statistics_are_kept_with_the_digests(tmp_path, read_bytes):
    """The statistics of unchanged files are taken over; one changed text, and all texts are read."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(5):
        (folder / f"{number}.txt").write_bytes(b"word " * (number + 1))

    first, _ = read_bytes(folder)
    again, count = read_bytes(folder)
    (folder / "0.txt").write_bytes(b"other")
    changed, count_changed = read_bytes(folder)

    assert (count, count_changed) == (0, 75)
    assert again.statistics == first.statistics
    assert changed.statistics == read_place(folder, How(cached=False)).statistics


def test_a_read_that_is_ended_is_taken_up(data, monkeypatch, read_bytes):
    """What was digested before the program was stopped is not read again."""
    monkeypatch.setattr(folders, "SAVED_EVERY", 0.0)

    def stop(done: int, _: int) -> None:
        if done >= 2:
            raise KeyboardInterrupt

    monkeypatch.setattr(folders, "BATCH", 1)
    with pytest.raises(KeyboardInterrupt):
        read_place(data, How(progress=stop))

    found, count = read_bytes(data)

    assert count < 100_002
    assert found.rows == read_place(data, How(cached=False)).rows


def test_what_was_kept_longest_ago_goes_first(tmp_path, monkeypatch, kept):
    """All together stays within the limit."""
    kept.mkdir(parents=True, mode=0o700)
    monkeypatch.setattr(cache, "MAX_BYTES", 250)
    for number in range(3):
        (kept / str(number)).write_bytes(bytes(100))
        os.utime(kept / str(number), ns=(LONG_AGO + number, LONG_AGO + number))

    cache._write(kept / "new", bytes(100))

    assert sorted(place.name for place in kept.iterdir()) == ["2", "new"]


def test_a_file_on_a_disk_that_is_not_trusted_is_not_kept(data, tmp_path, read_bytes, monkeypatch):
    """A folder holds a link to a file of another file system, whose times may not be true: it is read each time."""
    monkeypatch.setattr(trusting, "keeps_times", lambda path: not path.endswith("linked"))
    columns = Columns(*(array("q", values) for values in ([1, 1], [0, 0], [0, 0], [1, 2], [1, 2])))
    kept = cache.Kept(["a", "linked"], columns, bytes(32), {})

    found = cache.worth_keeping(kept, bytearray(b"\1\1"), 0, str(data))

    assert found.names == ["a"]


def test_another_device_is_another_file():
    """A file with the same size, times and inode on another file system is not the same."""
    before, now = (Columns(*(array("q", [value]) for value in (1, 2, 3, 4, device))) for device in (5, 6))
    kept = cache.Kept(["a"], before, bytes(16), {})

    assert cache.reusable(kept, ["a"], before) == {0: 0}
    assert cache.reusable(kept, ["a"], now) == {}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        bytes(15),
        struct.pack("=QQ", 2**60, 1) + b"a" * 200,
        struct.pack("=QQ", 3, 5) + b"a\0b\0c" + bytes(50),
        struct.pack("=QQ", 2, 1) + b"a" + bytes(112),
        struct.pack("=QQ", 1, 1) + b"\xff" + bytes(56),
        struct.pack("=QQ", 1, 1) + b"a" + bytes(57),
        struct.pack("=QQq", 1, 1, 2**62)[:-8] + b"a" + struct.pack("=q", 2**62) + bytes(48),
    ],
    ids=["nothing", "no head", "too many", "cut", "names", "letters", "longer", "parts"],
)
def test_a_body_that_makes_no_sense_is_as_good_as_none(data, read_bytes, kept, body):
    """A file with a right checksum, whose lengths or letters are wrong, is read as if it were not there."""
    first, _ = read_bytes(data)
    place = next(kept.iterdir())
    place.write_bytes(cache.MAGIC + xxhash.xxh3_128_digest(body) + body)

    assert read_bytes(data) == (first, 100_002)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_what_is_no_file_in_its_place_is_passed_over(data, read_bytes, kept):
    """A pipe, a folder or a link where the kept digests should be is neither waited for nor followed."""
    first, _ = read_bytes(data)
    place = next(kept.iterdir())
    aside = place.rename(kept.parent / "aside")
    for make in (os.mkfifo, os.mkdir, lambda path: os.symlink(aside, path)):
        make(place)

        assert read_bytes(data) == (first, 100_002)

        (os.rmdir if place.is_dir() else os.unlink)(place)


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="no modes here")
@pytest.mark.parametrize(("mode", "count"), [(0o777, 100_002), (0o775, 100_002), (0o1777, 0), (0o755, 0)])
def test_a_folder_above_that_others_can_change_is_not_used(data, read_bytes, kept, mode, count):
    """Where somebody else could put another folder in its place, nothing is believed."""
    read_bytes(data)
    kept.parent.chmod(mode)

    assert read_bytes(data)[1] == count


def test_of_a_private_split_nothing_is_kept(data, tmp_path):
    """Whatever a private split is read for leaves no digests without a salt."""
    private, public = DataSplit(data, private=tmp_path / "salt"), DataSplit(data)

    assert [how_of(private).cached, how_of(private, cached=True).cached] == [False, False]
    assert [how_of(public).cached, how_of(public, cached=False).cached] == [True, False]
