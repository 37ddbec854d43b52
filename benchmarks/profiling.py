"""Where the time of a capture or of a verify goes: the dearest functions as text, and a flame graph by py-spy."""

from __future__ import annotations

import argparse
import io
import os
import pstats
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.bundles import capture, make_bundle, of_size
from benchmarks.environments import ROOT, MissingError, Peers
from benchmarks.files import remove
from benchmarks.job import MIB, Bed

SHOWN = 30
SAMPLES_A_SECOND = 500
_PLACES = re.compile(
    r"\S*/(?=site-packages/|python3\.\d+/|benchmarks/|reprobundle/|project/)(?:site-packages/|python3\.\d+/)?"
)


def add_to(parser: argparse.ArgumentParser) -> None:
    """The command line."""
    parser.add_argument("what", choices=("capture", "verify"))
    parser.add_argument("--size", dest="megabytes", type=int, default=0, help="MiB of weights; default: a few KiB")
    parser.add_argument("--proof", action="store_true", help="with capture: the proof as well")
    parser.add_argument("--text", type=Path, help="where the table goes; default: printed")
    parser.add_argument("--flame", type=Path, help="an SVG of what py-spy saw")
    parser.add_argument("--peers", type=Path, default=ROOT / ".benchmarks" / "peers")
    parser.set_defaults(act=profile)


def profile(given: argparse.Namespace) -> None:
    """Do it once to warm up, and once under the profiler; with ``--flame`` once more under py-spy."""
    peers = Peers(given.peers, lambda text: print(text, file=sys.stderr))
    with tempfile.TemporaryDirectory(prefix="benchmarks-") as name:
        home = Path(name).resolve()
        bed = Bed(home, home / "shared", 0, peers)
        model = of_size(given.megabytes * MIB) if given.megabytes else ()
        make_bundle(bed, "bundle", *model)
        options = (*model, *(("--proof",) if given.proof else ()))
        stats = bed.folder / "profile.out"
        _run(_command(given.what, bed, options, profiled=stats), bed)
        text = tables(stats)
        if given.flame:
            _flame(given.flame, _command(given.what, bed, options, profiled=None), bed)
    if given.text:
        given.text.write_text(text, encoding="utf-8")
    else:
        print(text)


def tables(place: Path) -> str:
    """The dearest functions by their own time and by all that they call, without the machine's own paths."""
    said = io.StringIO()
    stats = pstats.Stats(str(place), stream=said)
    for order in ("tottime", "cumulative"):
        stats.sort_stats(order).print_stats(SHOWN)
    lines = said.getvalue().splitlines()
    kept = [line.rstrip() for line in lines if str(place) not in line]
    return "\n".join(_PLACES.sub("", line) for line in kept).strip() + "\n"


def _command(what: str, bed: Bed, options: tuple[str, ...], *, profiled: Path | None) -> tuple[str, ...]:
    if what == "capture":
        remove(bed.folder / "made")
        more = ("--profile", str(profiled)) if profiled else ()
        return (*capture(bed.folder / "project", bed.folder / "made", *options), *more)
    verify = ("-m", "reprobundle", "verify", "--quiet", str(bed.folder / "bundle"))
    return (sys.executable, *(("-m", "cProfile", "-o", str(profiled)) if profiled else ()), *verify)


def _run(command: tuple[str, ...], bed: Bed) -> None:
    subprocess.run(command, cwd=bed.folder / "project", env=dict(os.environ), check=True)


def _flame(place: Path, command: tuple[str, ...], bed: Bed) -> None:
    try:
        program = bed.peers.program("py-spy", "py-spy")
    except MissingError as fault:
        raise SystemExit(f"no flame graph: {fault}") from fault
    record = (str(program), "record", "--rate", str(SAMPLES_A_SECOND), "--output", str(place.resolve()), "--", *command)
    _run(record, bed)
