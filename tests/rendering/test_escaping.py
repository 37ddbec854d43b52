from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reprobundle.rendering import escape
from reprobundle.rendering.escaping import columns_of, prose


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain 'text' äöü 漢字 🙂", "plain 'text' äöü 漢字 🙂"),
        ("\x1b[31mred", r"\x1b[31mred"),
        ("two\nlines\r\tand", r"two\x0alines\x0d\x09and"),
        ("\x9b2J\x7f\x00", r"\x9b2J\x7f\x00"),
        ("\x1b]52;c;ZXZpbA==\x07", r"\x1b]52;c;ZXZpbA==\x07"),
        ("abc\u202efdp.exe", r"abc\u202efdp.exe"),
        ("zero\u200bwidth\ufeff", r"zero\u200bwidth\ufeff"),
        ("tags\U000e0041", r"tags\U000e0041"),
        ("filler\u3164\u115f", r"filler\u3164\u115f"),
        ("lone\udc80", r"lone\udc80"),
        ("line\u2028sep\u2029", r"line\u2028sep\u2029"),
        ("no\u00a0break", r"no\xa0break"),
    ],
)
def test_what_cannot_be_seen_is_spelled_out(text, shown):
    """Commands for a terminal, direction marks, invisible characters and lone surrogates are shown as what they are."""
    assert escape(text) == shown


def test_long_texts_are_cut():
    """No text is longer than the limit, and a cut one says so."""
    assert escape("x" * 200) == "x" * 200
    assert escape("x" * 201) == "x" * 200 + "…"
    assert escape("\x1b" * 3, limit=2) == r"\x1b\x1b…"


@given(st.text(alphabet=st.characters()))
def test_every_text_becomes_one_printable_line(text):
    """Whatever comes in, what goes out is printable, encodable and one line, and escaping again changes nothing."""
    shown = escape(text, limit=10_000)

    assert shown.isprintable()
    assert len(shown.splitlines()) <= 1
    assert shown.encode("utf-8").decode("utf-8") == shown
    assert escape(shown, limit=100_000) == shown


def test_prose_is_one_line():
    """White space of a sentence becomes single blanks, so that it can be wrapped."""
    assert prose("first\n   second\tthird\x1b") == r"first second third\x1b"


def test_wide_characters_take_two_columns():
    """Tables stay straight: wide characters count twice, combining ones not at all."""
    assert columns_of("ab") == 2
    assert columns_of("漢字") == 4
    assert columns_of("e\u0301") == 1
