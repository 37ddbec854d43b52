"""What is installed: names, versions, origins, and nothing that names a machine."""

from __future__ import annotations

import contextlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from reprobundle.components.environment.snapshot.distributions import installed, recorded_files, survey
from reprobundle.components.environment.snapshot.edited import with_edits
from reprobundle.components.interface import Stage
from reprobundle.store import Writer

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
        ({"url": "file:///build/p", "dir_info": {}}, "conda", ("conda", None, None)),
        (None, "conda", ("conda", None, None)),
        (None, "uv", ("index", None, None)),
        ({"url": "https://u:p@h/r", "vcs_info": {"vcs": "git", "commit_id": "ab12"}}, "pip", ("vcs", "ab12", None)),
        ({"url": "https://h/a.whl", "archive_info": {"hashes": {"sha256": SHA}}}, "pip", ("archive", None, SHA)),
        ({"url": "https://h/a.whl", "archive_info": {"hash": f"sha256={SHA}"}}, "pip", ("archive", None, SHA)),
        ({"url": "https://h/r", "vcs_info": {"commit_id": "a/../b c"}}, "pip", ("vcs", None, None)),
        ({"url": "https://h/a.whl", "archive_info": {"hash": "sha256=xyz"}}, "pip", ("archive", None, None)),
        ({"url": "https://h/a.whl", "archive_info": {}}, "pip", ("archive", None, None)),
        ("not json", "pip", ("index", None, None)),
        ([], "pip", ("index", None, None)),
        ({"url": "https://h/a.whl"}, "pip", ("index", None, None)),
        ({"url": "file://[broken", "dir_info": {}}, "pip", ("local", None, None)),
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


def messages(path: Path) -> list[str]:
    """What is wrong with the distributions of one folder."""
    return [trouble.message for trouble in survey([str(path)]).troubles]


def test_a_folder_without_name_or_version_is_nothing_installed(tmp_path: Path) -> None:
    """What a broken uninstall leaves behind is not listed, and is said."""
    (tmp_path / "broken-1.dist-info").mkdir()
    (tmp_path / "half-1.dist-info").mkdir()
    (tmp_path / "half-1.dist-info" / "METADATA").write_text("Name: half\n\nVersion: 1\n")

    assert installed([str(tmp_path)]) == ()
    assert messages(tmp_path) == [
        "a metadata folder says no name, so it is no distribution: 'broken-1.dist-info'",
        "a metadata folder says no version, so it is no distribution: 'half-1.dist-info'",
    ]


@pytest.mark.parametrize("direct", ["not json", [], {"url": "https://h/a.whl"}, "[" * 10_000])
def test_a_broken_note_of_the_origin_is_said(tmp_path: Path, direct: object) -> None:
    """A direct_url.json that cannot be understood costs one line, and an index is assumed."""
    add(tmp_path, "thing", direct=direct)

    assert messages(tmp_path) == [
        "the note where thing 1.0 was installed from cannot be understood, so an index is assumed"
    ]


def test_metadata_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """A distribution whose description cannot be opened costs one line, not the capture."""
    (tmp_path / "odd-1.dist-info" / "METADATA").mkdir(parents=True)
    add(tmp_path, "thing")
    found = survey([str(tmp_path)])

    assert [one.name for one in found.found] == ["thing"]
    assert messages(tmp_path) == [
        "the metadata of an installed distribution cannot be read: 'odd-1.dist-info': Is a directory"
    ]


@pytest.mark.skipif(not hasattr(os, "seteuid"), reason="folders have no such permissions here")
def test_a_folder_that_cannot_be_listed_is_said() -> None:
    """An unreadable folder of the module path costs one line, which names its last part alone."""
    with tempfile.TemporaryDirectory() as temporary:
        site = Path(temporary, "site-packages")
        site.mkdir()
        Path(temporary).chmod(0o755)
        site.chmod(0o311)
        try:
            with as_somebody_else():
                told = messages(site)
        finally:
            site.chmod(0o755)

    assert told == ["a folder of the module path cannot be listed: 'site-packages': Permission denied"]


@contextlib.contextmanager
def as_somebody_else() -> Iterator[None]:
    """Without root's right to read everything."""
    own = os.geteuid()
    if own == 0:
        os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(own)


def test_several_versions_of_one_name_are_said(tmp_path: Path) -> None:
    """Which one an import finds is recorded, and that there are others is said; a second copy of the same is not."""
    add(tmp_path / "one", "thing", "1.0")
    add(tmp_path / "two", "thing", "2.0")
    add(tmp_path / "two", "same", "3.0")
    add(tmp_path / "one", "same", "3.0")
    found = survey([str(tmp_path / "one"), str(tmp_path / "two")])

    assert [(one.name, one.version) for one in found.found] == [("same", "3.0"), ("thing", "1.0")]
    assert [trouble.message for trouble in found.troubles] == [
        "several versions of thing are installed: '1.0' comes first, before '2.0'"
    ]


def test_of_two_in_one_folder_the_last_installed_counts(tmp_path: Path) -> None:
    """The files of one folder are those of the version written last, whatever an interrupted upgrade left beside it."""
    old, new = add(tmp_path, "thing", "9.0", record="a,,\n"), add(tmp_path, "thing", "10.0", record="a,,\n")
    os.utime(old / "RECORD", (2_000_000_000, 2_000_000_000))
    os.utime(new / "RECORD", (1_000_000_000, 1_000_000_000))
    (one,) = installed([str(tmp_path)])

    assert one.version == "9.0"


@pytest.mark.parametrize(
    ("tool", "asked", "expected"),
    [("pip", True, True), ("pip", False, False), ("uv", True, None), ("uv", False, None), ("conda", True, None)],
)
def test_only_pip_tells_what_was_asked_for(tmp_path: Path, tool: str, asked: bool, expected: object) -> None:
    """uv and conda's packages carry pip's mark whether or not a person asked, so from them it says nothing."""
    folder = add(tmp_path, "thing", tool=tool)
    if asked:
        (folder / "REQUESTED").touch()
    (one,) = installed([str(tmp_path)])

    assert one.requested is expected


def test_requirements_are_read_from_the_head(tmp_path: Path) -> None:
    """The description below the first empty line requires nothing, however long the head, on any system's line ends."""
    folder = add(tmp_path, "thing")
    names = [f"needed-{number}" for number in range(2000)]
    head = "".join(f"requires-dist: {name}\r\n" for name in names)
    (folder / "METADATA").write_bytes(f"Name: thing\r\nVersion: 1\r\n{head}\r\nRequires-Dist: not this\r\n".encode())
    (one,) = installed([str(tmp_path)])

    assert list(one.requires) == names


def test_what_conda_lists_is_condas(tmp_path: Path) -> None:
    """A distribution whose installer left no name, in a folder that conda's records name, came from conda."""
    (add(tmp_path, "of-conda") / "INSTALLER").unlink()
    (add(tmp_path, "of-debian") / "INSTALLER").unlink()
    add(tmp_path, "of-pip")
    names = frozenset({"of_conda-1.0.dist-info", "of_pip-1.0.dist-info"})

    assert {one.name: one.origin for one in survey([str(tmp_path)], conda=names).found} == {
        "of-conda": "conda",
        "of-debian": "index",
        "of-pip": "index",
    }


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


def test_without_a_list_of_files_the_names_of_modules_tell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Old installs have no RECORD; their top_level.txt says what an import of them is called."""
    site = tmp_path / "site-packages"
    for name in ("used", "unused"):
        folder = site / f"{name}-1.egg-info"
        folder.mkdir(parents=True)
        (folder / "PKG-INFO").write_text(f"Name: {name}\nVersion: 1\n")
        (folder / "top_level.txt").write_text(f"{name}_module_of_this_test\n")
    (site / "used_module_of_this_test.py").write_text("")
    monkeypatch.syspath_prepend(str(site))
    __import__("used_module_of_this_test")
    found = installed([str(site)])
    del sys.modules["used_module_of_this_test"]

    assert {one.name: one.imported for one in found} == {"used": True, "unused": False}


@pytest.mark.parametrize(
    "record", ["a.py,,\r\nb.py,,\r\n", "a.py,,\nb.py,,", "a.py\nb.py,sha256=x,1\n", "a.py,x,y\nb.py,,\n"]
)
def test_a_list_of_files_of_another_form_is_read_too(tmp_path: Path, record: str) -> None:
    """Line ends of Windows, a missing last one and missing fields are no obstacle."""
    add(tmp_path, "thing", record=record)
    (one,) = installed([str(tmp_path)])

    assert recorded_files(one) == ("a.py", "b.py")


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


@pytest.mark.parametrize(
    "record",
    [
        f'"{"x" * 140_000}.py",sha256=abc,1\n',
        f"odd.py,sha256=abc,{'9' * 5000}\n",
        'odd.py,sha256=abc,1\n"a\0b.py",,\n',
    ],
)
def test_a_broken_list_of_files_stops_nothing(tmp_path: Path, record: str) -> None:
    """The distribution counts; what is wrong with its list is told, or shows as an edit."""
    add(tmp_path, "odd", record=record)
    (tmp_path / "odd.py").write_text("x")
    found = survey([str(tmp_path)])
    stage = Stage(writer=Writer(tmp_path))

    assert [one.name for one in with_edits(found.found, stage)] == ["odd"]
    assert len(recorded_files(found.found[0])) == len(found.found[0].rows)
    assert all("list of files of odd '1.0' cannot be understood" in one.message for one in found.troubles)


def test_a_version_without_end_is_none(tmp_path: Path) -> None:
    """It is no distribution then, and the folder is named."""
    add(tmp_path, "odd")
    (tmp_path / "odd-1.0.dist-info" / "METADATA").write_text(f"Name: odd\nVersion: 1.{'9' * 5000}\n")

    assert survey([str(tmp_path)]).found == ()
    assert [one.message for one in survey([str(tmp_path)]).troubles] == [
        "a metadata folder says no version, so it is no distribution: 'odd-1.0.dist-info'"
    ]
