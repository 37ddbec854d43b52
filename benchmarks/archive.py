"""Packing and unpacking, side by side with GNU tar and Info-ZIP, in one run: seconds, and ratios to each.

Run from the repository's root: ``python benchmarks/archive.py``. A bundle of ``--gib`` in ``--files`` files lies in the page
cache; each program reads the same files, in turns, and its archive is removed before the next begins. What is measured of
ours is the library call: every file digested against the manifest, the archive digested too, and the wait until it is on
the disk, which neither peer does: so each is also measured with ``sync FILE`` behind it. Of the others it is the command,
its start included; ``zip`` stores (``-0``). Before each turn what is dirty is written. ``--folder`` names another disk.
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
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))

from tiny import WEIGHTS, bare_manifest

from reprobundle import bundle as bundles
from reprobundle.bundle import verify
from reprobundle.exports import archives
from reprobundle.store import Writer, staging

GIB = 2**30
PIECE = 2**24
TARGETS = {"tar": 1.2, "zip": 0.7}
Action = Callable[[], object]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--gib", type=float, default=1.9, help="size of all files together")
    parser.add_argument("--files", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--folder", type=Path, help="where the files go; default: a temporary folder")
    parser.add_argument(
        "--alone", nargs=3, metavar=("VERB", "FROM", "TO"), help="do this once, and say the memory it took"
    )
    given = parser.parse_args()
    if given.alone:
        print(memory_of(*given.alone))
        return
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        make_bundle(folder / "bundle", int(given.gib * GIB), given.files)
        print(f"{given.gib:g} GiB in {given.files} files, {given.rounds} rounds, Python {sys.version.split()[0]}")
        for kind in TARGETS:
            packing(folder, kind, given.rounds)
            unpacking(folder, kind, given.rounds)


def make_bundle(place: Path, size: int, count: int) -> None:
    """A bundle of random files beside the little that every bundle has."""
    with staging(place) as staged:
        writer = Writer(staged)
        writer.write("model.safetensors", WEIGHTS)
        writer.write("documentation/card.yaml", b'"title": "Tiny"\n')
        for number in range(count):
            left = size // count
            pieces = (os.urandom(min(PIECE, left - start)) for start in range(0, left, PIECE))
            writer.stream(f"data/{number:06}.bin", pieces, size=left)
        bundles.seal(writer, bare_manifest())


def packing(folder: Path, kind: str, rounds: int) -> None:
    """Ours beside the program that makes the same kind of archive."""
    bundle, target = folder / "bundle", folder / f"made.{kind}"
    commands = {"tar": ["tar", "cf", str(target), "."], "zip": ["zip", "-q0r", str(target), "."]}
    verified, peer = verify(bundle), {"tar": "GNU tar", "zip": "zip -0"}[kind]

    def and_wait() -> None:
        subprocess.run(commands[kind], cwd=bundle, check=True)
        subprocess.run(["sync", str(target)], check=True)

    ways: dict[str, Action] = {
        "pack": lambda: archives.pack(verified, target),
        peer: lambda: subprocess.run(commands[kind], cwd=bundle, check=True),
        f"{peer}, sync": and_wait,
    }
    seconds = take_turns(ways, target, rounds)
    report(f"pack {kind}", seconds, in_own_process("pack", bundle, target), TARGETS[kind])
    target.unlink()


def unpacking(folder: Path, kind: str, rounds: int) -> None:
    """Ours, which checks every byte, beside the program that writes the files only; and verify, which writes none."""
    archive, target = folder / f"made.{kind}", folder / "unpacked"
    archives.pack(verify(folder / "bundle"), archive)
    commands = {
        "tar": ["tar", "xf", str(archive), "-C", str(target)],
        "zip": ["unzip", "-q", str(archive), "-d", str(target)],
    }

    def by_peer() -> None:
        target.mkdir()
        subprocess.run(commands[kind], check=True)

    ways: dict[str, Action] = {
        "unpack": lambda: archives.unpack(archive, target),
        {"tar": "GNU tar", "zip": "unzip"}[kind]: by_peer,
        "verify": lambda: archives.verify(archive),
    }
    report(f"unpack {kind}", take_turns(ways, target, rounds), in_own_process("unpack", archive, target), None)
    shutil.rmtree(target)
    archive.unlink()


def take_turns(ways: dict[str, Action], made: Path, rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round; who is first changes, and the first round is to warm up."""
    found: dict[str, list[float]] = {name: [] for name in ways}
    names = list(ways)
    for number in range(rounds + 1):
        for name in names[number % len(names) :] + names[: number % len(names)]:
            os.sync()
            started = time.perf_counter()
            ways[name]()
            if number:
                found[name].append(time.perf_counter() - started)
            if made.is_dir():
                shutil.rmtree(made)
            else:
                made.unlink(missing_ok=True)
    return found


def report(title: str, found: dict[str, list[float]], memory: int, target: float | None) -> None:
    """Print medians, spread, and the ratio of each round to the peer's."""
    ours, *_ = found
    print(f"{title}: {memory / 2**20:.0f} MiB beside the imports{f'; target {target}' if target else ''}")
    for name, seconds in found.items():
        ratio = statistics.median(one / two for one, two in zip(found[ours], seconds, strict=True))
        spread = f"{min(seconds):.2f} to {max(seconds):.2f}"
        told = "" if name in {ours, "verify"} else f", ours takes {ratio:.2f} x"
        print(f"    {name:14} median {statistics.median(seconds):5.2f} s, {spread}{told}", flush=True)


def in_own_process(verb: str, source: Path, target: Path) -> int:
    """What this script says of one call."""
    command = [sys.executable, __file__, "--alone", verb, str(source), str(target)]
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()[-1])


def memory_of(verb: str, source: str, target: str) -> int:
    """Bytes of memory that a call needs at its peak, beside what the program's modules take."""
    with tempfile.TemporaryDirectory() as folder:  # what is imported on the way is imported now
        make_bundle(Path(folder) / "b", 1, 1)
        made = archives.pack(verify(Path(folder) / "b"), Path(folder) / Path(source + ".zip").name).path
        archives.unpack(made, Path(folder) / "back")
    verified = verify(source) if verb == "pack" else None
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak starts anew
    before = _status("VmRSS")
    if verified is not None:
        archives.pack(verified, Path(target))
    else:
        archives.unpack(Path(source), Path(target))
    return max(_status("VmHWM") - before, 0)


def _status(field: str) -> int:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(field))) * 1024


if __name__ == "__main__":
    main()
