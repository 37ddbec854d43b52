"""``python -m benchmarks``: measure, write the tables, or profile; ``make bench`` sets up what it needs first."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from benchmarks import machine, profiling, results, table
from benchmarks.environments import ROOT, Peers
from benchmarks.job import Job
from benchmarks.jobs import JOBS
from benchmarks.results import JobFound, Results
from benchmarks.running import Plan, run, unmet

HOME = ROOT / ".benchmarks"
PAGE = ROOT / "docs" / "benchmarks.md"


def main() -> None:
    """Do what the command line says."""
    given = _parser().parse_args()
    given.act(given)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Speed and memory beside the peers.")
    parser.set_defaults(act=measure)
    parser.add_argument(
        "--jobs", type=_jobs, default=JOBS, help=f"names, with commas: {', '.join(job.name for job in JOBS)}"
    )
    parser.add_argument(
        "--size", choices=("small", "full"), default="small", help="small: minutes, to try; full: the targets'"
    )
    parser.add_argument("--rounds", type=int, help="how many count; default: 3, with --size small 1")
    parser.add_argument("--folder", type=Path, help="where files of up to 12 GiB go; default: a temporary folder")
    parser.add_argument("--json", type=Path, default=HOME / "results.json", help="where the results go")
    parser.add_argument("--peers", type=Path, default=HOME / "peers", help="where the peers' environments are")
    parser.add_argument("--no-install", action="store_true", help="make no environment that is not there")
    parser.add_argument(
        "--growth", action=argparse.BooleanOptionalAction, help="1, 2, 4, 8 times the work; default: with --size full"
    )
    parser.add_argument("--write", action="store_true", help="put the tables into docs/benchmarks.md, too")
    verbs = parser.add_subparsers()
    tables = verbs.add_parser("table", help="write the tables of results that were kept")
    tables.add_argument("results", type=Path, nargs="+", help="a job of a later file replaces an earlier one's")
    tables.add_argument("--write", action="store_true", help="into docs/benchmarks.md; default: print")
    tables.set_defaults(act=show)
    profiling.add_to(verbs.add_parser("profile", help="where the time of a capture or of a verify goes"))
    return parser


def _jobs(text: str) -> tuple[Job, ...]:
    by_name = {job.name: job for job in JOBS}
    unknown = [name for name in text.split(",") if name not in by_name]
    if unknown:
        raise argparse.ArgumentTypeError(f"no such job: {unknown[0]!r}; there are {', '.join(by_name)}")
    return tuple(job for job in JOBS if job.name in text.split(","))


def measure(given: argparse.Namespace) -> None:
    """Run the jobs, keep what they found, print the tables."""
    peers = Peers(given.peers, say, may_install=not given.no_install)
    full = given.size == "full"
    rounds = given.rounds or (3 if full else 1)
    growing = full if given.growth is None else given.growth
    with tempfile.TemporaryDirectory(prefix="benchmarks-", dir=given.folder) as name:
        folder = Path(name)
        facts, versions = machine.facts(folder), machine.versions()
        plan = Plan(folder, peers, given.size, rounds, growing, say)
        done: list[JobFound] = []
        for found in run(given.jobs, plan):
            done.append(found)
            kept = Results(given.size, rounds, facts, versions, _ordered(done))
            results.write(kept, given.json)  # what was measured stays, whatever happens to the next one
    _tell(kept, write=given.write)
    failed = [job.name for job in done if job.failed]
    if failed:
        raise SystemExit(f"could not be measured: {', '.join(failed)}")


def show(given: argparse.Namespace) -> None:
    """Write the tables of results that were kept."""
    first, *more = [results.read(place) for place in given.results]
    jobs = {job.name: job for kept in (first, *more) for job in kept.jobs}
    last = more[-1] if more else first
    whole = Results(last.size, last.rounds, last.machine, last.versions, _ordered(list(jobs.values())))
    _tell(whole, write=given.write)


def _ordered(found: Sequence[JobFound]) -> tuple[JobFound, ...]:
    by_name = {job.name: job for job in found}
    return tuple(by_name[job.name] for job in JOBS if job.name in by_name)


def _tell(kept: Results, *, write: bool) -> None:
    print(table.markdown(kept))
    if write:
        table.write_into(PAGE, kept)
    for job, target in unmet(kept.jobs):
        say(f"{'missed' if target.judged else 'not measured'}: {job.name}: {target.text}")


def say(text: str) -> None:
    """To the person who waits."""
    print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
