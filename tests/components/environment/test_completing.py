"""Completing a lock later: the pins stay, hashes come, the bundle's own wheels keep theirs, and what fails is told."""

from __future__ import annotations

import os
import platform
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from wheelhouse import Index, lock_of, make_wheel, serving, sha256

from reprobundle import process
from reprobundle.components.environment.installers import pip_command
from reprobundle.components.environment.lock import read_lock
from reprobundle.components.environment.locking import completing
from reprobundle.components.environment.locking.completing import complete
from reprobundle.components.environment.section import (
    Distribution,
    Interpreter,
    LeftOut,
    LockFacts,
    Origin,
    Platform,
    Section,
)
from reprobundle.components.environment.snapshot.distributions import installed
from reprobundle.components.interface import Stage, Vendor
from reprobundle.store import Writer

VERSION = ".".join(str(part) for part in sys.version_info[:3])
WHY = "no package index was reached"


def section_of(
    *names: str, wheels: tuple[str, ...] = (), left_out: tuple[LeftOut, ...] = (), version: str = VERSION
) -> Section:
    """A recorded environment whose lock has no hashes; `names` were imported."""
    return Section(
        interpreter=Interpreter(implementation=sys.implementation.name, version=version, build="", cache_tag=None),
        platform=Platform(system=platform.system(), machine=platform.machine(), libc=None),
        distributions=tuple(
            Distribution(name=name, version="1.0", origin=Origin(kind="index"), imported=True) for name in sorted(names)
        ),
        numerics={},
        lock=LockFacts(hashes="none", why=WHY, by="none"),
        wheels=wheels,
        left_out=left_out,
        portable="environment/requirements.portable.txt",
    )


def recorded(root: Path, *names: str) -> Path:
    """A bundle's folder with a lock that pins names."""
    (root / "environment" / "wheels").mkdir(parents=True)
    (root / "environment" / "requirements.txt").write_text("".join(f"{name}==1.0\n" for name in sorted(names)))
    return root


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Index]:
    """The one place where pip looks."""
    (tmp_path / "offered").mkdir()
    with serving(tmp_path / "offered") as served:
        monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
        monkeypatch.setenv("PIP_INDEX_URL", served.address)
        monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
        yield served


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of what is installed here, empty."""
    site = tmp_path / "a" / "b" / "site"
    site.mkdir(parents=True)
    monkeypatch.setattr(completing, "installed", lambda: installed([str(site)]))
    return site


def put_in(site: Path, wheel: Path) -> None:
    """Install a wheel as from an index."""
    command = [*pip_command(), "install", "--quiet", "--no-deps", "--no-compile", "--no-index", "--target", site]
    name = wheel.name.split("-")[0]
    process.run([*command, "--find-links", wheel.parent, name], timeout=60).required("pip install")


def completed(
    section: Section,
    root: Path,
    tmp_path: Path,
    vendor: Vendor = "needed",
    packable: frozenset[str] | None = None,
) -> tuple[Section, Stage]:
    """What comes of it, and where it was written."""
    (tmp_path / "new").mkdir()
    stage = Stage(writer=Writer(tmp_path / "new"), deadline=time.monotonic() + 60)
    return complete(section, stage, root=root, vendor=vendor, packable=packable), stage


@pytest.mark.slow
def test_hashes_come_from_the_index_and_own_wheels_keep_theirs(index: Index, here: Path, tmp_path: Path) -> None:
    """Only what the bundle has no wheel of is looked up; the wheels stay where they are, unwritten."""
    root = recorded(tmp_path / "bundle", "own", "thing")
    own = make_wheel(root / "environment" / "wheels", "own")
    make_wheel(index.folder, "own", files={"own.py": "another one of this name"})
    thing = make_wheel(index.folder, "thing")
    made, stage = completed(
        section_of("own", "thing", wheels=("environment/wheels/own-1.0-py3-none-any.whl",)), root, tmp_path
    )

    assert made.lock is not None
    assert (made.lock.hashes, made.lock.why) == ("complete", None)
    assert read_lock((stage.root / "environment" / "requirements.txt").read_bytes()) == read_lock(lock_of(own, thing))
    assert f'wheels/own-1.0-py3-none-any.whl", hashes = {{ sha256 = "{sha256(own)}"' in (
        (stage.root / "environment" / "pylock.toml").read_text()
    )
    assert [entry.path for entry in stage.writer.entries] == ["environment/pylock.toml", "environment/requirements.txt"]
    assert (made.pylock, made.portable) == ("environment/pylock.toml", "environment/requirements.portable.txt")
    assert (made.wheels, stage.notes) == (("environment/wheels/own-1.0-py3-none-any.whl",), [])


@pytest.mark.slow
def test_what_no_index_offers_is_packed_out_of_this_environment(index: Index, here: Path, tmp_path: Path) -> None:
    """Where exactly this version is installed; what was left out at capture is tried once more, and the person is told."""
    root = recorded(tmp_path / "bundle", "private", "thing")
    make_wheel(index.folder, "thing")
    for name in ("private", "late"):
        put_in(here, make_wheel(tmp_path / "elsewhere", name))
    left = (LeftOut(name="late", version="1.0", reason="no wheel could be made of it"),)
    made, stage = completed(section_of("private", "thing", left_out=left), root, tmp_path)

    assert made.wheels == tuple(f"environment/wheels/{name}-1.0-py3-none-any.whl" for name in ("late", "private"))
    assert made.left_out == ()
    assert [one.name for one in read_lock((stage.root / "environment" / "requirements.txt").read_bytes())] == [
        "late", "private", "thing",
    ]  # fmt: skip
    assert [note.message for note in stage.notes] == [
        "packed out of this environment, as no index handed out a wheel: private==1.0",
        "late==1.0 was packed now, out of this environment: at capture no wheel could be made of it",
    ]


@pytest.mark.slow
def test_nothing_private_is_packed_into_a_strangers_bundle(index: Index, here: Path, tmp_path: Path) -> None:
    """What the person did not name stays here, and nothing in the bundle tells that it is installed here."""
    root = recorded(tmp_path / "bundle", "named", "private", "thing")
    make_wheel(index.folder, "thing")
    for name in ("named", "private"):
        put_in(here, make_wheel(tmp_path / "elsewhere", name))
    made, stage = completed(section_of("thing"), root, tmp_path, packable=frozenset({"named"}))

    assert made.wheels == ("environment/wheels/named-1.0-py3-none-any.whl",)
    assert [note.message for note in stage.notes] == [
        "packed out of this environment, as no index handed out a wheel: named==1.0",
        "private 1.0 is no longer in the lock: no index in use offers it, and it was not packed either",
    ]


@pytest.mark.slow
def test_what_a_strangers_bundle_needs_is_packed_when_it_is_named(index: Index, here: Path, tmp_path: Path) -> None:
    """Where the lock cannot do without it, the way out names the option."""
    root = recorded(tmp_path / "bundle", "private")
    put_in(here, make_wheel(tmp_path / "elsewhere", "private"))
    made, stage = completed(section_of("private"), root, tmp_path, packable=frozenset())

    assert made.wheels == ()
    assert [(note.message, note.hint) for note in stage.notes] == [
        (
            "the lock was not completed: no package index in use offers private==1.0",
            "it is installed here, but only a bundle of one's own takes it unasked; to put its source in: --pack private",
        )
    ]


@pytest.mark.slow
def test_what_cannot_be_had_leaves_the_lock_as_it_was_and_says_why(index: Index, here: Path, tmp_path: Path) -> None:
    """Nothing is written, so nothing is resealed."""
    root = recorded(tmp_path / "bundle", "private", "thing")
    make_wheel(index.folder, "thing")
    made, stage = completed(section_of("private", "thing"), root, tmp_path)

    assert made.lock == LockFacts(hashes="none", why="no package index in use offers private==1.0", by="none")
    assert stage.writer.entries == ()
    assert [note.message for note in stage.notes] == [
        "the lock was not completed: no package index in use offers private==1.0"
    ]


@pytest.mark.slow
def test_what_was_never_imported_may_go(index: Index, here: Path, tmp_path: Path) -> None:
    """As at capture: it is left out with the reason."""
    root = recorded(tmp_path / "bundle", "unused", "thing")
    make_wheel(index.folder, "thing")
    made, _ = completed(section_of("thing"), root, tmp_path)

    assert made.lock is not None
    assert made.lock.hashes == "complete"
    assert [(one.name, one.reason) for one in made.left_out] == [
        ("unused", "no index in use offers it, and it is not installed here")
    ]


@pytest.mark.slow
def test_all_wheels_can_be_brought_later(index: Index, here: Path, tmp_path: Path) -> None:
    """With an index they are fetched."""
    root = recorded(tmp_path / "bundle", "thing")
    thing = make_wheel(index.folder, "thing")
    made, stage = completed(section_of("thing"), root, tmp_path, vendor="all")

    assert made.wheels == ("environment/wheels/thing-1.0-py3-none-any.whl",)
    assert (stage.root / made.wheels[0]).read_bytes() == thing.read_bytes()


def test_another_python_or_machine_is_refused_with_the_reason(here: Path, tmp_path: Path) -> None:
    """What fits here would not fit where the model was trained."""
    root = recorded(tmp_path / "bundle", "thing")
    made, stage = completed(section_of("thing", version="3.2.1"), root, tmp_path)
    minor = ".".join(VERSION.split(".")[:2])
    kind, machine = sys.implementation.name, f"{platform.system()} {platform.machine()}"

    assert made.lock is not None
    assert made.lock.why == f"it is for {kind} 3.2 {machine}, and this is {kind} {minor} {machine}"
    assert [note.hint for note in stage.notes] == [
        "run the command with the recorded kind of Python, on such a machine"
    ]


def test_without_a_lock_there_is_nothing_to_complete(here: Path, tmp_path: Path) -> None:
    """Nothing that was installed could be pinned."""
    section = section_of("thing").model_copy(update={"lock": None})

    assert completed(section, tmp_path, tmp_path)[0] == section
