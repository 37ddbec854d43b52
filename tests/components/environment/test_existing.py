"""The files of an environment that was there before, beside what was recorded of the one that trained."""

from __future__ import annotations

import base64
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from reprobundle.components.environment.differing.existing import check_files, check_unbundled, package_folders
from reprobundle.components.environment.differing.missing import missing_words, python_words
from reprobundle.components.environment.section import (
    Distribution,
    Edited,
    Interpreter,
    Origin,
    Platform,
    Section,
)
from reprobundle.report import Finding, Grade, Status

WHEEL = "environment/wheels/thing-1-py3-none-any.whl"
ONCE, AGAIN = "VALUE = 1\n", "VALUE = 2\n"


def section(*, edited: bool = False, imported: bool = True, wheels: tuple[str, ...] = ()) -> Section:
    """A recorded environment with one distribution."""
    thing = Distribution(
        name="thing", version="1", origin=Origin(kind="index"), imported=imported,
        edited=Edited(count=1, paths=("thing.py",)) if edited else None,
    )  # fmt: skip
    return Section(
        interpreter=Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311"),
        platform=Platform(system="Linux", machine="x86_64", libc=None),
        distributions=(thing,), numerics={}, lock=None, wheels=wheels,
    )  # fmt: skip


def listing(text: str, folder: Path) -> str:
    """The list of files of a distribution with one module, its digest found with the tool a person would use."""
    place = folder / "asked.py"
    place.write_text(text)
    told = subprocess.run([sys.executable, "-m", "pip", "hash", place], capture_output=True, text=True, check=True)
    digest = base64.urlsafe_b64encode(bytes.fromhex(told.stdout.strip().rpartition(":")[2])).decode().rstrip("=")
    return f"thing.py,sha256={digest},{len(text)}\nthing-1.dist-info/RECORD,,\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A folder of packages as an installer left it."""
    folder = tmp_path / "env" / "lib" / "python3.11" / "site-packages"
    (folder / "thing-1.dist-info").mkdir(parents=True)
    for name, text in (("METADATA", "Name: thing\nVersion: 1\n"), ("INSTALLER", "pip\n")):
        (folder / "thing-1.dist-info" / name).write_text(text)
    (folder / "thing.py").write_text(ONCE)
    (folder / "thing-1.dist-info" / "RECORD").write_text(listing(ONCE, tmp_path))
    return folder


def bring(root: Path, text: str) -> None:
    """Put a wheel of the distribution into the bundle."""
    place = root / WHEEL
    place.parent.mkdir(parents=True)
    with zipfile.ZipFile(place, "w") as archive:
        archive.writestr("thing.py", text)
        archive.writestr("thing-1.dist-info/RECORD", listing(text, root))


def told(found: list[Finding]) -> list[tuple[Grade | None, str, str | None]]:
    """What a person reads first of each finding."""
    return [(one.grade, one.message, one.found) for one in found]


def test_files_as_their_installer_left_them_agree(site: Path, tmp_path: Path) -> None:
    """It is said that they were looked at, and of how many distributions."""
    (found,) = check_files(section(), tmp_path, [site])

    assert found.status is Status.SAME
    assert found.message == "the files of 1 distribution here are as they were installed or as the bundle brings them"


@pytest.mark.parametrize(("imported", "grade"), [(True, Grade.HIGH), (False, Grade.LOW)])
def test_what_is_edited_here_alone_is_a_difference(site: Path, tmp_path: Path, *, imported: bool, grade: Grade) -> None:
    """The same version, and yet other code: high where the model's process had imported it."""
    (site / "thing.py").write_text(AGAIN + "# more\n")

    assert told(list(check_files(section(imported=imported), tmp_path, [site]))) == [
        (grade, "thing is edited here", "1 file changed since: thing.py")
    ]


def test_what_was_edited_at_capture_and_is_clean_here_is_a_difference(site: Path, tmp_path: Path) -> None:
    """The bundle brings the edited form; the release that is installed here is another, of the same size even."""
    bring(tmp_path, AGAIN)

    assert told(list(check_files(section(edited=True, wheels=(WHEEL,)), tmp_path, [site]))) == [
        (Grade.HIGH, "thing is not as in the bundle", "1 file other than there: thing.py")
    ]


def test_the_same_edit_here_is_no_difference(site: Path, tmp_path: Path) -> None:
    """Whoever replays where he captured has the edited files, and the bundle's wheel has them too."""
    bring(tmp_path, AGAIN)
    (site / "thing.py").write_text(AGAIN)
    (found,) = check_files(section(edited=True, wheels=(WHEEL,)), tmp_path, [site])

    assert found.status is Status.SAME


def test_another_version_is_left_to_the_comparison_of_versions(site: Path, tmp_path: Path) -> None:
    """One difference is told once."""
    other = section().model_copy(update={"distributions": (section().distributions[0].model_copy(update={"version": "2"}),)})  # fmt: skip

    assert list(check_files(other, tmp_path, [site])) == []


def test_an_edit_that_did_not_come_along_is_a_difference_everywhere() -> None:
    """A rebuilt environment has what an index offers, which is not what ran."""
    message = "thing was edited at capture, and the bundle does not bring it as it was"

    assert told(list(check_unbundled(section(edited=True)))) == [(Grade.HIGH, message, "what an index offers")]
    assert list(check_unbundled(section(edited=True, wheels=(WHEEL,)))) == []
    assert list(check_unbundled(section())) == []


def test_folders_that_are_not_found_are_told(tmp_path: Path) -> None:
    """Not looked at is no agreement."""
    (found,) = check_files(section(), tmp_path, [])

    assert (found.status, found.message) == (
        Status.NOT_RUN, "files of the installed packages were not compared: their folder was not found"
    )  # fmt: skip


@pytest.mark.skipif(sys.platform == "win32", reason="the folders have other names there")
def test_folders_of_a_named_python_are_those_of_its_version(site: Path, tmp_path: Path) -> None:
    """Next to it may lie those of another; a base counts where the environment says that it sees it."""
    base = tmp_path / "base" / "lib" / "python3.11" / "site-packages"
    for folder in (base, site.parent.parent / "python3.12" / "site-packages"):
        folder.mkdir(parents=True)
    python = tmp_path / "env" / "bin" / "python"
    alone = package_folders(python, "3.11.7")
    (tmp_path / "env" / "pyvenv.cfg").write_text(
        f"home = {tmp_path / 'base' / 'bin'}\ninclude-system-site-packages = true\n"
    )

    assert alone == (site,)
    assert package_folders(python, "3.11.7") == (site, base)


def test_missing_packages_are_named_with_their_versions() -> None:
    """It is why the model does not even load."""
    assert missing_words(section(), {}) == "thing 1 is not installed there"
    assert missing_words(section(), {"Thing": "2"}) is None
    assert missing_words(section(), None) is None
    assert python_words(section(), "3.12.1") == "it is Python 3.12.1, recorded was 3.11.7"
    assert python_words(section(), "3.11.9") is None
