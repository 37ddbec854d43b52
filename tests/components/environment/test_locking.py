"""Making the lock: what no index offers becomes a wheel, what cannot be had is a note, and nothing stops a capture."""

from __future__ import annotations

import tarfile
import time
import zipfile
from pathlib import Path

import pytest

from reprobundle.components.environment.distributions import installed
from reprobundle.components.environment.lock import read_lock
from reprobundle.components.environment.locking import Locked, make_lock
from reprobundle.components.environment.wheels import hashes_of
from reprobundle.components.interface import Stage
from reprobundle.store import Writer


def installed_from_a_wheel(site: Path, name: str, version: str = "1.0", *, whole: bool = True) -> None:
    """A distribution as pip leaves it after an install from a folder of wheels: without a note of its origin."""
    metadata = site / f"{name}-{version}.dist-info"
    metadata.mkdir(parents=True)
    (site / f"{name}.py").write_text("")
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (metadata / "RECORD").write_text("".join(f"{metadata.name}/{file},,\n" for file in ("METADATA", "WHEEL", "RECORD")))
    if whole:
        (metadata / "WHEEL").write_text("Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")


def lock(tmp_path: Path, *, seconds: float, look_up: bool = True) -> tuple[Locked, Stage]:
    """The lock of what is installed in the test's site folder."""
    (tmp_path / "bundle").mkdir()
    stage = Stage(writer=Writer(tmp_path / "bundle"), deadline=time.monotonic() + seconds)
    return make_lock(installed([str(tmp_path / "a" / "b" / "site")]), stage, look_up=look_up), stage


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site folder, and a pip that has no index and an empty folder of wheels."""
    (tmp_path / "empty").mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "empty"))
    return tmp_path / "a" / "b" / "site"


@pytest.mark.slow
def test_what_no_index_offers_becomes_a_wheel(site: Path, tmp_path: Path) -> None:
    """A distribution installed from somebody's own folder of wheels is packed from its files and pinned by hash."""
    installed_from_a_wheel(site, "own_thing")
    made, stage = lock(tmp_path, seconds=60)
    (pin,) = read_lock((tmp_path / "bundle" / "environment" / "requirements.txt").read_bytes())

    assert made.wheels == ("environment/wheels/own_thing-1.0-py3-none-any.whl",)
    assert made.facts is not None
    assert (made.facts.hashes, made.facts.why, made.left_out, stage.notes) == ("complete", None, (), [])
    assert (pin.name, len(pin.hashes)) == ("own-thing", 1)


def offered(folder: Path, name: str, *tags: str, version: str = "1.0") -> None:
    """What an index or a folder offers of a release: its source, and a wheel for each tag."""
    with tarfile.open(folder / f"{name}-{version}.tar.gz", "w:gz"):
        pass
    for tag in tags:
        with zipfile.ZipFile(folder / f"{name}-{version}-{tag}.whl", "w") as wheel:
            wheel.writestr(f"{name}/{tag}.py", "")


@pytest.mark.slow
def test_what_is_offered_as_source_alone_becomes_a_wheel(site: Path, tmp_path: Path) -> None:
    """A replay installs wheels only: without one that fits a release is packed, and no source archive is ever hashed."""
    for name in ("source_thing", "foreign_thing", "whole_thing"):
        installed_from_a_wheel(site, name)
    offered(tmp_path / "empty", "source_thing")
    offered(tmp_path / "empty", "foreign_thing", "cp27-cp27m-win32")
    offered(tmp_path / "empty", "whole_thing", "py3-none-any", "cp27-cp27m-win32")
    made, stage = lock(tmp_path, seconds=60)
    pins = read_lock((tmp_path / "bundle" / "environment" / "requirements.txt").read_bytes())

    assert made.wheels == tuple(
        f"environment/wheels/{name}-1.0-py3-none-any.whl" for name in ("foreign_thing", "source_thing")
    )
    assert {one.name: list(one.hashes) for one in pins} == {
        "foreign-thing": list(hashes_of([tmp_path / "bundle" / made.wheels[0]]).values()),
        "source-thing": list(hashes_of([tmp_path / "bundle" / made.wheels[1]]).values()),
        "whole-thing": sorted(hashes_of(sorted((tmp_path / "empty").glob("whole*.whl"))).values()),
    }
    assert made.facts is not None
    assert (made.facts.hashes, made.facts.by, made.left_out, stage.notes) == ("complete", "pip-tools", (), [])


@pytest.mark.slow
def test_what_can_neither_be_fetched_nor_packed_is_left_out_and_noted(site: Path, tmp_path: Path) -> None:
    """A distribution that was not imported and that nobody can install is named with the reason."""
    installed_from_a_wheel(site, "own_thing")
    installed_from_a_wheel(site, "system_thing", whole=False)
    made, stage = lock(tmp_path, seconds=60)

    assert [(one.name, one.reason) for one in made.left_out] == [
        ("system-thing", "no wheel could be made of it (index install): it was not installed from a wheel")
    ]
    assert [note.message for note in stage.notes] == [
        "system-thing 1.0 is not in the lock: no wheel could be made of it (index install): "
        "it was not installed from a wheel"
    ]


def test_without_budget_the_lock_has_pins_and_says_why(site: Path, tmp_path: Path) -> None:
    """Hashes are never silently absent."""
    installed_from_a_wheel(site, "thing", "2.0+cu128")
    installed_from_a_wheel(site, "strange", "1.0-custom-x")
    made, stage = lock(tmp_path, seconds=0)

    assert made.facts is not None
    assert (made.facts.hashes, made.facts.by) == ("none", "none")
    assert (tmp_path / "bundle" / "environment" / "requirements.txt").read_bytes() == b"thing==2.0+cu128\n"
    assert [note.message for note in stage.notes] == [
        "thing==2.0+cu128 carries a local label: only the index or folder with that build offers it",
        "strange 1.0-custom-x is not in the lock: its name or version is not of the standard form",
        "the lock has no hashes: not run: budget",
    ]


def test_secrets_left_out_of_a_wheel_are_a_note(site: Path, tmp_path: Path) -> None:
    """Whoever needs the file at a replay learns at capture that it is not there, and only a few names are shown."""
    installed_from_a_wheel(site, "own_thing")
    metadata = site / "own_thing-1.0.dist-info"
    (metadata / "direct_url.json").write_text('{"url": "file:///gone", "dir_info": {}}')
    with (metadata / "RECORD").open("a") as record:
        for number in range(6):
            (site / f"{number}.env").write_text("TOKEN=1")
            record.write(f"{number}.env,,\n")
    made, stage = lock(tmp_path, seconds=0, look_up=False)

    assert made.wheels == ("environment/wheels/own_thing-1.0-py3-none-any.whl",)
    assert [(note.message, note.hint) for note in stage.notes if "secrets" in note.message] == [
        (
            "the wheel made of own-thing 1.0 is without 6 files that by name hold secrets: "
            "'0.env', '1.env', '2.env', '3.env', '4.env', …",
            "where the code needs such a file, give it another name",
        )
    ]


def test_nothing_to_pin_is_a_note(site: Path, tmp_path: Path) -> None:
    """An environment without distributions gives a bundle without lock, and says so."""
    made, stage = lock(tmp_path, seconds=0, look_up=False)

    assert made.facts is None
    assert [note.message for note in stage.notes] == ["no lock was written: nothing installed could be pinned"]
