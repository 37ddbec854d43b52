"""The reviewer's own pip configuration, read once and passed on."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from pathlib import Path

import pytest

from reprobundle.components.environment.installers import (
    Configuration,
    default_index,
    find_uv,
    parse_configuration,
    read_configuration,
)

TEXT = """\
:env:.find-links='/own'
global.cert='/ca.pem'
global.extra-index-url='file:///one file:///two'
global.find-links='/global'
global.index-url='https://user:secret@host/simple'
install.no_index='true'
freeze.timeout='10'
"""


def test_a_variable_wins_over_the_files() -> None:
    """The order is pip's own: variable, section of the command, global."""
    assert parse_configuration(TEXT) == Configuration(
        index_url="https://user:secret@host/simple",
        extra_index_urls=("file:///one", "file:///two"),
        find_links=("/own",),
        no_index=True,
        certificate="/ca.pem",
    )


def test_no_password_reaches_a_command_line() -> None:
    """Addresses of indexes go to uv by its environment, which other users cannot list."""
    configuration = parse_configuration(TEXT)

    assert not any("secret" in option for option in configuration.uv_options)
    assert configuration.uv_variables["UV_INDEX_URL"] == "https://user:secret@host/simple"


def test_lines_of_another_form_are_passed_over() -> None:
    """A greeting or a broken line changes nothing."""
    assert parse_configuration("hello\nglobal.index-url=unquoted\n") == Configuration(index_url="unquoted")


def test_the_real_pip_answers() -> None:
    """The configuration of this machine can be read."""
    assert isinstance(read_configuration(), Configuration)


def test_the_default_index_is_the_one_that_pip_names() -> None:
    """It is read from pip's own file, and loggers of this process are made as before."""
    makes_loggers = logging.getLoggerClass()
    code = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
    told = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True).stdout

    assert default_index() == told.strip()
    assert logging.getLoggerClass() is makes_loggers


@pytest.mark.parametrize("content", [None, "PyPI = 'elsewhere'", "import no_such_module"])
def test_a_pip_of_another_form_names_no_default_index(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str | None
) -> None:
    """Where pip's file is gone or says it otherwise, nothing is guessed."""
    place = tmp_path / "pip" / "_internal" / "models"
    place.mkdir(parents=True)
    (tmp_path / "pip" / "__init__.py").touch()
    if content is not None:
        (place / "index.py").write_text(content)
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])

    assert default_index() is None


def test_a_pip_in_the_current_folder_is_never_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever stands in a stranger's bundle starts nothing of it, whatever stands on the paths."""
    for name in ("pip", "json", "logging"):
        (tmp_path / name).mkdir()
        for file in ("__init__.py", "__main__.py", "__pip-runner__.py"):
            (tmp_path / name / file).write_text(f"open({str(tmp_path / 'started')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PYTHONPATH", "")
    monkeypatch.setattr(sys, "path", ["", str(tmp_path), *sys.path])
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")

    assert read_configuration().index_url == "https://index.example/simple"
    assert not (tmp_path / "started").exists()


def test_a_uv_in_the_current_folder_is_never_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only whole paths of the PATH count."""
    for name in ("uv", "uv.exe"):
        (tmp_path / name).write_text("#!/bin/sh\n")
        (tmp_path / name).chmod(0o755)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", os.pathsep.join([".", ""]))
    found = find_uv()

    assert found is None or found.parent != tmp_path
    assert found is None or found.is_absolute()
