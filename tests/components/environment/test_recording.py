"""The section as a whole: what is wrong with an environment is noted, and the same state gives the same record."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

from reprobundle.components.environment.recording import record
from reprobundle.components.environment.section import Section
from reprobundle.components.interface import Source, Stage
from reprobundle.store import Writer


def add(site: Path, name: str, version: str, *, requires: str = "", record: str = "", asked: bool = False) -> Path:
    """A distribution as pip leaves it."""
    folder = site / f"{name}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Name: {name}\nVersion: {version}\n{requires}")
    (folder / "INSTALLER").write_text("pip\n")
    if asked:
        (folder / "REQUESTED").touch()
    (folder / "RECORD").write_text(record)
    return folder


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The one folder on the module path that holds distributions."""
    site = tmp_path / "a" / "b" / "site-packages"
    add(site, "edited", "1", record="edited.py,sha256=x,5\n")
    (site / "edited.py").write_text("longer than before\n")
    add(site, "conflicting", "2", requires="Requires-Dist: edited>=2\n", asked=True)
    add(site, "smaller", "3", record="gone.py,sha256=x,5\n")
    add(site / "other" / "site-packages", "edited", "9")
    (site / "odd-1.dist-info").mkdir()
    plain = [place for place in sys.path if "-packages" not in place]
    monkeypatch.setattr(sys, "path", [*plain, str(site), str(site / "other" / "site-packages")])
    return site


def capture(folder: Path) -> tuple[Section, list[str]]:
    """The section of this process, without a network, and what is noted."""
    folder.mkdir()
    stage = Stage(writer=Writer(folder), deadline=time.monotonic())
    section = record(Source(model=None, budget=0), stage)
    return section, [note.message for note in stage.notes]


@pytest.mark.slow
def test_an_environment_is_recorded_with_what_is_wrong_in_it(site: Path, tmp_path: Path) -> None:
    """One clear line for each fault; what can be recorded is."""
    section, notes = capture(tmp_path / "bundle")
    found = {one.name: one for one in section.distributions}

    assert notes[:5] == [
        "a metadata folder says no name, so it is no distribution: 'odd-1.dist-info'",
        "several versions of edited are installed: '1' comes first, before '9'",
        "1 file of edited 1 is not as installed, so what ran is no release: 'edited.py'",
        "1 file of smaller 3 that its installer wrote is gone: 'gone.py'",
        "conflicting 2 requires edited>=2, but edited 1 is installed",
    ]
    assert [(one.version, one.requested, one.edited and one.edited.paths) for one in found.values()] == [
        ("2", True, None),
        ("1", False, ("edited.py",)),
        ("3", False, ("gone.py",)),
    ]
    assert section.interpreter.abi is not None
    assert {"float.rounding", "python.version", "system.kernel"} <= set(section.numerics)


@pytest.mark.slow
def test_the_same_process_is_recorded_the_same_twice(site: Path, tmp_path: Path) -> None:
    """Nothing that recording itself does shows in the next record."""
    first, second = capture(tmp_path / "one"), capture(tmp_path / "two")

    assert first == second
