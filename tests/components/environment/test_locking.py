"""Making the lock: what no index offers becomes a wheel, what cannot be had is a note, and nothing stops a capture."""

from __future__ import annotations

import os
import tarfile
import time
import zipfile
from pathlib import Path

import pytest
from wheelhouse import lock_of, make_wheel, serving

from reprobundle.components.environment.lock import read_lock, write_lock
from reprobundle.components.environment.locking.hashing import hashes_of
from reprobundle.components.environment.locking.making import Locked, make_lock
from reprobundle.components.environment.section import Edited, Interpreter, Platform
from reprobundle.components.environment.snapshot.distributions import Installed, installed
from reprobundle.components.interface import Stage, Vendor
from reprobundle.store import Writer

INTERPRETER = Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311")
PLATFORM = Platform(system="Linux", machine="x86_64", libc="glibc 2.36")


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
    found = installed([str(tmp_path / "a" / "b" / "site")])
    return make_lock(found, stage, look_up=look_up, interpreter=INTERPRETER, platform=PLATFORM), stage


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
    installed_from_a_wheel(site, "thing", "2.0+mine")
    installed_from_a_wheel(site, "known", "2.0+cu128")
    installed_from_a_wheel(site, "strange", "1.0-custom-x")
    made, stage = lock(tmp_path, seconds=0)

    assert made.facts is not None
    assert (made.facts.hashes, made.facts.by) == ("none", "none")
    assert (tmp_path / "bundle" / "environment" / "requirements.txt").read_bytes() == (
        b"known==2.0+cu128\nthing==2.0+mine\n"
    )
    assert made.index_hints == {"known": "pytorch/cu128"}
    assert [note.message for note in stage.notes] == [
        "thing==2.0+mine carries a local label: only the index or folder with that build offers it",
        "strange 1.0-custom-x is not in the lock: its name or version is not of the standard form",
        "the lock has no hashes: looking them up took longer than was allowed (--budget SECONDS)",
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


@pytest.mark.slow
def test_an_inconsistent_environment_is_locked_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is installed is what the model ran with, whatever its requirements say; a lock that resolves would refuse."""
    make_wheel(tmp_path / "offered", "first", needs=("second>=2", "never-there"))
    make_wheel(tmp_path / "offered", "second")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    for name in ("first", "second"):
        installed_from_a_wheel(tmp_path / "a" / "b" / "site", name)
    with serving(tmp_path / "offered") as index:
        monkeypatch.setenv("PIP_INDEX_URL", index.address)
        made, stage = lock(tmp_path, seconds=60)

    assert made.facts is not None
    assert (made.facts.hashes, made.wheels, stage.notes) == ("complete", (), [])
    assert (tmp_path / "bundle" / "environment" / "requirements.txt").read_bytes() == write_lock(
        read_lock(lock_of(*(tmp_path / "offered").glob("*.whl")))
    )


@pytest.mark.slow
def test_a_yanked_release_is_a_note(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The person may want another version; a replay gets this one."""
    make_wheel(tmp_path / "offered", "thing")
    installed_from_a_wheel(tmp_path / "a" / "b" / "site", "thing")
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    with serving(tmp_path / "offered") as index:
        index.yanked.add("thing-1.0-py3-none-any.whl")
        monkeypatch.setenv("PIP_INDEX_URL", index.address)
        _, stage = lock(tmp_path, seconds=60)

    assert [(note.message, note.hint) for note in stage.notes] == [
        (
            "thing==1.0 is yanked: its index advises against it, but still hands it out",
            "where that matters, install another version and capture again",
        )
    ]


def large_archive(site: Path, direct: str) -> None:
    """A distribution installed from one archive that is too large to come along; its file is a hole."""
    installed_from_a_wheel(site, "huge")
    metadata = site / "huge-1.0.dist-info"
    (metadata / "direct_url.json").write_text(direct)
    with (site / "huge.bin").open("wb") as file:
        file.truncate(65 * 2**20)
    with (metadata / "RECORD").open("a") as record:
        record.write("huge.bin,,\n")


@pytest.mark.parametrize(
    ("file", "pylock"),
    [("huge-1.0-py3-none-any.whl", True), ("huge-1.0.tar.gz", False), ("other-1.0-py3-none-any.whl", False)],
)
def test_a_large_archive_is_pinned_by_its_own_hash(site: Path, tmp_path: Path, file: str, *, pylock: bool) -> None:
    """Whoever replays has to have that very file; its standard form needs the name of a wheel."""
    large_archive(site, f'{{"url": "https://x/{file}", "archive_info": {{"hashes": {{"sha256": "{"a" * 64}"}}}}}}')
    made, stage = lock(tmp_path, seconds=60)

    assert (tmp_path / "bundle" / "environment" / "requirements.txt").read_text() == (
        f"huge==1.0 \\\n    --hash=sha256:{'a' * 64}\n"
    )
    assert made.pylock is pylock
    assert [note.message for note in stage.notes] == (
        [] if pylock else ["no pylock.toml was written: the file name of a wheel of huge==1.0 is not known"]
    )


@pytest.mark.parametrize(("mebibytes", "vendor"), [(513, "needed"), (513, "all"), (1, "needed")])
def test_what_was_edited_and_is_too_large_to_be_packed_unasked_is_said(
    site: Path, tmp_path: Path, mebibytes: int, vendor: Vendor
) -> None:
    """Its release is locked with a note; within the limit, or where every wheel was asked for, it is tried."""
    installed_from_a_wheel(site, "thing", whole=False)
    with (site / "thing.bin").open("wb") as file:
        file.truncate(mebibytes * 2**20)  # takes no room on the disk
    with (site / "thing-1.0.dist-info" / "RECORD").open("a") as file:
        file.write("thing.bin,,\n")
    (one,) = installed([str(site)])
    edited = Installed(**{**vars(one), "edited": Edited(count=1, paths=("thing.py",))})
    (tmp_path / "bundle").mkdir()
    stage = Stage(writer=Writer(tmp_path / "bundle"), deadline=time.monotonic())
    make_lock([edited], stage, look_up=False, interpreter=INTERPRETER, platform=PLATFORM, vendor=vendor)
    too_large = (
        "thing 1.0 as it was changed is not in the bundle, the lock names its release: "
        "its 513 MiB are more than the 512 MiB that are packed unasked"
    )

    assert [note.message == too_large for note in stage.notes].count(True) == (mebibytes > 512 and vendor == "needed")


@pytest.mark.parametrize("look_up", [True, False])
def test_a_trial_leaves_hashes_to_the_capture_that_will_look_them_up(site: Path, tmp_path: Path, look_up: bool) -> None:
    """No index is asked and no hash is said to be missing, nor a wheel that only an index has; without time both are."""
    installed_from_a_wheel(site, "thing", whole=False)
    (tmp_path / "bundle").mkdir()
    stage = Stage(writer=Writer(tmp_path / "bundle"), trial=True)
    found = installed([str(site)])
    made = make_lock(found, stage, look_up=look_up, interpreter=INTERPRETER, platform=PLATFORM, vendor="all")
    notes = [note.message.partition(":")[0] for note in stage.notes]
    told = ["thing 1.0 does not travel in the bundle", "the lock has no hashes"]

    assert made.facts is not None
    assert made.facts.hashes == "none"
    assert stage.left == (["hashes of the lock", "a wheel of thing 1.0"] if look_up else [])
    assert [one for one in told if one in notes] == ([] if look_up else told)


def test_what_was_edited_and_cannot_be_packed_is_locked_as_released(site: Path, tmp_path: Path) -> None:
    """The note says that a replay installs what the index offers, and the way out."""
    installed_from_a_wheel(site, "thing", whole=False)
    (one,) = installed([str(site)])
    edited = Installed(**{**vars(one), "edited": Edited(count=1, paths=("thing.py",))})
    (tmp_path / "bundle").mkdir()
    stage = Stage(writer=Writer(tmp_path / "bundle"), deadline=time.monotonic())
    made = make_lock([edited], stage, look_up=False, interpreter=INTERPRETER, platform=PLATFORM)

    assert (made.wheels, made.left_out) == ((), ())
    assert (stage.notes[0].message, stage.notes[0].hint) == (
        "the lock names the release of thing 1.0, not what was changed in it: "
        "no wheel could be made of it (index install): it was not installed from a wheel",
        "install the changed version from a folder of its own, then capture again",
    )
