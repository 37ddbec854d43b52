"""All that is known of outputs that are not bitwise, before it is put into words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from reprobundle.diagnosing.candidates import Candidate
from reprobundle.diagnosing.diverging import Break, Divergence
from reprobundle.diagnosing.looking import Seen
from reprobundle.diagnosing.proposing import BUNDLE, Words
from reprobundle.diagnosing.ranking import Cause
from reprobundle.report import Rung

NEAR = 1e-2  # of the size of what a module gives: beyond, no two machines part in one step


@dataclass(frozen=True, kw_only=True)
class Case:
    """All that is known of outputs that are not bitwise, with right weights and right preprocessing.

    Attributes:
        rung: The rung over all outputs.
        model: What the model is called: its class or factory as ``module:name``, or a name.
        weights: Whether weights were compared, and agree.
        typed: How to have this replay again: what follows ``reprobundle replay``.
        whole_file: Whether the model's own file holds the computation, too.
        rebuilt: Whether the environment was made from the lock.
        seen: What the modules gave.
        unsteady_there: How it was not steady at capture, in words; None where it was, or nobody looked.
        causes: Differences between the environments, the likeliest first.
        restoring: What gave the recorded outputs back.
        tried: How many settings were tried.
        unfinished: Whether the time was over before all was tried.
        untried: The variables that are set otherwise here than at capture and were not tried as they were, each by itself.
        wider: The vectors of the processor at capture, where this one has narrower ones.
        other_device: Whether the model ran on another kind of device than at capture.
    """

    rung: Rung
    model: str
    weights: bool
    typed: Words = BUNDLE
    whole_file: bool = False
    rebuilt: bool = True
    seen: Seen = field(default_factory=Seen)
    unsteady_there: str | None = None
    causes: Sequence[Cause] = ()
    restoring: Candidate | None = None
    tried: int = 0
    unfinished: bool = False
    untried: Sequence[Candidate] = ()
    wider: str | None = None
    other_device: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether all of it can be rounding: close by a reviewer's own wide tolerance is no proof of that."""
        return self.rung is Rung.CLOSE and not self.is_beyond_rounding

    @property
    def is_beyond_rounding(self) -> bool:
        """Whether a module, right after others that are equal bit for bit, is off by more than any processor's rounding."""
        found = self.divergence
        return self.is_sudden and not self.other_device and found is not None and (found.size or 0.0) > NEAR

    @property
    def broken(self) -> Break | None:
        """The first call that is not as recorded."""
        return None if self.divergence is None else self.divergence.broken

    @property
    def is_sudden(self) -> bool:
        """Whether a module parts in one step by more than rounding ever does."""
        return self.divergence is not None and self.divergence.is_sudden

    @property
    def divergence(self) -> Divergence | None:
        """What the modules gave, beside the record."""
        return self.seen.divergence
