"""What a reader of a report must know of the walls that the model ran in."""

from __future__ import annotations

import dataclasses
from typing import Literal

import pytest

from reprobundle import hosting
from reprobundle.report import ReplayedEnvironment, Status
from reprobundle.sandbox import usual, walls

WITH_MEMORY = hosting.Wish(limits=dataclasses.replace(usual(), memory=2**33))


def environment(sandbox: Literal["bwrap", "none"]) -> ReplayedEnvironment:
    """Where a model ran."""
    return ReplayedEnvironment(
        how="current", python="3.12.1", sandbox=sandbox, packages=0, cached=False, installer=None, hashes=False
    )


def messages(sandbox: Literal["bwrap", "none"], wish: hosting.Wish) -> list[str]:
    """What is told, all of it notes."""
    found = list(hosting.told(environment(sandbox), wish))

    assert all((one.kind, one.status) == ("environment", Status.NOTE) for one in found)
    return [one.message for one in found]


def test_a_driver_that_was_in_reach_stands_in_the_report(monkeypatch: pytest.MonkeyPatch) -> None:
    """Not in a line that scrolls by alone; where there is no such device, nothing was shown."""
    wish = hosting.Wish(devices=True)
    monkeypatch.setattr(walls, "DEVICES", ())
    without = messages("bwrap", wish)
    monkeypatch.setattr(walls, "DEVICES", ("/dev/null",))

    assert without == messages("bwrap", hosting.Wish()) == []
    assert messages("bwrap", wish) == [
        "the graphics processors were shown to the bundle's code, which could attack their driver, a part of the kernel"
    ]


def test_a_bound_that_nobody_kept_stands_in_the_report() -> None:
    """Where a bundle of one's own ran without a sandbox, since none works here."""
    assert messages("bwrap", WITH_MEMORY) == messages("none", hosting.Wish()) == []
    assert messages("none", WITH_MEMORY) == ["the memory was not bounded: the model ran without a sandbox"]
    assert messages("none", hosting.Wish(devices=True)) == [
        "no graphics processor had to be shown: without a sandbox all are in sight"
    ]


def test_a_model_that_did_not_run_needs_no_word() -> None:
    """There were no walls."""
    assert list(hosting.told(None, WITH_MEMORY)) == []
