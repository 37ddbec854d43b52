"""Turns: processes of their own, interleaved, and what the kernel tells of them."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from benchmarks.job import MIB, Missing, Way
from benchmarks.measuring import FailedError, in_order, take_turn, take_turns

SLEEPS = "import time; time.sleep(0.2)"
HOLDS = "held = b'1' * (100 * 2**20)"
CALLS = (
    "import benchmarks.acts.clock as c; c.timed(lambda: len(b'1' * (64 * 2**20)), first=lambda: b'2' * (200 * 2**20))"
)


def python(name: str, code: str, **given: object) -> Way:
    return Way(name=name, command=(sys.executable, "-c", code), **given)


def silent(text: str) -> None:
    del text


def settled() -> None:
    """There is nothing to wait for."""


def test_each_round_begins_with_another_way() -> None:
    """Who is first in a round, and warms what the next one uses, changes."""
    ways = [python(name, "") for name in "abc"]

    assert ["".join(way.name for way in in_order(ways, number)) for number in range(4)] == ["abc", "bca", "cab", "abc"]


def test_the_first_round_does_not_count() -> None:
    """Three rounds are begun for two that count, and what is done once is done once."""
    said: list[str] = []
    ways = [python("often", ""), python("seldom", "", once=True)]
    found = take_turns(ways, rounds=2, warming=True, settle=settled, say=said.append)

    assert {name: len(turns) for name, turns in found.turns.items()} == {"often": 2, "seldom": 1}
    assert [line.partition(":")[0] for line in said] == ["often", "seldom", "often", "often"]


def test_a_command_is_timed_from_outside() -> None:
    """The clock of a command sees its sleep, the processor's does not, and its largest process is seen."""
    slept, held = take_turn(python("sleeps", SLEEPS)), take_turn(python("holds", HOLDS))

    assert 0.2 <= slept.seconds < 5
    assert slept.cpu < slept.seconds
    assert held.peak - slept.peak > 90 * MIB
    assert held.floor < 20 * MIB


@pytest.mark.skipif(not Path("/proc/self/clear_refs").exists(), reason="the peak cannot start anew on this system")
def test_memory_of_a_call_is_what_it_takes_itself() -> None:
    """What a first call held and gave back counts for nothing."""
    turn = take_turn(python("calls", CALLS, clock="call"))

    assert turn.peak < 150 * MIB
    assert turn.beyond is not None
    assert 60 * MIB < turn.beyond < 80 * MIB


def test_a_peer_that_fails_is_missing(capfd: pytest.CaptureFixture[str]) -> None:
    """Its status is the reason; what it said goes to the screen, and the others go on."""
    ways = [python("fails", "raise SystemExit('broken')"), python("works", "")]
    found = take_turns(ways, rounds=1, warming=False, settle=settled, say=silent)

    assert found.missing == (Missing("fails", "it ended with 1"),)
    assert list(found.turns) == ["works"]
    assert "broken" in capfd.readouterr().err


def test_this_program_must_not_fail() -> None:
    """A failure of our own ends the job."""
    with pytest.raises(FailedError, match=r"^it ended with 3$"):
        take_turns(
            [python("ours", "raise SystemExit(3)", kind="ours")], rounds=1, warming=False, settle=settled, say=silent
        )


def test_what_is_cleaned_up_is_cleaned_up_after_a_failure() -> None:
    """The next turn finds the folder as the first one did."""
    done: list[str] = []
    way = python(
        "fails", "raise SystemExit(1)", before=lambda: done.append("before"), after=lambda: done.append("after")
    )
    with pytest.raises(FailedError):
        take_turn(way)

    assert done == ["before", "after"]
