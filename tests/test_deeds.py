"""What a constructor does besides making the model is told once a line, and no place of this machine with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from reprobundle import deeds
from reprobundle.answers import Answer, Deed, Line
from reprobundle.components.interface import Stage
from reprobundle.store import Writer


def at(number: int) -> Line:
    """A line of the source."""
    return Line(file="code/source/net.py", line=number, function="__init__", text="…")


def answer(*done: Deed, error: str | None = None) -> Answer:
    """What a worker left."""
    return Answer(stage="done", error=error, outputs=None, arrays={}, transformed=None, nesting=None, digests={},
                  device=None, facts={}, distributions=None, log="", deeds=done)  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A capture that is being made."""
    return Stage(Writer(tmp_path))


def test_one_note_a_line(stage: Stage) -> None:
    """Several files of one line stand in one note, the first five by name."""
    reads = [Deed(kind="read", does="reads", name=f"{number}.txt", at=at(3)) for number in range(7)]
    deeds.note(answer(*reads, Deed(kind="process", does="starts", name="git", at=at(4))), stage)

    assert [note.message for note in stage.notes] == [
        "while its model is made, the source reads '0.txt', '1.txt', '2.txt', '3.txt', '4.txt' and 2 more, which is not "
        "in the bundle: code/source/net.py:3 in __init__: …",
        "while its model is made, the source starts 'git': code/source/net.py:4 in __init__: …",
    ]


def test_many_lines_are_counted(stage: Stage) -> None:
    """A constructor that does a great deal is not told line by line for ever."""
    deeds.note(answer(*(Deed(kind="change", does="writes", name="a", at=at(n)) for n in range(1, 14))), stage)

    assert len(stage.notes) == deeds.MOST_NOTES + 1
    assert stage.notes[-1].message == "while its model is made, the source does 3 more such things"


def test_the_network_is_told_once(stage: Stage) -> None:
    """By the proof where it failed, else by a note."""
    asked = Deed(kind="network", does="connects to a host", name="", at=at(3))
    deeds.note(answer(asked, error="URLError: no"), stage)

    assert stage.notes == []
    assert deeds.network_need(answer(asked)) is None
    assert deeds.network_need(answer(error="URLError: no")) is None
    needed = deeds.network_need(answer(asked, error="URLError: no"))
    assert needed is not None
    assert needed.startswith(
        "needs the network: code/source/net.py:3 in __init__: …; fetch such weights before capture"
    )
