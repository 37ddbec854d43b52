"""The recorded splits are shown as tables that a stranger can read."""

from __future__ import annotations

import numpy as np
from splits import new_stage, take

from reprobundle import DataSplit
from reprobundle.components import data
from reprobundle.rendering import splits


def test_splits_are_shown_as_a_table(tmp_path) -> None:
    """Counts, sizes, classes, leakage with its places, origin, and what is private."""
    x, y = np.arange(24.0).reshape(12, 2), np.arange(12) % 2
    section = take(
        new_stage(tmp_path / "bundle"),
        train=DataSplit((x, y), licence="mit", source="https://example.org/\x1b[2Jx"),
        test=(x[[7, 2]], y[[7, 2]]),
        own=DataSplit(x, private=tmp_path / "k.salt"),
    )
    shown = splits.render(section, colour=False, width=100)

    assert shown.splitlines()[:8] == [
        "3 data splits",
        "  name   form   count  size       classes  repeated  in other splits",
        "  train  array  12     288 bytes  2        -         2 in test",
        "  test   array  2      48 bytes   2        -         2 in train",
        "  own    array  12     private    -        -         -",
        "",
        "Leakage",
        "  2 of 2 (100%) of test stand in train, too: row 0 is row 7, row 1 is row 2",
    ]
    assert "parts        0 F64 (2), 1 I64" in shown
    assert "classes      0: 6, 1: 6" in shown
    assert "licence      MIT" in shown
    assert "private: its digests are salted" in shown
    assert "\x1b" not in shown


def test_a_bundle_without_splits() -> None:
    """It says so."""
    assert splits.render(data.Section(splits=()), colour=False, width=80) == "no data split is recorded"
    assert splits.in_short(data.Section(splits=())) == ()


def test_what_the_screen_says_at_capture(tmp_path) -> None:
    """One line with the counts, and leakage in a line of its own."""
    x = np.arange(12.0)
    section = take(new_stage(tmp_path / "bundle"), train=x, test=x[:3])

    assert splits.in_short(section) == ("train 12, test 3", "LEAKAGE: 3 of test in train")
