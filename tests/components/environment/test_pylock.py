"""The lock in its standard form: valid, the same each time, free of addresses, and installable."""

from __future__ import annotations

import platform
import subprocess
import sys
from pathlib import Path

import pytest
from wheelhouse import make_wheel, sha256

from reprobundle.components.environment.installers import pip_command
from reprobundle.components.environment.lock import Pin
from reprobundle.components.environment.locking.pylock import marker, write_pylock
from reprobundle.components.environment.section import Interpreter, Platform
from reprobundle.components.interface import Stage
from reprobundle.store import Writer

INTERPRETER = Interpreter(implementation="cpython", version="3.11.7", build="main", cache_tag="cpython-311")
PLATFORM = Platform(system="Linux", machine="x86_64", libc="glibc 2.36")
FIRST, SECOND = f"sha256:{'a' * 64}", f"sha256:{'b' * 64}"
EXPECTED = f"""lock-version = "1.0"
environments = ["implementation_name == 'cpython' and platform_machine == 'x86_64' and sys_platform == 'linux'"]
requires-python = "==3.11.*"
created-by = "reprobundle"

[[packages]]
name = "thing"
version = "1.0+cpu"
wheels = [
    {{ path = "wheels/thing-1.0+cpu-cp311-cp311-linux_x86_64.whl", hashes = {{ sha256 = "{"b" * 64}" }} }},
    {{ path = "wheels/thing-1.0+cpu-py3-none-any.whl", hashes = {{ sha256 = "{"a" * 64}" }} }},
]
"""


def write(tmp_path: Path, pins: list[Pin], files: dict[str, str]) -> str | None:
    """What is said of the pins; the file is `pylock` then."""
    return write_pylock(pins, files, interpreter=INTERPRETER, platform=PLATFORM, stage=Stage(writer=Writer(tmp_path)))


def pylock(tmp_path: Path) -> Path:
    """The file."""
    return tmp_path / "environment" / "pylock.toml"


def test_it_is_written_in_one_way(tmp_path: Path) -> None:
    """Sorted, wheels by their place beside it, no address; a hash of which no file name is known is left out."""
    files = {FIRST: "thing-1.0+cpu-py3-none-any.whl", SECOND: "thing-1.0+cpu-cp311-cp311-linux_x86_64.whl"}
    pins = [Pin("thing", "1.0+cpu", (FIRST, SECOND, f"sha256:{'c' * 64}"))]

    assert write(tmp_path, pins, files) is None
    assert pylock(tmp_path).read_text() == EXPECTED


def test_it_is_valid_by_the_library_of_the_standard(tmp_path: Path) -> None:
    """Whoever wrote the standard's own reader finds no fault."""
    tomllib = pytest.importorskip("tomllib")
    standard = pytest.importorskip("packaging.pylock")
    write(tmp_path, [Pin("thing", "1.0+cpu", (FIRST,))], {FIRST: "thing-1.0+cpu-py3-none-any.whl"})
    read = standard.Pylock.from_dict(tomllib.loads(pylock(tmp_path).read_text()))

    assert [(package.name, str(package.version)) for package in read.packages] == [("thing", "1.0+cpu")]


@pytest.mark.parametrize(
    "file",
    ['thing-1.0-py3-none-any".whl', "other-1.0-py3-none-any.whl", "thing-1.0.tar.gz", "../thing-1.0-py3-none-any.whl"],
)
def test_a_name_that_is_not_plainly_the_pins_own_is_not_written(tmp_path: Path, file: str) -> None:
    """Names come from an index; without one there is no lock in this form, and the pin is named."""
    assert write(tmp_path, [Pin("thing", "1.0", (FIRST,))], {FIRST: file}) == "thing==1.0"
    assert not pylock(tmp_path).exists()


@pytest.mark.parametrize(("system", "expected"), [("Windows", "win32"), ("Darwin", "darwin"), ("FreeBSD", "freebsd")])
def test_the_kind_of_machine_is_named_as_markers_do(system: str, expected: str) -> None:
    """An installer elsewhere refuses, rather than looking for wheels that are not named."""
    machine = Platform(system=system, machine="arm64", libc=None)

    assert marker(INTERPRETER, machine) == (
        f"implementation_name == 'cpython' and platform_machine == 'arm64' and sys_platform == '{expected}'"
    )


@pytest.mark.slow
def test_pip_installs_from_it_without_an_index(tmp_path: Path) -> None:
    """A bundle that brings all its wheels needs neither this program nor a network."""
    version = subprocess.run([*pip_command(), "--version"], capture_output=True, text=True, check=True).stdout.split()[
        1
    ]
    if tuple(int(part) for part in version.split(".")[:2]) < (26, 1):
        pytest.skip(f"pip {version} does not read pylock.toml")
    wheel = make_wheel(tmp_path / "environment" / "wheels", "thing")
    here = INTERPRETER.model_copy(update={"version": ".".join(map(str, sys.version_info[:3]))})
    machine = Platform(system=platform.system(), machine=platform.machine(), libc=None)
    digest = f"sha256:{sha256(wheel)}"
    stage = Stage(writer=Writer(tmp_path))
    write_pylock(
        [Pin("thing", "1.0", (digest,))], {digest: wheel.name}, interpreter=here, platform=machine, stage=stage
    )
    command = [
        *pip_command(),
        "install",
        "--no-index",
        "--target",
        tmp_path / "target",
        "--requirement",
        pylock(tmp_path),
    ]
    finished = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)

    assert finished.returncode == 0, finished.stderr
    assert (tmp_path / "target" / "thing.py").read_text() == "WORD = 'thing'\n"
