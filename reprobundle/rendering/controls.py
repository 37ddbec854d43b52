"""The runs that show whether a model computes what it says, in words: one line where all is well, else a table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.phrases import counted
from reprobundle.rendering.escaping import escape, prose
from reprobundle.report import Control, Report

HEADER = ("control", "relative change", "outputs moved by", "outcome")
NOT_RUN = "not run: whether the outputs follow inputs and weights was not tested"
TONES = {
    "as expected": "good",
    "insensitive": "bad",
    "jumps": "bad",
    "unexpected": "bad",
    "unsteady": "open",
    "drawn": "open",
    "not run": "open",
}
MEANINGS = {
    "passed": "Inputs and weights were changed, and the outputs followed, as those of a model that computes do.",
    "insensitive": "Inputs or weights were changed, and the outputs were not. What gives the same answer whatever it is "
    "asked does not compute it, so nothing counts as reproduced.",
    "jumps": "A small change moved the outputs as far as a large one. A model that looks up what it was captured with does "
    "that, so nothing counts as reproduced.",
    "unexpected": "Your own inputs did not give what you say must come of them.",
    "drawn": "The outputs are drawn at random: with another seed the recorded inputs give something else.",
    "unsteady": "The recorded inputs, asked again, gave something else: state or noise is left over from the run before.",
    "not run": "Whether the outputs follow the inputs and the weights was not tested, or not wholly.",
}


@dataclass(frozen=True)
class Line:
    """One control as a row.

    Attributes:
        name: What was done.
        scale: By how much, relative to what was changed; empty where nothing was.
        distance: How far the outputs moved, relative to their norm; a dash where that is not known.
        outcome: What it came to.
        why: The reason for anything but ``as expected``; empty for none.
        tone: Colour of the outcome by name.
    """

    name: str
    scale: str
    distance: str
    outcome: str
    why: str
    tone: str

    @property
    def cells(self) -> tuple[str, ...]:
        """The row's cells, as `HEADER` names them."""
        return self.name, self.scale, self.distance, self.outcome


def summary(report: Report) -> str | None:
    """The controls in one line; None where the model was not run, or where the verdict itself begins with them."""
    if report.controls:
        groups = counted(len(report.controls), "control")
        return f"{groups} with other inputs and weights, all as expected" if passed(report) else _in_part(report)
    return NOT_RUN if report.environment is not None and report.verdict.controls == "not run" else None


def _in_part(report: Report) -> str | None:
    """What they come to where not all are as expected, and why as far as one of them says it."""
    outcome, total = report.verdict.controls, len(report.controls)
    if outcome == "passed":
        fine = sum(control.outcome == "as expected" for control in report.controls)
        return f"{fine} of {counted(total, 'control')} as expected, what the others would show is not known (below)"
    if outcome not in {"not run", "unsteady", "drawn"}:
        return None
    why = next((control.why for control in report.controls if control.outcome == outcome and control.why), None)
    if outcome != "not run":
        return prose(f"{outcome}: {why}" if why else f"{outcome} (below)")
    return NOT_RUN + (f" ({prose(why)})" if why else "")


def passed(report: Report) -> bool:
    """Whether every control came out as it should."""
    return all(control.outcome == "as expected" for control in report.controls)


def lines(controls: Sequence[Control]) -> tuple[Line, ...]:
    """The rows, those that are not as expected first."""
    ordered = sorted(controls, key=lambda control: control.outcome == "as expected")
    return tuple(_line(control) for control in ordered)


def _line(control: Control) -> Line:
    return Line(
        name=escape(control.name),
        scale="" if control.scale is None else f"{control.scale:.2g}",
        distance="-" if control.distance is None else f"{control.distance:.3g}",
        outcome=control.outcome,
        why=prose(control.why or ""),
        tone=TONES[control.outcome],
    )
