"""Where recorded and replayed part, and why."""

from __future__ import annotations

from typing import Literal

from reprobundle.records import Record
from reprobundle.report.outputs import Rung


class LayerDivergence(Record):
    """How far one module's output is from the recorded sketch of it.

    Attributes:
        module: Its name in the model, such as ``encoder.layers.0.linear1``.
        kind: Its class, without the package.
        call: Which call of it, from 0.
        equal: Whether the output is equal bit for bit.
        distance: Relative L2 distance of the sampled values; None where form or NaN keep them from being compared.
        envelope: The distance that was measured at capture; None where there is none.
        outside: Whether it lies outside the envelope (or, without one, outside the table's tolerance).
    """

    module: str
    kind: str
    call: int = 0
    equal: bool
    distance: float | None
    envelope: float | None = None
    outside: bool


class Trial(Record):
    """One run with other settings, made to find out what a difference comes from.

    Attributes:
        settings: What was set, such as ``ATEN_CPU_CAPABILITY=avx2`` or ``torch.threads=1``.
        why: Why it was tried, in a few words.
        rung: The rung reached with it; ``not run`` where it failed.
        max_relative: Largest difference relative to the recorded outputs' root mean square.
    """

    settings: tuple[str, ...]
    why: str
    rung: Rung
    max_relative: float | None = None


class Diagnosis(Record):
    """Why the outputs are not bitwise equal, as far as the chain of checks could tell.

    Attributes:
        stage: The first stage at which recorded and replayed part: ``weights``, ``preprocessing``, ``computation``; or
            ``environment``, where other settings restore what was recorded.
        paragraph: Plain words: what differs, where first, most likely because, try this.
        evidence: One line a stage, in the order they were checked.
        module: The first module whose output leaves the envelope; None where none was found or none was looked for.
        layers: The divergence of each module, in the order they were called; thinned out where there are many.
        causes: Differences between the environments that may explain it, the likeliest first.
        trials: What was tried to restore the recorded outputs.
    """

    stage: Literal["weights", "preprocessing", "computation", "environment", "not run"]
    paragraph: str
    evidence: tuple[str, ...] = ()
    module: str | None = None
    layers: tuple[LayerDivergence, ...] = ()
    causes: tuple[str, ...] = ()
    trials: tuple[Trial, ...] = ()
