"""Digests of files, side by side with public peers, in one run: seconds, and ratios to the nearest of them.

Run from the repository's root: ``python benchmarks/data.py``. Files lie in the page cache; each peer reads the same ones, in
turns. What is measured of ours is the library call, listing and both digests of the split included; of the others the
command, its start included. ``xxhsum`` (Debian: xxhash) is needed; git and dvc take part where they are installed (``--dvc``
names its program). ``--folder`` names another disk, ``--gib`` and ``--files`` other sizes. Before "nothing changed" the files
have to grow old: digests of what was written in the last minute or two are not kept, so it waits that long.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from reprobundle.components.data.files import trusting
from reprobundle.components.data.given import How
from reprobundle.components.data.reading import Reading, read

GIB = 2**30
SMALL = 4096
IN_FOLDER = 1000
TARGETS = {"small files": 1.0, "one large file": 0.6, "nothing changed": 3.0}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=4.0, help="size of the large file")
    parser.add_argument("--files", type=int, default=100_000, help="number of small files, of 4 KiB")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files go; default: a temporary folder")
    parser.add_argument("--quick", action="store_true", help="without git and dvc")
    parser.add_argument("--dvc", default=shutil.which("dvc"), help="the program")
    parser.add_argument("--alone", help="read this in a process of its own, and say what memory it took")
    given = parser.parse_args()
    if given.alone:
        print(memory_of(given.alone))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        os.environ["REPROBUNDLE_CACHE"] = str(folder / "cache")
        small, large = folder / "small", folder / "large"
        make_small(small, given.files)
        make_large(large, int(given.gib * GIB))
        print(
            f"{given.files} files of 4 KiB, one of {given.gib:g} GiB, {given.rounds} rounds, Python {sys.version.split()[0]}"
        )
        compare("small files", small, xxhsum_of_many, given.rounds)
        compare("one large file", large, xxhsum_of_one, given.rounds)
        compare_unchanged(small, given.rounds)
        for place in () if given.quick else (small, large):
            for peer, seconds in slow_peers(place, given.dvc):
                print(f"{peer:16} {place.name}: {seconds:7.2f} s, once")


def make_small(folder: Path, count: int) -> None:
    """Random files, 1,000 in a folder."""
    for start in range(0, count, IN_FOLDER):
        where = folder / f"{start // IN_FOLDER:04}"
        where.mkdir(parents=True)
        for number in range(start, min(start + IN_FOLDER, count)):
            (where / f"{number:08}.bin").write_bytes(os.urandom(SMALL))


def make_large(place: Path, size: int) -> None:
    """One random file."""
    with place.open("wb") as file:
        while size > 0:
            size -= file.write(os.urandom(min(size, 2**24)))


def ours(place: Path, *, cached: bool) -> Reading:
    """The split, by its bytes."""
    found = read(str(place), How(cached=cached, as_bytes=True))
    assert isinstance(found, Reading)
    return found


def xxhsum_of_many(folder: Path) -> None:
    """Two processes, 1,000 files each time."""
    command = "find . -type f -print0 | xargs -0 -n 1000 -P 2 xxhsum -H2 > /dev/null 2> /dev/null"
    subprocess.run(["sh", "-c", command], cwd=folder, check=True)


def xxhsum_of_one(place: Path) -> None:
    """One process."""
    subprocess.run(["xxhsum", "-H2", place.name], cwd=place.parent, check=True, capture_output=True)


def find_with_sizes(folder: Path) -> None:
    """Every name and size."""
    subprocess.run(["sh", "-c", "find . -type f -printf '%s %p\\n' > /dev/null"], cwd=folder, check=True)


def compare(title: str, place: Path, peer: Callable[[Path], None], rounds: int) -> None:
    """Ours, anew, beside xxhsum."""
    report(title, lambda: ours(place, cached=False), lambda: peer(place), rounds, alone=str(place))


def compare_unchanged(folder: Path, rounds: int) -> None:
    """Ours, with everything kept, beside a listing."""
    settling = trusting.settling_time()
    if settling is None or not trusting.keeps_times(str(folder)):
        print("nothing changed  not measured: digests are not kept of files on this disk (--folder names another)")
        return
    left = max(newest(folder) + settling - time.time_ns(), 0) / 1e9 + 1
    print(f"waiting {left:.0f} s: what was written a moment ago is not kept", flush=True)
    time.sleep(left)
    ours(folder, cached=True)
    report("nothing changed", lambda: ours(folder, cached=True), lambda: find_with_sizes(folder), rounds)


def newest(folder: Path) -> int:
    """When the last of the files was changed, in nanoseconds since 1970."""
    return max(place.stat().st_ctime_ns for place in folder.rglob("*"))


def report(
    title: str, mine: Callable[[], object], theirs: Callable[[], object], rounds: int, *, alone: str | None = None
) -> None:
    """Print the ratio of the medians; who is first changes from round to round."""
    found: dict[bool, list[float]] = {True: [], False: []}
    for number in range(rounds + 1):
        for is_mine in (True, False) if number % 2 else (False, True):
            started = time.perf_counter()
            (mine if is_mine else theirs)()
            if number:  # the first is to warm up
                found[is_mine].append(time.perf_counter() - started)
    own, other = statistics.median(found[True]), statistics.median(found[False])
    ratio = statistics.median(one / two for one, two in zip(found[True], found[False], strict=True))
    memory = f", {int(in_own_process(alone)) / 2**20:.0f} MiB beside the imports" if alone else ""
    print(f"{title:16} ours {own:6.3f} s  peer {other:6.3f} s  {ratio:5.2f} x (target {TARGETS[title]}){memory}  "
          f"all: {[round(one, 3) for one in found[True]]} {[round(one, 3) for one in found[False]]}")  # fmt: skip


def in_own_process(place: str) -> str:
    """What this script says of one place."""
    command = [sys.executable, __file__, "--alone", place]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1]


def memory_of(place: str) -> int:
    """Bytes of memory that a read needs at its peak, beside what the program's modules take."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "one").write_bytes(b"1")
        ours(Path(folder), cached=False)
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    before = _status("VmRSS")
    ours(Path(place), cached=False)
    return max(_status("VmHWM") - before, 0)


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field))) * 1024


def slow_peers(place: Path, dvc: str | None) -> Iterator[tuple[str, float]]:
    """Programs that copy what they digest, once each, in a repository of their own beside the files."""
    peers = {"git add": ["git", "add", place.name]}
    if dvc:
        peers["dvc add"] = [dvc, "add", "-q", place.name]
    for name, command in peers.items():
        root = place.parent / "repository"
        root.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=root, check=True)
        if dvc:
            subprocess.run([dvc, "init", "-q"], cwd=root, check=True)
            subprocess.run([dvc, "config", "core.site_cache_dir", str(root / "site")], cwd=root, check=True)
        place.rename(root / place.name)
        started = time.perf_counter()
        subprocess.run(command, cwd=root, check=True)
        yield name, time.perf_counter() - started
        shutil.move(root / place.name, place)
        shutil.rmtree(root)


if __name__ == "__main__":
    main()
