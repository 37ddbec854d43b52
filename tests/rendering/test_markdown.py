from __future__ import annotations

import pytest

from reprobundle.rendering.markdown import REST, block, code, inline, paragraphs, table


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
        ("- a\n- b <i>\n* c", ["- a\n- b &lt;i&gt;\n- c"]),
        (
            "It fails:\n- in the dark\n  and at\n  night\n- in rain\nElsewhere not.",
            ["It fails:", "- in the dark and at night\n- in rain", "Elsewhere not."],
        ),
        ("1. a\n2) b", ["1. a\n2. b"]),
        ("- - a\n- # b", ["- \\- a\n- \\# b"]),
        ("-1 is less\n-2 is least", [r"\-1 is less -2 is least"]),
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


def test_long_prose_is_shown_whole_or_says_where_the_rest_is():
    """A page shows some forty thousand characters of an answer, in pieces, and never cuts one without a word."""
    words = "word " * 2_000
    long = "word " * 10_000

    assert " ".join(paragraphs(words, REST)).split() == words.split()
    assert (paragraphs(long, REST)[-1], len("".join(paragraphs(long, REST))) > 39_000) == (f"… {REST}", True)
    assert "…" not in "".join(paragraphs("x" * 9_000, REST))


def test_blocks_cannot_be_left():
    """The fence is longer than any fence inside."""
    assert block(["```", "x"], "python") == "````python\n```\nx\n````"


def test_tables():
    """Header, rule, rows."""
    assert table(("a", "b"), [("1", "2")]) == "| a | b |\n| --- | --- |\n| 1 | 2 |"
