"""Doing the ways of a job in turns, each turn in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.acts.clock import RESULT
from benchmarks.environments import ROOT
from benchmarks.job import Missing, Way

METER = ROOT / "benchmarks" / "acts" / "meter.py"
KIBI = 1 if sys.platform == "darwin" else 1024  # what ru_maxrss counts in


class FailedError(Exception):
    """A way ended with an error."""


@dataclass(frozen=True)
class Turn:
    """What one turn took.

    Attributes:
        seconds: By the clock.
        cpu: Seconds of the processor, children included.
        peak: Bytes of the largest process of the tree at its peak, as the kernel tells when it ends; of a call: since it began.
        floor: Bytes of the process that started it: a peak below is not seen.
        beyond: Bytes beyond what was held before the call; None where a whole command was timed.
    """

    seconds: float
    cpu: float
    peak: int
    floor: int
    beyond: int | None = None


@dataclass(frozen=True)
class Measured:
    """All turns of all ways.

    Attributes:
        turns: By the way's name.
        missing: What took no part, or failed.
    """

    turns: Mapping[str, tuple[Turn, ...]]
    missing: tuple[Missing, ...]


def take_turns(
    ways: Sequence[Way], *, rounds: int, warming: bool, settle: Callable[[], None], say: Callable[[str], None]
) -> Measured:
    """Do every way once in each round; who begins changes, and a round before the first may be to warm up.

    A way that is done once only is not warmed up. A peer that fails takes no further part; this program must not fail.

    Args:
        ways: What is done.
        rounds: How many rounds count.
        warming: Whether one goes before, which does not.
        settle: Done before each turn, not timed.
        say: Told of each turn.

    Raises:
        FailedError: This program's own way, or a limit, failed.
    """
    turns: dict[str, list[Turn]] = {way.name: [] for way in ways}
    missing: dict[str, Missing] = {}
    for number in range(0 if warming else 1, rounds + 1):
        for way in in_order(ways, number):
            if way.name in missing or (way.once and number != 1):
                continue
            settle()
            try:
                turn = take_turn(way)
            except FailedError as fault:
                if way.kind != "peer":
                    raise
                missing[way.name] = Missing(way.name, str(fault))
                continue
            say(f"{way.name}: {turn.seconds:.3f} s{'' if number else ' (warming up)'}")
            if number:
                turns[way.name].append(turn)
    found = {name: tuple(taken) for name, taken in turns.items() if name not in missing and taken}
    return Measured(found, tuple(missing.values()))


def in_order(ways: Sequence[Way], number: int) -> list[Way]:
    """The ways as a round takes them: each begins in turn."""
    start = number % max(len(ways), 1)
    return [*ways[start:], *ways[:start]]


def take_turn(way: Way) -> Turn:
    """Do it once.

    Raises:
        FailedError: It ended with an error.
    """
    if way.before:
        way.before()
    try:
        return _started(way)
    finally:
        if way.after:
            way.after()


def _started(way: Way) -> Turn:
    with tempfile.TemporaryDirectory() as name:
        metered, result, said = (Path(name) / part for part in ("metered", "result.json", "said"))
        variables = {**os.environ, **way.variables, RESULT: str(result)}
        if way.clock == "call":
            variables["PYTHONPATH"] = str(ROOT)
        command = [sys.executable, "-I", "-S", str(METER), str(metered), *way.command]
        with said.open("wb") as file:
            subprocess.run(command, cwd=way.cwd, env=variables, stdout=file, stderr=file, check=False)
        if not metered.exists():
            raise FailedError("it could not be started")
        seconds, cpu, peak, floor, status = map(float, metered.read_text(encoding="ascii").split())
        if status:
            print(said.read_bytes()[-2000:].decode(errors="replace"), file=sys.stderr)
            raise FailedError(f"it ended with {status:.0f}")
        turn = Turn(seconds, cpu, int(peak) * KIBI, int(floor) * 1024)
        if way.clock == "command":
            return turn
        own = json.loads(result.read_text(encoding="utf-8"))
        return Turn(own["seconds"], own["cpu"], turn.peak, turn.floor, own["beyond"])
