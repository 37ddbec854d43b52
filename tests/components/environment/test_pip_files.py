"""The person's pip configuration, read from the files, says what pip itself says."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from reprobundle.components.environment.installers import read_configuration
from reprobundle.components.environment.rebuilding import pip_files
from reprobundle.components.environment.rebuilding.places import Options

GLOBAL = "[global]\nindex-url = https://one/simple\nextra-index-url =\n    https://two/simple\n    file:///three\n"
INSTALL = "[install]\nindex-url = https://four/simple\nfind-links = /wheels /more\n[global]\ncert = /ca.pem\n"


@pytest.fixture(autouse=True)
def nobodys_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those of the test."""
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "own"))
    monkeypatch.setenv("XDG_CONFIG_DIRS", f"{tmp_path / 'machine'}{os.pathsep}{tmp_path / 'other'}")


def write(place: Path, text: str) -> Path:
    """A configuration file."""
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(text)
    return place


@pytest.mark.parametrize(
    ("files", "variables"),
    [
        ({}, {}),
        ({"own/pip/pip.conf": GLOBAL}, {}),
        ({"own/pip/pip.conf": GLOBAL, ".pip/pip.conf": INSTALL}, {}),
        (
            {
                "machine/pip/pip.conf": GLOBAL,
                "other/pip/pip.conf": INSTALL.replace("cert = /ca.pem\n", ""),  # a machine's own /etc may name one, too
                "own/pip/pip.conf": "[global]\ntimeout=3\n",
            },
            {},
        ),
        ({"own/pip/pip.conf": GLOBAL, "named.conf": INSTALL}, {"PIP_CONFIG_FILE": "named.conf"}),
        ({"own/pip/pip.conf": GLOBAL}, {"PIP_CONFIG_FILE": os.devnull}),
        ({"own/pip/pip.conf": GLOBAL}, {"PIP_CONFIG_FILE": "missing.conf"}),
        ({"own/pip/pip.conf": GLOBAL}, {"PIP_INDEX_URL": "https://five/simple", "PIP_FIND_LINKS": "/a /b"}),
        ({"own/pip/pip.conf": "[global]\nIndex_URL = https://six/simple\n"}, {"PIP_EXTRA_INDEX_URL": "https://seven"}),
        ({"own/pip/pip.conf": "[global]\nindex-url = https://u:p%40x@eight/simple\n"}, {}),
    ],
)
def test_the_files_say_what_pip_says(
    files: dict[str, str], variables: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In every order of precedence the answer is pip's own, which takes a hundred times as long to get."""
    for name, text in files.items():
        write(tmp_path / name, text)
    for name, value in variables.items():
        monkeypatch.setenv(name, str(tmp_path / value) if name == "PIP_CONFIG_FILE" and value != os.devnull else value)

    assert pip_files.read_files() == read_configuration()


@pytest.mark.parametrize("text", ["[global]\nproxy = http://p:1\n", "[install]\nno-index = yes\n", "not an ini file\n"])
def test_what_is_unusual_is_left_to_pip(text: str, tmp_path: Path) -> None:
    """Settings that this reader does not know to pass on, and broken files, are pip's to tell."""
    write(tmp_path / "own/pip/pip.conf", text)

    assert pip_files.read_files() is None


def test_what_is_typed_comes_first(tmp_path: Path) -> None:
    """The first index typed takes the place of the main one; the others, and folders, come on top."""
    write(tmp_path / "own/pip/pip.conf", GLOBAL)
    options = Options(index_urls=("https://typed", "https://second"), find_links=(tmp_path,))

    found = pip_files.read_sources(options)

    assert (found.index_url, found.find_links) == ("https://typed", (str(tmp_path),))
    assert found.extra_index_urls == ("https://two/simple", "file:///three", "https://second")
