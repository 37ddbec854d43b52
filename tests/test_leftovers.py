"""Bundles and reports that this program made do not travel in the next bundle, unless git tracks them."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from drift_bundles import report_of
from reports import rich_report
from tiny import tiny_bundle

from reprobundle import records, reporting
from reprobundle.clock import Clock
from reprobundle.components.data.files import read_place
from reprobundle.components.data.given import How
from reprobundle.components.environment.locking.projects import copy_project
from reprobundle.drifting import keeping
from reprobundle.leftovers import IGNORED, Leftovers, keep_out_of_git, made_here

ANEW = How(cached=False)
REMARK = "left out 2 folders that reprobundle made (bundles or reports, which git does not track): 'old', 'old.replay'"


def _git(folder: Path, *argv: str) -> str:
    command = ["git", "-C", str(folder), "-c", "user.name=A", "-c", "user.email=a@example.org", *argv]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A folder of data with an earlier bundle, a replay's report, and a manifest of somebody else's."""
    folder = tmp_path / "tree"
    (folder / "web").mkdir(parents=True)
    (folder / "a.csv").write_text("1\n")
    (folder / "web" / "manifest.json").write_text('{"name": "a page"}')
    tiny_bundle(folder / "old")
    reporting.keep(rich_report(), None, folder / "old.replay" / "20260101T000000.000000Z", Clock())
    return folder


def test_they_are_no_data_of_a_folder(tree: Path) -> None:
    """They are named and not entered; a file of the same name says nothing."""
    found = read_place(tree, ANEW)

    assert [row.name for row in found.rows] == ["a.csv", "web/manifest.json"]
    assert found.remarks == (REMARK,)


def test_they_are_no_data_of_a_pattern(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same of what ``**`` matches, from the folder one is in or by its whole path."""
    monkeypatch.chdir(tree)
    near, far = read_place("**/*.*", ANEW), read_place(str(tree / "**" / "*.json"), ANEW)

    assert [row.name for row in near.rows] == ["a.csv", "web/manifest.json"]
    assert near.remarks == (REMARK,)
    assert [row.name for row in far.rows] == ["manifest.json"]


def test_who_names_one_means_it(tree: Path) -> None:
    """A split of a bundle's own files is one."""
    inside = read_place(str(tree / "old" / "*.json"), ANEW)

    assert "manifest.json" in [row.name for row in read_place(tree / "old", ANEW).rows]
    assert [row.name for row in inside.rows] == ["manifest.json"]
    assert inside.remarks == ()


def test_what_git_tracks_is_the_persons_own(tree: Path) -> None:
    """A bundle that was committed is data like any other; a report beside it is not."""
    _git(tree, "init", "-q")
    _git(tree, "add", "old")

    assert "old/manifest.json" in [row.name for row in read_place(tree, ANEW).rows]
    assert read_place(tree, ANEW).remarks == (REMARK.replace("2 folders", "1 folder").replace("'old', ", ""),)


def test_no_package_is_built_from_them(tree: Path, tmp_path: Path) -> None:
    """An editable install is packed without them."""
    copy_project(tree, tmp_path / "copy")

    assert sorted(place.name for place in (tmp_path / "copy").iterdir()) == ["a.csv", "web"]


def test_git_ignores_reports(tree: Path) -> None:
    """``git add .`` takes no report along, of a replay or of drift; the bundle itself is for the person to decide."""
    keeping.keep(report_of(), tree / "old.drift" / "20260101T000000.000000Z")
    _git(tree, "init", "-q")
    _git(tree, "add", ".")

    assert {path.partition("/")[0] for path in _git(tree, "ls-files").splitlines()} == {"a.csv", "old", "web"}


def test_a_folder_that_was_named_is_not_ignored(tmp_path: Path) -> None:
    """Who says where a report goes may want to commit it."""
    reporting.keep(rich_report(), None, tmp_path / "kept" / "first", Clock())

    assert [place.name for place in (tmp_path / "kept").iterdir()] == ["first"]
    assert made_here(tmp_path / "kept" / "first")


def test_what_stands_in_a_gitignore_stays(tmp_path: Path) -> None:
    """Somebody may have written one that says otherwise; ours is written once."""
    (tmp_path / "theirs").mkdir()
    (tmp_path / "theirs" / ".gitignore").write_text("!*\n")
    for name in ("theirs", "ours", "ours"):
        (tmp_path / name).mkdir(exist_ok=True)
        keep_out_of_git(tmp_path / name)

    assert (tmp_path / "theirs" / ".gitignore").read_text() == "!*\n"
    assert (tmp_path / "ours" / ".gitignore").read_bytes() == IGNORED
    assert not made_here(tmp_path / "theirs")


def test_without_git_nothing_is_tracked(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without git, or a folder in no repository."""
    monkeypatch.setenv("PATH", "/nowhere")

    assert Leftovers(str(tree)).has("old/", ["manifest.json"])
    assert Leftovers(str(tree)).around("old/documentation") == "old"
    assert Leftovers(str(tree)).around("web") is None


def test_this_programs_documents_begin_as_they_are_known(tree: Path) -> None:
    """What the marks look for stands in the first bytes of each document."""
    (tree / "drift").mkdir()
    (tree / "drift" / "drift.json").write_bytes(records.to_bytes(report_of()))

    assert made_here(tree / "drift")
    assert made_here(tree / "old")
    assert made_here(tree / "old.replay" / "20260101T000000.000000Z")
