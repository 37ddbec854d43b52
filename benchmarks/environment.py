"""How long it takes to see what is installed, beside `pip freeze` of the same environment in the same run.

Without an argument this interpreter's own environment is read; with a site-packages folder, that one. Prints each step's
best of several runs as a ratio to the best `pip freeze`, which tells names and versions only. Works without a network.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from reprobundle.components.environment.snapshot.consistency import note_conflicts
from reprobundle.components.environment.snapshot.distributions import survey
from reprobundle.components.environment.snapshot.edited import with_edits
from reprobundle.components.interface import Stage
from reprobundle.store import Writer
from reprobundle.worker import numerics

TOLD = ("list, origins, requested, imported", "files edited since", "conflicts")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("site", nargs="?", default=sysconfig.get_path("purelib"), help="a site-packages folder")
    parser.add_argument("--rounds", type=int, default=5, help="runs of everything, the best of which counts")
    arguments = parser.parse_args()
    freeze, steps, count = side_by_side(arguments.site, arguments.rounds)
    print(f"{count} distributions; pip freeze {freeze:.3f} s")
    for name, taken in zip(TOLD, steps, strict=True):
        print(f"  {name:36} {taken:.3f} s  {taken / freeze:.3f} of pip freeze")
    print(f"  {'together':36} {sum(steps):.3f} s  {sum(steps) / freeze:.3f} of pip freeze")
    for module in ("nothing", "numpy", "torch"):
        print(f"facts that change numbers, {module} loaded: {facts(module)}")


def seconds(action: Callable[[], object]) -> float:
    """How long one run takes."""
    started = time.perf_counter()
    action()
    return time.perf_counter() - started


def pip_freeze(site: str) -> None:
    """The peer, as a process of its own, as everybody runs it."""
    subprocess.run([sys.executable, "-m", "pip", "freeze", "--all", "--path", site], check=True, capture_output=True)


def side_by_side(site: str, rounds: int) -> tuple[float, list[float], int]:
    """Best time of `pip freeze` and of each step in seconds, taken in turns, and how many distributions there are."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(writer=Writer(Path(folder)))
        found = survey([site]).found
        actions: tuple[Callable[[], object], ...] = (
            lambda: pip_freeze(site),
            lambda: survey([site]),
            lambda: with_edits(found, stage),
            lambda: note_conflicts(found, stage),
        )
        times = [[seconds(action) for action in actions] for _ in range(rounds)]
    freeze, *steps = (min(column) for column in zip(*times, strict=True))
    return freeze, steps, len(found)


def facts(module: str) -> str:
    """Time of the first and the second reading in a fresh process that has imported a module."""
    worker = str(Path(numerics.__file__).parent)
    code = (
        f"import sys, time; sys.path.insert(0, {worker!r}); import numerics; "
        + ("" if module == "nothing" else f"import {module}; ")
        + "clock = time.perf_counter; a = clock(); f = numerics.facts(); b = clock(); numerics.facts(); c = clock(); "
        "print(f'{len(f)} facts in {b - a:.3f} s, again in {c - b:.3f} s')"
    )
    finished = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    return finished.stdout.strip() or f"{module} is not installed"


if __name__ == "__main__":
    main()
