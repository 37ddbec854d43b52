"""What the kinds of decisions have in common: how far a score may move, and what they came to."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from reprobundle.report import Decisions

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

DECISIVE_SHARE = 0.5  # of the decisions must be taken by more than the tolerance: ties prove nothing


@dataclass(frozen=True, kw_only=True)
class Reach:
    """How far a produced score may lie from the recorded one.

    Attributes:
        rtol: Relative to the magnitude of the recorded score.
        atol: Absolute, in the output's own unit.
        rms: Root mean square of the recorded output, in its own unit.
    """

    rtol: float
    atol: float
    rms: float

    def of(self, recorded: Array) -> Array:
        """The allowance of each score."""
        import numpy as np

        return np.asarray(self.atol + self.rtol * np.abs(recorded))


@dataclass(frozen=True)
class Decided:
    """Decisions compared.

    Attributes:
        decisions: What is told of them.
        agree: Whether they count as the same.
    """

    decisions: Decisions
    agree: bool


def ties_words(ties: int) -> str:
    """That differences within the tolerance are no other decision."""
    if not ties:
        return ""
    return f"; {ties} that {'differs' if ties == 1 else 'differ'} had been taken by less than the tolerance: no flip"
