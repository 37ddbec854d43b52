"""Files of a rebuilt environment that more than one distribution brings."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

import pytest
from wheelhouse import make_wheel

from reprobundle.components.environment.differing.vendored import check_overlaps
from reprobundle.components.environment.rebuilding.owners import conflicts, keep, kept


def environment(folder: Path, *wheels: Path) -> Path:
    """The files of an environment, with the wheels unpacked one after the other."""
    site = folder / "environment" / "lib" / "python3.11" / "site-packages"
    site.mkdir(parents=True)
    for wheel in wheels:
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(site)
    return folder / "environment"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"helper.py": "x = 1\n"}, []),
        ({"thing.py": "WORD = 'hostile'\n"}, ["'lib/python3.11/site-packages/thing.py'"]),
        ({"helper-1.0.data/purelib/thing.py": "x"}, ["'lib/python3.11/site-packages/thing.py'"]),
        (
            {"helper-1.0.data/data/lib/python3.11/site-packages/thing.py": "x"},
            ["'lib/python3.11/site-packages/thing.py'"],
        ),
        ({"empty/__init__.py": ""}, []),
        ({"./deep/../thing.py": "x"}, ["'lib/python3.11/site-packages/thing.py'"]),
    ],
)
def test_a_wheel_of_the_bundle_that_replaces_files_of_another_is_named(
    tmp_path: Path, files: Mapping[str, str], expected: list[str]
) -> None:
    """Whatever its own list of files says, and wherever in the archive they stand."""
    thing = make_wheel(tmp_path, "thing", files={"thing.py": "WORD = 'honest'\n", "empty/__init__.py": ""})
    helper = make_wheel(tmp_path, "helper", files={"helper.py": "x = 1\n"})
    place = environment(tmp_path, thing, helper)
    with zipfile.ZipFile(helper, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    found = conflicts(place, {"helper": helper})

    assert found == tuple(f"helper and thing: {path}" for path in expected)


def test_two_of_an_index_that_bring_the_same_content_are_not_named(tmp_path: Path) -> None:
    """Only what differs can have replaced anything."""
    same = {"shared/__init__.py": "x = 1\n"}
    wheels = [make_wheel(tmp_path, name, files={**same, "tests.py": name}) for name in ("one", "two")]

    assert conflicts(environment(tmp_path, *wheels), {}) == ("one and two: 'lib/python3.11/site-packages/tests.py'",)


def test_what_was_found_is_kept_and_told_in_the_report(tmp_path: Path) -> None:
    """An environment used again tells the same; each pair is one note."""
    wheels = [make_wheel(tmp_path, name, files={"tests.py": name}) for name in ("one", "two")]
    keep(tmp_path, environment(tmp_path, *wheels), {})

    assert [(note.message, note.status.value) for note in check_overlaps(kept(tmp_path))] == [
        (
            "distributions of the rebuilt environment bring the same files: "
            "one and two: 'lib/python3.11/site-packages/tests.py'",
            "note",
        )
    ]
