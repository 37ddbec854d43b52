"""Recorded outputs beside produced ones: how exactly they agree, and by how much they differ."""

from __future__ import annotations

from enum import Enum
from typing import Literal

from reprobundle.records import Record


class Rung(str, Enum):
    """How exactly outputs were reproduced, strongest first; ``not run`` stands outside the ladder."""

    BITWISE = "bitwise"
    CLOSE = "close"
    SAME_DECISIONS = "same decisions"
    SAME_METRICS = "same metrics"
    DIFFERENT = "different"
    NOT_RUN = "not run"

    @property
    def strength(self) -> int:
        """Higher is stronger; ``not run`` is the weakest of all."""
        return len(Rung) - list(Rung).index(self)

    def reaches(self, required: Rung) -> bool:
        """Whether this rung is at least as strong as the one required."""
        return self.strength >= required.strength


class Histogram(Record):
    """How large the differences of one output are: numbers of elements by size of the difference.

    Attributes:
        edges: Borders between the bins as fractions of the recorded output's root mean square, ascending; the first bin lies
            below the first edge, the last one at or above the last.
        counts: Elements in each bin: one more than there are edges.
        equal: Elements that are equal bit for bit; they stand in no bin.
        scale: The recorded output's root mean square, in its own unit; None where it is not known.
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    equal: int = 0
    scale: float | None = None


class Decisions(Record):
    """What a person or program would decide by an output, there and here.

    Attributes:
        kind: ``argmax`` (the largest along the last axis), ``top-k``, ``mask`` (above zero or a threshold, by intersection
            over union) or ``tokens`` (integers in a sequence, by edit distance).
        count: Number of decisions compared.
        flips: How many of them differ.
        agreement: Share that agrees, 0 to 1: for masks the smallest intersection over union, for tokens 1 less the edit
            distance over the longer length.
        margin: Largest margin, in the recorded output's own unit, with which a decision that flipped had been taken; None
            where none flipped or the kind has no margin.
        words: In words, what was compared.
    """

    kind: Literal["argmax", "top-k", "mask", "tokens"]
    count: int
    flips: int
    agreement: float
    margin: float | None = None
    words: str


class OutputComparison(Record):
    """One recorded output beside the one produced by the replay.

    Attributes:
        name: Path of the output in the nested structure, e.g. ``logits`` or ``hidden/0``.
        rung: The strongest rung it reached.
        dtype: The recorded dtype, in safetensors' spelling (``F32``).
        shape: The recorded shape.
        reason: In words, why the rung is not ``bitwise``; None when it is.
        count: Number of elements compared.
        outside: How many lie outside the tolerance.
        max_absolute: Largest absolute difference, in the output's own unit; None when none could be taken.
        max_relative: Largest difference divided by the recorded magnitude.
        max_ulp: Largest distance in units in the last place of the recorded dtype.
        relative_l2: Norm of the difference divided by the norm of the recorded output.
        worst: Index of the element that differs most.
        expected: The recorded value there, as text.
        found: The produced value there, as text.
        rtol: Relative tolerance that was applied.
        atol: Absolute tolerance that was applied, in the output's own unit.
        tolerance_from: Where the tolerance comes from: this program's table, the bundle's measured envelope, or the reviewer.
        loosened: Whether it lets more through than this program's table does.
        ppm: Elements outside the tolerance in a million.
        p999: Absolute difference that 99.9 % of the elements do not exceed.
        cosine: Cosine of the angle between recorded and produced, as vectors; None where one of them is zero.
        nan: Elements that are NaN, recorded and produced.
        infinite: Elements that are infinite, recorded and produced.
        decisions: What would be decided by it; None where an output is no basis of a decision.
        histogram: How large the differences are; None where there is none, or none could be taken.
        wider: How many times wider than this program's table the tolerance is; None where it is not.
        capped: Whether the bundle asked for a tolerance wider than the reviewer lets it ask for, and got less.
        narrowed: Whether the reviewer's tolerance lets less through than this program's table does, relatively or absolutely.
    """

    name: str
    rung: Rung
    dtype: str
    shape: tuple[int, ...]
    reason: str | None = None
    count: int = 0
    outside: int = 0
    max_absolute: float | None = None
    max_relative: float | None = None
    max_ulp: int | None = None
    relative_l2: float | None = None
    worst: tuple[int, ...] | None = None
    expected: str | None = None
    found: str | None = None
    rtol: float | None = None
    atol: float | None = None
    tolerance_from: Literal["default", "envelope", "reviewer"] = "default"
    loosened: bool = False
    ppm: float | None = None
    p999: float | None = None
    cosine: float | None = None
    nan: tuple[int, int] = (0, 0)
    infinite: tuple[int, int] = (0, 0)
    decisions: Decisions | None = None
    histogram: Histogram | None = None
    wider: float | None = None
    capped: bool = False
    narrowed: bool = False
