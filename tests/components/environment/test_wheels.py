"""Wheels made from installs: the same bytes each time, complete, and free of this machine's paths."""

from __future__ import annotations

import time
import zipfile
from pathlib import Path

import pytest

from reprobundle.components.environment.lock import is_wheel_of
from reprobundle.components.environment.locking.hashing import hashes_of
from reprobundle.components.environment.locking.packing import CannotVendorError
from reprobundle.components.environment.locking.projects import copy_project
from reprobundle.components.environment.locking.wheels import Made, vendor
from reprobundle.components.environment.snapshot.distributions import Installed, installed

SCRIPT = "#!/home/me/env/bin/python3.11\nprint('hello')\n"


def install_by_hand(prefix: Path, *, direct: str = '{"url": "file:///gone", "dir_info": {}}') -> Installed:
    """A local install as pip leaves it: package, compiled file, entry point, plain script, data file."""
    site = prefix / "lib" / "python3.11" / "site-packages"
    files = {
        site / "thing" / "__init__.py": "def main(): ...\n",
        site / "thing" / "native.so": "machine code",
        site / "thing" / "__pycache__" / "__init__.cpython-311.pyc": "compiled",
        prefix / "bin" / "thing-run": SCRIPT,
        prefix / "bin" / "thing-plain": SCRIPT,
        prefix / "share" / "thing" / "data.txt": "data",
        site / "thing-1.0.dist-info" / "METADATA": "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n",
        site / "thing-1.0.dist-info" / "WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        site / "thing-1.0.dist-info" / "INSTALLER": "pip\n",
        site / "thing-1.0.dist-info" / "REQUESTED": "",
        site / "thing-1.0.dist-info" / "direct_url.json": direct,
        site / "thing-1.0.dist-info" / "entry_points.txt": "[console_scripts]\nthing-run = thing:main\n",
    }
    for place, text in files.items():
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text)
    (prefix / "bin" / "thing-plain").chmod(0o755)
    record = site / "thing-1.0.dist-info" / "RECORD"
    record.write_text("".join(f"{named(place, site)},,\n" for place in [*files, record]))
    (one,) = installed([str(site)])
    return one


def named(place: Path, site: Path) -> str:
    """A file as RECORD names it."""
    below = place.is_relative_to(site)
    return place.relative_to(site).as_posix() if below else f"../../../{place.relative_to(site.parents[2]).as_posix()}"


def vendored(one: Installed, folder: Path) -> Made:
    """One wheel and what was left out of it, with no time to fetch anything; what is installed is read anew."""
    folder.mkdir()
    (one,) = installed([str(one.site)])
    return vendor(one, folder, deadline=time.monotonic())


def make(one: Installed, folder: Path) -> Path:
    """One wheel."""
    return vendored(one, folder).wheel


def add(one: Installed, path: str, text: str) -> None:
    """One more installed file."""
    place = one.site / path
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    with (one.metadata / "RECORD").open("a") as file:
        file.write(f"{path},,\n")


def test_an_install_is_packed_whole(tmp_path: Path) -> None:
    """Modules, scripts and data are in the wheel; compiled files, the installer's notes and entry points are not."""
    wheel = make(install_by_hand(tmp_path / "prefix"), tmp_path / "work")

    with zipfile.ZipFile(wheel) as archive:
        names = sorted(archive.namelist())
        script = archive.read("thing-1.0.data/scripts/thing-plain")
    assert wheel.name == "thing-1.0-py3-none-any.whl"
    assert names == [
        "thing-1.0.data/data/share/thing/data.txt",
        "thing-1.0.data/scripts/thing-plain",
        "thing-1.0.dist-info/METADATA",
        "thing-1.0.dist-info/RECORD",
        "thing-1.0.dist-info/WHEEL",
        "thing-1.0.dist-info/entry_points.txt",
        "thing/__init__.py",
        "thing/native.so",
    ]
    assert script == b"#!python\nprint('hello')\n"


def test_two_installs_give_the_same_bytes(tmp_path: Path) -> None:
    """Neither the folder, nor times, nor modes of this machine change the wheel."""
    one = install_by_hand(tmp_path / "one")
    two = install_by_hand(tmp_path / "two")
    (two.site / "thing" / "__init__.py").chmod(0o600)

    first, second = make(one, tmp_path / "a"), make(two, tmp_path / "b")
    assert first.read_bytes() == second.read_bytes()
    assert hashes_of([first]) == hashes_of([second])


def test_secrets_do_not_leave_in_a_wheel(tmp_path: Path) -> None:
    """A file that by its name holds secrets stays out and is told; certificates alone are public and stay in."""
    one = install_by_hand(tmp_path / "prefix")
    certificate = "# the root\n-----BEGIN CERTIFICATE-----\nMII=\n-----END CERTIFICATE-----\n"
    key = certificate + "-----BEGIN PRIVATE KEY-----\nMII=\n-----END PRIVATE KEY-----\n"
    for path, text in {
        "thing/.env": "TOKEN=1", "thing/credentials.json": "{}", "thing/both.pem": key, "thing/cacert.pem": certificate,
        "thing/.ssh/known.pem": certificate, "../../../share/id_rsa": "key", "thing/empty.pem": "",
    }.items():  # fmt: skip
        add(one, path, text)
    made = vendored(one, tmp_path / "work")

    with zipfile.ZipFile(made.wheel) as archive:
        names, record = set(archive.namelist()), archive.read("thing-1.0.dist-info/RECORD").decode()
    assert made.without == (
        "thing-1.0.data/data/share/id_rsa",
        "thing/.env",
        "thing/.ssh/known.pem",
        "thing/both.pem",
        "thing/credentials.json",
        "thing/empty.pem",
    )
    assert "thing/cacert.pem" in names
    assert not names & set(made.without)
    assert not [path for path in made.without if path in record]


def test_secrets_of_a_project_are_not_built_from(tmp_path: Path) -> None:
    """The copy that an editable install is built from is without them, whatever its build back end would take along."""
    project = tmp_path / "project"
    (project / "src").mkdir(parents=True)
    (project / "src" / "module.py").write_text("")
    (project / "src" / "deploy.key").write_text("key")
    (project / ".netrc").write_text("password")

    assert copy_project(project, tmp_path / "copy") == (".netrc", "src/deploy.key")
    assert [place.name for place in sorted((tmp_path / "copy").rglob("*"))] == ["src", "module.py"]


def test_private_data_of_a_project_is_not_built_from(tmp_path: Path) -> None:
    """What is withheld is not copied: a file that was named, and all in a folder that was."""
    project = (tmp_path / "project").resolve()
    for path in ("src/module.py", "src/data/patients.csv", "src/faces/ward/a.png"):
        (project / path).parent.mkdir(parents=True, exist_ok=True)
        (project / path).write_text(path)
    withheld = (project / "src" / "data" / "patients.csv", project / "src" / "faces")

    assert copy_project(project, tmp_path / "copy", withheld) == ()
    assert [place.name for place in (tmp_path / "copy").rglob("*.*")] == ["module.py"]


def test_a_file_that_is_gone_is_no_wheel(tmp_path: Path) -> None:
    """A wheel that lacks a file is worse than none."""
    one = install_by_hand(tmp_path / "prefix")
    (one.site / "thing" / "native.so").unlink()

    with pytest.raises(CannotVendorError, match=r"^its file 'native\.so' is missing$"):
        make(one, tmp_path / "work")


@pytest.mark.parametrize("path", ["/etc/hostname", "../../../../outside.txt"])
def test_a_file_outside_the_environment_is_refused(tmp_path: Path, path: str) -> None:
    """A record that leads out of the environment takes no file of this machine along."""
    one = install_by_hand(tmp_path / "prefix")
    (tmp_path / "outside.txt").write_text("secret")
    with (one.metadata / "RECORD").open("a") as file:
        file.write(f"{path},,\n")

    with pytest.raises(CannotVendorError, match=r"^it installed a file outside its environment$"):
        make(one, tmp_path / "work")


def test_an_editable_install_whose_folder_is_gone_says_so(tmp_path: Path) -> None:
    """There is nothing to build from."""
    direct = '{"url": "file:///nowhere/at/all", "dir_info": {"editable": true}}'

    with pytest.raises(CannotVendorError, match=r"^the folder it was installed from is gone$"):
        make(install_by_hand(tmp_path / "prefix", direct=direct), tmp_path / "work")


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl", True),
        ("torch-2.13.0-cp311-cp311-linux_x86_64.whl", False),
        ("torch-2.13.0+cu128-cp311-cp311-linux_x86_64.whl", False),
        ("torchvision-2.13.0+cpu-cp311-cp311-linux_x86_64.whl", False),
        ("torch-2.13.0+cpu.tar.gz", False),
        ("torch.whl", False),
    ],
)
def test_a_local_label_is_satisfied_by_its_own_build_only(file: str, *, expected: bool) -> None:
    """A CPU build never stands in for a CUDA build, nor the other way round."""
    assert is_wheel_of(file, "torch", "2.13.0+cpu") is expected
