"""A large file digested by several threads has the digest of its bytes, and no thread waits for ever."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading

import pytest
import xxhash

from reprobundle.errors import RefusedInputError
from reprobundle.store import digest_file, digests, relaying
from reprobundle.store.relaying import WORTH_IT, relayed

BLOCK = 1000


@pytest.fixture(autouse=True, params=[1, 2, 3, 4])
def _runners(request, monkeypatch):
    monkeypatch.setattr(relaying, "BLOCK_BYTES", BLOCK)
    monkeypatch.setattr(relaying, "processors", lambda: request.param)


@pytest.fixture
def opened(tmp_path):
    """Opens a new file of the given bytes for reading."""
    descriptors = []

    def make(content):
        (tmp_path / "file").write_bytes(content)
        descriptors.append(os.open(tmp_path / "file", os.O_RDONLY))
        return descriptors[-1]

    yield make
    for descriptor in descriptors:
        os.close(descriptor)


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, 7 * BLOCK + 3, 200 * BLOCK + 999])
def test_the_digest_is_that_of_the_bytes(opened, size):
    """However the last block falls to the threads."""
    content = random.Random(size).randbytes(size)

    assert relayed(opened(content), size) == xxhash.xxh3_128_hexdigest(content)


def test_only_the_first_bytes_count(opened):
    """A file that has grown since it was asked for its size."""
    content = random.Random(0).randbytes(5 * BLOCK)

    assert relayed(opened(content), 3 * BLOCK + 1) == xxhash.xxh3_128_hexdigest(content[: 3 * BLOCK + 1])


@pytest.mark.parametrize("there", [0, 1, BLOCK, 2 * BLOCK + 1, 40 * BLOCK - 1])
def test_a_file_that_ends_too_soon_has_no_digest(opened, there):
    """Cut shorter meanwhile, in any block: the others stop, too."""
    assert relayed(opened(bytes(there)), 40 * BLOCK) is None


def test_a_system_that_gives_less_than_was_asked(opened, monkeypatch):
    """A read may be short without being the last."""
    content, whole = random.Random(1).randbytes(9 * BLOCK + 5), relaying.fill
    monkeypatch.setattr(relaying, "fill", lambda file, block, offset: whole(file, block[:333], offset))

    assert relayed(opened(content), len(content)) == xxhash.xxh3_128_hexdigest(content)


@pytest.mark.parametrize("bad", [0, 1, 5, 19])
def test_a_disk_that_fails_is_told(opened, monkeypatch, bad):
    """The error of one thread comes out, and the others end."""

    def failing(file, block, offset):
        if offset == bad * BLOCK:
            raise OSError(5, "Input/output error")
        return whole(file, block, offset)

    whole, before = relaying.fill, threading.active_count()
    monkeypatch.setattr(relaying, "fill", failing)

    with pytest.raises(OSError, match="Input/output error"):
        relayed(opened(bytes(20 * BLOCK)), 20 * BLOCK)
    assert threading.active_count() == before


def test_a_person_who_gives_up_need_not_wait(opened, monkeypatch):
    """Ctrl-C, which reaches the caller's thread, ends the reading of what is left in all."""
    read, before = [], threading.active_count()

    def interrupted(file, block, offset):
        if threading.current_thread() is threading.main_thread():
            raise KeyboardInterrupt
        read.append(offset)
        return whole(file, block, offset)

    whole = relaying.fill
    monkeypatch.setattr(relaying, "fill", interrupted)

    with pytest.raises(KeyboardInterrupt):
        relayed(opened(bytes(50_000 * BLOCK)), 50_000 * BLOCK)
    assert len(read) < 50_000
    assert threading.active_count() == before


@pytest.mark.parametrize("started", [0, 1])
def test_where_no_more_threads_are_to_be_had(opened, monkeypatch, started):
    """The caller's own thread does it, with those that began."""

    def start(thread):
        if len(begun) == started:
            raise RuntimeError("can't start new thread")
        begun.append(thread)
        whole(thread)

    begun, whole = [], threading.Thread.start
    monkeypatch.setattr(threading.Thread, "start", start)
    content = random.Random(2).randbytes(30 * BLOCK + 7)

    assert relayed(opened(content), len(content)) == xxhash.xxh3_128_hexdigest(content)


@pytest.mark.slow
@pytest.mark.parametrize(
    "when", ["atexit.register(act)", "threading.Thread(target=lambda: (time.sleep(1), act())).start()"]
)
def test_at_the_end_of_a_process(tmp_path, when):
    """A capture may be called when the interpreter ends, and threads are no longer begun."""
    (tmp_path / "file").write_bytes(bytes(2 * WORTH_IT))
    program = f"""
import atexit, threading, time
from pathlib import Path
from reprobundle.components.data.files.reading import parts_of, perform
from reprobundle.store import digest_file

def act():
    print(digest_file(Path("file"))[1], next(perform(parts_of(0, "file"))).digest.hex())

{when}
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)

    assert done.stdout.split() == [xxhash.xxh3_128_hexdigest(bytes(2 * WORTH_IT))] * 2, done.stderr


def test_which_files_are_read_so(tmp_path, monkeypatch):
    """Large ones, where there is more than one processor; and a file that changes is refused as ever."""
    asked = []
    monkeypatch.setattr(digests, "relayed", lambda file, size: asked.append(size) or relayed(file, size))
    for size in (WORTH_IT - 1, WORTH_IT):
        (tmp_path / "file").write_bytes(bytes(size))
        assert digest_file(tmp_path / "file") == (size, xxhash.xxh3_128_hexdigest(bytes(size)))
    assert asked == ([WORTH_IT] if relaying.processors() > 1 else [])

    def growing(file, size):
        with (tmp_path / "file").open("ab") as more:
            more.write(b"more")
        return relayed(file, size)

    monkeypatch.setattr(digests, "relayed", growing)
    monkeypatch.setattr(digests, "is_worth_it", lambda size: True)
    with pytest.raises(RefusedInputError, match="changed while it was read"):
        digest_file(tmp_path / "file")
