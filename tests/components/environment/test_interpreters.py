"""A Python is found wherever people keep them, asked before it is believed, and never started where it must not be."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from rebuilds import HERE, walls

from reprobundle import sandbox
from reprobundle.components.environment.rebuilding import interpreters, locating
from reprobundle.components.environment.section import Interpreter
from reprobundle.errors import UnavailableError

OTHER = Interpreter(implementation="cpython", version="3.99.1", build="", cache_tag=None)
BASE = getattr(sys, "_base_executable", None) or sys.executable

posix = pytest.mark.skipif(os.name == "nt", reason="programs are scripts here")


def pretend(place: Path, version: str = "3.99.4", flags: str = "", implementation: str = "cpython") -> Path:
    """A program that answers as a Python of another version would."""
    place.parent.mkdir(parents=True, exist_ok=True)
    prefix = place.parent.parent
    answer = f'["{implementation}", "{version}", "{flags}", "{place}", "{prefix}", "{prefix}"]'
    place.write_text(f"#!/bin/sh\necho '{answer}'\n")
    place.chmod(0o755)
    return place


@pytest.fixture(autouse=True)
def an_empty_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No Python but this one can be found."""
    for name in ("CONDA_PREFIX", "CONDA_EXE", "PYENV_ROOT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    monkeypatch.setattr(locating, "find_uv", lambda: None)


def test_this_one_is_taken_without_starting_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """What this process knows of itself is what it would answer."""
    asked = interpreters.ask(Path(BASE))
    monkeypatch.setattr(interpreters, "ask", None)
    found = interpreters.find_interpreter(HERE)

    assert asked is not None
    assert (found.version, found.flags, found.folders) == (asked.version, asked.flags, asked.folders)
    assert found.python.resolve() == asked.python.resolve()


def test_what_is_missing_is_named_with_what_would_do() -> None:
    """The recorded Python, and the ways to get one."""
    with pytest.raises(UnavailableError) as caught:
        interpreters.find_interpreter(OTHER)

    assert str(caught.value) == "cpython 3.99 is not here, and the locked packages fit no other Python"
    assert caught.value.hint == (
        "install Python 3.99 so that 'python3.99' starts it, with pyenv, conda or uv, or let uv do it now: "
        "--install-python; else replay with --env portable or --env current"
    )


@posix
@pytest.mark.parametrize(
    "place", ["path", "pyenv", "pyenv elsewhere", "conda active", "conda listed", "conda beside", "uv"]
)
def test_it_is_found_where_people_keep_it(place: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On the PATH, with pyenv, conda or uv."""
    home = tmp_path / "home"
    if place == "path":
        wanted = pretend(tmp_path / "bin" / "python3.99")
        monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:/usr/bin:/bin")
    elif place.startswith("pyenv"):
        root = home / ".pyenv" if place == "pyenv" else tmp_path / "elsewhere"
        pretend(root / "versions" / "3.99.2" / "bin" / "python3", "3.99.2")
        wanted = pretend(root / "versions" / "3.99.10" / "bin" / "python3", "3.99.10")
        pretend(root / "versions" / "3.9.9" / "bin" / "python3", "3.9.9")
        if place != "pyenv":
            monkeypatch.setenv("PYENV_ROOT", str(root))
    elif place.startswith("conda"):
        prefix = tmp_path / "conda" / "envs" / "mine"
        wanted = pretend(prefix / "bin" / "python3")
        (prefix / "conda-meta").mkdir()
        if place == "conda active":
            monkeypatch.setenv("CONDA_PREFIX", str(prefix))
        elif place == "conda beside":
            monkeypatch.setenv("CONDA_EXE", str(tmp_path / "conda" / "bin" / "conda"))
        else:
            (home / ".conda").mkdir(parents=True)
            (home / ".conda" / "environments.txt").write_text(f"{tmp_path / 'gone'}\n{prefix}\n")
    else:
        wanted = pretend(tmp_path / "kept" / "bin" / "python3")
        tool = tmp_path / "uv"
        tool.write_text(f'#!/bin/sh\ncase "$*" in *cpython@3.99*) echo {wanted};; *) exit 2;; esac\n')
        tool.chmod(0o755)
        monkeypatch.setattr(locating, "find_uv", lambda: tool)

    assert interpreters.find_interpreter(OTHER).python == wanted


@posix
def test_a_name_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program called python3.99 that is another Python, or none, is passed over."""
    pretend(tmp_path / "1" / "python3.99", "3.98.0")
    broken = pretend(tmp_path / "2" / "python3.99")
    broken.write_text("#!/bin/sh\nexit 1\n")
    silent = pretend(tmp_path / "3" / "python3.99")
    silent.write_text("#!/bin/sh\necho hello\n")
    monkeypatch.setenv("PATH", f"{tmp_path / '1'}:{tmp_path / '2'}:{tmp_path / '3'}")

    with pytest.raises(UnavailableError):
        interpreters.find_interpreter(OTHER)


@posix
@pytest.mark.parametrize(
    ("abi", "flags"), [("cpython-399-x86_64-linux-gnu", ""), ("cpython-399t-x86_64-linux-gnu", "t")]
)
def test_builds_without_a_global_lock_are_told_apart(
    abi: str, flags: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Extension modules of one kind of build do not load in the other."""
    pretend(tmp_path / "1" / "python3.99", flags="" if flags else "t")
    right = pretend(tmp_path / "2" / "python3.99", flags=flags)
    monkeypatch.setenv("PATH", f"{tmp_path / '1'}:{tmp_path / '2'}")

    assert interpreters.find_interpreter(OTHER.model_copy(update={"abi": abi})).python == right


@posix
def test_uv_installs_one_only_when_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """--install-python lets uv do it, and a uv that cannot is quoted."""
    tool, made = tmp_path / "uv", tmp_path / "made" / "bin" / "python3"
    tool.write_text(
        f'#!/bin/sh\ncase "$*" in *install*) touch {tmp_path}/asked; echo no mirror >&2; exit 1;; *) exit 2;; esac\n'
    )
    tool.chmod(0o755)
    monkeypatch.setattr(locating, "find_uv", lambda: tool)
    with pytest.raises(UnavailableError, match="is not here"):
        interpreters.find_interpreter(OTHER)
    assert not (tmp_path / "asked").exists()
    with pytest.raises(UnavailableError) as caught:
        interpreters.find_interpreter(OTHER, install=True)
    pretend(made)
    tool.write_text(
        f'#!/bin/sh\ncase "$*" in *install*) touch {tmp_path}/done;; *) test -e {tmp_path}/done && echo {made};; esac\n'
    )

    assert str(caught.value) == "uv could not install cpython 3.99: exit status 1: no mirror"
    assert interpreters.find_interpreter(OTHER, install=True).python == made


def test_without_uv_there_is_nothing_to_install_with() -> None:
    """What is missing to get what is missing is said."""
    with pytest.raises(UnavailableError) as caught:
        interpreters.find_interpreter(OTHER, install=True)

    assert str(caught.value) == "cpython 3.99 is not here, and uv, which could install it, is not either"


def test_a_portable_environment_makes_do_with_this_python() -> None:
    """Where the recorded Python is missing, this one is taken, and said."""
    said: list[str] = []
    found = interpreters.find_interpreter(OTHER, nearest=True, say=said.append)

    assert found.version == HERE.version
    assert said == [f"cpython 3.99 is not here: taking {HERE.implementation} {HERE.version}"]


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bwrap", "none"])
def test_a_named_environment_is_asked_inside_the_walls(kind: sandbox.Kind, tmp_path: Path) -> None:
    """Its packages may be hostile: what runs at its every start sees no more than the walls let it see."""
    inside = walls(kind)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tmp_path / "venv"], check=True)
    (site,) = (tmp_path / "venv").glob("lib/python*/site-packages")
    (site / "evil.pth").write_text(f"import sys; open({str(tmp_path / 'escaped')!r}, 'w').close()\n")
    found = interpreters.ask_inside(tmp_path / "venv" / "bin" / "python", inside)

    assert found.version == HERE.version
    assert found.python == tmp_path / "venv" / "bin" / "python"
    assert tmp_path / "venv" in found.folders
    assert (tmp_path / "escaped").exists() == (kind == "none")


def test_what_is_no_python_is_refused(tmp_path: Path) -> None:
    """A file that does not start as one is named."""
    with pytest.raises(UnavailableError) as caught:
        interpreters.ask_inside(Path("/bin/true"), sandbox.Sandbox("none"))

    assert str(caught.value) == "'/bin/true' does not start as a Python interpreter"


def test_a_bundle_never_chooses_what_program_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Programs are looked for by the words known here only, not by the implementation that a bundle names."""
    program = tmp_path / "evil3.9"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/started\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    evil = Interpreter(implementation="evil", version="3.9.1", build="", cache_tag=None)
    with pytest.raises(UnavailableError, match=r"^evil 3\.9 is not here"):
        interpreters.find_interpreter(evil)
    with pytest.raises(UnavailableError, match=r"^'evil' is no Python that can be installed from here$"):
        interpreters.find_interpreter(evil, install=True)

    assert not (tmp_path / "started").exists()
