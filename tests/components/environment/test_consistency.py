"""Conflicts between what is installed: found as pip would find them, and told."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from reprobundle.components.environment.locking.portable import needed
from reprobundle.components.environment.snapshot.consistency import conflicts, note_conflicts
from reprobundle.components.environment.snapshot.distributions import Installed
from reprobundle.components.interface import Stage
from reprobundle.store import Writer


def one(name: str, version: str, *requires: str) -> Installed:
    """A distribution of which only this is known."""
    return Installed(name=name, version=version, site=Path(), metadata=Path(), origin="index", requires=requires)


@pytest.mark.parametrize(
    ("requirement", "expected"),
    [
        ("torch==2.13.0", None),
        ("Torch >= 2", None),
        ("torch", None),
        ("torch<2", "app 1 requires torch<2, but torch 2.13.0+cpu is installed"),
        ("gone>=1", "app 1 requires gone>=1, which is not installed"),
        ("gone; python_version < '3'", None),
        ("gone; extra == 'all'", None),
        ("gone; extra == 'all' or python_version > '3'", "app 1 requires gone, which is not installed"),
        ("early>=1.0", "app 1 requires early>=1.0, but early 1.0rc1 is installed"),
        ("early>=0.9", None),
        ("odd>=1", None),
        ("own @ https://user:secret@example.org/own.whl", "app 1 requires own, which is not installed"),
        ("no requirement: https://user:secret@x", "app 1 has a requirement that cannot be read"),
    ],
)
def test_a_requirement_is_met_or_told(requirement: str, expected: str | None) -> None:
    """Markers are evaluated here and without extras; local labels and early releases count; no address is shown."""
    found = [
        one("app", "1", requirement),
        one("early", "1.0rc1"),
        one("odd", "not.a-version"),
        one("torch", "2.13.0+cpu"),
    ]

    assert list(conflicts(found)) == ([] if expected is None else [expected])


def test_many_conflicts_are_counted(tmp_path: Path) -> None:
    """Twenty are shown, the rest is a number, and each says the way out."""
    stage = Stage(writer=Writer(tmp_path))
    note_conflicts([one("app", "1", *(f"gone-{number}" for number in range(23)))], stage)

    assert [note.message for note in stage.notes[19:]] == [
        "app 1 requires gone-19, which is not installed",
        "3 more requirements of installed distributions are not met",
    ]
    assert {note.hint for note in stage.notes} == {
        "the environment is locked as it is; pip check lists the same, and an install of what is missing mends it"
    }


@pytest.mark.parametrize(
    "requirement",
    [
        "gone; python_full_version ~= '3'",
        "gone>=1; '1' < '2'",
        "gone; extra ~= 'b'",
        f"gone; {'(' * 3900}",
        f"gone>={'9' * 5000}",
        f"gone; {'(' * 900}python_version > '3'{')' * 900}",
    ],
)
def test_a_requirement_without_sense_stops_nothing(requirement: str) -> None:
    """Neither the list of conflicts nor the lock for other platforms."""
    app = replace(one("app", "1", requirement), imported=True)

    assert len(list(conflicts([app]))) <= 1
    assert needed({"app": app}) == ("app",)
