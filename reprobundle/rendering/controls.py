"""The runs that show whether a model computes what it says, in words: one line where all is well, else a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from reprobundle.phrases import counted
from reprobundle.rendering.escaping import escape, prose
from reprobundle.report import Control, Report
from reprobundle.report.further import PROBE_ALONE

HEADER = ("control", "relative change", "outputs moved by", "outcome")
NOT_RUN = "not run: whether the outputs follow inputs and weights was not tested"
PROBED = "your own inputs gave what you expect of them"
UNASKED = "your own inputs were run; of what they gave (probe.safetensors) nothing was expected"
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
    "insensitive": "Outputs that stay as they are do not come of what was changed, so nothing counts as reproduced.",
    "jumps": "A model that looks up what it was captured with does that, so nothing counts as reproduced.",
    "unexpected": "Either what you expect of these inputs is wrong, or the model is; nothing says that it looks its outputs up.",
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
    """The controls in one line, as numbers; None where the model was not run."""
    if not report.controls:
        return NOT_RUN if report.environment is not None and report.verdict.controls == "not run" else None
    groups = counted(len(report.controls), "control")
    if passed(report):
        return f"{groups} with other inputs and weights, all as expected"
    found = Counter[str](control.outcome for control in report.controls)
    return f"{groups} with other inputs and weights: " + ", ".join(
        f"{found[outcome]:,} {outcome}" for outcome in TONES if found[outcome]
    )


def probed(report: Report) -> tuple[str, ...]:
    """That the reviewer's own inputs came out right, or that nothing was expected of them; what else came of them has its row."""
    found = [one for one in report.controls if one.what == "probe" and one.outcome == "as expected"]
    return tuple(UNASKED if one.name == PROBE_ALONE else PROBED for one in found)


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
