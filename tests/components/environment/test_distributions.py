"""What is installed: names, versions, origins, and nothing that names a machine."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from reprobundle.components.environment.distributions import installed, recorded_files

SHA = "c" * 64


def add(
    site: Path, name: str, version: str = "1.0", *, direct: object = None, record: str = "", tool: str = "pip"
) -> Path:
    """A metadata folder as an installer leaves it."""
    folder = site / f"{name.replace('-', '_')}-{version}.dist-info"
    folder.mkdir(parents=True)
    (folder / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n\nName: not this\n")
    (folder / "RECORD").write_text(record)
    (folder / "INSTALLER").write_text(f"{tool}\n")
    if direct is not None:
        (folder / "direct_url.json").write_text(direct if isinstance(direct, str) else json.dumps(direct))
    return folder


@pytest.mark.parametrize(
    ("direct", "tool", "expected"),
    [
        (None, "pip", ("index", None, None)),
        ({"url": "file:///home/me/p", "dir_info": {"editable": True}}, "pip", ("editable", None, None)),
        ({"url": "file:///home/me/p", "dir_info": {}}, "pip", ("local", None, None)),
        ({"url": "file:///build/p", "dir_info": {}}, "conda", ("index", None, None)),
        ({"url": "https://u:p@h/r", "vcs_info": {"vcs": "git", "commit_id": "ab12"}}, "pip", ("vcs", "ab12", None)),
        ({"url": "https://h/a.whl", "archive_info": {"hashes": {"sha256": SHA}}}, "pip", ("archive", None, SHA)),
        ({"url": "https://h/a.whl", "archive_info": {"hash": f"sha256={SHA}"}}, "pip", ("archive", None, SHA)),
        ({"url": "https://h/r", "vcs_info": {"commit_id": "a/../b c"}}, "pip", ("vcs", None, None)),
        ({"url": "https://h/a.whl", "archive_info": {"hash": "sha256=xyz"}}, "pip", ("archive", None, None)),
        ({"url": "https://h/a.whl", "archive_info": {}}, "pip", ("archive", None, None)),
        ("not json", "pip", ("index", None, None)),
        ([], "pip", ("index", None, None)),
    ],
)
def test_the_origin_is_read_from_the_installers_note(
    tmp_path: Path, direct: object, tool: str, expected: object
) -> None:
    """Every way pip can install has its kind, and conda's build path is no local install."""
    add(tmp_path, "thing", direct=direct, tool=tool)
    (one,) = installed([str(tmp_path)])

    assert (one.origin, one.commit, one.sha256) == expected


def test_the_first_on_the_path_wins_and_names_are_normalised(tmp_path: Path) -> None:
    """The list is what an import would reach, under the names an index uses."""
    add(tmp_path / "one", "My.Thing", "1.0")
    add(tmp_path / "two", "my_thing", "2.0")
    add(tmp_path / "two", "other", "3.0+cu128")
    found = installed([str(tmp_path / "one"), str(tmp_path / "two"), str(tmp_path / "gone")])

    assert [(one.name, one.version) for one in found] == [("my-thing", "1.0"), ("other", "3.0+cu128")]


def test_a_folder_without_name_or_version_is_nothing_installed(tmp_path: Path) -> None:
    """What a broken uninstall leaves behind is not listed."""
    (tmp_path / "broken-1.dist-info").mkdir()
    (tmp_path / "~ld-1.dist-info").mkdir()

    assert installed([str(tmp_path)]) == ()


def test_imported_is_told_by_the_files_of_the_process(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A distribution counts as imported when one of its recorded files is a module of this process."""
    (tmp_path / "a_module_of_this_test.py").write_text("")
    add(tmp_path, "used", record="a_module_of_this_test.py,sha256=x,0\nused-1.0.dist-info/RECORD,,\n")
    add(tmp_path, "unused", record="something_else.py,,\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    __import__("a_module_of_this_test")
    found = installed([str(tmp_path)])
    del sys.modules["a_module_of_this_test"]

    assert {one.name: one.imported for one in found} == {"used": True, "unused": False}


def test_recorded_names_with_commas_survive(tmp_path: Path) -> None:
    """RECORD is a CSV file, so a name may be quoted."""
    add(tmp_path, "thing", record='"a,b.txt",sha256=x,1\nplain.py,,\n')
    (one,) = installed([str(tmp_path)])

    assert recorded_files(one) == ("a,b.txt", "plain.py")


def test_the_running_environment_is_listed_whole() -> None:
    """What importlib sees is what is found, versions included."""
    import importlib.metadata

    from packaging.utils import canonicalize_name

    expected = {str(canonicalize_name(one.metadata["Name"])): one.version for one in importlib.metadata.distributions()}
    found = {one.name: one.version for one in installed()}

    assert {name: expected.get(name) for name in found} == found
    assert found["pydantic"] == expected["pydantic"]
