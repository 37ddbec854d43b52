"""Wheels in the bundle: the same bytes whenever and by whomever they are made, and all of them where that is asked for."""

from __future__ import annotations

import os
import sys
import time
import zipfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest
from projects import pyproject
from wheelhouse import lock_of, make_wheel, serving

from reprobundle import process
from reprobundle.components.environment.installers import find_uv, pip_command
from reprobundle.components.environment.lock import Pin, read_lock
from reprobundle.components.environment.locking.making import Locked, make_lock
from reprobundle.components.environment.locking.vendoring import begin_wheels, bring_all, make_wheels
from reprobundle.components.environment.section import Edited, Interpreter, Platform
from reprobundle.components.environment.snapshot.distributions import Installed, installed
from reprobundle.components.interface import Stage, Vendor
from reprobundle.store import Writer

INTERPRETER = Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311")
PLATFORM = Platform(system="Linux", machine="x86_64", libc="glibc 2.36")


def stage_in(folder: Path, seconds: float = 60) -> Stage:
    """An empty bundle."""
    folder.mkdir(parents=True)
    return Stage(writer=Writer(folder), deadline=time.monotonic() + seconds)


def install(wheel: Path, site: Path) -> Installed:
    """A wheel as pip installs it from an index: without a note of its origin."""
    name = wheel.name.split("-")[0].replace("_", "-")
    command = [*pip_command(), "install", "--quiet", "--no-deps", "--no-compile", "--target", site]
    process.run([*command, "--no-index", "--find-links", wheel.parent, name], timeout=60).required("pip install")
    return next(one for one in installed([str(site)]) if one.name == name)


def editable(folder: Path, site: Path, *, back_end: str = "setuptools") -> Installed:
    """An editable install as its note describes it, and its project."""
    (folder / "edited_thing").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(
        pyproject("edited-thing", back_end=back_end, more='[project.scripts]\nrun-thing = "edited_thing:main"\n')
    )
    (folder / "edited_thing" / "__init__.py").write_text("def main(): ...\n")
    (folder / "edited_thing" / "run.sh").write_text("#!/bin/sh\n")
    (folder / "edited_thing" / "run.sh").chmod(0o755)
    metadata = site / "edited_thing-1.0.dist-info"
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: edited-thing\nVersion: 1.0\n")
    (metadata / "RECORD").write_text("edited_thing-1.0.dist-info/METADATA,,\n")
    (metadata / "direct_url.json").write_text(f'{{"url": "{folder.as_uri()}", "dir_info": {{"editable": true}}}}')
    (one,) = installed([str(site)])
    return one


@pytest.fixture
def umask() -> Iterator[None]:
    """Put back what a test changes."""
    before = os.umask(0o022)
    yield
    os.umask(before)


@pytest.mark.slow
@pytest.mark.usefixtures("umask")
def test_an_editable_install_gives_the_same_wheel_under_another_umask_and_at_another_time(tmp_path: Path) -> None:
    """What a build back end leaves of this machine in its archive is taken out again."""
    if find_spec("setuptools") is None:  # looked for and not imported: another test's distutils would be in its way
        pytest.skip("setuptools is not installed")
    made = []
    for number, mask in enumerate((0o022, 0o077)):
        os.umask(mask)
        one = editable(tmp_path / f"project{number}", tmp_path / f"site{number}")
        for place in (tmp_path / f"project{number}").rglob("*"):
            os.utime(place, (10**9 + number, 10**9 + number))
        brought = make_wheels([one], stage_in(tmp_path / f"bundle{number}"))
        assert brought.failed == ()
        made.append((tmp_path / f"bundle{number}" / brought.paths[0]).read_bytes())

    assert made[0] == made[1]


@pytest.mark.slow
def test_an_editable_install_that_cannot_be_built_says_where_its_modules_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has its back end; what was imported of it is captured as code like any module of the person's own."""
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    one = editable(tmp_path / "project", tmp_path / "site", back_end="nobody-has-this")
    imported = Installed(**{**vars(one), "imported": True})
    brought = make_wheels([imported], stage_in(tmp_path / "bundle"))

    assert (brought.pins, brought.paths) == ((), ())
    assert [one.reason for one in brought.failed] == [
        "no wheel could be made of it (editable install): building it failed with exit status 1; "
        "the modules of it that were imported travel in code/, its other files do not"
    ]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two small wheels, installed by pip from a folder."""
    folder = tmp_path_factory.mktemp("site")
    for name in ("first_thing", "second_thing"):
        install(make_wheel(folder / "offered", name), folder / "a" / "b" / "site")
    return folder / "a" / "b" / "site"


def everything(
    site: Path, target: Path, monkeypatch: pytest.MonkeyPatch, address: str, vendor: Vendor
) -> tuple[Locked, Stage]:
    """The lock of what is installed, with one index in reach."""
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("PIP_INDEX_URL", address)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)
    stage = stage_in(target)
    found = installed([str(site)])
    return make_lock(found, stage, look_up=True, interpreter=INTERPRETER, platform=PLATFORM, vendor=vendor), stage


@pytest.mark.slow
def test_all_wheels_are_fetched_and_keep_the_hashes_of_the_index(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A bundle that brings everything is locked as one that brings nothing."""
    offered = site.parents[2] / "offered"
    with serving(offered) as index:
        made, stage = everything(site, tmp_path / "bundle", monkeypatch, index.address, "all")
    lock = (tmp_path / "bundle" / "environment" / "requirements.txt").read_bytes()

    assert [(tmp_path / "bundle" / path).read_bytes() for path in made.wheels] == [
        wheel.read_bytes() for wheel in sorted(offered.glob("*.whl"))
    ]
    assert read_lock(lock) == read_lock(lock_of(*offered.glob("*.whl")))
    assert made.facts is not None
    assert (made.facts.hashes, made.facts.by, made.pylock) == ("complete", "uv" if _uv_tells() else "pip-tools", True)
    assert [note.message for note in stage.notes] == ["2 wheels travel in the bundle, 0 MiB in all, as was asked for"]


@pytest.mark.slow
def test_without_an_index_all_wheels_are_packed_from_what_is_installed(
    site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The lock is complete all the same: every pin has the hash of the bundle's own wheel, twice the same."""
    one, _ = everything(site, tmp_path / "one", monkeypatch, "http://127.0.0.1:9/simple", "all")
    two, _ = everything(site, tmp_path / "two", monkeypatch, "http://127.0.0.1:9/simple", "all")
    files = [
        {place.relative_to(root).as_posix(): place.read_bytes() for place in root.rglob("*") if place.is_file()}
        for root in (tmp_path / "one", tmp_path / "two")
    ]

    assert one.facts is not None
    assert (one.facts.hashes, one.facts.by, len(one.wheels)) == ("complete", "none", 2)
    assert one == two
    assert files[0] == files[1]


def test_what_is_neither_offered_nor_installed_is_told(tmp_path: Path) -> None:
    """A pin of another version than the one installed is not packed in its place."""
    brought = bring_all([Pin("thing", "2.0")], {}, stage_in(tmp_path / "bundle"), fetch=False)

    assert [(one.name, one.reason) for one in brought.failed] == [("thing", "it is not installed here")]


@pytest.mark.slow
def test_what_was_edited_travels_as_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What an index offers is not what ran; a file that was removed is not there at a replay either."""
    offered, site = tmp_path / "offered", tmp_path / "a" / "b" / "site"
    one = install(make_wheel(offered, "thing", files={"thing.py": "WORD = 1\n", "gone.py": ""}), site)
    (site / "thing.py").write_text("WORD = 'edited'\n")
    (site / "gone.py").unlink()
    changed = {**vars(one), "edited": Edited(count=2, paths=("gone.py", "thing.py")), "missing": ("gone.py",)}
    stage = stage_in(tmp_path / "bundle")
    made = make_lock([Installed(**changed)], stage, look_up=False, interpreter=INTERPRETER, platform=PLATFORM)

    assert made.wheels == ("environment/wheels/thing-1.0-py3-none-any.whl",)
    assert made.facts is not None
    assert made.facts.hashes == "none"  # nothing was looked up
    with zipfile.ZipFile(stage.root / made.wheels[0]) as wheel:
        assert wheel.read("thing.py") == b"WORD = 'edited'\n"
        assert "gone.py" not in wheel.namelist()


def _uv_tells() -> bool:
    return find_uv() is not None and sys.version_info >= (3, 11)


def test_wheels_that_are_made_beside_are_waited_for_with_their_error(tmp_path: Path, site: Path) -> None:
    """As if they had been made at once: whoever waits has them, or is told why there are none."""
    found = installed([str(site)])
    stage, gone = stage_in(tmp_path / "bundle"), stage_in(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    making = begin_wheels(found, gone)

    assert [pin.name for pin in begin_wheels(found, stage)().pins] == ["first-thing", "second-thing"]
    with pytest.raises(FileNotFoundError):
        making()
