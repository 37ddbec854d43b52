"""The stages of a replay after one another on one line of time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.rendering.escaping import escape
from reprobundle.rendering.wording import seconds
from reprobundle.report import StageTime

WIDTH, ROW, BAR, LABEL_END, END = 720.0, 26.0, 14.0, 150.0, 620.0
SHORTEST = 1.5


@dataclass(frozen=True)
class Span:
    """One stage.

    Attributes:
        name: Its name.
        top: Where its row begins.
        x: Where it starts.
        width: How long it took.
        took: The same as text.
    """

    name: str
    top: float
    x: float
    width: float
    took: str


def spans(stages: Sequence[StageTime]) -> tuple[Span, ...]:
    """One row a stage, each beginning where the one before ends."""
    unit = (END - LABEL_END) / (sum(stage.seconds for stage in stages) or 1.0)
    made, reached = [], 0.0
    for number, stage in enumerate(stages):
        x, width = LABEL_END + unit * reached, max(SHORTEST, unit * stage.seconds)
        made.append(Span(escape(stage.name, limit=20), ROW * number, x, width, seconds(stage.seconds)))
        reached += stage.seconds
    return tuple(made)


def words(stages: Sequence[StageTime]) -> str:
    """The same in words."""
    return "; ".join(f"{escape(stage.name)} {seconds(stage.seconds)}" for stage in stages)
