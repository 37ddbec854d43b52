"""The answer of a replay in one line and one exit code."""

from __future__ import annotations

from typing import Literal

from reprobundle.records import Record
from reprobundle.report.outputs import Rung

REFUTED = frozenset({"insensitive", "jumps", "unexpected"})  # outcomes of the controls with which nothing is reproduced
UNKNOWN = 3
CAVEATS = {  # outcomes of the controls that stand beside outputs that are reproduced
    "not run": "not tested: whether the model computes its outputs",
    "drawn": "drawn at random: another seed gives other outputs",
    "unsteady": "unsteady: asked again, the model gives other outputs",
}


class Verdict(Record):
    """The answer of a replay.

    Attributes:
        reproduced: Whether the rung reached is at least the one required, by the recorded model.
        rung: The weakest rung over all outputs.
        required: The rung the reviewer asked for.
        sentence: The verdict in one line.
        other_tensors: How many tensors of the model after load are not the recorded ones: with any, nothing is reproduced.
        preprocessing: Whether the recorded raw samples become the recorded model inputs again: ``agrees``, bitwise or close;
            ``differs``, ``failed`` or ``not compared`` (results are recorded, but hold nothing that can be compared), with which
            nothing is reproduced; ``none``: there is nothing that could be made again.
        controls: The worst outcome of the controls; with ``insensitive``, ``jumps`` or ``unexpected`` nothing is
            reproduced.
        loosened: Whether an output counts as close by a tolerance that is wider than this program's table.
        other_claims: How many claims came to another number: the model may be reproduced all the same, the exit code is 1.
        failed_claims: How many claims could not be computed because their code failed.
        other_data: Whether every claim that came to another number was measured on data that is not the recorded.
        unmoved_by: What the outputs do not depend on, where the controls found them ``insensitive``; empty where that is not
            known.
        refused: Whether the outputs are the recorded ones, and the model refused whatever else it was asked, so that nothing
            tells whether it computes them: the exit code is 3.
    """

    reproduced: bool
    rung: Rung
    required: Rung
    sentence: str
    other_tensors: int = 0
    preprocessing: Literal["none", "agrees", "differs", "failed", "not compared"] = "none"
    controls: Literal["passed", "insensitive", "jumps", "unexpected", "unsteady", "drawn", "not run"] = "not run"
    loosened: bool = False
    other_claims: int = 0
    failed_claims: int = 0
    other_data: bool = False
    unmoved_by: tuple[Literal["weights", "inputs"], ...] = ()
    refused: bool = False

    @property
    def accusation(self) -> str | None:
        """What the controls say against the model or its outputs, for which nothing is reproduced; None where nothing."""
        if self.controls == "jumps":
            return "the model's outputs jump beside the recorded inputs"
        if self.controls == "unexpected":
            return "your own inputs did not give what you expected"
        if self.controls != "insensitive":
            return None
        if len(self.unmoved_by) > 1:
            return f"the outputs depend neither on the {' nor on the '.join(self.unmoved_by)}"
        return f"the outputs do not depend on the {self.unmoved_by[0] if self.unmoved_by else 'inputs or weights'}"

    @property
    def caveat(self) -> str | None:
        """What the controls leave open where it is reproduced; None where nothing."""
        return CAVEATS.get(self.controls) if self.reproduced else None

    @property
    def could_not_be_told(self) -> bool:
        """Whether it is neither reproduced nor known to be something else."""
        return not self.reproduced and self.exit_code == UNKNOWN

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 reproduced, and so is every claim that was computed; 1 differs, 3 could not be judged."""
        if self.other_claims or self.other_tensors or self.preprocessing == "differs":
            return 1
        if self.reproduced:
            return UNKNOWN if self.failed_claims else 0
        if self.controls in REFUTED:
            return 1
        unprepared = self.preprocessing in {"failed", "not compared"}
        unknown = self.refused or self.rung is Rung.NOT_RUN or (unprepared and self.rung.reaches(self.required))
        return UNKNOWN if unknown else 1

    @property
    def is_prepared_otherwise(self) -> bool:
        """Whether the preprocessing comes first: the chain from raw sample to output breaks there, or is not known to hold."""
        right = self.rung is not Rung.NOT_RUN and self.rung.reaches(self.required) and not self.other_tensors
        return self.preprocessing in {"differs", "failed"} or (self.preprocessing == "not compared" and right)

    @property
    def is_another_model(self) -> bool:
        """Whether the outputs would do, but not the model that gave them."""
        return self.other_tensors > 0 and self.rung is not Rung.NOT_RUN and self.rung.reaches(self.required)
