"""Folders of this machine in what a bundle says, and in what a person gave."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from reprobundle import given_places
from reprobundle.components import hyperparameters
from reprobundle.components.interface import Source, Stage
from reprobundle.machine_places import places_in, without_places
from reprobundle.store import Writer

HOME = Path.home().as_posix()
PLACES = {
    "No such file: '/home/anna/x/config.json'": "No such file: '…/config.json'",
    "a/b/c is relative, and so is code/source/net.py:3": "a/b/c is relative, and so is code/source/net.py:3",
    "see https://example.org/a/b": "see https://example.org/a/b",
    r"C:\Users\anna\config.json": "…/config.json",
    "3 / 4, /tmp": "3 / 4, /tmp",
    "in (/opt/x/y)": "in (…/y)",
    f"{HOME}/My Models/net.pt is gone": "…/My Models/net.pt is gone",
    f"{HOME}/a/b.py": "…/b.py",
    f"in {HOME}: nothing": "in …: nothing",
    f"{tempfile.gettempdir()}/run 1/x": "…/run 1/x",
}


@pytest.mark.parametrize(("message", "expected"), PLACES.items())
def test_places_of_this_machine_are_left_out(message: str, expected: str) -> None:
    """A file goes by its name; addresses, divisions and paths in the bundle stay."""
    assert without_places(message) == expected


def test_notes_name_no_folder_of_this_machine(tmp_path: Path) -> None:
    """Whatever part of the capture tells it, what is sealed has files by their names, in the way out, too."""
    stage = Stage(Writer(tmp_path))
    stage.note("outputs", f"cannot open {tmp_path}/secret/f", hint=f"look at {HOME}/x/f")

    assert (stage.notes[0].message, stage.notes[0].hint) == ("cannot open …/f", "look at …/f")


def test_where_absolute_paths_stand() -> None:
    """Absolute ones of any system are found at any depth; slashes alone make no path."""
    given = {
        "a": "/data/set",
        "b": [1, {"c": r"C:\data", "d": "a/b"}],
        "e": "~/x",
        "f": "/",
        "g": "1/2",
        "h": r"\\host\x",
    }

    assert list(places_in(given)) == ["/a", "/b/1/c", "/e", "/h"]


def test_given_paths_are_kept_and_told(tmp_path: Path) -> None:
    """What the person gave is not changed: one note says where it stands."""
    stage = Stage(Writer(tmp_path))
    given = {"data": "/srv/people/anna", "nested": {"cache": "/srv/cache"}, "lr": 0.1}
    stage.sections["hyperparameters"] = hyperparameters.capture(Source(model=None, hyperparameters=given), stage)
    given_places.note(stage)

    assert (
        stage.notes[-1].message == "absolute paths of this machine are kept as they were given: 'data', 'nested.cache'"
    )
