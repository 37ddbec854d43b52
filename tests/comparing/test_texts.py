"""A source file that changed is shown by its changed lines, as far as it is text and they are few."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprobundle.changes import TextFinding
from reprobundle.comparing import texts
from reprobundle.comparing.texts import Changed, changed
from reprobundle.rendering import beside
from reprobundle.report import Status


def written(folder: Path, first: bytes, second: bytes) -> tuple[Path, Path]:
    """Two files."""
    (folder / "a").write_bytes(first)
    (folder / "b").write_bytes(second)
    return folder / "a", folder / "b"


def test_changed_lines_are_shown_with_two_around_them(tmp_path: Path) -> None:
    """As `diff -u` writes them, without the two lines that name files."""
    found = changed(*written(tmp_path, b"1\n2\n3\n4\n5\n6\n", b"1\n2\n3\nfour\n5\n6\n"))

    assert found == Changed(
        "1 line added, 1 line removed", ("@@ -2,5 +2,5 @@", " 2", " 3", "-4", "+four", " 5", " 6"), 0
    )


def test_lines_that_begin_with_signs_are_counted_as_what_they_are(tmp_path: Path) -> None:
    """A line ``++ x`` that is added is one line more, and no name of a file."""
    found = changed(*written(tmp_path, b"-- x\n", b"++ x\n"))

    assert found == Changed("1 line added, 1 line removed", ("@@ -1 +1 @@", "--- x", "+++ x"), 0)


def test_the_end_of_the_last_line_is_part_of_it(tmp_path: Path) -> None:
    """Else nothing would be shown for a file that differs."""
    found = changed(*written(tmp_path, b"x\n", b"x"))

    assert found is not None
    assert found.lines == ("@@ -1 +1 @@", "-x", "+x  (no newline at the end)")


def test_many_and_long_lines_are_cut(tmp_path: Path) -> None:
    """The rest is counted."""
    found = changed(*written(tmp_path, b"", b"x" * 600 + b"\n" + b"y\n" * 50), 3)

    assert found is not None
    assert (found.words, found.left_out) == ("51 lines added, 0 lines removed", 49)
    assert [len(line) for line in found.lines] == [len("@@ -0,0 +1,51 @@"), texts.LONGEST_LINE, 2]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"a\0b", b"x" * (texts.MAX_TEXT_BYTES + 1), b"\n" * 5000])
def test_what_is_no_text_or_too_long_is_only_said_to_differ(tmp_path: Path, content: bytes) -> None:
    """Whichever of the two it is."""
    one, other = written(tmp_path, b"text\n", content)

    assert changed(one, other) is None
    assert changed(other, one) is None


def test_a_strangers_line_stays_one_line_of_plain_characters() -> None:
    """Terminal commands are spelled out, tabs become blanks, and what is left out is counted."""
    found = TextFinding(
        kind="code", status=Status.DIFFERS, message="code/source/net.py: 1 line added, 0 lines removed",
        lines=("@@ -0,0 +1 @@", "+\tred = '\x1b[31m'"), left_out=7,
    )  # fmt: skip
    shown = beside.render([found], ("one", "other"), colour=False, width=80)

    assert shown.endswith(
        "  code/source/net.py: 1 line added, 0 lines removed\n"
        "      @@ -0,0 +1 @@\n"
        "      +   red = '\\x1b[31m'\n"
        "      and 7 more lines"
    )
