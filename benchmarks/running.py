"""The story of a run: prepare each job, do it in turns, judge it, let it grow, clean up."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.environments import MissingError, Peers
from benchmarks.files import remove
from benchmarks.job import Bed, Job, Missing, Size, Way, ended_text
from benchmarks.measuring import FailedError, Turn, take_turns
from benchmarks.results import Grown, Growth, JobFound, TargetFound, WayFound
from benchmarks.summing import exponent, judge
from benchmarks.wording import amount_text, target_text

MULTIPLES = (1, 2, 4, 8)
LEAST_BEYOND = 2**20  # bytes: less is the noise of an interpreter, and is not fitted


@dataclass(frozen=True)
class Plan:
    """How a run is made.

    Attributes:
        folder: Where the files go; each job has a folder in it, which is removed when the job is done.
        peers: Where the peers are.
        size: Which amounts.
        rounds: How many rounds count.
        growing: Whether growth is measured.
        say: Told of what goes on.
    """

    folder: Path
    peers: Peers
    size: Size
    rounds: int
    growing: bool
    say: Callable[[str], None]


def run(jobs: Sequence[Job], plan: Plan) -> Iterator[JobFound]:
    """Do the jobs; those whose files must grow old are prepared first and done last."""
    ripening = [job for job in jobs if job.ripen]
    beds = {job.name: _bed(job, plan, job.amounts[plan.size]) for job in jobs}
    try:
        for job in ripening:
            _prepare(job, beds[job.name])
        for job in [*(job for job in jobs if not job.ripen), *ripening]:
            plan.say(f"-- {job.name}")
            started = time.perf_counter()
            yield _done(job, beds[job.name], plan)
            remove(beds[job.name].folder)
            plan.say(f"-- {job.name}: {time.perf_counter() - started:.0f} s in all")
    finally:
        for bed in beds.values():
            remove(bed.folder)


def _bed(job: Job, plan: Plan, amount: int, part: str = "") -> Bed:
    home = plan.folder.resolve()
    return Bed(home / f"{job.name}{part}", home / "shared", amount, plan.peers)


def _prepare(job: Job, bed: Bed) -> None:
    remove(bed.folder)
    bed.folder.mkdir(parents=True)
    job.prepare(bed)


def _done(job: Job, bed: Bed, plan: Plan) -> JobFound:
    title = job.title.format(amount=amount_text(bed.amount, job.unit))
    try:
        return _measured(job, bed, plan, title)
    except (MissingError, FailedError) as fault:
        why = str(fault)
    except subprocess.CalledProcessError as fault:
        why = ended_text(fault)
    texts = tuple(TargetFound(target_text(target), None) for target in job.targets)
    return JobFound(job.name, title, job.note, (), (), texts, (), failed=why)


def _measured(job: Job, bed: Bed, plan: Plan, title: str) -> JobFound:
    if not job.ripen:
        _prepare(job, bed)
    others = list(job.peers(bed))
    if job.ripen:
        job.ripen(bed)
    ways = [*job.ours(bed), *(way for way in others if isinstance(way, Way))]
    rounds = min(plan.rounds, job.rounds)
    found = take_turns(ways, rounds=rounds, warming=job.warming, settle=_settle(job), say=plan.say)
    kept = tuple(WayFound(w.name, w.kind, w.clock, found.turns[w.name]) for w in ways if w.name in found.turns)
    absent = (*(one for one in others if isinstance(one, Missing)), *found.missing)
    targets = tuple(TargetFound(target_text(target), judge(target, found.turns)) for target in job.targets)
    remove(bed.folder)
    growth = tuple(_growth(job, plan)) if job.growing and plan.growing else ()
    return JobFound(job.name, title, job.note, kept, absent, targets, growth)


def _settle(job: Job) -> Callable[[], None]:
    """What others left to be written is not the next one's, where it would matter."""
    return os.sync if job.writing else lambda: None


def _growth(job: Job, plan: Plan) -> Iterator[Growth]:
    """This program's ways at 1, 2, 4 and 8 eighths of the amount."""
    least = max(job.amounts[plan.size] // MULTIPLES[-1], 1)
    steps: dict[str, list[Grown]] = {}
    for multiple in MULTIPLES:
        bed = _bed(job, plan, least * multiple, "-growing")
        _prepare(job, bed)
        ways = list(job.ours(bed))
        rounds = min(plan.rounds, job.rounds, 3)
        found = take_turns(ways, rounds=rounds, warming=job.warming, settle=_settle(job), say=lambda _: None)
        for name, turns in found.turns.items():
            steps.setdefault(name, []).append(_grown(bed.amount, turns))
        remove(bed.folder)
    for name, grown in steps.items():
        plan.say(f"{name}: " + ", ".join(f"{one.seconds:.3f} s" for one in grown) + " at 1, 2, 4, 8 eighths")
        yield _fitted(name, grown)


def _grown(amount: int, turns: Sequence[Turn]) -> Grown:
    beyond = [turn.beyond for turn in turns if turn.beyond is not None]
    return Grown(amount, statistics.median(t.seconds for t in turns), statistics.median(beyond) if beyond else None)


def _fitted(name: str, grown: Sequence[Grown]) -> Growth:
    amounts = [float(one.amount) for one in grown]
    beyond = [max(one.beyond, LEAST_BEYOND) for one in grown if one.beyond is not None]
    memory = exponent(amounts, beyond) if len(beyond) == len(amounts) else None
    return Growth(name, tuple(grown), exponent(amounts, [one.seconds for one in grown]), memory)


def unmet(found: Sequence[JobFound]) -> list[tuple[JobFound, TargetFound]]:
    """Targets that were missed, or could not be judged."""
    return [(job, target) for job in found for target in job.targets if target.judged is None or not target.judged.held]
