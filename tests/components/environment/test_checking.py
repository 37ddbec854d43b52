"""Recorded and found environments side by side."""

from __future__ import annotations

from pathlib import Path

from reprobundle.components import environment
from reprobundle.components.environment.checking import check_numerics
from reprobundle.components.environment.section import Interpreter, LockFacts, Platform, Section
from reprobundle.components.interface import Answer, Site
from reprobundle.records import Json, from_bytes, to_bytes
from reprobundle.report import Status

FACTS: dict[str, Json] = {"torch.threads": 2, "cpu.model": "A", "variables": {"OMP_NUM_THREADS": "2"}}


def section(*, locked: bool = True) -> Section:
    """A small recorded environment."""
    return Section(
        interpreter=Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311"),
        platform=Platform(system="Linux", machine="x86_64", libc="glibc 2.36"),
        distributions=(),
        numerics=FACTS,
        lock=LockFacts(hashes="none", why="not run: budget", by="none") if locked else None,
    )


def site(tmp_path: Path, distributions: dict[str, str], facts: dict[str, Json]) -> Site:
    """A verified view with a lock of two pins, and a worker's answer."""
    (tmp_path / "environment").mkdir()
    (tmp_path / "environment" / "requirements.txt").write_bytes(b"alpha==1.0\nbeta==2.0+cpu\n")
    answer = Answer(
        stage="done", error=None, outputs=None, arrays={}, transformed=None, nesting=None, digests={}, device=None, facts=facts,
        distributions=distributions, log="",
    )  # fmt: skip
    return Site(root=tmp_path, answer=answer)


def test_agreement_is_one_finding_each(tmp_path: Path) -> None:
    """Where all agrees, the person reads two lines."""
    found = list(environment.check(section(), site(tmp_path, {"Alpha": "1.0", "beta": "2.0+cpu"}, FACTS)))

    assert [finding.message for finding in found] == [
        "all 2 locked distributions are installed as locked",
        "all 3 facts that change numbers are as recorded",
    ]
    assert {finding.status for finding in found} == {Status.SAME}


def test_every_difference_is_a_finding_with_both_sides(tmp_path: Path) -> None:
    """Missing, other version (its local label counts), more than locked: each is named."""
    found = list(environment.check(section(), site(tmp_path, {"beta": "2.0", "gamma": "1"}, FACTS)))
    told = [(one.status, one.message, one.expected, one.found) for one in found]

    assert told[:3] == [
        (Status.DIFFERS, "alpha is not installed", "1.0", "not there"),
        (Status.DIFFERS, "beta has another version", "2.0+cpu", "2.0"),
        (Status.NOTE, "1 distributions are installed that the lock does not name: gamma", None, None),
    ]


def test_facts_that_change_numbers_most_come_first() -> None:
    """Differences are ordered by how much they change numbers, and an absent fact differs too."""
    found = list(check_numerics(FACTS, {"torch.threads": 4, "cpu.model": "B", "variables": {}, "numpy.version": "2"}))

    assert [(one.message, one.expected, one.found) for one in found] == [
        ("torch.threads differs", "2", "4"),
        ("variables.OMP_NUM_THREADS differs", "2", "not there"),
        ("numpy.version differs", "not there", "2"),
        ("cpu.model differs", "A", "B"),
    ]


def test_what_was_not_looked_at_says_why(tmp_path: Path) -> None:
    """No answer, no lock or an empty report is not run, never the same."""
    nothing = list(environment.check(section(), Site(root=tmp_path)))
    unlocked = list(environment.check(section(locked=False), site(tmp_path, {}, {})))

    assert [one.message for one in nothing] == ["environment was not compared: nothing was run"]
    assert {one.status for one in [*nothing, *unlocked]} == {Status.NOT_RUN}


def test_the_section_survives_its_document() -> None:
    """What is written into the manifest is read back as the same value."""
    assert from_bytes(Section, to_bytes(section()), name="section") == section()
