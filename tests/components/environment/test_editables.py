"""Packages that are developed elsewhere: what an interpreter imports from outside its own folders, read from its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from rebuilds import walls

from reprobundle import hosting
from reprobundle.components.environment.rebuilding import editables, interpreters
from reprobundle.errors import UnavailableError
from reprobundle.sandbox import Sandbox


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The folder of installed packages of an environment."""
    made = tmp_path / "venv" / "lib" / "python3.11" / "site-packages"
    made.mkdir(parents=True)
    return made


def found(tmp_path: Path) -> editables.Editables:
    return editables.find_editables([tmp_path / "venv"])


def project(site: Path, name: str, root: Path, *, editable: bool = True) -> None:
    (site / f"{name}-1.0.dist-info").mkdir()
    told = {"url": root.as_uri(), "dir_info": {"editable": editable}}
    (site / f"{name}-1.0.dist-info" / "direct_url.json").write_text(json.dumps(told))


def test_folders_of_path_files_are_found(site, tmp_path):
    """A line of a file of paths that is no code names a folder; what is not there, or within, is none."""
    (tmp_path / "work" / "src").mkdir(parents=True)
    (site / "inner").mkdir()
    lines = ["# a word", "import os; os.system('x')", str(tmp_path / "work" / "src"), "inner", "/nothing/there", ""]
    (site / "work.pth").write_text("\n".join(lines))

    assert found(tmp_path) == editables.Editables((tmp_path / "work" / "src",), ())


def test_what_is_kept_beside_packages_is_not_shown(site, tmp_path):
    """Of a project that is its own import root the packages and modules are seen, and no data, keys or history."""
    root = tmp_path / "work"
    for place in ("package/__init__.py", "module.py", "data/secret.csv", ".git/config", ".env"):
        (root / place).parent.mkdir(parents=True, exist_ok=True)
        (root / place).touch()
    (site / "work.pth").write_text(str(root))

    assert found(tmp_path).places == (root / "module.py", root / "package")


def test_what_a_finder_maps_to_is_found(site, tmp_path):
    """setuptools' finders name a folder or a file for each module, and are never run for it."""
    for name in ("one", "two"):
        (tmp_path / "work" / name).mkdir(parents=True)
    (tmp_path / "work" / "three.py").touch()
    mapping = {"one": str(tmp_path / "work" / "one"), "three": str(tmp_path / "work" / "three.py")}
    spaces = {"two": [str(tmp_path / "work" / "two")]}
    text = f"import sys\nMAPPING: dict[str, str] = {mapping!r}\nNAMESPACES: dict[str, list[str]] = {spaces!r}\nopen('/x', 'w')\n"
    (site / "__editable___work_1_0_finder.py").write_text(text)
    (site / "__editable___bad_1_0_finder.py").write_text("MAPPING = {1: open('/x')}\nMAPPING = {'a': 'relative'}\n")

    assert found(tmp_path).places == tuple(tmp_path / "work" / name for name in ("one", "three.py", "two"))


def test_a_package_that_names_no_folder_is_told(site, tmp_path):
    """A distribution in development of which no folder is known is named; one that is known or a copy is not."""
    (tmp_path / "known" / "src").mkdir(parents=True)
    (site / "known.pth").write_text(str(tmp_path / "known" / "src"))
    project(site, "known", tmp_path / "known")
    project(site, "hidden", tmp_path / "hidden")
    project(site, "copied", tmp_path / "copied", editable=False)
    (site / "odd-1.0.dist-info").mkdir()
    (site / "odd-1.0.dist-info" / "direct_url.json").write_text("[1]")

    assert found(tmp_path).unseen == ("hidden",)


def test_the_model_s_code_sees_them_but_no_home(site, tmp_path, monkeypatch):
    """Behind walls their folders are added to what is read, and said; a home is not; without walls all is in sight."""
    said: list[str] = []
    (tmp_path / "home" / "work").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    (site / "a.pth").write_text(f"{tmp_path / 'home'}\n{tmp_path / 'home' / 'work'}\n")
    project(site, "hidden", tmp_path / "hidden")
    reads, wish = (tmp_path / "venv",), hosting.Wish(say=said.append)

    assert hosting._with_editables(reads, Sandbox("none"), wish) == reads
    assert hosting._with_editables(reads, Sandbox("bwrap"), wish) == (*reads, tmp_path / "home" / "work")
    assert said == [
        f"shown to the model's code, to be read: {tmp_path / 'home' / 'work'}",
        f"not shown, since a home is in it: {tmp_path / 'home'}",
        "1 package in development is not in sight of the model's code: hidden",
    ]


def test_a_link_in_the_home_does_not_show_the_home(tmp_path, monkeypatch):
    """A Python that is named by a link is started from where it leads, and nothing beside the link can be read."""
    inside = walls("bwrap")
    home = tmp_path / "people" / "ada"
    home.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    (home / "py").symlink_to("/usr/bin/python3")
    answer = interpreters.ask_inside(home / "py", inside)

    assert answer.python == Path("/usr/bin/python3").resolve()
    assert not any(home.is_relative_to(folder) for folder in answer.folders)


def test_a_link_to_an_environment_is_that_environment(tmp_path):
    """The program whose folder holds the environment's own file is the one that is started."""
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    (tmp_path / "venv" / "pyvenv.cfg").touch()
    (tmp_path / "venv" / "bin" / "python").symlink_to("/usr/bin/python3")
    (tmp_path / "py").symlink_to("venv/bin/python")

    assert interpreters._program(tmp_path / "py") == (tmp_path / "venv" / "bin" / "python", tmp_path / "venv")


def test_a_program_of_the_home_itself_is_refused(tmp_path, monkeypatch):
    """Where the files of a Python are not apart from the home, it is not started, since all would be shown."""
    inside = walls("bwrap")
    home = tmp_path / "ada"
    (home / "bin").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(home))
    (home / "bin" / "python").write_text('#!/bin/sh\nexec /usr/bin/python3 "$@"\n')
    (home / "bin" / "python").chmod(0o755)
    with pytest.raises(UnavailableError) as caught:
        interpreters.ask_inside(home / "bin" / "python", inside)

    assert str(caught.value) == f"{str(home)!r} is a home folder, or holds one, and is never shown to code of a bundle"
