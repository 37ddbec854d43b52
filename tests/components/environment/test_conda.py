"""A conda environment: its packages by their short channels, without an address or a token."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from reprobundle.components.environment.snapshot.conda import Conda, read_conda, short_channel


def add(prefix: Path, name: str, **fields: object) -> None:
    """One of conda's own records of a package."""
    folder = prefix / "conda-meta"
    folder.mkdir(parents=True, exist_ok=True)
    content = {"name": name, "version": "1.0", "build": "py311h64a7726_0", "channel": "conda-forge", **fields}
    (folder / f"{name}-1.0-0.json").write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("channel", "expected"),
    [
        ("conda-forge", "conda-forge"),
        ("https://conda.anaconda.org/conda-forge/linux-64", "conda-forge"),
        ("https://conda.anaconda.org/pytorch/noarch/", "pytorch"),
        ("https://repo.anaconda.com/pkgs/main/linux-64", "defaults"),
        ("pkgs/main", "defaults"),
        ("https://prefix.dev/channels/some/osx-arm64", "some"),
        ("https://conda.anaconda.org/t/tk-secret/private/linux-64", None),
        ("https://user:password@conda.example.org/own/linux-64", None),
        ("https://conda.example.org/own", None),
        ("file:///home/me/channel/linux-64", None),
        ("<unknown>", None),
        (None, None),
        (7, None),
    ],
)
def test_a_channel_is_its_public_name(channel: object, expected: str | None) -> None:
    """What a person types for a public channel; an address of anybody else's is not recorded."""
    assert short_channel(channel) == expected


def test_packages_are_listed_by_name(tmp_path: Path) -> None:
    """Each with version, build and channel; the folders of their Python distributions are known by name."""
    add(tmp_path, "numpy", files=["lib/python3.11/site-packages/numpy-1.0.dist-info/METADATA", "bin/f2py"])
    add(tmp_path, "_libgcc_mutex", channel="https://conda.example.org/t/secret/own/linux-64")
    (tmp_path / "conda-meta" / "history").write_text("==> 2026-01-01 <==\n")
    found = read_conda([str(tmp_path / "nowhere"), str(tmp_path)])

    assert [(one.name, one.version, one.build, one.channel) for one in found.packages] == [
        ("_libgcc_mutex", "1.0", "py311h64a7726_0", None),
        ("numpy", "1.0", "py311h64a7726_0", "conda-forge"),
    ]
    assert found.metadata == frozenset({"numpy-1.0.dist-info"})
    assert found.broken == ()


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"name": "../x", "version": "1", "build": "0"}', "[" * 9999])
def test_broken_records_are_named(tmp_path: Path, content: str) -> None:
    """A record that cannot be understood costs its own line only."""
    add(tmp_path, "whole")
    (tmp_path / "conda-meta" / "broken.json").write_text(content)
    found = read_conda([str(tmp_path)])

    assert found.broken == ("broken.json",)
    assert [one.name for one in found.packages] == ["whole"]


def test_outside_an_environment_there_are_none(tmp_path: Path) -> None:
    """A folder without conda's records is no conda environment."""
    assert read_conda([str(tmp_path)]) == Conda()
