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

    assert shown.splitlines()[:9] == [
        "3 data splits",
        "  name   form   count  size       classes  repeated  in other splits",
        "  train  array  12     288 bytes  2        0         2 in test; not looked for in own",
        "  test   array  2      48 bytes   2        0         2 in train; not looked for in own",
        "  own    array  12     private    -        0         not looked for in train, test",
        "  - is not counted: no label is known, or a sample is another at each read",
        "",
        "Leakage",
        "  2 of 2 (100%) of test stand in train, too: row 0 is row 7, row 1 is row 2",
    ]
    assert "parts        0 F64 (2), 1 I64" in shown
    assert "classes      0: 6, 1: 6" in shown
    assert "licence      MIT" in shown
    assert "private: its digests are salted" in shown
    assert "\x1b" not in shown


def test_none_is_told_from_what_was_not_looked_for(tmp_path) -> None:
    """A split that shares nothing has none; without labels there is nothing to count, and a table has columns."""
    (tmp_path / "a.csv").write_text("a\n1\n1\n")
    (tmp_path / "b.csv").write_text("a\n2\n")
    section = take(new_stage(tmp_path / "bundle"), train=tmp_path / "a.csv", test=tmp_path / "b.csv")
    alone = section.model_copy(update={"splits": section.splits[:1]})
    shown = splits.render(section, colour=False, width=100).splitlines()

    assert [line.split()[-3:] for line in shown[2:4]] == [["-", "1", "none"], ["-", "0", "none"]]
    assert any(line.startswith("columns      a ") for line in shown)
    assert splits.render(alone, colour=False, width=100).splitlines()[2].endswith("none")


def test_a_bundle_without_splits() -> None:
    """It says so."""
    assert splits.render(data.Section(splits=()), colour=False, width=80) == "no data split is recorded"
    assert splits.in_short(data.Section(splits=())) == ()


def test_what_the_screen_says_at_capture(tmp_path) -> None:
    """One line with the counts, and leakage in a line of its own."""
    x = np.arange(12.0)
    section = take(new_stage(tmp_path / "bundle"), train=x, test=x[:3])

    assert splits.in_short(section) == ("train 12, test 3", "LEAKAGE: 3 of test in train")
