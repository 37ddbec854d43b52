"""Kept environments: found again by their whole key only, never half finished, one builder at a time."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest

from reprobundle.components.environment.rebuilding import cache
from reprobundle.errors import UnavailableError
from reprobundle.store import digest_bytes


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache of this test's own."""
    monkeypatch.setenv(cache.VARIABLE, str(tmp_path / "cache"))
    (tmp_path / "cache").mkdir(mode=0o700)
    return tmp_path / "cache"


def silent(line: str) -> None:
    """Progress that nobody reads."""


def fill(key: bytes) -> Path:
    """Build an environment of one file for a key."""
    with cache.entry(key, silent) as place:
        assert not cache.is_complete(place, key)
        (place / "content").write_bytes(key)
        cache.complete(place, key)
    return place


def test_what_was_finished_is_found_again() -> None:
    """The second time the environment is there."""
    place = fill(b"key")

    with cache.entry(b"key", silent) as again:
        assert again == place
        assert cache.is_complete(again, b"key")


def test_what_failed_is_removed() -> None:
    """An error leaves no half environment behind."""
    with pytest.raises(KeyError), cache.entry(b"key", silent) as place:
        (place / "half").write_text("")
        raise KeyError

    assert not place.exists()


def test_what_could_not_be_filled_is_kept_apart(own_cache: Path) -> None:
    """The latest half environment can be looked at, and the error says where; the one before is gone."""
    for name in ("first", "second"):
        with pytest.raises(UnavailableError) as caught, cache.entry(name.encode(), silent) as place:
            (place / name).write_text("")
            raise UnavailableError("no index", hint="name one")

    failed = own_cache / "failed" / "environment"
    assert caught.value.hint == f"name one; what was built so far is kept in {str(failed)!r}"
    assert [file.name for file in failed.iterdir()] == ["second"]
    assert not place.exists()


def test_what_was_killed_is_built_anew() -> None:
    """A folder without its key file is emptied first."""
    folder = cache.folder() / digest_bytes(b"key")
    folder.mkdir()
    (folder / "left over").write_text("")

    with cache.entry(b"key", silent) as place:
        assert list(place.iterdir()) == []


def test_two_keys_with_one_digest_do_not_share(tmp_path: Path) -> None:
    """The digest only names the folder; the whole key decides."""
    place = fill(b"key")
    (place / cache.KEY_FILE).write_bytes(b"another key with the same digest")

    with cache.entry(b"key", silent) as other:
        assert other != place
        assert not cache.is_complete(other, b"key")


def test_files_beside_the_key_are_compared_byte_for_byte(tmp_path: Path) -> None:
    """The same key with a wheel of other bytes, however alike, is another environment; each is found again."""
    first, second = tmp_path / "1" / "a.whl", tmp_path / "2" / "a.whl"
    for wheel, content in ((first, b"one"), (second, b"two")):
        wheel.parent.mkdir()
        wheel.write_bytes(content)
    places = []
    for wheels in ([first], [second], []):
        with cache.entry(b"key", silent, beside=wheels) as place:
            assert list(place.iterdir()) == []
            cache.complete(place, b"key", wheels)
        with cache.entry(b"key", silent, beside=wheels) as again:
            assert again == place
            assert cache.is_complete(again, b"key", wheels)
        places.append(place)

    assert len(set(places)) == 3


def test_the_second_builder_waits_and_uses_the_first() -> None:
    """Two replays of one bundle build its environment once."""
    said: list[str] = []
    began, seen = threading.Event(), []

    def second() -> None:
        began.wait(5)
        with cache.entry(b"key", said.append) as place:
            seen.append(cache.is_complete(place, b"key"))

    thread = threading.Thread(target=second)
    thread.start()
    with cache.entry(b"key", silent) as place:
        began.set()
        time.sleep(0.3)
        cache.complete(place, b"key")
    thread.join(10)

    assert seen == [True]
    assert said == ["waiting for another replay that builds the same environment"]


def test_a_folder_that_others_can_write_is_refused(own_cache: Path) -> None:
    """An environment that somebody else could have put there is never used."""
    own_cache.chmod(0o777)

    with pytest.raises(UnavailableError, match="expected a folder that only you can write"):
        cache.folder()


@pytest.mark.skipif(os.name == "nt", reason="the home folder is found in another way there")
def test_a_person_without_a_home_is_told_what_to_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a variable nor an account names a home, as in many containers: the way out is said."""
    import pwd

    def unknown(number: int) -> None:
        raise KeyError(number)

    monkeypatch.delenv(cache.VARIABLE)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", unknown)

    with pytest.raises(UnavailableError) as caught:
        cache.folder()

    assert str(caught.value) == "no home folder is known to keep rebuilt environments in"
    assert caught.value.hint == "name a folder in REPROBUNDLE_CACHE"


def test_a_link_is_refused(own_cache: Path, tmp_path: Path) -> None:
    """The cache is a real folder."""
    (tmp_path / "elsewhere").mkdir()
    own_cache.rmdir()
    own_cache.symlink_to(tmp_path / "elsewhere")

    with pytest.raises(UnavailableError, match="expected a folder that only you can write"):
        cache.folder()
