"""Where the data of splits lies, as far as it was named."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from reprobundle.components.data import places_of
from reprobundle.components.data.given import DataSplit, Splitting


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two files, in which this process works."""
    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_text("x\n1\n")
    monkeypatch.chdir(tmp_path)
    return tmp_path.resolve()


def found(value: object) -> list[str]:
    return [os.path.relpath(place.place) for place in places_of({"s": value}, None)]


class Wrapped:
    """A data set that reads a folder."""

    def __init__(self, root: object) -> None:
        self.root = root


class Subset:
    """A part of a data set."""

    def __init__(self, dataset: object) -> None:
        self.dataset = dataset


class Broken:
    """A data set whose attributes fail."""

    @property
    def root(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("value", "places"),
    [
        ("a.csv", ["a.csv"]),
        (Path("a.csv"), ["a.csv"]),
        ("*.csv", ["a.csv", "b.csv"]),
        (["b.csv", Path("a.csv"), 3], ["b.csv", "a.csv"]),
        (".", ["."]),
        ("none.csv", []),
        ("none/*.csv", []),
        ("s3://bucket/a.csv", []),
        ("a\0.csv", []),
        (["some", "texts"], []),
        (np.zeros(2), []),
        (Broken(), []),
        (Wrapped("."), []),
        (Subset(Wrapped("a.csv")), ["a.csv"]),
        (DataSplit("a.csv", private="k.salt"), ["a.csv"]),
        (None, []),
    ],
)
def test_where_a_split_lies(folder: Path, value: object, places: list[str]) -> None:
    """Files and folders that were named, or that a data set says it reads; never the whole folder one works in unasked."""
    assert found(value) == places


def test_a_url_of_a_file_and_a_link_are_the_file(folder: Path) -> None:
    """However it is named, it is the file itself."""
    (folder / "link.csv").symlink_to("a.csv")

    assert found((folder / "a.csv").as_uri()) == found("link.csv") == ["a.csv"]


def test_private_and_whole(folder: Path) -> None:
    """Whether a split is private is said, and the whole has a place, too; splits that are none have none."""
    splits = {"train": DataSplit("a.csv", private="k.salt")}
    told = places_of(splits, Splitting("m:f", DataSplit("b.csv"), name="whole"))

    assert [(place.split, place.place.name, place.private) for place in told] == [
        ("train", "a.csv", True),
        ("whole", "b.csv", False),
    ]
    assert places_of([1], None) == ()
