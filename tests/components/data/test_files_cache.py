"""Digests kept for the next time: taken over where nothing changed, never where something might have."""

import os
import stat
import time

import pytest

from reprobundle.components.data.files import cache, folders, read_place
from reprobundle.components.data.given import How

LONG_AGO = time.time_ns() - 10**11


@pytest.fixture(autouse=True)
def kept(tmp_path, monkeypatch):
    """A cache of the test's own, which keeps also what is little and new."""
    monkeypatch.setenv(cache.FOLDER, str(tmp_path / "cache"))
    monkeypatch.delenv(cache.OFF, raising=False)
    monkeypatch.setattr(cache, "WORTH_FILES", 1)
    monkeypatch.setattr(cache, "GRANULARITY", -(10**10))
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
    """A file written less than two seconds before it was digested is digested again the next time."""
    monkeypatch.setattr(cache, "GRANULARITY", 2 * 10**9)

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
    for broken in (b"", whole[:40], whole[:-1], whole[:-1] + bytes([whole[-1] ^ 1]), whole.replace(b"1", b"2", 1)):
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
