"""The listings of splits can be read back, whatever files are called."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from splits import new_stage, take

from reprobundle.components.data.files import escaped
from reprobundle.components.data.listings import lines_of, recorded_digests, recorded_rows


@given(st.text(st.characters(), min_size=1))
def test_escaped_names_are_printable_ascii_and_distinct(name: str) -> None:
    """No name can forge a line of a listing, and its escape gives it back."""
    text = escaped(name)

    assert text.isascii()
    assert text.isprintable()
    assert text.encode("ascii").decode("unicode_escape") == name


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such names")
def test_odd_names_are_read_back(tmp_path) -> None:
    """Blanks, line ends, backslashes and bytes that are no text stay within their line."""
    folder = tmp_path / "images"
    folder.mkdir()
    names = ["a b", "a\nb", "back\\slash", "0 1 2", os.fsdecode(b"\xff")]
    for name in names:
        (folder / name).write_bytes(name.encode("utf-8", "surrogateescape"))
    stage = new_stage(tmp_path / "bundle")
    (split,) = take(stage, train=folder).splits

    assert sorted(recorded_rows(split, stage.root)) == sorted(map(escaped, names))


def test_samples_are_listed_one_a_line(tmp_path) -> None:
    """Each digest stands as hex on a line of its own, and all of them come back."""
    stage = new_stage(tmp_path / "bundle")
    (split,) = take(stage, train=[1, 2, 3]).splits
    digests = recorded_digests(split, stage.root)

    assert len(digests) == 3 * 16
    assert b"".join(lines_of(digests)) == (stage.root / split.listing).read_bytes()
    assert digests.hex("\n", -16).encode() + b"\n" == (stage.root / split.listing).read_bytes()
