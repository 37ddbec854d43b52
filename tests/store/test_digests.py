"""Digests: the same for a file and its bytes, one form, regular files only."""

from __future__ import annotations

import mmap
import os
import random
import socket
import subprocess
import sys
from pathlib import Path

import hypothesis.strategies as st
import pydantic
import pytest
import xxhash
from hypothesis import HealthCheck, given, settings

from reprobundle.errors import RefusedInputError
from reprobundle.store import FileEntry, digest_bytes, digest_file, digests, entry_of
from reprobundle.store.digests import BLOCK_BYTES, open_regular

ROOT = Path(__file__).resolve().parents[2]
GOOD = {"path": "a/b.txt", "size": 3, "xxh3_128": "0" * 32}


@pytest.mark.parametrize("size", [0, 1, 2, BLOCK_BYTES - 1, BLOCK_BYTES, BLOCK_BYTES + 1, 3 * BLOCK_BYTES + 7])
def test_file_and_bytes_have_one_digest(tmp_path, size):
    """A file's digest is that of its bytes, on both sides of every limit."""
    content = random.Random(size).randbytes(size)
    place = tmp_path / "file"
    place.write_bytes(content)

    assert digest_file(place) == (size, digest_bytes(content))
    assert digest_file(place) == (size, xxhash.xxh3_128_hexdigest(content))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(content=st.binary(max_size=200), fills=st.integers(0, 40))
def test_blocks_do_not_show(tmp_path, monkeypatch, content, fills):
    """However a file is cut into blocks, its digest is that of its bytes."""
    monkeypatch.setattr(digests, "BLOCK_BYTES", 100)
    whole = content * (fills * 7)
    (tmp_path / "file").write_bytes(whole)

    assert digest_file(tmp_path / "file") == (len(whole), digest_bytes(whole))


def test_last_block_of_one_byte(tmp_path):
    """A sparse file one byte longer than a block is digested whole."""
    place = tmp_path / "sparse"
    with place.open("wb") as file:
        file.seek(BLOCK_BYTES)
        file.write(b"\1")

    assert digest_file(place) == (BLOCK_BYTES + 1, digest_bytes(bytes(BLOCK_BYTES) + b"\1"))


def test_digest_is_that_of_other_programs():
    """The empty input has the digest that every implementation of XXH3-128 gives."""
    assert digest_bytes(b"") == "99aa06d3014798d86001c324468d497f"


def test_link_is_not_followed(tmp_path):
    """A symbolic link is refused, also one that leads nowhere."""
    (tmp_path / "link").symlink_to("nowhere")
    with pytest.raises(RefusedInputError) as caught:
        digest_file(tmp_path / "link")

    assert str(caught.value) == "link: is a symbolic link, expected a regular file"


def test_endless_device_is_not_read(tmp_path):
    """A device is refused, not read for ever."""
    with pytest.raises(RefusedInputError) as caught:
        open_regular(type(tmp_path)("/dev/zero"))

    assert str(caught.value) == "zero: is not a regular file"


@pytest.mark.timeout(10)
def test_pipe_is_not_waited_for(tmp_path):
    """A pipe without a writer is refused at once."""
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(RefusedInputError) as caught:
        digest_file(tmp_path / "pipe")

    assert str(caught.value) == "pipe: is not a regular file"


def test_socket_is_refused(tmp_path, monkeypatch):
    """A socket is refused in the same words."""
    monkeypatch.chdir(tmp_path)
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("socket")
        with pytest.raises(RefusedInputError) as caught:
            digest_file(tmp_path / "socket")

    assert str(caught.value) == "socket: is not a regular file"


def test_folder_is_refused(tmp_path):
    """A folder has no digest."""
    with pytest.raises(RefusedInputError) as caught:
        digest_file(tmp_path)

    assert str(caught.value) == f"{tmp_path.name}: is not a regular file"


def test_missing_file_is_the_system_s_error(tmp_path):
    """A file that is not there cannot be read: that is no refusal."""
    with pytest.raises(FileNotFoundError):
        digest_file(tmp_path / "nothing")


@pytest.mark.parametrize("size", [100, BLOCK_BYTES + 1])
def test_change_while_reading_is_found(tmp_path, monkeypatch, size):
    """A file that grows while it is read is refused, small or large."""
    place = tmp_path / "growing"
    place.write_bytes(bytes(size))
    real = xxhash.xxh3_128

    def growing():
        with place.open("ab") as file:
            file.write(b"more")
        return real()

    monkeypatch.setattr(digests.xxhash, "xxh3_128", growing)
    with pytest.raises(RefusedInputError) as caught:
        digest_file(place)

    assert str(caught.value) == "growing: changed while it was read"


@pytest.mark.parametrize("left", [0, 5000])
def test_cut_while_reading_is_found(tmp_path, monkeypatch, left):
    """A large file that is cut shorter while it is read is refused, not a crash of the process."""
    place = tmp_path / "shrinking"
    place.write_bytes(bytes(3 * BLOCK_BYTES))
    real = xxhash.xxh3_128

    def shrinking():
        os.truncate(place, left)
        return real()

    monkeypatch.setattr(digests.xxhash, "xxh3_128", shrinking)
    with pytest.raises(RefusedInputError) as caught:
        digest_file(place)

    assert str(caught.value) == "shrinking: changed while it was read"


CUT = """
import os, sys
from pathlib import Path
from reprobundle.store import digests
real = digests.xxhash.xxh3_128
class Cutting:
    def __init__(self):
        self.state = real()
    def update(self, content):
        os.truncate(sys.argv[1], 100)
        self.state.update(content)
    def hexdigest(self):
        return self.state.hexdigest()
digests.xxhash.xxh3_128 = Cutting
try:
    digests.digest_file(Path(sys.argv[1]))
except digests.RefusedInputError as error:
    print(error)
"""


def test_cut_between_blocks_does_not_kill(tmp_path):
    """A file that is cut while a block of it is digested is refused; the process lives."""
    (tmp_path / "cut").write_bytes(bytes(3 * BLOCK_BYTES))
    argv = [sys.executable, "-c", CUT, str(tmp_path / "cut")]
    finished = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=False)

    assert (finished.returncode, finished.stdout) == (0, "cut: changed while it was read\n")


def test_nothing_is_mapped(tmp_path, monkeypatch):
    """A mapped file that is cut shorter ends the whole process, so none is mapped."""

    def refuse(*arguments, **options):
        raise AssertionError

    monkeypatch.setattr(mmap, "mmap", refuse)
    (tmp_path / "file").write_bytes(bytes(2 * BLOCK_BYTES))

    assert digest_file(tmp_path / "file") == (2 * BLOCK_BYTES, digest_bytes(bytes(2 * BLOCK_BYTES)))


def test_systems_without_positional_reads(tmp_path, monkeypatch):
    """Where a file cannot be read at a position it is read in order, with the same digest."""
    monkeypatch.delattr(os, "preadv", raising=False)
    content = random.Random(1).randbytes(2 * BLOCK_BYTES + 7)
    (tmp_path / "file").write_bytes(content)

    assert digest_file(tmp_path / "file") == (len(content), digest_bytes(content))


def test_no_descriptor_is_left_open(tmp_path):
    """Refusals close what they opened."""
    (tmp_path / "link").symlink_to("nowhere")
    before = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0
    for _ in range(20):
        with pytest.raises(RefusedInputError):
            digest_file(tmp_path / "link")
        with pytest.raises(RefusedInputError):
            digest_file(tmp_path)
    after = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else 0

    assert after == before


def test_entry_of_a_file_on_disk(tmp_path):
    """The entry of a file holds path, size and digest."""
    (tmp_path / "x").write_bytes(b"abc")

    assert entry_of("a/x", tmp_path / "x") == FileEntry(path="a/x", size=3, xxh3_128=digest_bytes(b"abc"))


BAD_ENTRIES = {
    "empty digest": {"xxh3_128": ""},
    "null digest": {"xxh3_128": None},
    "short digest": {"xxh3_128": "0" * 31},
    "long digest": {"xxh3_128": "0" * 33},
    "upper case": {"xxh3_128": "A" * 32},
    "not hexadecimal": {"xxh3_128": "g" * 32},
    "newline behind": {"xxh3_128": "0" * 32 + "\n"},
    "prefixed": {"xxh3_128": "xxh3:" + "0" * 32},
    "list": {"xxh3_128": ["0" * 32]},
    "true": {"xxh3_128": True},
    "number": {"xxh3_128": 0},
    "bytes": {"xxh3_128": b"0" * 32},
    "negative size": {"size": -1},
    "huge size": {"size": 2**63},
    "size as text": {"size": "3"},
    "size as float": {"size": 3.0},
    "escaping path": {"path": "../a"},
    "absolute path": {"path": "/a"},
    "path as number": {"path": 1},
    "another algorithm": {"md5": "0" * 32},
}


@pytest.mark.parametrize("fields", BAD_ENTRIES.values(), ids=BAD_ENTRIES)
def test_entry_of_a_bad_form_is_refused(fields):
    """A digest is exactly 32 lower-case hex digits, a size a natural number, a path legal."""
    assert FileEntry(**GOOD)
    with pytest.raises(pydantic.ValidationError):
        FileEntry(**{**GOOD, **fields})
