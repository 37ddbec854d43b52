"""The tables, and the documents they are written from."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import results, table
from benchmarks.job import MIB, Missing, Target
from benchmarks.jobs import JOBS
from benchmarks.measuring import Turn
from benchmarks.results import Grown, Growth, JobFound, Results, TargetFound, WayFound
from benchmarks.summing import judge
from benchmarks.wording import target_text

ROOT = Path(__file__).parent.parent.parent
TURNS = {"ours": (Turn(2, 2, 9 * MIB, 9 * MIB, 5 * MIB),), "peer": (Turn(1, 1, 40 * MIB, 9 * MIB),)}


def kept() -> Results:
    targets = (Target(way="ours", to="peer", times=0.6), Target(way="ours", to="absent"))
    job = JobFound(
        name="digest",
        title="digest one file of 4 GiB",
        note="",
        ways=(WayFound("ours", "ours", "call", TURNS["ours"]), WayFound("peer", "peer", "command", TURNS["peer"])),
        missing=(Missing("absent", "no program 'absent' is installed"),),
        targets=tuple(TargetFound(target_text(target), judge(target, TURNS)) for target in targets),
        growth=(Growth("ours", (Grown(1, 1.0, 2.0 * MIB), Grown(2, 2.0, 2.0 * MIB)), 1.0, 0.0),),
    )
    return Results("full", 1, {"Python": "3.11.7"}, {"xxhsum": "0.8.1"}, (job,))


def test_results_are_read_back_as_they_were_written(tmp_path: Path) -> None:
    """The document holds all that the tables need."""
    results.write(kept(), tmp_path / "results.json")

    assert results.read(tmp_path / "results.json") == kept()


@pytest.mark.parametrize(
    "line",
    [
        "| digest one file of 4 GiB | ours ≤ 0.6 × peer | 2 × | 2 × to 2 × | **missed** |",
        "| digest one file of 4 GiB | ours ≤ 1 × absent |  |  | not measured |",
        "| **ours** | call, once | 2 s (2 s to 2 s) | 2 s |  | 5 MiB | at most 9 MiB |",
        "| peer | command, once | 1 s (1 s to 1 s) | 1 s | 2 × |  | 40 MiB |",
        "- missing: absent: no program 'absent' is installed",
        "| digest: ours | 1 to 2 | 1 s, 2 s | 1.00 | 2 MiB, 2 MiB | 0.00 |",
        "- Python: 3.11.7",
        "| xxhsum | 0.8.1 |",
    ],
)
def test_nothing_is_hidden(line: str) -> None:
    """What was missed, what was not measured and who is missing stand in the tables like all else."""
    assert line in table.markdown(kept()).splitlines()


def test_tables_are_written_between_the_markers(tmp_path: Path) -> None:
    """The page around them stays, and writing twice gives the same page."""
    page = tmp_path / "page.md"
    page.write_text(f"# Before\n\n{table.BEGIN}\nold\n{table.END}\n\nAfter\n", encoding="utf-8")
    table.write_into(page, kept())
    once = page.read_text(encoding="utf-8")
    table.write_into(page, kept())

    assert page.read_text(encoding="utf-8") == once
    assert once.startswith("# Before\n")
    assert once.endswith("\n\nAfter\n")
    assert "old" not in once


def test_the_page_has_the_markers() -> None:
    """``--write`` finds its place."""
    text = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")

    assert text.count(table.BEGIN) == text.count(table.END) == 1


def test_jobs_have_names_of_their_own() -> None:
    """``--jobs`` names one each."""
    names = [job.name for job in JOBS]

    assert len(set(names)) == len(names)


@pytest.mark.parametrize(
    ("target", "text"),
    [
        (Target(way="a", to="b", times=0.6), "a ≤ 0.6 × b"),
        (Target(way="a", to="b", times=1 / 0.7, share=True), "a ≥ 70 % of the b limit"),
        (Target(way="a", less="b", to="c", times=1.3, plus=1.0), "a, less b ≤ 1.3 × c + 1 s"),
        (Target(way="a", of="beyond", plus=1024 * MIB), "memory of a ≤ 1 GiB"),
    ],
)
def test_a_target_is_said_as_a_sentence(target: Target, text: str) -> None:
    """The table says a target as the order of work does."""
    assert target_text(target) == text
