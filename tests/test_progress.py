"""A bar at a terminal: shown for what is large and watched, gone when it is done."""

from __future__ import annotations

import sys

import pytest

from reprobundle import progress

GIB = 2**30


def at_terminal(monkeypatch, term="xterm", columns="100"):
    """Let standard error be a terminal, and every look of the bar be due."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(progress, "INTERVAL", 0.0)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", columns)


def test_a_bar_is_written_over_and_leaves_nothing(monkeypatch, capsys):
    """Each line takes the place of the one before, and the end clears it once."""
    at_terminal(monkeypatch)
    with progress.bar("writing weights") as told:
        told(0, GIB)
        told(GIB // 2, GIB)
        told(GIB, GIB)

    assert capsys.readouterr().err == (
        "\r\x1b[2K· writing weights ░░░░░░░░░░░░░░░░░░░░░░░░░░░░░░ 0 bytes of 1.1 GB"
        "\r\x1b[2K· writing weights ███████████████░░░░░░░░░░░░░░░ 536.9 MB of 1.1 GB"
        "\r\x1b[2K"
    )


def test_nothing_is_left_when_writing_fails(monkeypatch, capsys):
    """The complaint stands on a line of its own, and a narrow terminal is not broken."""
    at_terminal(monkeypatch, columns="20")
    with pytest.raises(KeyError), progress.bar("writing weights") as told:
        told(GIB // 2, GIB)
        raise KeyError

    assert capsys.readouterr().err == "\r\x1b[2K· writing weights █\r\x1b[2K"


def test_what_is_small_has_no_bar(monkeypatch, capsys):
    """What is written at once is not shown."""
    at_terminal(monkeypatch)
    with progress.bar("writing weights") as told:
        told(5, progress.LEAST_BYTES - 1)

    assert capsys.readouterr().err == ""


@pytest.mark.parametrize(
    ("quiet", "term", "terminal"), [(True, "xterm", True), (False, "dumb", True), (False, "xterm", False)]
)
def test_where_nobody_watches_there_is_none(monkeypatch, quiet, term, terminal):
    """A person who wants quiet, a terminal without commands and a file see nothing."""
    at_terminal(monkeypatch, term)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: terminal)
    with progress.bar("writing weights", quiet=quiet) as told:
        assert told is None


def test_a_screen_that_is_gone_stops_nothing(monkeypatch):
    """Weights are written to their end although nobody can be told."""
    at_terminal(monkeypatch)
    tried = []
    monkeypatch.setattr(sys.stderr, "write", lambda text: tried.append(text) or (_ for _ in ()).throw(OSError("gone")))
    with progress.bar("writing weights") as told:
        told(1, GIB)
        told(2, GIB)

    assert len(tried) == 3  # two lines and their end, none of which stopped what was done meanwhile
