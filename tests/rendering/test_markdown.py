from __future__ import annotations

import pytest

from reprobundle.rendering.markdown import block, code, inline, paragraphs, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain text, 97 % (n = 3)", "plain text, 97 % (n = 3)"),
        ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
        ("![x](https://evil.example/a.png)", r"\!\[x\](https&#58;//evil.example/a.png)"),
        ("www.evil.example", "www&#46;evil.example"),
        ("javascript:alert(1)", "javascript:alert(1)"),
        ("mailto:a@b.example", r"mailto&#58;a\@b.example"),
        ("*bold* _it_ `code` ~~x~~ $y$", r"\*bold\* \_it\_ \`code\` \~\~x\~\~ \$y\$"),
        ("a | b", r"a \| b"),
        ("two\nlines", "two lines"),
        ("&lt;b&gt;", "&amp;lt;b&amp;gt;"),
        ("\x1b[31m", r"\\x1b\[31m"),
    ],
)
def test_text_stays_text(text, shown):
    """Markup, links, pictures, mentions and entities are shown and mean nothing."""
    assert inline(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("# not a heading", [r"\# not a heading"]),
        ("- not a list", [r"\- not a list"]),
        ("1. not a list", [r"1\. not a list"]),
        ("---", [r"\---"]),
        ("one\ntwo\n\nthree", ["one two", "three"]),
        (" \n\n ", []),
    ],
)
def test_prose_makes_paragraphs_and_nothing_else(text, shown):
    """Blank lines part paragraphs; no line begins a list, a rule or a heading."""
    assert paragraphs(text) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [("net:Net", "`net:Net`"), ("a`b", "`` a`b ``"), ("a|b", r"`a\|b`"), ("", "` `"), ("a\nb", r"`a\x0ab`")],
)
def test_code_spans_cannot_be_left(text, shown):
    """A code span is longer than any run of backticks in it and stays one cell of a table."""
    assert code(text) == shown


def test_blocks_cannot_be_left():
    """The fence is longer than any fence inside."""
    assert block(["```", "x"], "python") == "````python\n```\nx\n````"


def test_tables():
    """Header, rule, rows."""
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
