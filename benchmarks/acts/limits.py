"""What this machine can do at most, as far as one process of Python comes near it. Needs numpy.

``page-cache-read`` brings every byte of files to the processors in the faster of two ways: large ones through windows of a
memory map, filled at once and combined word by word, small ones into a buffer that stays in a processor's cache. As many
threads as there are processors share a large file.
"""

from __future__ import annotations

import argparse
import mmap
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.acts.clock import timed

WINDOW = 2**26
PIECE = 2**23
BUFFER = 2**18
LARGE = 2**20


def main() -> None:
    """Do one act."""
    parser = argparse.ArgumentParser()
    parser.add_argument("act", choices=("page-cache-read", "disk-write", "page-cache-write", "memory-copy"))
    parser.add_argument("place", type=Path, help="a file or folder to read, or a file to write")
    parser.add_argument("--size", type=int, default=0, help="bytes to write or to copy")
    given = parser.parse_args()
    if given.act == "page-cache-read":
        files = all_files(given.place)
        timed(lambda: [(mapped if size >= LARGE else buffered)(name) for name, size in files])
    elif given.act == "memory-copy":
        copy(given.size)
    else:
        piece = memoryview(os.urandom(PIECE))
        timed(lambda: write(given.place, piece, given.size, to_disk=given.act == "disk-write"))
        given.place.unlink()


def all_files(place: Path) -> list[tuple[str, int]]:
    """A file, or all below a folder, with their sizes."""
    found = [place] if place.is_file() else sorted(one for one in place.rglob("*") if one.is_file())
    return [(str(one), one.stat().st_size) for one in found]


def mapped(name: str) -> None:
    """Add up a file's words through windows of a memory map."""
    descriptor = os.open(name, os.O_RDONLY)
    size = os.fstat(descriptor).st_size
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for _ in pool.map(lambda start: add_up(descriptor, start, min(WINDOW, size - start)), range(0, size, WINDOW)):
            pass
    os.close(descriptor)


def add_up(descriptor: int, start: int, length: int) -> None:
    """The words of one window."""
    with mmap.mmap(descriptor, length, prot=mmap.PROT_READ, offset=start) as window:
        window.madvise(getattr(mmap, "MADV_POPULATE_READ", 22))
        words = np.frombuffer(window, np.uint64, count=length // 8)
        np.bitwise_xor.reduce(words)
        del words


def buffered(name: str) -> None:
    """Read a file into one small buffer."""
    buffer = bytearray(BUFFER)
    descriptor = os.open(name, os.O_RDONLY)
    while os.readv(descriptor, [buffer]):
        pass
    os.close(descriptor)


def write(place: Path, piece: memoryview, size: int, *, to_disk: bool) -> None:
    """Write a file whose room is reserved first, and wait for the disk or not."""
    descriptor = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    if size and hasattr(os, "posix_fallocate"):
        os.posix_fallocate(descriptor, 0, size)
    for start in range(0, size, PIECE):
        os.write(descriptor, piece[: min(PIECE, size - start)])
    if to_disk:
        os.fsync(descriptor)
    os.close(descriptor)


def copy(size: int) -> None:
    """Copy so many bytes from one place of the memory to another, again and again the same 256 MiB."""
    room = min(max(size, 1), 2**28)
    source, target = np.ones(room, np.uint8), np.ones(room, np.uint8)
    timed(lambda: copy_over(target, source, max(size // room, 1)))


def copy_over(target: np.ndarray, source: np.ndarray, times: int) -> None:
    """The same bytes, so many times."""
    for _ in range(times):
        np.copyto(target, source)


if __name__ == "__main__":
    main()
