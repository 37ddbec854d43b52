"""What a check found, and how strong the agreement is.

A difference is data (`Finding`), never an exception; something that was not looked at is data too, with its reason.
"""

from __future__ import annotations

from enum import Enum
from typing import Literal

from reprobundle.records import Record

REPORT_SCHEMA: Literal[1] = 1

Signature = Literal["none", "not checked", "good"]


class Status(str, Enum):
    """What one check came to."""

    SAME = "same"
    DIFFERS = "differs"
    NOT_RUN = "not run"
    NOTE = "note"


class Grade(str, Enum):
    """How much a difference can change a model's numbers, most first."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class Finding(Record):
    """One thing that was checked, or could not be, or should be known.

    Attributes:
        kind: The section it belongs to: ``environment``, ``code``, ``data``, …
        status: What the check came to.
        message: One line, without a full stop: what, where.
        expected: The recorded value as text, where there is one.
        found: The value met here as text, where there is one.
        hint: The way out.
        grade: For a difference between environments: how much it can change numbers.
        why: The reason for the grade, in a few words.
    """

    kind: str
    status: Status
    message: str
    expected: str | None = None
    found: str | None = None
    hint: str | None = None
    grade: Grade | None = None
    why: str | None = None


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
    """

    edges: tuple[float, ...]
    counts: tuple[int, ...]
    equal: int = 0


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


class Control(Record):
    """One run that shows whether the model computes what it says: another input or other weights, and what came of it.

    Attributes:
        name: Short name, such as ``weights changed`` or ``inputs moved a little``.
        what: ``weights`` or ``inputs`` that were changed, the recorded inputs again (``repeat``) or the reviewer's (``probe``).
        scale: How much was changed, relative to the size of what was changed; None for a repeat or a probe.
        distance: Relative L2 distance of the outputs from those of the recorded inputs and weights, the largest over all
            outputs; None where nothing could be compared.
        outcome: ``as expected``; ``insensitive``: nothing changed where something must; ``jumps``: a small change changed as
            much as a large one; ``unsteady``: the recorded inputs gave something else when asked again; ``not run``.
        why: In words, for anything but ``as expected``.
    """

    name: str
    what: Literal["weights", "inputs", "repeat", "probe"]
    scale: float | None = None
    distance: float | None = None
    outcome: Literal["as expected", "insensitive", "jumps", "unsteady", "not run"]
    why: str | None = None


class ClaimResult(Record):
    """One number of the paper beside the one computed here.

    Attributes:
        id: The claim's id.
        text: What the number says.
        claimed: The number.
        got: The number computed here; None when it was not.
        verdict: ``agrees``, ``differs``, ``not run`` (it could not be computed) or ``failed`` (its code raised).
        rule: In words, how the two were compared, such as ``within 0.005`` or ``to 3 decimals``.
        split: The data split it is measured on.
        data: Whether the reviewer's copy of the split is the recorded one: ``same``, ``differs``, ``not checked``.
        why: In words, for anything but ``agrees``.
        seconds: How long it took.
    """

    id: str
    text: str
    claimed: float
    got: float | None = None
    verdict: Literal["agrees", "differs", "not run", "failed"]
    rule: str
    split: str | None = None
    data: Literal["same", "differs", "not checked"] = "not checked"
    why: str | None = None
    seconds: float | None = None


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
        controls: The worst outcome of the controls; with ``insensitive`` or ``jumps`` nothing is reproduced.
        loosened: Whether an output counts as close by a tolerance that is wider than this program's table.
    """

    reproduced: bool
    rung: Rung
    required: Rung
    sentence: str
    other_tensors: int = 0
    preprocessing: Literal["none", "agrees", "differs", "failed", "not compared"] = "none"
    controls: Literal["passed", "insensitive", "jumps", "unsteady", "not run"] = "not run"
    loosened: bool = False

    @property
    def exit_code(self) -> int:
        """What the command line ends with: 0 reproduced, 1 differs, 3 could not be judged."""
        if self.reproduced:
            return 0
        if self.other_tensors or self.preprocessing == "differs":
            return 1
        unprepared = self.preprocessing in {"failed", "not compared"}
        unknown = self.rung is Rung.NOT_RUN or (unprepared and self.rung.reaches(self.required))
        return 3 if unknown else 1

    @property
    def is_prepared_otherwise(self) -> bool:
        """Whether the preprocessing comes first: the chain from raw sample to output breaks there, or is not known to hold."""
        right = self.rung is not Rung.NOT_RUN and self.rung.reaches(self.required) and not self.other_tensors
        return self.preprocessing in {"differs", "failed"} or (self.preprocessing == "not compared" and right)

    @property
    def is_another_model(self) -> bool:
        """Whether the outputs would do, but not the model that gave them."""
        return self.other_tensors > 0 and self.rung is not Rung.NOT_RUN and self.rung.reaches(self.required)


class StageTime(Record):
    """One step of the replay.

    Attributes:
        name: ``verify``, ``environment``, ``run``, ``compare``.
        seconds: Wall time, seconds.
        detail: What was done, in a few words.
    """

    name: str
    seconds: float
    detail: str


class ReplayedEnvironment(Record):
    """Where the model was run.

    Attributes:
        how: Rebuilt from the bundle's lock; from its portable lock; this program's own environment; or a Python that the
            reviewer named.
        python: Version of the interpreter that ran it.
        sandbox: ``bwrap``, or ``none``.
        packages: Number of distributions installed from the lock.
        vendored: How many of them were wheels of the bundle itself, which no index vouches for.
        cached: Whether an environment built earlier was used again.
        installer: ``uv`` or ``pip`` with its version, or None when nothing was installed.
        hashes: Whether every archive was checked against a hash in the lock.
        synced: Whether the Python's environment was made to agree with the lock before.
        overlaps: Which distributions bring a file of the same path, so that one of them has replaced the other's.
    """

    how: Literal["rebuild", "portable", "current", "python"]
    python: str
    sandbox: Literal["bwrap", "none"]
    packages: int
    vendored: int = 0
    cached: bool
    installer: str | None
    hashes: bool
    synced: bool = False
    overlaps: tuple[str, ...] = ()


class Report(Record):
    """All that a replay found out; the same document in every rendering."""

    report_schema: Literal[1] = REPORT_SCHEMA
    reprobundle: str
    bundle_id: str
    bundle_name: str
    signature: Signature = "none"
    started: str
    verdict: Verdict
    diagnosis: Diagnosis | None
    outputs: tuple[OutputComparison, ...]
    findings: tuple[Finding, ...]
    environment: ReplayedEnvironment | None
    stages: tuple[StageTime, ...]
    controls: tuple[Control, ...] = ()
    claims: tuple[ClaimResult, ...] = ()
