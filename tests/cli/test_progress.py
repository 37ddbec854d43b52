"""Progress at a terminal: lines that stay, and one that is written over and leaves nothing behind."""

from __future__ import annotations

import sys

import pytest

from reprobundle.cli import screen
from reprobundle.components.environment.rebuilding.watching import Passing


def at_terminal(monkeypatch, term="xterm"):
    """Let standard error be a terminal of 40 columns."""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("TERM", term)
    monkeypatch.setenv("COLUMNS", "40")


def test_a_passing_line_is_written_over(monkeypatch, capsys):
    """The next line, passing or not, takes its place."""
    at_terminal(monkeypatch)
    with screen.live_progress(quiet=False) as say:
        say("fetching")
        say(Passing("fetched 1 of 2 packages"))
        say(Passing("fetched 2 of 2 packages"))
        say("installing")

    assert capsys.readouterr().err == (
        "· fetching\n· fetched 1 of 2 packages\r\x1b[2K· fetched 2 of 2 packages\r\x1b[2K· installing\n"
    )


def test_nothing_of_it_is_left_when_the_verb_fails(monkeypatch, capsys):
    """The complaint stands on a line of its own."""
    at_terminal(monkeypatch)
    with pytest.raises(KeyError), screen.live_progress(quiet=False) as say:
        say(Passing("a" * 60))
        raise KeyError

    assert capsys.readouterr().err == "· " + "a" * 37 + "\r\x1b[2K"


@pytest.mark.parametrize(("quiet", "term"), [(True, "xterm"), (False, "dumb")])
def test_where_lines_cannot_be_written_over_none_pass(quiet, term, monkeypatch, capsys):
    """A person who wants quiet sees nothing, a terminal without commands no line that changes each second."""
    at_terminal(monkeypatch, term)
    with screen.live_progress(quiet=quiet) as say:
        say(Passing("fetched 1 of 2 packages"))

    assert capsys.readouterr().err == ""


def test_a_caller_without_a_terminal_gets_none(capsys):
    """Nobody is watching."""
    with screen.live_progress(quiet=False) as say:
        say("fetching")

    assert capsys.readouterr().err == ""
