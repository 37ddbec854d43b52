"""This program's acts on files: digest a split, verify, pack and unpack a bundle."""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
from pathlib import Path

from benchmarks.acts.clock import timed
from reprobundle.bundle import verify
from reprobundle.components.data.given import How
from reprobundle.components.data.reading import Reading, read
from reprobundle.exports import archives


def main() -> None:
    """Do one act."""
    parser = argparse.ArgumentParser()
    parser.add_argument("act", choices=("digest", "digest-cached", "verify", "pack", "unpack", "verify-archive"))
    parser.add_argument("source", type=Path)
    parser.add_argument("target", type=Path, nargs="?")
    parser.add_argument("--tiny", type=Path, help="a bundle of a few small files, for a first call")
    given = parser.parse_args()
    if given.act.startswith("digest"):
        cached = given.act == "digest-cached"
        timed(lambda: digest(given.source, cached=cached), first=lambda: digest(Path(__file__), cached=False))
        return
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        on_archives(given.act, given.source, given.target or folder / "made", given.tiny, folder)


def digest(place: Path, *, cached: bool) -> None:
    """What a split records of files: each file's digest, and both digests of the whole."""
    found = read(str(place), How(cached=cached, as_bytes=True))
    if not isinstance(found, Reading):
        raise SystemExit(f"{os.fspath(place)!r} could not be read")


def on_archives(act: str, source: Path, target: Path, tiny: Path, folder: Path) -> None:
    """Verify, pack or unpack; a tiny bundle first."""
    first = folder / f"first{source.suffix or target.suffix}"
    if act == "verify":
        timed(lambda: verify(source), first=lambda: verify(tiny))
    elif act == "pack":
        whole = verify(source)
        timed(lambda: archives.pack(whole, target), first=lambda: archives.pack(verify(tiny), first))
    else:
        archives.pack(verify(tiny), first)
        if act == "verify-archive":
            timed(lambda: archives.verify(source), first=lambda: archives.verify(first))
        else:
            timed(lambda: archives.unpack(source, target), first=lambda: archives.unpack(first, folder / "back"))
            shutil.rmtree(target)


if __name__ == "__main__":
    main()
