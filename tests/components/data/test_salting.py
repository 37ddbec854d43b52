"""The digests of a private split tell nothing to whoever has not its salt."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest

from reprobundle.components.data.digesting import digest_sample
from reprobundle.components.data.salting import FIRST_LINE, check_value, open_salt, read_salt, salted
from reprobundle.errors import UsageError


def test_a_salt_is_made_once(tmp_path) -> None:
    """A file with 32 random bytes is made where there is none, for its owner alone, and read where there is one."""
    salt = open_salt(tmp_path / "train.salt")
    text = (tmp_path / "train.salt").read_text("ascii")

    assert text == f"{FIRST_LINE}\n{salt.hex()}\n"
    assert len(salt) == 32
    assert open_salt(tmp_path / "train.salt") == read_salt(tmp_path / "train.salt") == salt
    assert open_salt(tmp_path / "other.salt") != salt


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_the_folders_of_a_salt_are_made(tmp_path) -> None:
    """Folders that are missing are made for their owner alone, one that is there stays as it is."""
    os.chmod(tmp_path, 0o755)
    salt = open_salt(tmp_path / "keys" / "mine" / "train.salt")

    assert read_salt(tmp_path / "keys" / "mine" / "train.salt") == salt
    modes = [stat.S_IMODE(place.stat().st_mode) for place in (tmp_path, tmp_path / "keys", tmp_path / "keys" / "mine")]
    assert modes == [0o755, 0o700, 0o700]


def test_random_bytes_of_ones_own_are_a_salt(tmp_path) -> None:
    """A file of 32 bytes, whatever they are, is a salt as it stands."""
    own = bytes(range(200, 232))
    (tmp_path / "own").write_bytes(own)

    assert open_salt(tmp_path / "own") == read_salt(tmp_path / "own") == own


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such modes")
def test_a_salt_is_its_owners(tmp_path) -> None:
    """Nobody else may read it, whatever the umask allows."""
    before = os.umask(0)
    try:
        open_salt(tmp_path / "train.salt")
    finally:
        os.umask(before)

    assert stat.S_IMODE((tmp_path / "train.salt").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "'x' holds no salt: expected a file that capture made for private=, or 32 bytes"),
        (b"secret\n" + b"0" * 64, "'x' holds no salt: expected a file that capture made for private=, or 32 bytes"),
        (
            f"{FIRST_LINE}\n{'0' * 63}\n".encode(),
            "'x' holds no salt: expected a file that capture made for private=, or 32 bytes",
        ),
        (f"{FIRST_LINE}\n{'z' * 64}\n".encode(), "'x' holds no salt: its second line is not of hex digits"),
        (None, "no file 'x' with a salt"),
    ],
)
def test_what_is_no_salt_is_refused(tmp_path, content, why) -> None:
    """A file of another kind is never taken for a salt, nor written over."""
    if content is not None:
        (tmp_path / "x").write_bytes(content)
    with pytest.raises(UsageError) as raised:
        read_salt(tmp_path / "x")

    assert str(raised.value) == why


def test_nobody_can_try_samples_without_the_salt(tmp_path) -> None:
    """Whoever guesses every sample there could be finds none of them in the salted digests, nor with another salt."""
    guesses = {digest_sample(np.int64(age)) for age in range(150)}
    kept = b"".join(sorted(guesses))
    mine, other = open_salt(tmp_path / "a"), open_salt(tmp_path / "b")
    listed = salted(kept, mine)
    found = {listed[start : start + 16] for start in range(0, len(listed), 16)}
    tried = salted(kept, other)

    assert len(found) == 150
    assert not found & guesses
    assert not found & {tried[start : start + 16] for start in range(0, len(tried), 16)}
    assert salted(kept, mine) == listed


def test_a_salt_is_known_again_and_not_told(tmp_path) -> None:
    """Its check value differs from salt to salt and is none of the digests that it makes."""
    mine, other = open_salt(tmp_path / "a"), open_salt(tmp_path / "b")

    assert check_value(mine) == check_value(mine) != check_value(other)
    assert mine.hex() not in check_value(mine)
